/** How seeds look: a dot in the colour of their class with a plus, a white one with a minus for background. */
import { outlineOf, strokeMark } from "../tools/marks.js";
import { pointsOf } from "./seeds.js";

/**
 * @typedef {import("../../shared/viewport.js").Viewport} Viewport
 * @typedef {import("./seeds.js").Seed} Seed
 */

const DOT_PX = 5.5;
const SELECTED_PX = 9;
const SIGN_PX = 2.6;

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Viewport} viewport
 * @param {Seed} seed
 * @param {string} classColour
 * @param {boolean} isSelected
 */
export function paintSeed(context, viewport, seed, classColour, isSelected) {
  const ratio = viewport.pixelRatio;
  const colour = seed.label === 0 ? "#ffffff" : classColour;
  const places = pointsOf(seed).map(([y, x]) => ({ x: x + 0.5, y: y + 0.5 }));
  if (places.length > 1) {
    const line = outlineOf(places, viewport);
    if (seed.kind === "box") {
      line.closePath();
      context.setLineDash([6 * ratio, 4 * ratio]);
    }
    strokeMark(context, line, colour, ratio);
    context.setLineDash([]);
  }
  const { x, y } = viewport.toScreen(places[0].x, places[0].y);
  const dot = new Path2D();
  dot.arc(x, y, DOT_PX * ratio, 0, 2 * Math.PI);
  context.fillStyle = colour;
  strokeMark(context, dot, "#ffffff", ratio);
  context.fill(dot);
  const sign = new Path2D();
  sign.moveTo(x - SIGN_PX * ratio, y);
  sign.lineTo(x + SIGN_PX * ratio, y);
  if (seed.label !== 0) {
    sign.moveTo(x, y - SIGN_PX * ratio);
    sign.lineTo(x, y + SIGN_PX * ratio);
  }
  context.strokeStyle = seed.label === 0 ? "#000000" : "#ffffff";
  context.lineWidth = 1.5 * ratio;
  context.stroke(sign);
  if (isSelected) {
    const ring = new Path2D();
    ring.arc(x, y, SELECTED_PX * ratio, 0, 2 * Math.PI);
    strokeMark(context, ring, "#ffffff", ratio);
  }
}
