"""Symptoms of variational autoencoders; see `base`."""
