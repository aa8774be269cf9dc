"""A simulated annotator who clicks, the engines to compare, and the figures."""
