"""Twelve megapixels: everything stays exact. What it cost is printed, see it with `pytest -s`."""

from statistics import median

import pytest

WIDTH, HEIGHT = 4000, 3000


class Stopwatch:
    """Script time of the page between two readings, as Chromium itself counts it."""

    def __init__(self, editor):
        self.editor = editor
        self.session = editor.page.context.new_cdp_session(editor.page)
        self.session.send("Performance.enable")

    def script_ms(self, action):
        """Milliseconds of script for an action and the frame that shows it."""
        before = self.read()
        action()
        self.editor.settle()
        return 1000 * (self.read() - before)

    def read(self):
        metrics = self.session.send("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "ScriptDuration")


@pytest.mark.slow
def test_twelve_megapixels_are_painted_exactly(editor, record_property):
    load_ms = editor.page.evaluate(
        """async ([width, height]) => {
            const image = harness.drawPicture(width, height);
            const mask = new Uint8Array(width * height);
            for (let y = 800; y < 2200; y++) mask.fill(2, y * width + 1000, y * width + 3000);
            const start = performance.now();
            await harness.open(width, height, {image, mask});
            await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
            return performance.now() - start;
        }""",
        [WIDTH, HEIGHT],
    )
    watch = Stopwatch(editor)
    measured = {"load and first frame": load_ms}
    count = "editor.mask.reduce((sum, value) => sum + (value === 1), 0)"
    for size in (40, 200):
        editor.ask("editor.setBrush({size: argument, shape: 'square'})", size)
        editor.move(500, 1500)
        editor.mouse.down()
        steps = [watch.script_ms(lambda x=x: editor.move(x, 1500)) for x in range(600, 3600, 100)]
        measured[f"stroke step, brush {size}, median"] = median(steps)
        measured[f"stroke step, brush {size}, slowest"] = max(steps)
        measured[f"stroke end, brush {size}"] = watch.script_ms(editor.mouse.up)
        rect = editor.events("stroke")[-1]["rect"]
        assert rect["y1"] - rect["y0"] == size
        assert editor.ask(count) == size * (rect["x1"] - rect["x0"])
        measured[f"undo, brush {size}"] = watch.script_ms(lambda: editor.keyboard.press("Control+z"))
        assert editor.ask(count) == 0
    measured["zoom step"] = median(watch.script_ms(lambda: editor.mouse.wheel(0, -100)) for _ in range(8))
    for what, ms in measured.items():
        record_property(what, round(ms, 1))
        print(f"{WIDTH} x {HEIGHT}, {what}: {ms:.1f} ms")
