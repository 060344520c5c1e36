"""The public Python API, whose names `latentlab` hands on; see its docstring."""
