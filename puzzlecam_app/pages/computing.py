"""The part of the Datasets page that computes proposals of a whole dataset, with progress."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from db.datasets import find_dataset
from db.queue import list_items
from puzzlecam_app.pages.sentences import counted, plain
from puzzlecam_app.proposing.ahead import Outcome, compute_in_turn, plan_ahead
from puzzlecam_app.runs.jobs import Job, Report
from puzzlecam_app.services import Services

_LOOK_S = 1.0
_MOST_SHOWN = 5
_COMPUTE, _STOP = "Compute proposals", "Stop computing"


@dataclass
class Computing:
    """The text, the button and the timer of the part; `state` says how they look for a dataset."""

    services: Services
    text: gr.Markdown
    button: gr.Button
    timer: gr.Timer
    stops: dict[int, threading.Event] = field(default_factory=dict)

    @property
    def outputs(self) -> list[Any]:
        """The components that `state` returns updates of."""
        return [self.text, self.button, self.timer]

    def state(self, name: str | None) -> tuple[Any, ...]:
        """Return the updates for a dataset; None hides the part."""
        dataset_id = self._id_of(name)
        if dataset_id is None:
            return gr.Markdown("", visible=False), gr.Button(visible=False), gr.Timer(active=False)
        job = self.services.jobs.get(("propose", dataset_id))
        is_running = job is not None and job.state == "running"
        text = _running(job) if job is not None and is_running else self._rest(dataset_id, job)
        return (
            gr.Markdown(text, visible=True),
            gr.Button(_STOP if is_running else _COMPUTE, visible=True),
            gr.Timer(active=is_running),
        )

    def press(self, name: str | None) -> tuple[Any, ...]:
        """Start the work on a dataset, or stop it."""
        dataset_id = self._id_of(name)
        if dataset_id is not None:
            job = self.services.jobs.get(("propose", dataset_id))
            if job is not None and job.state == "running":
                self.stops[dataset_id].set()
            else:
                self._start(dataset_id)
        return self.state(name)

    def _start(self, dataset_id: int) -> None:
        stop = self.stops[dataset_id] = threading.Event()

        def work(report: Report) -> Outcome:
            plan = plan_ahead(self.services.database, self.services.proposals, dataset_id)
            return compute_in_turn(self.services.proposals, plan.due, report, stop)

        self.services.jobs.start(("propose", dataset_id), work)

    def _id_of(self, name: str | None) -> int | None:
        with self.services.database.read() as session:
            dataset = find_dataset(session, name) if name else None
            return None if dataset is None else dataset.id

    def _rest(self, dataset_id: int, job: Job | None) -> str:
        with self.services.database.read() as session:
            unknown = list_items(session, dataset_id, order="doubt", limit=1).doubt_unknown
        rest = (
            f"No model has processed {counted(unknown, 'picture')} yet; the order “by doubt” puts them last. "
            "Pictures without tags get no proposal."
            if unknown
            else "All pictures have heatmaps, a proposal and a doubt."
        )
        if job is None:
            return rest
        if job.problem is not None:
            return f"**Computing failed:** {plain(job.problem)} {rest}"
        outcome: Outcome = job.result
        done = f"{counted(outcome.computed, 'picture')} computed."
        failed = "".join(
            f"\n- {plain(one.picture)}: {plain(one.reason)}" for one in outcome.failures[:_MOST_SHOWN]
        )
        more = len(outcome.failures) - _MOST_SHOWN
        if failed:
            done += f" {counted(len(outcome.failures), 'picture')} failed:\n{failed}"
            done += f"\n- and {more} more\n\n" if more > 0 else "\n\n"
        return f"{done} {rest}"


def build(services: Services, dataset: gr.Dropdown) -> Computing:
    """Add the part to the Blocks that are being built; `dataset` holds the name of the chosen one."""
    text = gr.Markdown(visible=False, elem_id="proposals-state")
    button = gr.Button(_COMPUTE, visible=False, elem_id="proposals-compute")
    computing = Computing(services, text, button, gr.Timer(_LOOK_S, active=False))
    _quickly(button.click, computing.press, dataset, computing)
    _quickly(computing.timer.tick, computing.state, dataset, computing)
    return computing


def _quickly(event: Callable[..., Any], answer: Callable[..., Any], asked: Any, computing: Computing) -> None:
    event(answer, asked, computing.outputs, api_visibility="private", show_progress="hidden", queue=False)


def _running(job: Job) -> str:
    if not job.total:
        return "Looking for pictures without a proposal …"
    share = f'<progress value="{job.done}" max="{job.total}"></progress>'
    return f"Computing proposals: {job.done:,} of {job.total:,} pictures.\n\n{share}"
