"""A run directory: its layout, manifest, event log, checkpoints and stored maps."""
