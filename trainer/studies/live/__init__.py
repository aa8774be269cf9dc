"""What the live model learns from masks that a simulated annotator corrects one after another."""
