/** The Team page: whose pictures they are, and how far each person is. A person who leads nothing sees only themselves. */
import { count, element } from "../shared/dom.js";
import { LAST_DATASET } from "../shared/place.js";
import { AgreementPanel } from "./agreement_panel.js";
import * as api from "./api.js";
import { GoldPanel } from "./gold_panel.js";
import { LookRule } from "./look_rule.js";
import { button, labelled, Notice, section, select, table } from "./parts.js";
import { ShareForm } from "./share_form.js";
import { workPlots } from "./work_plots.js";
import { workTable } from "./work_table.js";

/**
 * @import { DatasetOut, GiveIn, RuleBody, TeamOut } from "../shared/openapi"
 */

/** @param {HTMLElement} root */
export function mount(root) {
  new TeamPage(root).start();
}

class TeamPage {
  /** @type {DatasetOut[]} */
  #datasets = [];
  /** Counts loads: a late answer to an earlier one is ignored. */
  #turn = 0;
  #notice = new Notice();
  #chooser = element("div");
  #people = element("div");
  #work = element("div");
  #form = new ShareForm();
  #sharing = section("Share pictures out", this.#form.root);
  #rule = new LookRule();
  #looks = section("Second look", this.#rule.root);
  #agreement = new AgreementPanel();
  #agreeing = section("Agreement", this.#agreement.root);
  #gold = new GoldPanel();
  #golden = section("Gold pictures", this.#gold.root);
  /** Everything about the chosen dataset. */
  #sections = element("div");
  /** Sections that only leads see. */
  #ofLeads = [this.#sharing, this.#looks, this.#agreeing, this.#golden];

  /** @param {HTMLElement} root */
  constructor(root) {
    for (const one of this.#ofLeads) one.hidden = true;
    this.#agreement.on("consensus", ({ item, method }) =>
      this.#change(
        () => api.makeConsensus(item.item_id, item.revision, method),
        `The consensus is the newest mask of ${item.name}.`,
      ),
    );
    this.#gold.on("give", (wanted) => this.#giveGold(wanted));
    this.#gold.on("truth", () => this.#markTruth());
    this.#gold.on("remove", (id) => this.#change(() => api.unmarkGold(id), "The picture is no longer gold."));
    this.#rule.on("save", (rule) => this.#saveRule(rule));
    this.#form.on("share", (wanted) => this.#share(wanted));
    this.#sections.append(
      section("Whose pictures", this.#people),
      section("Progress in the last 30 days", this.#work),
      ...this.#ofLeads,
    );
    root.className = "st-page pp-root";
    root.replaceChildren(
      element(
        "main",
        { class: "pp-main" },
        element("h2", { text: "Team" }),
        this.#notice.root,
        this.#chooser,
        this.#sections,
      ),
    );
  }

  async start() {
    try {
      this.#datasets = (await api.datasets()).datasets;
    } catch (error) {
      this.#notice.fail(error);
      return;
    }
    const options = this.#datasets.map(({ id, name }) => ({ value: String(id), text: name }));
    if (!options.length) {
      this.#people.replaceChildren(element("p", { class: "st-muted", text: "There is no dataset yet." }));
      return;
    }
    const last = localStorage.getItem(LAST_DATASET);
    const first = options.some(({ value }) => value === last) ? String(last) : options[0].value;
    const chosen = select(options, first, { on: { change: () => this.#load(Number(chosen.value)) } });
    this.#chooser.replaceChildren(labelled("Dataset", chosen));
    await this.#load(Number(first));
  }

  /** @param {number} datasetId */
  async #load(datasetId) {
    const dataset = this.#datasets.find(({ id }) => id === datasetId);
    if (!dataset) return;
    const turn = ++this.#turn;
    this.#sections.inert = true; // they still are about the dataset that was chosen before
    try {
      const [team, rule, work] = await Promise.all([
        api.team(datasetId),
        api.lookRule(datasetId),
        api.work(datasetId),
      ]);
      if (turn !== this.#turn) return; // it was loaded again, or another one was chosen
      this.#work.replaceChildren(...workTable(datasetId, work), workPlots(work.days));
      this.#rule.show(rule);
      this.#show(dataset, team);
      this.#sections.inert = false;
      if (team.is_lead) await this.#loadForLeads(dataset, team);
    } catch (error) {
      if (turn === this.#turn) this.#sections.inert = dataset !== this.#form.dataset;
      this.#notice.fail(error);
    }
  }

  /** @param {DatasetOut} dataset @param {TeamOut} team */
  #show(dataset, team) {
    this.#form.dataset = dataset;
    this.#form.showPeople(
      team.people.map(({ name }) => name),
      team.has_accounts,
    );
    for (const one of this.#ofLeads) one.hidden = !team.is_lead;
    const rows = team.people.map((one) => [
      one.name,
      one.to_do.toLocaleString(),
      one.done.toLocaleString(),
      one.open_items.length ? count(one.open_items.length, "picture") : "",
      team.is_lead && one.to_do
        ? button("Take back", () => this.#takeBack(one.name), {
            "aria-label": `Take back: ${one.name}`,
            title: "Unfinished pictures become nobody's",
          })
        : "",
    ]);
    this.#people.replaceChildren(
      table(["Name", "To do", "Done", "Works on", ""], rows, "Nobody has a picture yet."),
      element("p", {
        class: "st-muted",
        text: team.unassigned
          ? `${count(team.unassigned, "unfinished picture")} ${team.unassigned === 1 ? "is" : "are"} nobody's.`
          : "All unfinished pictures are somebody's.",
      }),
    );
  }

  /** What takes longer than the rest. @param {DatasetOut} dataset @param {TeamOut} team */
  async #loadForLeads(dataset, team) {
    const [agreement, gold] = await Promise.all([api.agreement(dataset.id), api.gold(dataset.id)]);
    if (dataset !== this.#form.dataset) return; // another one was chosen meanwhile
    this.#agreement.show(dataset.id, agreement);
    this.#gold.show(
      dataset.id,
      gold,
      team.people.map(({ name }) => name),
    );
  }

  /** @param {() => Promise<unknown>} work @param {string} done */
  async #change(work, done) {
    const { dataset } = this.#form;
    if (!dataset) return;
    await this.#notice.after(work, done);
    await this.#load(dataset.id);
  }

  /** @param {GiveIn} wanted */
  async #giveGold(wanted) {
    const { dataset } = this.#form;
    if (!dataset) return;
    try {
      const { shares } = await api.giveGold(dataset.id, wanted);
      const given = Object.entries(shares).map(([name, number]) => `${name} ${number}`);
      this.#notice.say(`Gold pictures given: ${given.join(", ")}.`);
    } catch (error) {
      this.#notice.fail(error);
    }
    await this.#load(dataset.id);
  }

  async #markTruth() {
    const { dataset } = this.#form;
    if (!dataset) return;
    await this.#change(
      () => api.markGold(dataset.id, { ground_truth: true }),
      "The pictures with ground truth are gold.",
    );
  }

  /** @param {RuleBody} rule */
  async #saveRule(rule) {
    const { dataset } = this.#form;
    if (dataset) await this.#notice.after(() => api.setLookRule(dataset.id, rule), "The rule is stored.");
  }

  /** @param {Parameters<typeof api.sharePictures>[1]} wanted */
  async #share(wanted) {
    const { dataset } = this.#form;
    if (!dataset) return;
    try {
      const { shares, copies } = await api.sharePictures(dataset.id, wanted);
      const given = Object.entries(shares).map(([name, number]) => `${name} ${number.toLocaleString()}`);
      const isAny = Object.values(shares).some(Boolean);
      this.#notice.say(
        isAny
          ? `Shared out: ${given.join(", ")}.${copies ? ` ${copies.toLocaleString()} hidden ${copies === 1 ? "copy" : "copies"} made.` : ""}`
          : "No picture matches, so nothing was shared out.",
      );
    } catch (error) {
      this.#notice.fail(error);
    }
    await this.#load(dataset.id);
  }

  /** @param {string} name */
  async #takeBack(name) {
    const { dataset } = this.#form;
    if (!dataset) return;
    try {
      const { pictures } = await api.takePicturesBack(dataset.id, name);
      this.#notice.say(
        `${count(pictures, "picture")} of ${name} ${pictures === 1 ? "is" : "are"} nobody's now.`,
      );
    } catch (error) {
      this.#notice.fail(error);
    }
    await this.#load(dataset.id);
  }
}
