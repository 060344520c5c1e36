"""What makes training fast: devices, processes, CUDA graphs, CPU traces."""
