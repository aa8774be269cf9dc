"""Training in the background: freezing what a run learns from, working on it, and using what came out."""
