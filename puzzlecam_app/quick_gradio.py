"""Keeps Gradio from doing work at the start of a studio that nobody uses.

When Gradio defines a component, it parses the component's source and writes a `.pyi` file beside it, for
editors that complete names. This is two fifths of the time that the import takes. A studio needs no such
files, and its packages may not be writable.

Each time a page is complete, Gradio makes a web app with all its routes, which takes tenths of a second. Only
the app that is mounted in the end answers requests.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import gradio
    from gradio.routes import App

MODULE = "gradio.component_meta"
WRITER = "create_or_modify_pyi"


def skip_editor_files() -> None:
    """Make the next import of Gradio skip these files; call it before Gradio is imported."""
    if MODULE not in sys.modules and not any(isinstance(one, _Finder) for one in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


@contextmanager
def apps_without_routes() -> Iterator[None]:
    """Make Gradio's apps without routes while pages are built; mount the pages after it.

    Gradio keeps the last of these apps for its state, so they are apps all the same.
    """
    from gradio.routes import App

    create = App.__dict__["create_app"]
    App.create_app = staticmethod(_bare_app)  # type: ignore[method-assign]
    try:
        yield
    finally:
        App.create_app = create  # type: ignore[method-assign]


def _bare_app(blocks: gradio.Blocks, *_arguments: object, **_options: object) -> App:
    from gradio.routes import App

    app = App()
    app.configure_app(blocks)
    return app


def _write_nothing(*_arguments: object) -> None:
    """Stands in for the function that writes the file of a component."""


class _Finder(MetaPathFinder):
    """Finds one module, and has its loader replace the function that writes the files."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != MODULE:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(Loader):
    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        if hasattr(module, WRITER):
            setattr(module, WRITER, _write_nothing)
