"""A bench in which many people work in real studios at once: `python -m tests.load --help`."""
