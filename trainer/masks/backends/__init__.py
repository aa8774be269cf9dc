"""The same arithmetic in numba for CPUs and in PyTorch for GPUs."""
