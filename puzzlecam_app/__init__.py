"""The product: pages, routes, commands and interchange around the trainer and the database."""

from puzzlecam_app.quick_gradio import skip_editor_files

__version__ = "0.1.0"

skip_editor_files()
