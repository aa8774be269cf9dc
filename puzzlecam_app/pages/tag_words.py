"""The part of the Datasets page that says how tags are understood, and accepts suggestions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from db.datasets import find_dataset
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.dataset_words import (
    accept_suggestions,
    read_dataset,
    with_suggestions_of_import,
)
from puzzlecam_app.interchange.tag_readings import TagReading
from puzzlecam_app.pages.sentences import counted, plain, shown
from puzzlecam_app.services import Services

_COLUMNS = ["Tag", "Understood as", "Check"]


@dataclass
class TagWordsPart:
    """The components of the part; `state` says how they look for a dataset."""

    services: Services
    part: gr.Accordion
    text: gr.Markdown
    table: gr.Dataframe
    suggest: gr.Button
    suggested: gr.CheckboxGroup
    accept: gr.Button

    @property
    def outputs(self) -> list[Any]:
        """The components that `state` returns updates of."""
        return [self.part, self.text, self.table, self.suggest, self.suggested, self.accept]

    def state(self, name: str | None) -> tuple[Any, ...]:
        """Updates for a dataset; None, or one that does not exist, hides the part."""
        return shown(lambda: self._state(name, suggest=False), self._failure)

    def look_for_suggestions(self, name: str | None) -> tuple[Any, ...]:
        """Compare the tags that are not understood by meaning, and show what they may mean."""
        return shown(lambda: self._state(name, suggest=True), self._failure)

    def take(self, name: str | None, tags: Sequence[str]) -> tuple[Any, ...]:
        """Accept the suggestions of some tags."""

        def work() -> tuple[Any, ...]:
            if not tags:
                raise UserError("no suggestion is selected", remedy="Tick the ones that are right")
            reader = self.services.tag_reader
            readings = read_dataset(self.services.database, reader, name or "", suggest=True)
            accept_suggestions(reader, readings, tags)
            return self._state(name, suggest=True)

        return shown(work, self._failure)

    def _state(self, name: str | None, *, suggest: bool) -> tuple[Any, ...]:
        with self.services.database.read() as session:
            exists = name is not None and find_dataset(session, name) is not None
        if not exists or name is None:
            return gr.Accordion(visible=False), *([gr.skip()] * 5)
        reader = self.services.tag_reader
        readings = read_dataset(self.services.database, reader, name, suggest=suggest)
        if not suggest:
            readings = with_suggestions_of_import(self.services.database, name, readings)
        unknown = [one for one in readings if not one.imagenet_classes]
        choices = [
            (f"{one.tag}: {one.suggestion.words}", one.tag) for one in readings if one.suggestion is not None
        ]
        text = _in_words(readings, len(unknown))
        if unknown and reader.hint:
            text += f"\n\n{plain(reader.hint)}"
        return (
            gr.Accordion(visible=True, open=bool(unknown)),
            gr.Markdown(text),
            gr.Dataframe([[one.tag, one.understood_as, one.note] for one in readings], visible=True),
            gr.Button(visible=bool(unknown) and reader.can_suggest and not choices),
            gr.CheckboxGroup(choices=choices, value=[], visible=bool(choices)),
            gr.Button(visible=bool(choices)),
        )

    def _failure(self, why: str) -> tuple[Any, ...]:
        hidden = gr.Button(visible=False)
        return (
            gr.Accordion(visible=True),
            gr.Markdown(f"**The tags cannot be matched:** {plain(why)}"),
            gr.Dataframe(visible=False),
            hidden,
            gr.CheckboxGroup(visible=False),
            hidden,
        )


def build(services: Services, dataset: gr.Dropdown) -> TagWordsPart:
    """Add the part to the Blocks that are being built; `dataset` holds the name of the chosen one."""
    with gr.Accordion("How tags are understood", open=False, visible=False, elem_id="tag-words") as part:
        text = gr.Markdown(elem_id="tag-words-text")
        table = gr.Dataframe(
            headers=_COLUMNS,
            interactive=False,
            wrap=True,
            column_widths=["22%", "43%", "35%"],
            show_label=False,
            buttons=["copy"],
            elem_id="tag-words-table",
        )
        suggest = gr.Button("Suggest meanings", visible=False, elem_id="tag-words-suggest")
        suggested = gr.CheckboxGroup(
            [],
            label="Suggestions, with their score (1 is the same meaning)",
            info="Tick the ones that are right. They are written into aliases.toml and used at once.",
            visible=False,
            elem_id="tag-words-suggested",
        )
        accept = gr.Button("Accept the ticked ones", visible=False, elem_id="tag-words-accept")
    words = TagWordsPart(services, part, text, table, suggest, suggested, accept)
    suggest.click(
        words.look_for_suggestions, dataset, words.outputs, show_progress_on=table, api_visibility="private"
    )
    accept.click(
        words.take, [dataset, suggested], words.outputs, show_progress_on=table, api_visibility="private"
    )
    return words


def _in_words(readings: Sequence[TagReading], unknown: int) -> str:
    text = (
        "The first maps of a tag come from these classes of ImageNet. If a tag means something else, write "
        "what it means into the file aliases.toml of the workspace."
    )
    if not unknown:
        return f"Every tag is understood. {text}"
    return f"**{unknown} of {counted(len(readings), 'tag')} could not be matched.** {text}"
