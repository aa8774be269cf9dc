/** The keys of the Review page, as the help lists them; the editor has its own. */

/**
 * @typedef {import("../editor/keys.js").Binding} Binding
 *
 * @typedef {object} Actions  what the keys do
 * @property {(action: import("./api.js").Decision) => unknown} decide
 * @property {(step: 1|-1) => unknown} step
 * @property {() => unknown} copyPrevious
 * @property {() => unknown} showHistory
 * @property {() => unknown} goTo
 * @property {() => unknown} bookmark
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
export const bindingsOf = (page) => listOf(page).map((binding) => ({ ...binding, isPages: true }));

/**
 * @param {Actions} page
 * @returns {Binding[]}
 */
const listOf = (page) => [
  {
    id: "accept",
    chords: ["a"],
    keys: ["A"],
    description: "Accept and go to the next picture",
    group: "Review",
    run: () => page.decide("accept"),
  },
  {
    id: "reject",
    chords: ["r"],
    keys: ["R"],
    description: "Reject: no usable mask",
    group: "Review",
    run: () => page.decide("reject"),
  },
  {
    id: "skip",
    chords: ["n"],
    keys: ["N"],
    description: "Skip: decide later",
    group: "Review",
    run: () => page.decide("skip"),
  },
  {
    id: "revert",
    chords: ["v"],
    keys: ["V"],
    description: "Revert to the proposal",
    group: "Review",
    run: () => page.decide("revert"),
  },
  {
    id: "history",
    chords: ["y"],
    keys: ["Y"],
    description: "History: see and restore earlier masks",
    group: "Review",
    run: () => page.showHistory(),
  },
  {
    id: "copy-previous",
    chords: ["q"],
    keys: ["Q"],
    description: "Copy the mask of the picture that was open before",
    group: "Review",
    run: () => page.copyPrevious(),
  },
  {
    id: "go-to",
    chords: ["shift+f"],
    keys: ["Shift+F"],
    description: "Go to a picture by its name or number",
    group: "Review",
    run: () => page.goTo(),
  },
  {
    id: "bookmark",
    chords: ["shift+s"],
    keys: ["Shift+S"],
    description: "Bookmark the picture, or remove the bookmark",
    group: "Review",
    run: () => page.bookmark(),
  },
  {
    id: "next",
    chords: ["arrowright"],
    keys: ["→"],
    description: "Next picture, without a decision",
    group: "Review",
    repeats: true,
    run: () => page.step(1),
  },
  {
    id: "previous",
    chords: ["arrowleft"],
    keys: ["←"],
    description: "Previous picture",
    group: "Review",
    repeats: true,
    run: () => page.step(-1),
  },
  {
    id: "heatmap",
    chords: ["m"],
    keys: ["M"],
    description: "Heatmap on or off",
    group: "Heatmaps",
    run: () => page.heatPanel.toggleVisible(),
  },
  {
    id: "heat-to-mask",
    chords: ["t"],
    keys: ["T"],
    description: "Use heatmap as mask",
    group: "Heatmaps",
    run: () => page.heatPanel.takeAsMask(),
  },
  {
    id: "smart-restart",
    chords: ["g"],
    keys: ["G"],
    description: "Smart tool: restart from the heatmaps, keep the clicks",
    group: "Heatmaps",
    run: () => page.heatPanel.startAgain(),
  },
  {
    id: "heat-before",
    chords: [","],
    keys: [","],
    description: "Heatmap of the previous class",
    group: "Heatmaps",
    run: () => page.heatPanel.cycle(-1),
  },
  {
    id: "heat-after",
    chords: ["."],
    keys: ["."],
    description: "Heatmap of the next class",
    group: "Heatmaps",
    run: () => page.heatPanel.cycle(1),
  },
  {
    id: "find-class",
    chords: ["/"],
    keys: ["/"],
    description: "Find a class by its name",
    group: "Classes",
    run: () => page.findClass(),
  },
  {
    id: "tag",
    chords: ["w"],
    keys: ["W"],
    description: "Make the current class a tag of the picture, or no tag any more",
    group: "Classes",
    run: () => page.toggleTag(),
  },
  {
    id: "tag-yes",
    chords: ["i"],
    keys: ["I"],
    description: "The class that the line below the picture names is in the picture",
    group: "Classes",
    run: () => page.tagLine.answer(true),
  },
  {
    id: "tag-no",
    chords: ["o"],
    keys: ["O"],
    description: "That class is not in the picture",
    group: "Classes",
    run: () => page.tagLine.answer(false),
  },
  {
    id: "approve",
    chords: ["z"],
    keys: ["Z"],
    description: "Reviewers: approve the finished mask",
    group: "Second look",
    run: () => page.secondLook.say("approved"),
  },
  {
    id: "before-after",
    chords: ["shift+y"],
    keys: ["Shift+Y"],
    description: "The labeler's mask beside what the reviewer made of it",
    group: "Second look",
    run: () => page.secondLook.compare(),
  },
  {
    id: "return",
    chords: [";"],
    keys: [";"],
    description: "Reviewers: return the picture to its labeler",
    group: "Second look",
    run: () => page.secondLook.say("returned"),
  },
  {
    id: "comment",
    chords: ["'"],
    keys: ["'"],
    description: "Comment on a place of the picture",
    group: "Second look",
    run: () => page.secondLook.comment(),
  },
  {
    id: "help",
    chords: ["?"],
    keys: ["?"],
    description: "This list",
    group: "Review",
    run: () => page.showHelp(),
  },
];
