"""Threads: a lane for exploring, a job for training, and the controller between them."""
