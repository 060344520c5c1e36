"""Tables beside images: how they are read, and which row is which image's."""
