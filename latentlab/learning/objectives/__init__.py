"""Training objectives, one file each: loss terms in nats per image, and their combination."""
