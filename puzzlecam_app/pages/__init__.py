"""The Gradio pages, mounted on the app."""

from __future__ import annotations

import warnings

import gradio as gr
from fastapi import FastAPI
from gradio.components import Navbar

from puzzlecam_app.assets import asset_url, assets_dir
from puzzlecam_app.auth import LOGOUT_PATH
from puzzlecam_app.components.own_module import EarlyHeads
from puzzlecam_app.pages import datasets, export, gallery, lab, people, review, runs
from puzzlecam_app.quick_gradio import apps_without_routes
from puzzlecam_app.services import Services

_FORM_UPLOADS = "1mb"  # no page uploads files; Gradio's own route is kept small


def mount_pages(app: FastAPI, services: Services) -> FastAPI:
    """Mount all pages at `/` and return the app.

    Gradio's analytics, run history, monitoring and file access are off: nothing leaves the machine, and no
    file can be requested by its path.
    """
    root_path = services.settings.root_path
    with apps_without_routes():
        pages = _build(services)
    theme_dir = assets_dir() / "theme"
    # Gradio warns that it turns server-side rendering off, although `ssr_mode=False` asks for that.
    warnings.filterwarnings("ignore", message="SSR mode is not supported", category=UserWarning)
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        pages,
        path="/",
        root_path=root_path,
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
        allowed_paths=[],
        max_file_size=_FORM_UPLOADS,
        theme=gr.themes.Default(
            primary_hue=gr.themes.colors.blue,
            neutral_hue=gr.themes.colors.slate,
            font=["system-ui", "sans-serif"],
            font_mono=["ui-monospace", "monospace"],
        ).set(
            body_text_color_subdued="*neutral_600",
            body_text_color_subdued_dark="*neutral_400",
            input_placeholder_color="*neutral_500",
            input_placeholder_color_dark="*neutral_400",
            # One blue: white text on it, and it on white, is easy to read.
            color_accent="*primary_700",
            button_primary_background_fill="*primary_700",
            button_primary_background_fill_dark="*primary_700",
            button_primary_background_fill_hover="*primary_800",
            button_primary_background_fill_hover_dark="*primary_800",
            button_primary_border_color="*primary_700",
            button_primary_border_color_dark="*primary_700",
            checkbox_background_color_selected="*primary_700",
            checkbox_background_color_selected_dark="*primary_700",
            checkbox_border_color_selected="*primary_700",
            checkbox_border_color_selected_dark="*primary_700",
            slider_color="*primary_700",
            slider_color_dark="*primary_400",
        ),
        css_paths=[theme_dir / "studio.css"],
        favicon_path=str(theme_dir / "favicon.svg"),
    )
    modules = {
        "/": review.MODULE,
        "/gallery": gallery.MODULE,
        "/datasets": datasets.CLASSES,
        "/lab": lab.MODULE,
        "/runs": runs.MODULE,
        "/export": export.MODULE,
    }
    start = f'<script type="module" src="{asset_url("shared/start.js", root_path)}"></script>'
    if services.settings.is_shared:
        modules["/team"] = people.TEAM
    if services.settings.has_accounts:
        modules |= {"/people": people.PEOPLE, "/account": people.ACCOUNT}
        start += f'<script type="module" src="{asset_url("shared/closed_pages.js", root_path)}"></script>'
    heads = {path: start + module.head(root_path) for path, module in modules.items()}
    mounted.add_middleware(EarlyHeads, heads=heads)
    mounted.state.event_pages = {number: event.page for number, event in pages.fns.items()}
    mounted.state.page_events = {number: len(event.inputs) for number, event in pages.fns.items()}
    return mounted


def _build(services: Services) -> gr.Blocks:
    root_path = services.settings.root_path
    blocks = gr.Blocks(title="Puzzle-CAM studio", analytics_enabled=False, fill_width=True)
    with blocks as pages:
        _navigation(services)
        review.build(root_path)
    with pages.route("Gallery", "/gallery"):
        _navigation(services)
        gallery.build(root_path)
    with pages.route("Datasets", "/datasets"):
        _navigation(services)
        datasets.build(services)
    with pages.route("Lab", "/lab"):
        _navigation(services)
        lab.build(root_path)
    with pages.route("Runs", "/runs"):
        _navigation(services)
        runs.build(root_path)
    with pages.route("Export", "/export"):
        _navigation(services)
        export.build(services)
    if services.settings.is_shared:
        with pages.route("Team", "/team"):
            _navigation(services)
            people.build_team(root_path)
    if services.settings.has_accounts:
        with pages.route("People", "/people"):
            _navigation(services)
            people.build_people(root_path)
        with pages.route("Account", "/account"):
            _navigation(services)
            people.build_account(root_path)
    return blocks


def _navigation(services: Services) -> None:
    """Call the first page Review; without this, Gradio calls it Home. Every page needs it."""
    may_sign_out = services.settings.has_accounts or services.settings.access_key is not None
    # Gradio puts the root and a slash in front of the path.
    links = [("Sign out", LOGOUT_PATH.removeprefix("/"))] if may_sign_out else None
    Navbar(links, main_page_name="Review")
