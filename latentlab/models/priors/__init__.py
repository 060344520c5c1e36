"""Priors p(z) of the models with continuous codes, one file each."""
