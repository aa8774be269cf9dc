"""What the machine gives: devices, processes, locks, signals. Knows nothing of pictures."""
