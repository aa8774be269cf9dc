"""Pictures that people send from their browsers: received in parts, checked, and imported."""
