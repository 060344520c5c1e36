"""Records and requests of the import of models of other programs."""
