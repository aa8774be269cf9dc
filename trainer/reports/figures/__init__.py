"""Figures 1, 3 and 4 of the paper, for any run."""
