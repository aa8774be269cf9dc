"""What the Export page makes of filters and of changes of the class list."""

import gradio as gr
import numpy as np
import pytest

from db.annotations import append_revision
from db.items import all_items
from db.palette import voc_palette
from db.users import get_or_create
from puzzlecam_app.interchange.class_changes import ClassChanges
from puzzlecam_app.pages.export_choice import Chosen, ExportChoice, chosen, summary
from puzzlecam_app.services import Services

ROWS = [["blue", "blue", True], ["red", "red", True]]


def choice(classes: list[list[object]] = ROWS, **changes: object) -> Chosen:
    values = {"splits": [], "tags": [], "first": [], "dropped": "Background", "offset": 0}
    values |= {"zero": "Background", "as_polygons": False, "as_predictions": False}
    values |= {"pictures": "None: labels alone"} | changes
    return chosen(classes=classes, **values)


def test_rows_become_changes_of_the_class_list() -> None:
    rows = [["blue", " sea ", True], ["red", "red", False], ["green", "green", True]]

    said = choice(rows, first=["green"], dropped="Void (255)", offset=2)

    assert said.pictures == "none"
    assert said.classes == ClassChanges({"blue": "sea"}, ["red"], ("green",), True, 2)


def test_a_list_that_stays_is_not_mentioned(services: Services) -> None:
    accept_all(services)

    assert summary(services, "colours", ["accepted"], choice()) == "3 pictures would be exported."


def test_filters_count_and_changes_are_listed(services: Services) -> None:
    accept_all(services)

    said = summary(
        services, "colours", ["accepted"], choice([["blue", "x", True], ["red", "x", True]], splits=["val"])
    )

    assert said == "1 picture would be exported. Classes in the export: 1 x."


@pytest.mark.parametrize("rows", [[["blue", "blue", False], ["red", "red", False]]])
def test_what_is_not_possible_is_said(services: Services, rows: list[list[object]]) -> None:
    assert "every class is left out" in summary(services, "colours", ["accepted"], choice(rows))


def test_a_change_during_an_answer_is_not_left_out(services: Services) -> None:
    with gr.Blocks() as page:
        dataset, statuses = gr.Dropdown([]), gr.CheckboxGroup([])
        ExportChoice(services, dataset, gr.Dropdown([])).summarise_when_changed(dataset, statuses)
    several = [one for one in page.fns.values() if len(one.targets) > 1]
    assert [one.trigger_mode for one in several] == ["always_last"]


def accept_all(services: Services) -> None:
    stored = services.masks.put(np.ones((48, 64), np.uint8), voc_palette())
    with services.database.write() as session:
        ann = get_or_create(session, "Ann").id
        for item in all_items(session, 1):
            append_revision(session, item.id, expected=None, action="accepted", author=ann, mask_hash=stored)
