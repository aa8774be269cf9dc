"""Class lists of datasets, and what their changes do to masks."""
