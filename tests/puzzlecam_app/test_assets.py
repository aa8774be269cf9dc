"""Browsers fetch all modules at once, keep them, and fetch them again after an upgrade."""

from __future__ import annotations

import re

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.testclient import TestClient

from puzzlecam_app.assets import asset_url, assets_dir, assets_version, modules_of
from puzzlecam_app.components.own_module import EarlyHeads, OwnModule

PAGES = ("lab/main.js", "review/main.js", "runs/main.js")


@pytest.mark.parametrize("page", PAGES)
def test_every_import_of_a_page_is_known(page: str) -> None:
    modules = modules_of(page)
    assert modules[0] == page
    assert len(set(modules)) == len(modules)
    for module in modules:
        text = (assets_dir() / module).read_text(encoding="utf-8")
        imports = re.findall(r"^(?:import|export) [^;]*?from \"(\.[^\"]+)\"", text, re.MULTILINE)
        names = {found.split("/")[-1] for found in imports}
        assert names <= {known.split("/")[-1] for known in modules}


def test_urls_with_the_version_are_cached(client: TestClient) -> None:
    kept = client.get(asset_url("lab/main.js"))
    assert kept.status_code == 200
    assert "immutable" in kept.headers["cache-control"]
    plain = client.get("/ui/lab/main.js")
    assert (plain.text, plain.headers["cache-control"]) == (kept.text, "no-cache")
    for missing in ("lab/nothing.js", "../pyproject.toml", "..%2f..%2fpyproject.toml"):
        answer = client.get(asset_url(missing))
        assert answer.status_code == 404
        assert "immutable" not in answer.headers.get("cache-control", "")
    assert client.get(f"/ui/{'0' * len(assets_version())}/lab/main.js").status_code == 404


def test_a_page_names_its_modules_in_its_head() -> None:
    app = FastAPI()
    app.get("/page")(lambda: HTMLResponse("<html><head><title>x</title></head><body><head></body></html>"))
    app.get("/other")(lambda: HTMLResponse("<head>"))
    app.get("/data")(lambda: JSONResponse("<head>"))
    module = OwnModule("lab/main.js", ("lab/lab.css",), starts_early=True)
    app.add_middleware(EarlyHeads, heads={"/page": module.head(""), "/data": module.head("")})
    with TestClient(app) as client:
        page = client.get("/page").text
        assert page.count(f'<link rel="modulepreload" href="{asset_url("lab/api.js")}">') == 1
        assert page.index("modulepreload") < page.index("<title>")
        assert f'<script type="module" async src="{asset_url("lab/main.js")}">' in page
        assert client.get("/other").text == "<head>"
        assert client.get("/data").json() == "<head>"
