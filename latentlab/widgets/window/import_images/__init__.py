"""Dialog that makes a data set of image files."""
