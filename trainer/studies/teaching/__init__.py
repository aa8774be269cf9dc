"""What corrected masks teach the next training run."""
