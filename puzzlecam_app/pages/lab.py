"""The Lab page: a mount point; everything on it is `assets/lab` over the app's own routes."""

from __future__ import annotations

from puzzlecam_app.components.own_module import own_module


def build() -> None:
    """Add the page to the Blocks that are being built."""
    own_module(
        module="/ui/lab/main.js",
        styles=[f"/ui/lab/{name}.css" for name in ("lab", "views", "survey", "dataset")],
        elem_id="lab",
        class_name="lb-root",
    )
