"""A studio starts quickly: Gradio writes no files for editors, and makes its routes once."""

from collections.abc import Callable

import pytest

from puzzlecam_app import quick_gradio
from puzzlecam_app.services import Services


def test_components_are_defined_without_writing_files_for_editors() -> None:
    import gradio
    from gradio import component_meta

    assert getattr(component_meta, quick_gradio.WRITER) is quick_gradio._write_nothing
    assert gradio.Textbox().change is not None


def test_all_pages_together_make_the_routes_of_gradio_once(
    make_services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    from gradio import routes

    from puzzlecam_app.app import create_app

    configured: list[object] = []
    routers: list[object] = []
    configure, include = routes.App.configure_app, routes.App.include_router

    def note_app(app: routes.App, blocks: object) -> None:
        configured.append(blocks)
        configure(app, blocks)

    def note_router(app: routes.App, *arguments: object, **options: object) -> None:
        routers.append(app)
        include(app, *arguments, **options)

    monkeypatch.setattr(routes.App, "configure_app", note_app)
    monkeypatch.setattr(routes.App, "include_router", note_router)
    create_app(make_services())

    assert len(configured) > 1, "Gradio makes an app for each page"
    assert len(routers) == 1
