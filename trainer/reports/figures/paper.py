"""Figures 1, 3 and 4 of the paper for any run: CAMs of whole and tiled pictures, CAMs of combinations of loss
terms, and masks. Each is written as SVG and PNG and states its settings.

Pictures are spread evenly over the split; none is chosen for its looks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainer.errors import TrainerError, TrainerUsageError
from trainer.machine.durable_write import write_atomic
from trainer.reports.figures.cams import ClassifierOfRun, loss_terms, puzzle_sheet, terms_sheet
from trainer.reports.figures.masks import masks_sheet
from trainer.reports.figures.sheet import Sheet, sheet_png, sheet_svg
from trainer.run.directory import RunDir, RunDirError

MAX_PICTURES = 24
Report = Callable[[int, int], None]


@dataclass(frozen=True)
class FigureReport:
    """The files that were written, and notes on figures that are missing or incomplete.

    Attributes:
        files: two per figure, SVG and PNG.
        notes: one sentence each, with the next step.
    """

    files: tuple[Path, ...]
    notes: tuple[str, ...]


def write_figures(
    run_dir: Path | str,
    out: Path | str,
    *,
    baseline: Path | str | None = None,
    compare: Sequence[Path | str] = (),
    pictures: int = 4,
    report: Report = lambda _done, _total: None,
) -> FigureReport:
    """Draw the figures of a run into a folder, `figure-1.svg`, `figure-1.png` and so on.

    Args:
        run_dir: run directory; its dataset must still be in its place.
        out: folder; it is created, and figures of the same name are replaced.
        baseline: run directory of a conventional classifier, for (a) and (b) of figure 1; without one they
            show the run's own classifier.
        compare: more run directories for figure 3, or a folder that `ablate` wrote.
        pictures: number per figure, 1 to `MAX_PICTURES`.
        report: called with the number of figures done and of all figures.

    Raises:
        TrainerUsageError: `pictures` is out of range.
        RunDirError: a folder is not a run directory, or is of another version.
        TrainerError: a file is damaged.
    """
    if not 1 <= pictures <= MAX_PICTURES:
        raise TrainerUsageError(f"A figure shows 1 to {MAX_PICTURES} pictures, not {pictures}.")
    directory, out = RunDir(run_dir), Path(out)
    directory.manifest()
    conventional = None if baseline is None else RunDir(baseline)
    others = [one for folder in compare for one in run_dirs_in(Path(folder))]
    files: list[Path] = []
    notes: list[str] = []
    makers: tuple[tuple[str, Callable[[], tuple[Sheet | None, str | None]]], ...] = (
        ("figure-1", lambda: puzzle_sheet(directory, conventional, pictures)),
        ("figure-3", lambda: terms_sheet(directory, others, pictures)),
        ("figure-4", lambda: masks_sheet(directory, pictures)),
    )
    for number, (name, make) in enumerate(makers):
        report(number, len(makers))
        sheet, note = make()
        if note is not None:
            notes.append(note)
        if sheet is None:
            _remove(out, name)
            continue
        for suffix, data in ((".svg", sheet_svg(sheet)), (".png", sheet_png(sheet))):
            write_atomic(out / f"{name}{suffix}", data)
            files.append(out / f"{name}{suffix}")
    report(len(makers), len(makers))
    return FigureReport(tuple(files), tuple(notes))


def run_dirs_in(folder: Path) -> list[RunDir]:
    """A run directory, or those in a folder of `ablate`: for each combination of terms the first random seed.

    Raises:
        RunDirError: the folder neither is nor contains a run directory.
    """
    directory = RunDir(folder)
    if directory.exists():
        return [directory]
    inside = sorted(child for child in folder.iterdir() if RunDir(child).exists()) if folder.is_dir() else []
    by_terms: dict[str, RunDir] = {}
    for child in inside:
        one = RunDir(child)
        by_terms.setdefault(loss_terms(ClassifierOfRun.recipe_of(one).classify.loss), one)
    if not by_terms:
        raise RunDirError(
            f"{folder} neither is nor contains a run directory; name one, or a folder that `ablate` wrote."
        )
    return list(by_terms.values())


def _remove(out: Path, name: str) -> None:
    """Remove a figure of an earlier call, which would pass for a figure of this run."""
    for suffix in (".svg", ".png"):
        try:
            (out / f"{name}{suffix}").unlink(missing_ok=True)
        except OSError as error:
            raise TrainerError(f"{out / name}{suffix} cannot be removed ({error}); remove it.") from error
