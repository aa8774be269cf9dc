"""What goes into a network: class names, colour maps and picture transforms."""
