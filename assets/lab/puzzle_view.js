/** The puzzle module on the picture (paper figures 1 and 2): whole map, tiles, tiled map, difference. */
import { maximum, plane, signedDifference, tilesApart } from "./maps.js";

/**
 * @import { PuzzleAnswer, PuzzleArrays } from "./api.js"
 * @import { Picture } from "./picture.js"
 * @import { View } from "./view.js"
 */

/**
 * @param {Picture} picture
 * @param {PuzzleAnswer} puzzle
 * @param {number} k position of the tag
 * @returns {View[]}
 */
export function puzzleViews(picture, { header, arrays }, k) {
  const n = header.tiles;
  const name = picture.tags[k].name;
  const mapOf = (/** @type {keyof PuzzleArrays} */ array) =>
    picture.once(`puzzle ${n} ${array} ${k}`, () => plane(arrays[array], k));
  const whole = mapOf("whole");
  const tiled = mapOf("tiled");
  const apart = picture.once(`puzzle ${n} apart ${k}`, () =>
    tilesApart(mapOf("tiled_cells"), n, header.cells_share, whole.width, whole.height),
  );
  const strongest = Math.max(maximum(mapOf("whole_cells")), maximum(mapOf("tiled_cells")), 1e-5);
  const difference = picture.once(`puzzle ${n} difference ${k}`, () => signedDifference(whole, tiled));
  const tileShare = n > 1 ? header.tile_share : undefined;
  return [
    {
      key: "whole",
      title: "Whole map",
      tip: `CAM of ${name} on the whole picture at scale 1 (equation 1), divided by the larger maximum of the whole and the tiled map`,
      map: whole,
      outlined: whole,
    },
    {
      key: "apart",
      title: n > 1 ? "Each tile" : "The one tile",
      tip: `The network's map of each of the ${n} x ${n} tiles by itself: no tile sees its neighbour. Positive part, divided by the largest value of all`,
      map: apart,
      range: [0, strongest],
      tileShare,
      gutters: true,
    },
    {
      key: "tiled",
      title: "Tiled map",
      tip: "The maps of the tiles put together again, smoothed like the whole map and divided by the same maximum",
      map: tiled,
      outlined: tiled,
      tileShare,
    },
    {
      key: "difference",
      title: "Difference",
      note: `disagreement ${header.disagreement[k].toFixed(3)}`,
      noteTip:
        "Sum of |whole − tiled| over the sum of the larger of both: 0 where they are equal, 1 where they never overlap. Review's order “Tiles disagree” uses the largest one of the tags",
      tip: "Whole map minus tiled map. Red: seen only in the whole picture. Blue: seen only in a tile by itself",
      map: difference,
      range: [-1, 1],
      signed: true,
      tileShare,
    },
  ];
}
