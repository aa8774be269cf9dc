"""The Lab page: a mount point for `assets/lab`, which uses the app's own routes."""

from __future__ import annotations

from puzzlecam_app.components.own_module import OwnModule

MODULE = OwnModule(
    "lab/main.js",
    tuple(f"lab/{name}.css" for name in ("lab", "views", "survey", "dataset")),
    starts_early=True,
)


def build(root_path: str) -> None:
    """Add the page to the Blocks that are being built, for a studio under the sub-path `root_path`."""
    MODULE.component(elem_id="lab", class_name="lb-root", root_path=root_path)
