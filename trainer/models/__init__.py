"""Trained networks other than the classifier, and the model that makes proposals."""
