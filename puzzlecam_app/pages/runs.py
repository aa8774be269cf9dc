"""The Runs page: a mount point; everything on it is `assets/runs` over the app's own routes."""

from __future__ import annotations

from puzzlecam_app.components.own_module import own_module


def build() -> None:
    """Add the page to the Blocks that are being built."""
    own_module(
        module="/ui/runs/main.js",
        styles=[f"/ui/runs/{name}.css" for name in ("runs", "detail", "form")],
        elem_id="runs",
        class_name="rn-root",
    )
