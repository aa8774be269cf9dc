"""The training loop, what goes in (batches, views) and what is kept of it."""
