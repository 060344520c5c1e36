"""Images and grids of images."""
