"""What a bench counts: times by route, saves and what became of them, memory."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed; NaN without values.

    >>> percentile([4, 1, 3, 2], 0.5)
    2
    """
    if not values:
        return math.nan
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


@dataclass(frozen=True)
class Saved:
    """A change that a studio has acknowledged.

    Attributes:
        expected: the revision that it was based on; 0 for none.
        revision: the one that it became.
        crc: CRC-32 of the mask; None for a decision.
    """

    item_id: int
    expected: int
    revision: int
    person: str
    crc: int | None = None


@dataclass(frozen=True)
class Entry:
    """A line of a picture's history."""

    revision: int
    author: str | None


@dataclass
class Figures:
    """Filled while the bench runs."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    saved: list[Saved] = field(default_factory=list)
    conflicts: int = 0
    given_twice: int = 0
    finished: int = 0
    holders: dict[int, str] = field(default_factory=dict)
    memory_mb: list[float] = field(default_factory=list)
    lost: int = 0
    overwritten: int = 0
    unreachable: int = 0

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Note an answer; the times of refusals are not mixed with the others."""
        self.statuses[route, status] += 1
        if status < 400:
            self.seconds[route].append(seconds)

    def given(self, item_id: int, person: str) -> None:
        """Note that a person got a picture; another one who holds it means that it was given twice."""
        if self.holders.get(item_id, person) != person:
            self.given_twice += 1
        self.holders[item_id] = person

    def check(self, item_id: int, history: Sequence[Entry]) -> None:
        """Compare what was acknowledged for a picture with its history, oldest entry first.

        A save that is missing, or stands under another name, is lost. One that does not directly follow the
        revision that it was based on has silently overwritten somebody's work.
        """
        place = {entry.revision: number for number, entry in enumerate(history)}
        for save in (save for save in self.saved if save.item_id == item_id):
            number = place.get(save.revision)
            if number is None or history[number].author != save.person:
                self.lost += 1
                continue
            before = history[number - 1].revision if number else 0
            self.overwritten += before != save.expected

    @property
    def failures(self) -> dict[str, int]:
        """Answers that nobody expects, by route and status: all from 400 on but conflicts."""
        return {
            f"{route} {status}": count
            for (route, status), count in sorted(self.statuses.items())
            if status >= 400 and status != 412
        }

    @property
    def is_good(self) -> bool:
        """Whether nothing was lost, overwritten, given twice or failed."""
        bad = self.lost + self.overwritten + self.given_twice + self.unreachable
        return bad == 0 and not any(int(name.rsplit(" ", 1)[1]) >= 500 for name in self.failures)


def table(figures: Figures) -> str:
    """The figures in Markdown."""
    lines = [
        "| Route | Answers | p50 ms | p95 ms | p99 ms | max ms |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for route, seconds in sorted(figures.seconds.items()):
        shown = " | ".join(f"{1000 * one:.0f}" for one in _shares(seconds))
        lines.append(f"| `{route}` | {len(seconds)} | {shown} |")
    memory = figures.memory_mb or [math.nan]
    lines += [
        "",
        f"Pictures finished: {figures.finished}. Saves acknowledged: {len(figures.saved)}. "
        f"Saves lost: {figures.lost}. Silent overwrites: {figures.overwritten}. "
        f"Conflicts answered 412: {figures.conflicts}. Pictures given to two people: {figures.given_twice}. "
        f"Requests without an answer: {figures.unreachable}.",
        f"Memory of the studios: {memory[0]:.0f} MB at the start, {max(memory):.0f} MB at most, "
        f"{memory[-1]:.0f} MB at the end.",
    ]
    if figures.failures:
        lines.append(
            f"Refusals: {', '.join(f'{name}: {count}' for name, count in figures.failures.items())}."
        )
    return "\n".join(lines)


def _shares(seconds: Sequence[float]) -> Iterable[float]:
    return *(percentile(seconds, share) for share in (0.5, 0.95, 0.99)), max(seconds)
