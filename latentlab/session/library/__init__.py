"""Names, notes and tags of the runs in the library."""
