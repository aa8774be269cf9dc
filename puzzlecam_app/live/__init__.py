"""The live model of a dataset: it learns from every accepted mask at once and makes better proposals."""
