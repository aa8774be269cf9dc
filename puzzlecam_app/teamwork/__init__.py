"""Work that people share: who has which picture, second looks, agreement, progress."""
