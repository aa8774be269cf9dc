"""The third walk, as a person has it: a run started, killed, gone on with, published and taken back."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, expect

from tests.browser.studio.conftest import Studio

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL"),
]
PATIENCE_S = 400  # the trainer yields to everything else, so a busy machine makes it wait
ACCEPTED, PROPOSED = "chelsea.png", "coffee.png"


@pytest.fixture
def own_studio(tmp_path: Path) -> Iterator[Studio]:
    """A studio with the sample project, for a test that kills it."""
    studio = Studio(tmp_path / "workspace")
    studio.start()
    yield studio
    studio.kill()
    for process in processes_of(studio, "trainer"):
        process.kill()


def processes_of(studio: Studio, word: str) -> list[psutil.Process]:
    """Processes of this workspace whose command line has a word."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ", "status"]):
        command = " ".join(process.info["cmdline"] or [])
        workspace = (process.info["environ"] or {}).get("PUZZLECAM_WORKSPACE")
        is_ours = str(studio.workspace) in command or workspace == str(studio.workspace)
        if word in command and is_ours and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


def item_id(page: Page, studio: Studio, name: str) -> int:
    rows = page.request.get(f"{studio.url}/api/datasets/1/items").json()["items"]
    return int(next(row["id"] for row in rows if row["name"] == name))


def accept(page: Page, studio: Studio, item: int) -> None:
    """What the key A does, without waiting for a picture to be painted."""
    shown = page.request.get(f"{studio.url}/api/items/{item}/mask", timeout=120_000)
    headers = {"If-Match": shown.headers["etag"]}
    answer = page.request.post(
        f"{studio.url}/api/items/{item}/decision", data={"action": "accept"}, headers=headers
    )
    assert answer.ok, answer.text()


def start_tiny(page: Page, studio: Studio) -> None:
    page.goto(f"{studio.url}/runs")
    page.get_by_label("Recipe").select_option("tiny")
    method = page.locator('[data-field="classify.method"]')
    method.locator("select").select_option("icd")
    expect(method).to_contain_text("How the classifier is trained. icd: ICD (2020). Each class learns")
    expect(method).not_to_contain_text("Puzzle-CAM")
    method.locator("select").select_option("puzzle")
    epochs = page.locator('[data-field="classify.epochs"] input')
    epochs.fill("many")
    epochs.press("Tab")
    expect(page.locator('[data-field="classify.epochs"] [role="alert"]')).to_contain_text("valid integer")
    epochs.fill("10")
    epochs.press("Tab")
    expect(page.locator(".rn-supervision")).to_contain_text("Tags of 8 pictures; 1 accepted mask")
    for stage in ("affinity", "pixels", "segment"):
        page.locator(f'[data-field="{stage}.enabled"] input').uncheck()
    page.get_by_role("button", name="Start the run").click()


def test_a_run_is_started_killed_gone_on_with_and_published(page: Page, own_studio: Studio) -> None:
    studio = own_studio
    accepted, proposed = (item_id(page, studio, name) for name in (ACCEPTED, PROPOSED))
    accept(page, studio, accepted)

    # Start and watch.
    start_tiny(page, studio)
    stage = page.locator('.rn-stage[data-stage="classify"]')
    expect(stage).to_have_attribute("data-status", "running")
    expect(page.locator(".rn-line").first).to_be_visible()
    expect(page.locator(".rn-film img").first).to_be_visible()
    expect(page.locator(".rn-log")).to_contain_text("epoch 1 of 10")

    # Kill the trainer: it goes on by itself.
    (trainer,) = processes_of(studio, "-m trainer train")
    os.kill(trainer.pid, signal.SIGKILL)
    messages = page.locator(".rn-messages")
    expect(messages).to_contain_text("The run continues from its last checkpoint")
    wait_until(lambda: processes_of(studio, "-m trainer train"))

    # Kill the studio: worker and trainer end with it, nothing is left running.
    studio.kill()
    wait_until(lambda: not processes_of(studio, "trainer") and not processes_of(studio, "worker"))

    # Start it again: the run goes on; the page shows it after a reload, as a second browser would.
    studio.start()
    page.goto(f"{studio.url}/runs")
    expect(page.locator('.rn-title .rn-status[data-status="done"]')).to_be_visible(timeout=PATIENCE_S * 1000)
    expect(page.locator(".rn-messages")).to_contain_text("The worker ends; the run waits")
    assert not processes_of(studio, "trainer")

    # Publish: the accepted picture stays with its person.
    page.get_by_role("button", name="Publish…").click()
    panel = page.locator(".rn-publish")
    expect(panel).to_contain_text("1 with a person's work")
    page.get_by_role("button", name="Publish 7").click()
    expect(panel).to_contain_text("7 pictures have a new proposal")
    kept, changed = (
        page.request.get(f"{studio.url}/api/items/{item}").json() for item in (accepted, proposed)
    )
    assert kept["status"] == "accepted"
    assert (changed["status"], changed["revision"]["proposed_by"]) == ("proposed", "run/1")
    page.goto(f"{studio.url}/?dataset=1&item={proposed}")
    page.wait_for_function("() => window.puzzlecamReview?.draft")
    assert page.evaluate("() => window.puzzlecamReview.current.item.revision.proposed_by") == "run/1"

    # And take it back.
    page.goto(f"{studio.url}/runs?run=1")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Unpublish").click()
    expect(page.locator(".rn-publish")).to_contain_text("7 pictures have their earlier proposal back")
    assert page.request.get(f"{studio.url}/api/items/{accepted}").json()["status"] == "accepted"
    taken_back = page.request.get(f"{studio.url}/api/items/{proposed}").json()
    assert (taken_back["revision"] or {}).get("proposed_by") != "run/1"


def test_a_page_where_nothing_happens_asks_nothing(page: Page, studio: Studio) -> None:
    page.goto(f"{studio.url}/runs")
    # Tests before this one may have left runs, and the page opens the newest.
    page.get_by_role("button", name="New run").click()
    page.get_by_label("Recipe").wait_for()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator('[data-field="seed"] input').wait_for()
    # Two rounds of the fastest poll there is.
    page.evaluate("() => new Promise((resolve) => setTimeout(resolve, 4500))")
    polled = [url for url in asked if re.search(r"/api/runs(/\d+.*)?$", url)]
    assert polled == []
