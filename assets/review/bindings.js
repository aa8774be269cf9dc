/** The keys of the Review page, as the help lists them; the editor has its own. */

/**
 * @typedef {object} Binding
 * @property {string} chord          `KeyboardEvent.key` in lower case
 * @property {string[]} keys         as shown to people
 * @property {string} description
 * @property {string} group
 * @property {() => unknown} run
 *
 * @typedef {object} Actions  what the keys do
 * @property {(action: import("./api.js").Decision) => unknown} decide
 * @property {(step: 1|-1) => unknown} step
 * @property {() => unknown} copyPrevious
 * @property {() => unknown} showHistory
 * @property {() => unknown} showHelp
 * @property {() => unknown} findClass
 * @property {() => unknown} toggleTag
 * @property {import("./tag_line.js").TagLine} tagLine
 * @property {import("./heat_panel.js").HeatPanel} heatPanel
 * @property {import("./second_look.js").SecondLook} secondLook
 */

/**
 * @param {Actions} page
 * @returns {Binding[]}
 */
export const bindingsOf = (page) => [
  {
    chord: "a",
    keys: ["A"],
    description: "Accept and go to the next picture",
    group: "Review",
    run: () => page.decide("accept"),
  },
  {
    chord: "r",
    keys: ["R"],
    description: "Reject: no usable mask",
    group: "Review",
    run: () => page.decide("reject"),
  },
  {
    chord: "n",
    keys: ["N"],
    description: "Skip: decide later",
    group: "Review",
    run: () => page.decide("skip"),
  },
  {
    chord: "v",
    keys: ["V"],
    description: "Revert to the proposal",
    group: "Review",
    run: () => page.decide("revert"),
  },
  {
    chord: "y",
    keys: ["Y"],
    description: "History: see and restore earlier masks",
    group: "Review",
    run: () => page.showHistory(),
  },
  {
    chord: "q",
    keys: ["Q"],
    description: "Copy the mask of the picture that was open before",
    group: "Review",
    run: () => page.copyPrevious(),
  },
  {
    chord: "arrowright",
    keys: ["→"],
    description: "Next picture, without a decision",
    group: "Review",
    run: () => page.step(1),
  },
  {
    chord: "arrowleft",
    keys: ["←"],
    description: "Previous picture",
    group: "Review",
    run: () => page.step(-1),
  },
  {
    chord: "m",
    keys: ["M"],
    description: "Heatmap on or off",
    group: "Heatmaps",
    run: () => page.heatPanel.toggleVisible(),
  },
  {
    chord: "t",
    keys: ["T"],
    description: "Use heatmap as mask",
    group: "Heatmaps",
    run: () => page.heatPanel.takeAsMask(),
  },
  {
    chord: "g",
    keys: ["G"],
    description: "Smart tool: restart from the heatmaps, keep the clicks",
    group: "Heatmaps",
    run: () => page.heatPanel.startAgain(),
  },
  {
    chord: ",",
    keys: [","],
    description: "Heatmap of the previous class",
    group: "Heatmaps",
    run: () => page.heatPanel.cycle(-1),
  },
  {
    chord: ".",
    keys: ["."],
    description: "Heatmap of the next class",
    group: "Heatmaps",
    run: () => page.heatPanel.cycle(1),
  },
  {
    chord: "/",
    keys: ["/"],
    description: "Find a class by its name",
    group: "Classes",
    run: () => page.findClass(),
  },
  {
    chord: "w",
    keys: ["W"],
    description: "Make the current class a tag of the picture, or no tag any more",
    group: "Classes",
    run: () => page.toggleTag(),
  },
  {
    chord: "i",
    keys: ["I"],
    description: "The class that the line below the picture names is in the picture",
    group: "Classes",
    run: () => page.tagLine.answer(true),
  },
  {
    chord: "o",
    keys: ["O"],
    description: "That class is not in the picture",
    group: "Classes",
    run: () => page.tagLine.answer(false),
  },
  {
    chord: "z",
    keys: ["Z"],
    description: "Reviewers: approve the finished mask",
    group: "Second look",
    run: () => page.secondLook.say("approved"),
  },
  {
    chord: ";",
    keys: [";"],
    description: "Reviewers: return the picture to its labeler",
    group: "Second look",
    run: () => page.secondLook.say("returned"),
  },
  {
    chord: "'",
    keys: ["'"],
    description: "Comment on a place of the picture",
    group: "Second look",
    run: () => page.secondLook.comment(),
  },
  { chord: "?", keys: ["?"], description: "This list", group: "Review", run: () => page.showHelp() },
];
