"""Posteriors q(z|x) of the models with continuous codes, one file each."""
