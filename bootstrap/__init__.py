"""The parts of `launch.py`: they set up `.venv` with only the standard library.

This code runs before anything is installed, so it imports no dependency of the studio.
"""
