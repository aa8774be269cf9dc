"""The product: pages, routes, commands and interchange around the trainer and the database."""

__version__ = "0.1.0"
