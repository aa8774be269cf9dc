"""What `launch.py` is made of: sets up `.venv` with the standard library alone.

Runs before anything is installed, so nothing in here imports a dependency of the studio.
"""
