"""The Runs page: a mount point for `assets/runs`, which uses the app's own routes."""

from __future__ import annotations

from puzzlecam_app.components.own_module import OwnModule

MODULE = OwnModule(
    "runs/main.js", tuple(f"runs/{name}.css" for name in ("runs", "detail", "publish", "form"))
)


def build(root_path: str) -> None:
    """Add the page to the Blocks that are being built, for a studio under the sub-path `root_path`."""
    MODULE.component(elem_id="runs", class_name="rn-root", root_path=root_path)
