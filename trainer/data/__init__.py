"""Datasets: pictures, tags, masks and class names, and how they become tensors."""
