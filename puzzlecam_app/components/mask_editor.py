"""Mounting our own ES modules in a Gradio page."""

from __future__ import annotations

import json

import gradio as gr

_STYLES = (
    "/ui/editor/editor.css",
    *(f"/ui/review/{name}.css" for name in ("review", "queue", "panels", "dialogs")),
)


def mask_editor(*, module: str, elem_id: str) -> gr.HTML:
    """Return a component that loads an ES module and calls its `mount(element)`.

    Args:
        module: URL of the module, one of the app's own assets.
        elem_id: Id of the component's element.
    """
    links = "".join(f'<link rel="stylesheet" href="{href}">' for href in _STYLES)
    return gr.HTML(
        html_template='<div class="pr-root" data-mount>Loading the editor…</div>',
        js_on_load=(
            f"import({json.dumps(module)})"
            ".then((page) => page.mount(element.querySelector('[data-mount]')))"
            ".catch((error) => { element.querySelector('[data-mount]').textContent = "
            "'The editor could not be loaded: ' + error.message + '. Reload the page.'; });"
        ),
        head=links,
        apply_default_css=False,
        elem_id=elem_id,
    )
