"""The Review page: a mount point for `assets/review`, which uses the app's own routes."""

from __future__ import annotations

from puzzlecam_app.components.own_module import OwnModule

MODULE = OwnModule(
    "review/main.js",
    (
        "editor/editor.css",
        *(f"review/{name}.css" for name in ("review", "queue", "panels", "dialogs", "team", "look")),
    ),
)


def build(root_path: str) -> None:
    """Add the page to the Blocks that are being built, for a studio under the sub-path `root_path`."""
    MODULE.component(
        elem_id="review", class_name="pr-root", root_path=root_path, waiting="Loading the editor …"
    )
