"""Where bytes lie: object stores, which fsspec opens, beside the local disk."""
