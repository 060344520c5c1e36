"""Worker threads (a lane for exploring, a job for training) and the controller."""
