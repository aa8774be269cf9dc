"""The Review page: a mount point; everything on it is `assets/review` over the app's own routes."""

from __future__ import annotations

from puzzlecam_app.components.mask_editor import mask_editor


def build() -> None:
    """Add the page to the Blocks that are being built."""
    mask_editor(module="/ui/review/main.js", elem_id="review")
