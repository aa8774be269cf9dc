"""Magnetic edges, corners of polygons and moved regions: the arithmetic, in the editor's own modules."""

from __future__ import annotations

import numpy as np

from tests.helpers_node import run_program

WIRE = """
import { edgeMap, strongestNear, wiresFrom, wireTo } from "./assets/editor/raster/live_wire.js";
const { width, height, grey, from, to } = given;
const rgba = Uint8ClampedArray.from(grey.flatMap((value) => [value, value, value, 255]));
const edges = edgeMap(rgba, width, height);
console.log(JSON.stringify({
  way: wireTo(wiresFrom(edges, ...from), ...to).map(({ x, y }) => [x, y]),
  snapped: strongestNear(edges, from[0], from[1], 8),
}));
"""


def test_a_live_wire_follows_the_edge_of_a_disc_instead_of_crossing_it() -> None:
    ys, xs = np.mgrid[:60, :80]
    disc = np.where(np.hypot(xs - 40, ys - 30) < 20, 200, 60) + (xs * 7 + ys * 13) % 11
    found = run_program(
        WIRE, {"width": 80, "height": 60, "grey": disc.ravel().tolist(), "from": [20, 30], "to": [60, 30]}
    )
    way = np.array(found["way"])
    assert way[0].tolist() == [20, 30]
    assert way[-1].tolist() == [60, 30]
    assert np.abs(np.hypot(way[:, 0] - 40, way[:, 1] - 30) - 20).max() <= 2
    assert (np.abs(np.diff(way, axis=0)).max(axis=1) == 1).all(), "it has no gaps"
    assert abs(np.hypot(found["snapped"]["x"] - 40, found["snapped"]["y"] - 30) - 20) <= 1


def test_on_flat_ground_a_live_wire_is_straight() -> None:
    found = run_program(WIRE, {"width": 30, "height": 9, "grey": [90] * 270, "from": [2, 4], "to": [27, 4]})
    assert found["way"] == [[x, 4] for x in range(2, 28)]


def test_corners_are_moved_added_and_removed_with_the_ways_beside_them() -> None:
    found = run_program(
        """
        import * as outline from "./assets/editor/tools/outline.js";
        const at = (x, y) => ({ at: { x, y }, way: [{ x, y }] });
        const square = [at(0, 0), at(10, 0), at(10, 10), at(0, 10)];
        const bent = (from, to) => [{ x: from.x, y: to.y }, to];
        const points = (corners) => outline.pointsOf(corners).map(({ x, y }) => [x, y]);
        console.log(JSON.stringify({
          moved: points(outline.withCorner(square, 3, { x: -5, y: 10 }, outline.straight)),
          last: points(outline.withCorner(square, 0, { x: 1, y: 1 }, bent)),
          added: points(outline.withInserted(square, 1, { x: 5, y: -3 }, outline.straight)),
          removed: points(outline.withoutCorner(square, 3, outline.straight)),
          corner: outline.cornerAt(square, { x: 9, y: 1 }, 3),
          none: outline.cornerAt(square, { x: 5, y: 5 }, 3),
          way: outline.wayAt(square, { x: 5, y: 1 }, 2),
          closing: outline.wayAt(square, { x: 1, y: 5 }, 2),
        }));
        """
    )
    assert found == {
        "moved": [[0, 0], [10, 0], [10, 10], [-5, 10]],
        "last": [[0, 1], [1, 1], [1, 0], [10, 0], [10, 10], [0, 10]],
        "added": [[0, 0], [5, -3], [10, 0], [10, 10], [0, 10]],
        "removed": [[0, 0], [10, 0], [10, 10]],
        "corner": 1,
        "none": -1,
        "way": 1,
        "closing": 0,
    }


def test_a_region_is_one_connected_piece_and_is_clipped_where_it_leaves_the_picture() -> None:
    rows = ["..11..", ".11..1", "......"]
    found = run_program(
        """
        import * as region from "./assets/editor/raster/region.js";
        const mask = Uint8Array.from(given.join(""), (one) => (one === "." ? 0 : Number(one)));
        const raster = { mask, width: given[0].length, height: given.length };
        const piece = region.regionAt(raster, 2, 0);
        const moved = region.shifted(piece, 3, 1);
        const bounds = region.boundsOf(raster, 1);
        region.fillRegion(raster, piece, 0, new Uint8Array(256));
        region.fillRegion(raster, moved, 1, new Uint8Array(256));
        const text = [...mask].map((value) => value || ".").join("");
        console.log(JSON.stringify({
          rect: piece.rect,
          bounds,
          background: region.regionAt(raster, 0, 0),
          held: [region.contains(piece, 2, 1), region.contains(piece, 5, 1)],
          mask: given.map((row, y) => text.slice(y * row.length, (y + 1) * row.length)),
        }));
        """,
        rows,
    )
    assert found == {
        "rect": {"x0": 1, "y0": 0, "x1": 4, "y1": 2},
        "bounds": {"x0": 1, "y0": 0, "x1": 6, "y1": 2},
        "background": None,
        "held": [True, False],
        "mask": ["......", ".....1", "....11"],
    }
