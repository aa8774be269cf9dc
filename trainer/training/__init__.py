"""The training loop, its input (batches, views), and what is kept of a training."""
