"""Undo and redo as arithmetic."""

import numpy as np
import pytest


@pytest.mark.parametrize("seed", range(5))
def test_a_patch_leads_from_one_mask_to_the_other_and_back(modules, seed):
    random = np.random.default_rng(seed)
    height, width = random.integers(1, 40, 2).tolist()
    before = random.integers(0, 3, height * width).astype(np.uint8)
    after = np.where(random.uniform(size=height * width) < 0.3, random.integers(0, 3, height * width), before)
    result = modules.evaluate(
        """([before, after, width, height]) => {
            const a = Uint8Array.from(before), b = Uint8Array.from(after);
            const patch = js.makePatch(a, b, width, js.fullRect(width, height), 'test');
            const forth = a.slice(), back = b.slice();
            if (patch) { js.applyPatch(forth, patch, 'after'); js.applyPatch(back, patch, 'before'); }
            return {forth: [...forth], back: [...back], rect: patch?.rect ?? null};
        }""",
        [before.tolist(), after.tolist(), width, height],
    )
    assert result["forth"] == after.tolist()
    assert result["back"] == before.tolist()
    ys, xs = np.nonzero((before != after).reshape(height, width))
    tight = len(ys) and {"x0": xs.min(), "y0": ys.min(), "x1": xs.max() + 1, "y1": ys.max() + 1}
    assert result["rect"] == (tight or None)


def test_a_patch_only_looks_inside_its_rectangle(modules):
    rect = modules.evaluate(
        """() => js.makePatch(new Uint8Array(16), new Uint8Array(16).fill(1), 4,
                              {x0: 1, y0: 1, x1: 3, y1: 2}, 'test').rect"""
    )
    assert rect == {"x0": 1, "y0": 1, "x1": 3, "y1": 2}


def test_the_oldest_entries_go_when_memory_runs_out_but_the_newest_stays(modules):
    undone = modules.evaluate(
        """() => {
            const patch = (label, runs) => ({label, starts: new Uint32Array(runs)});
            const history = new js.History(100);
            for (const [label, runs] of [['a', 4], ['b', 4], ['c', 4], ['huge', 50]]) {
                history.push(patch(label, runs));
            }
            const kept = [history.undo()?.label, history.undo()?.label];
            history.push(patch('d', 4));
            return [kept, history.canRedo, history.undo()?.label, history.undo()];
        }"""
    )
    assert undone == [["huge", None], False, "d", None]


def test_painting_after_an_undo_forgets_what_was_undone(modules):
    texts = modules.evaluate(
        """() => {
            const document = new js.MaskDocument(2, 1, null);
            const put = (x, value) => {
                document.mask[x] = value;
                document.touch({x0: x, y0: 0, x1: x + 1, y1: 1});
                document.commit('put');
            };
            put(0, 1); put(1, 2); document.undo(); put(0, 3);
            const redone = document.redo();
            const masks = [[...document.mask]];
            while (document.undo()) masks.push([...document.mask]);
            return {redone, masks, revision: document.revision};
        }"""
    )
    assert texts == {"redone": None, "masks": [[3, 0], [1, 0], [0, 0]], "revision": 6}


def test_a_stroke_that_changes_nothing_is_no_entry(modules):
    assert modules.evaluate(
        """() => {
            const document = new js.MaskDocument(4, 4, null);
            document.touch({x0: 0, y0: 0, x1: 4, y1: 4});
            return [document.commit('nothing'), document.history.canUndo, document.revision];
        }"""
    ) == [None, False, 0]


def test_a_mask_of_another_size_is_refused(modules):
    said = modules.evaluate(
        """() => {
            try { new js.MaskDocument(3, 2, new Uint8Array(5)); } catch (error) { return error.message; }
        }"""
    )
    assert said == "The mask has 5 values, the picture has 3 x 2 pixels; load the mask of this picture."
