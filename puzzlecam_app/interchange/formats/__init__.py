"""The formats of datasets, a file each: how one is recognised, read and written, and what it cannot carry."""
