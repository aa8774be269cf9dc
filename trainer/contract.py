"""What the trainer and the app must agree on. Imports nothing, so that every command can read it at once."""

from __future__ import annotations

STAGES = ("classify", "cams", "affinity", "pixels", "refine", "segment", "evaluate")
"""All stages of the pipeline in the order they run."""

CLASSIFY, CAMS, AFFINITY, PIXELS, REFINE, SEGMENT, EVALUATE = STAGES
