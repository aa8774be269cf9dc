/** What a class's score rests on: the CAM beside LayerCAM, EigenCAM and the gradient by the pixels. */
import { plane } from "./maps.js";

/**
 * @import { ExplanationArrays, ExplanationsAnswer, Maps } from "./api.js"
 * @import { Picture } from "./picture.js"
 * @import { View } from "./view.js"
 */

const LAST = "From the last features";
const BEFORE = "From earlier stages, and from the pixels: finer, and less tied to the class";

/** Why other gradient maps are not offered. */
export const NOT_OFFERED =
  "Behind pooling and a linear head, Grad-CAM, HiResCAM and XGrad-CAM equal the CAM up to a factor.";

/**
 * @param {Picture} picture
 * @param {ExplanationsAnswer} answer one with arrays
 * @param {number} k position of the tag
 * @returns {View[]}
 */
export function explainViews(picture, { arrays }, k) {
  const { name } = picture.tags[k];
  const mapOf = (/** @type {keyof ExplanationArrays} */ array) =>
    picture.once(`explain ${array} ${array === "eigencam" ? "" : k}`, () => {
      const maps = /** @type {Maps} */ (arrays[array]);
      return array === "eigencam" ? plane(maps) : plane(maps, k);
    });
  return [
    {
      key: "cam once",
      heading: LAST,
      title: "CAM",
      tip: `Equation 1 for ${name}, its positive part, divided by its maximum: the picture once, at scale 1, not mirrored, before any spreading`,
      map: mapOf("cam_once"),
    },
    {
      key: "layercam",
      heading: LAST,
      title: "LayerCAM",
      tip: `Features of the last layer, each value times its own positive gradient of the score of ${name} (Jiang et al. 2021). Here: only the features that speak for the class`,
      map: mapOf("layercam"),
    },
    {
      key: "eigencam",
      heading: LAST,
      title: "EigenCAM",
      tip: "The first principal axis of the last features (Muhammad and Yeasin 2020). It knows no class, so it is the same for all tags: what stands out, whatever it is",
      note: "no class",
      map: mapOf("eigencam"),
    },
    {
      key: "layercam 4",
      heading: BEFORE,
      title: "LayerCAM, stage 4",
      tip: `LayerCAM of ${name} on the fourth of the backbone's five stages`,
      map: mapOf("layercam_stage_4"),
    },
    {
      key: "layercam 3",
      heading: BEFORE,
      title: "LayerCAM, stage 3",
      tip: `LayerCAM of ${name} on the third of the backbone's five stages, on a finer grid`,
      map: mapOf("layercam_stage_3"),
    },
    {
      key: "gradient",
      heading: BEFORE,
      title: "Gradient",
      tip: `How much a change of each pixel would change the score of ${name}: the largest of the three colours (Simonyan et al. 2014), divided by its 99th percentile`,
      map: mapOf("gradient"),
    },
  ];
}
