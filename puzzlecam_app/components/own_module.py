"""Mounts our own ES modules in Gradio pages, and preloads them before Gradio runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import gradio as gr
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from puzzlecam_app.assets import asset_url, modules_of
from puzzlecam_app.sub_path import own_path

_HEAD = b"<head>"
_SHARED = "theme/page.css"


@dataclass(frozen=True)
class OwnModule:
    """An ES module with a `mount(element)`.

    Attributes:
        module: Path of the module in the folder `assets`.
        styles: Paths of its style sheets, without the one that all pages share.
        starts_early: Whether the module runs as soon as it is loaded, before the element to mount it in
            exists.
    """

    module: str
    styles: tuple[str, ...]
    starts_early: bool = False

    def component(
        self, *, elem_id: str, class_name: str, root_path: str, waiting: str = "Loading …"
    ) -> gr.HTML:
        """Return a component that loads the module and mounts it.

        Args:
            elem_id: Id of the component's element.
            class_name: Class of the element that is passed to `mount`.
            root_path: The sub-path that the studio is served under, as in the settings.
            waiting: Text that is shown until the module is mounted.
        """
        return gr.HTML(
            html_template=f'<div class="st-page {class_name}" data-mount>{waiting}</div>',
            js_on_load=(
                f"import({json.dumps(asset_url(self.module, root_path))})"
                ".then((page) => page.mount(element.querySelector('[data-mount]')))"
                ".catch((error) => { element.querySelector('[data-mount]').textContent = "
                "'The page could not be loaded: ' + error.message + '. Reload it.'; });"
            ),
            head="".join(
                f'<link rel="stylesheet" href="{asset_url(path, root_path)}">'
                for path in (_SHARED, *self.styles)
            ),
            apply_default_css=False,
            elem_id=elem_id,
        )

    def head(self, root_path: str) -> str:
        """Elements for the page's head that make the browser fetch all modules at once.

        Without them the browser finds the module only after Gradio has drawn the page, and each import only
        after it has read the importing module. Style sheets are left out: Gradio does not add a style sheet
        to a page that has any link to it already, even a preload.

        Args:
            root_path: The sub-path that the studio is served under, as in the settings.
        """
        urls = (asset_url(path, root_path) for path in modules_of(self.module))
        modules = (f'<link rel="modulepreload" href="{url}">' for url in urls)
        early = f'<script type="module" async src="{asset_url(self.module, root_path)}"></script>'
        return "".join([*modules, early if self.starts_early else ""])


class EarlyHeads:
    """ASGI middleware that adds elements to the heads of pages; Gradio adds its own only after it has loaded.

    Args:
        app: The app whose answers are changed.
        heads: HTML to add to the head, by path of the page below the studio's root.
    """

    def __init__(self, app: ASGIApp, heads: Mapping[str, str]) -> None:
        self._app = app
        self._heads: Mapping[str, tuple[bytes, bytes]] = {
            path: (_HEAD, _HEAD + head.encode()) for path, head in heads.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        added = self._heads.get(own_path(scope)) if scope["type"] == "http" else None
        if added is None or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        # A compressed page could not be changed.
        headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        start: Message | None = None
        body = b""

        async def send_with_head(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                if not MutableHeaders(scope=message).get("content-type", "").startswith("text/html"):
                    await send(message)
                else:
                    start = message
                return
            if start is None:
                await send(message)
                return
            body += message.get("body", b"")
            if message.get("more_body", False):
                return
            whole = body.replace(added[0], added[1], 1)
            MutableHeaders(scope=start)["content-length"] = str(len(whole))
            await send(start)
            await send({"type": "http.response.body", "body": whole})

        await self._app({**scope, "headers": headers}, receive, send_with_head)
