"""From maps to masks: random walk, CRF, thresholds; and how masks are measured."""
