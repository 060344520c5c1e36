"""Fast training: devices, processes, CUDA graphs, CPU traces."""
