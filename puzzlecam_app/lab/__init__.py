"""The Lab: what explains a picture's mask, and figures about the masks of a whole dataset."""
