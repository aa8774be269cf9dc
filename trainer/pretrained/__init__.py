"""ImageNet weights: where their files come from, and how they are loaded into the networks of `nn`."""
