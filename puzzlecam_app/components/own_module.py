"""Mounting one of our own ES modules in a Gradio page."""

from __future__ import annotations

import json
from collections.abc import Sequence

import gradio as gr


def own_module(*, module: str, styles: Sequence[str], elem_id: str, class_name: str) -> gr.HTML:
    """Return a component that loads an ES module and calls its `mount(element)`.

    Args:
        module: URL of the module, one of the app's own assets.
        styles: URLs of its style sheets.
        elem_id: Id of the component's element.
        class_name: Class of the element that the module gets.
    """
    links = "".join(f'<link rel="stylesheet" href="{href}">' for href in styles)
    return gr.HTML(
        html_template=f'<div class="{class_name}" data-mount>Loading …</div>',
        js_on_load=(
            f"import({json.dumps(module)})"
            ".then((page) => page.mount(element.querySelector('[data-mount]')))"
            ".catch((error) => { element.querySelector('[data-mount]').textContent = "
            "'The page could not be loaded: ' + error.message + '. Reload it.'; });"
        ),
        head=links,
        apply_default_css=False,
        elem_id=elem_id,
    )
