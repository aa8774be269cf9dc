"""Networks and losses: modules and functions of tensors, without datasets, pictures or files."""
