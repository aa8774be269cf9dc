"""Doing the same to many pictures."""
