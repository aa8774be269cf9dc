"""Taking tagged pictures in and giving corrected masks out."""
