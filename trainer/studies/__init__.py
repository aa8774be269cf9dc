"""Experiments over whole datasets: ablation, simulated annotators, teaching by correction."""
