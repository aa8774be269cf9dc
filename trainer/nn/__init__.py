"""Networks: pure `torch.nn` modules and their weights, without pictures, files of results or databases."""
