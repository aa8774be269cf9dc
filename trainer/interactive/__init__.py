"""Correcting a mask with clicks, boxes and scribbles."""
