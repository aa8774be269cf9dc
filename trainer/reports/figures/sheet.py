"""A sheet of pictures with captions, title, legend and settings, drawn as SVG and as PNG from one layout.

Both have the same pictures and text, so that either can go into a paper and still says what it shows and how
it was made.
"""

from __future__ import annotations

import base64
import io
import textwrap
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html import escape

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from trainer.data.transforms import RgbImage

CELL_PX = 300
"""Longest side of a picture on the sheet."""

_GAP, _MARGIN, _LINE_PX, _TEXT_PX, _TITLE_PX = 10, 18, 17, 13, 18
_LABEL_WIDTH = 104
_LEGEND_WIDTH, _LEGEND_HEIGHT = 160, 10
_INK, _GREY = "#1a1a1a", "#555555"
_FONTS = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial.ttf", "arial.ttf")


@dataclass(frozen=True, eq=False)
class Cell:
    """A picture, uint8 (H, W, 3) with sides up to `CELL_PX`, or a gap if None, and the lines below it."""

    image: RgbImage | None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Sheet:
    """The contents of a figure.

    Attributes:
        title: what the figure shows.
        columns: a heading for each column; empty for no headings.
        rows: for each row its label ("" for none) and its cells.
        lines: settings and explanations, below the pictures.
        has_heat: whether there are heatmaps, which need a legend.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    lines: tuple[str, ...]
    has_heat: bool = False


@dataclass(frozen=True)
class _Text:
    x: float
    y: float  # of the baseline
    text: str
    size: int = _TEXT_PX
    color: str = _INK
    is_bold: bool = False


@dataclass(frozen=True, eq=False)
class _Placed:
    x: int
    y: int
    image: RgbImage


@dataclass(frozen=True, eq=False)
class _Layout:
    width: int
    height: int
    parts: tuple[_Text | _Placed, ...]


def sheet_svg(sheet: Sheet) -> bytes:
    """The sheet as self-contained SVG."""
    layout = _laid_out(sheet)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{layout.width}" height="{layout.height}" '
        f'viewBox="0 0 {layout.width} {layout.height}" font-family="DejaVu Sans, system-ui, sans-serif">',
        f"<title>{escape(sheet.title)}</title>",
        f'<rect width="{layout.width}" height="{layout.height}" fill="white"/>',
    ]
    for part in layout.parts:
        if isinstance(part, _Text):
            weight = ' font-weight="bold"' if part.is_bold else ""
            parts.append(
                f'<text x="{part.x:g}" y="{part.y:g}" font-size="{part.size}" fill="{part.color}"{weight}>'
                f"{escape(part.text)}</text>"
            )
        else:
            height, width = part.image.shape[:2]
            data = base64.b64encode(_encoded(part.image, "PNG")).decode()
            parts.append(
                f'<image x="{part.x}" y="{part.y}" width="{width}" height="{height}" '
                f'href="data:image/png;base64,{data}"/>'
            )
    return "\n".join([*parts, "</svg>\n"]).encode()


def sheet_png(sheet: Sheet) -> bytes:
    """The sheet as PNG; without a suitable font on this machine, letters lose their accents."""
    layout = _laid_out(sheet)
    canvas = Image.new("RGB", (layout.width, layout.height), "white")
    draw = ImageDraw.Draw(canvas)
    for part in layout.parts:
        if isinstance(part, _Text):
            draw.text(
                (part.x, part.y),
                _drawable(part.text),
                font=_font(part.size),
                fill=part.color,
                anchor="ls",
                stroke_width=0.4 if part.is_bold else 0,
            )
        else:
            canvas.paste(Image.fromarray(part.image), (part.x, part.y))
    return _encoded(np.asarray(canvas), "PNG")


def _laid_out(sheet: Sheet) -> _Layout:
    count = max((len(cells) for _, cells in sheet.rows), default=1)
    widths = [max([120, *(_width(cells, column) for _, cells in sheet.rows)]) for column in range(count)]
    left = _MARGIN + (_LABEL_WIDTH if any(label for label, _ in sheet.rows) else 0)
    starts = [left + sum(widths[:column]) + _GAP * column for column in range(count)]
    width = max(640, starts[-1] + widths[-1] + _MARGIN)
    parts: list[_Text | _Placed] = []
    y = _MARGIN
    for line in _wrapped(sheet.title, width - 2 * _MARGIN, _TITLE_PX):
        y += _TITLE_PX + 4
        parts.append(_Text(_MARGIN, y, line, _TITLE_PX, is_bold=True))
    y += _GAP
    headings = [_wrapped(text, widths[column], _TEXT_PX) for column, text in enumerate(sheet.columns[:count])]
    for column, lines in enumerate(headings):
        for number, line in enumerate(lines):
            parts.append(_Text(starts[column], y + _LINE_PX * (number + 1), line, is_bold=True))
    y += _LINE_PX * max((len(lines) for lines in headings), default=0) + _GAP // 2
    for label, cells in sheet.rows:
        for number, line in enumerate(_wrapped(label, _LABEL_WIDTH - _GAP, _TEXT_PX) if label else ()):
            parts.append(_Text(_MARGIN, y + _LINE_PX * (number + 1), line, is_bold=True))
        tallest = max((cell.image.shape[0] for cell in cells if cell.image is not None), default=0)
        captions = [
            [line for text in cell.lines for line in _wrapped(text, widths[column], _TEXT_PX)]
            for column, cell in enumerate(cells)
        ]
        for column, cell in enumerate(cells):
            if cell.image is not None:
                parts.append(_Placed(starts[column], y, cell.image))
            below = y + (cell.image.shape[0] if cell.image is not None else 0)
            for number, line in enumerate(captions[column]):
                parts.append(_Text(starts[column], below + _LINE_PX * (number + 1), line, color=_GREY))
        y += tallest + _LINE_PX * max((len(lines) for lines in captions), default=0) + _GAP
    if sheet.has_heat:
        parts.append(_Text(_MARGIN, y + _LEGEND_HEIGHT, "0"))
        parts.append(_Placed(_MARGIN + 14, y, _legend()))
        parts.append(_Text(_MARGIN + 20 + _LEGEND_WIDTH, y + _LEGEND_HEIGHT, "1 = maximum of the map"))
        y += _LINE_PX + _GAP
    for text in sheet.lines:
        for line in _wrapped(text, width - 2 * _MARGIN, _TEXT_PX):
            y += _LINE_PX
            parts.append(_Text(_MARGIN, y, line, color=_GREY))
    return _Layout(width, y + _MARGIN, tuple(parts))


def _width(cells: tuple[Cell, ...], column: int) -> int:
    if column >= len(cells):
        return 0
    image = cells[column].image
    return 0 if image is None else int(image.shape[1])


def _wrapped(text: str, width: float, size: int) -> list[str]:
    """Lines that fit into a width in pixels, counted in letters, because the font of an SVG is unknown."""
    return textwrap.wrap(text, max(8, int(width / (0.56 * size))), break_on_hyphens=False) or [""]


def _legend() -> RgbImage:
    ramp = np.tile(np.linspace(0, 255, _LEGEND_WIDTH).astype(np.uint8), (_LEGEND_HEIGHT, 1))
    return np.ascontiguousarray(cv2.applyColorMap(ramp, cv2.COLORMAP_INFERNO)[:, :, ::-1], dtype=np.uint8)


def _encoded(image: RgbImage, kind: str) -> bytes:
    data = io.BytesIO()
    Image.fromarray(image).save(data, kind)
    return data.getvalue()


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for name in _FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)


def _drawable(text: str) -> str:
    font = _font(_TEXT_PX)
    if isinstance(font, ImageFont.FreeTypeFont) and "Aileron" not in (font.getname()[0] or ""):
        return text
    return "".join(_plain(text))


def _plain(text: str) -> Iterator[str]:
    for letter in text.replace("×", "x").replace("–", "-").replace("·", ";"):
        plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
        yield letter if letter.isascii() else plain or "?"
