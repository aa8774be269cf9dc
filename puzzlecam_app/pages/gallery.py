"""The Gallery page: a mount point for `assets/gallery`, which uses the app's own routes."""

from __future__ import annotations

from puzzlecam_app.components.own_module import OwnModule

MODULE = OwnModule("gallery/main.js", ("gallery/gallery.css",))


def build(root_path: str) -> None:
    """Add the page to the Blocks that are being built, for a studio under the sub-path `root_path`."""
    MODULE.component(elem_id="gallery", class_name="gl-root", root_path=root_path)
