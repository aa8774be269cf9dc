"""Charts as self-contained SVG: curves of a training, and bars with their single values as dots."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

# These can be told apart with any kind of colour vision, on light and dark backgrounds.
COLORS = ("#4477cc", "#dd8822", "#229977", "#bb5599", "#888833")
_WIDTH, _HEIGHT = 640, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 16, 44, 34
_MAX_POINTS = 300


@dataclass(frozen=True)
class Series:
    """A curve: name, and (x, y) points in ascending x."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Bar:
    """A bar, and the values whose mean it shows."""

    name: str
    value: float
    dots: tuple[float, ...] = ()


def line_chart(series: Sequence[Series], *, title: str, x_label: str) -> str:
    """Curves in one chart whose y axis starts at zero; dense curves are averaged to what can be seen."""
    shown = [Series(one.name, _thinned(one.points)) for one in series if one.points]
    xs = [x for one in shown for x, _ in one.points] or [0.0, 1.0]
    ys = [y for one in shown for _, y in one.points] or [1.0]
    frame = _Frame(min(xs), max(xs), max(0.0, *ys))
    parts = [frame.axes(), _text(_WIDTH / 2, _HEIGHT - 4, x_label, anchor="middle")]
    for x in frame.x_ticks():
        parts.append(_text(frame.x(x), _HEIGHT - _BOTTOM + 14, _number(x), anchor="middle"))
    for number, one in enumerate(shown):
        color = COLORS[number % len(COLORS)]
        path = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in one.points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.8"/>')
    return _svg(title, [*parts, *_legend([one.name for one in shown])])


def bar_chart(bars: Sequence[Bar], *, title: str) -> str:
    """Vertical bars that start at zero, with their value on top and single values as dots."""
    frame = _Frame(0.0, float(len(bars)), max((max(bar.value, *bar.dots, 0.0) for bar in bars), default=1.0))
    parts = [frame.axes()]
    for number, bar in enumerate(bars):
        left, right, top = frame.x(number + 0.25), frame.x(number + 0.75), frame.y(bar.value)
        height = frame.y(0.0) - top
        parts.append(
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{height:.1f}" '
            f'fill="{COLORS[0]}" fill-opacity="0.75"/>'
        )
        middle = (left + right) / 2
        parts += [
            f'<circle cx="{middle:.1f}" cy="{frame.y(dot):.1f}" r="3" fill="{COLORS[1]}"/>'
            for dot in bar.dots
        ]
        highest = min([top, *(frame.y(dot) for dot in bar.dots)])
        parts.append(_text(middle, highest - 6, f"{bar.value:.2f}", anchor="middle"))
        parts.append(_text(middle, _HEIGHT - _BOTTOM + 14, bar.name, anchor="middle"))
    return _svg(title, parts)


class _Frame:
    """The plotting area, which converts values to pixels."""

    def __init__(self, x_min: float, x_max: float, y_max: float) -> None:
        self._x_min, self._x_max = x_min, max(x_max, x_min + 1e-9)
        self._step = _nice_step(y_max or 1.0, 4)
        self._y_max = max(self._step, math.ceil(round((y_max or 1.0) / self._step, 6)) * self._step)

    def x(self, value: float) -> float:
        share = (value - self._x_min) / (self._x_max - self._x_min)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - value / self._y_max * (_HEIGHT - _TOP - _BOTTOM)

    def x_ticks(self) -> list[float]:
        step = _nice_step(self._x_max - self._x_min, 6)
        first = math.ceil(self._x_min / step)
        return [number * step for number in range(first, math.floor(self._x_max / step) + 1)]

    def axes(self) -> str:
        parts = []
        for number in range(round(self._y_max / self._step) + 1):
            value = number * self._step
            y = self.y(value)
            parts.append(
                f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
                f'stroke="currentColor" stroke-opacity="{0.6 if number == 0 else 0.15}"/>'
            )
            parts.append(_text(_LEFT - 6, y + 4, _number(value), anchor="end"))
        return "".join(parts)


def _thinned(points: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    size = math.ceil(len(points) / _MAX_POINTS)
    groups = [points[start : start + size] for start in range(0, len(points), max(1, size))]
    return tuple(
        (sum(x for x, _ in group) / len(group), sum(y for _, y in group) / len(group)) for group in groups
    )


def _nice_step(span: float, count: int) -> float:
    """A step of 1, 2 or 5 times a power of ten that divides a span into at most about `count` parts."""
    raw = span / count
    power = 10.0 ** math.floor(math.log10(raw))
    return float(next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999))


def _number(value: float) -> str:
    return f"{value:.4g}"


def _text(x: float, y: float, text: str, *, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _legend(names: Sequence[str]) -> list[str]:
    parts, x = [], float(_LEFT)
    for number, name in enumerate(names):
        color = COLORS[number % len(COLORS)]
        parts.append(f'<rect x="{x:.1f}" y="26" width="12" height="4" fill="{color}"/>')
        parts.append(_text(x + 16, 32, name))
        x += 30 + 6.2 * len(name)
    return parts


def _svg(title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="11" fill="currentColor">'
        f"<title>{escape(title)}</title>"
        f'<text x="{_LEFT}" y="14" font-size="13" font-weight="600">{escape(title)}</text>'
        f"{''.join(parts)}</svg>"
    )
