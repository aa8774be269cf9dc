"""How soon after Accept the next picture shows a proposal that has learned from the accepted mask.

    python -m tests.browser.bench_accept --dataset-root VOC [--class NAME] [--pictures N] [--json]

Opens pictures with one tag one after another on the Review page, paints their ground truth, and accepts it.
The page measures the time from the key until the next picture is shown, and until its proposal that
has learned from the mask is shown. Timings depend on the machine; nothing is asserted.
"""

from __future__ import annotations

import itertools
import json
import shutil
import statistics
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from tests.browser.bench_tools import DATASET, bench_page, bench_studio, parser_of, print_ms
from tests.browser.studio.conftest import Review, Studio
from trainer.data.folder import open_dataset
from trainer.data.ground_truth import GroundTruth

_PAINT = """(mask) => {
    const { editor, draft } = window.puzzlecamReview;
    editor.setMask(Uint8Array.from(mask));
    draft.mask = editor.mask;
    draft.changed();
}"""
_WATCH = """() => {
    const seen = [];
    const began = performance.now();
    const key = () => {
        const current = window.puzzlecamReview?.current;
        return current ? `${current.item.id} ${current.revision}` : "";
    };
    let last = key();
    const look = () => {
        const now = key();
        if (now !== last) {
            const [item, revision] = now.split(" ").map(Number);
            seen.push({ ms: performance.now() - began, item, revision });
            last = now;
        }
        if (performance.now() - began < 60000 && window.puzzlecamWatch === seen) requestAnimationFrame(look);
    };
    window.puzzlecamWatch = seen;
    requestAnimationFrame(look);
}"""
_LEARNED = """async ([item, masks]) => {
    const made = async () => {
        const all = (await (await fetch(`/api/items/${item}/revisions`)).json());
        const live = all.filter((one) => (one.proposed_by ?? "").startsWith(`live/${masks}/`));
        return live.map((one) => one.id);
    };
    for (;;) {
        const revisions = await made();
        const shown = window.puzzlecamWatch.find(
            (one) => one.item === item && revisions.includes(one.revision),
        );
        if (shown) return shown.ms;
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}"""


def _pictures(root: Path, split: str, class_name: str, count: int, folder: Path) -> dict[str, np.ndarray]:
    """Link the first pictures of a class into a folder; returns their masks with the class as 1."""
    dataset = open_dataset(root, split)
    truth = GroundTruth.of(dataset)
    index = dataset.class_names.index(class_name) + 1
    chosen = [one for one in dataset.images if one.tags == (index,) and truth.has(one.id)][:count]
    folder.mkdir()
    for one in chosen:
        shutil.copyfile(one.path, folder / one.path.name)
    rows = "".join(f"{one.path.name},{class_name}\n" for one in chosen)
    (folder / "tags.csv").write_text("image,tags\n" + rows)
    return {one.id: (truth.mask(one.id) == index).astype(np.uint8) for one in chosen}


def accepted(page: Page, studio: Studio, masks: dict[str, np.ndarray]) -> Iterator[tuple[float, float]]:
    """Accept the pictures one after another; yields two times in ms: next picture, next learned proposal."""
    review = Review(page, studio)
    names = sorted(masks)
    review.open(DATASET, names[0])
    for number, (name, following) in enumerate(itertools.pairwise(names), 1):
        review.wait_for(name)
        page.evaluate(_PAINT, masks[name].ravel().tolist())
        review.wait_saved()
        page.wait_for_timeout(3000)  # as long as a labeler takes at least, to look and correct
        page.evaluate(_WATCH)
        review.accept(following)
        item = page.evaluate("window.puzzlecamReview.current.item.id")
        learned = page.evaluate(_LEARNED, [item, number])
        opened = page.evaluate("item => window.puzzlecamWatch.find((one) => one.item === item).ms", item)
        yield opened, learned


def main() -> None:
    """Run the measurement and print it."""
    parser = parser_of(__doc__)
    parser.add_argument("--dataset-root", type=Path, required=True, metavar="DIR")
    parser.add_argument("--split", default="train", metavar="NAME")
    parser.add_argument("--class", dest="class_name", default="person", metavar="NAME")
    parser.add_argument("--pictures", type=int, default=15, metavar="N")
    given = parser.parse_args()
    masks: dict[str, np.ndarray] = {}

    def fill(folder: Path) -> None:
        masks.update(_pictures(given.dataset_root, given.split, given.class_name, given.pictures, folder))

    with bench_studio(fill) as studio, bench_page() as page:
        times = list(accepted(page, studio, masks))
    opened, learned = zip(*times, strict=True)
    if not given.json:
        print("next learned proposal, ms:", json.dumps([round(ms) for ms in learned]))
    print_ms(
        {
            "next picture, median": statistics.median(opened),
            "next learned proposal, median": statistics.median(learned),
            "next learned proposal, longest": max(learned),
        },
        as_json=given.json,
    )


if __name__ == "__main__":
    main()
