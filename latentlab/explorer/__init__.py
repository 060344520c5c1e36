"""What the lane does: answers to requests, one file per feature."""
