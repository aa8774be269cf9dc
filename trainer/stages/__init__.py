"""The stages of a run, one file each; `trainer.pipeline` calls them in order."""
