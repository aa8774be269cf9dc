"""The Review page: a mount point for `assets/review`, which uses the app's own routes."""

from __future__ import annotations

from puzzlecam_app.components.own_module import OwnModule

MODULE = OwnModule(
    "review/main.js",
    ("editor/editor.css", *(f"review/{name}.css" for name in ("review", "queue", "panels", "dialogs"))),
)


def build() -> None:
    """Add the page to the Blocks that are being built."""
    MODULE.component(elem_id="review", class_name="pr-root", waiting="Loading the editor …")
