"""Heatmaps against numpy and OpenCV."""

import base64

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page

RESIZED = """([data, height, width, toHeight, toWidth]) => {
    const resized = new Float32Array(toHeight * toWidth);
    const heat = {data: Float32Array.from(data), height, width};
    js.forEachHeatRow(heat, toWidth, toHeight, (y, row) => resized.set(row, y * toWidth));
    return resized;
}"""


def floats(modules: Page, expression: str, argument: object) -> NDArray[np.float32]:
    """The Float32Array that a function of the page returns; its bytes, for as a list it takes seconds."""
    text = modules.evaluate(
        f"""async (argument) => {{
            const reader = new FileReader();
            const read = new Promise((resolve) => (reader.onload = resolve));
            reader.readAsDataURL(new Blob([({expression})(argument)]));
            await read;
            return reader.result.slice(reader.result.indexOf(',') + 1);
        }}""",
        argument,
    )
    return np.frombuffer(base64.b64decode(text), "<f4")


def resized(modules: Page, heat: NDArray[np.float32], to: tuple[int, int]) -> NDArray[np.float32]:
    """What the page makes of a heatmap at another height and width."""
    return floats(modules, RESIZED, [heat.ravel().tolist(), *heat.shape, *to]).reshape(to)


@pytest.mark.parametrize(
    ("size", "to"),
    [
        ((2, 2), (4, 4)),
        ((24, 32), (375, 500)),
        ((7, 5), (61, 43)),
        ((1, 1), (3, 4)),
        ((9, 1), (20, 6)),
        ((40, 30), (13, 17)),
    ],
    ids=str,
)
def test_resampling_is_that_of_opencv(modules, size, to):
    heat = np.random.default_rng(0).uniform(size=size).astype(np.float32)
    ours = resized(modules, heat, to)
    theirs = cv2.resize(heat, (to[1], to[0]), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(ours, theirs, atol=2e-6)


def test_a_threshold_at_full_resolution_is_that_of_opencv(modules):
    heat = np.random.default_rng(1).uniform(size=(12, 16)).astype(np.float32)
    ours = resized(modules, heat, (300, 400)) >= 0.37
    theirs = cv2.resize(heat, (400, 300), interpolation=cv2.INTER_LINEAR) >= 0.37
    # Float32 rounding may decide a value that equals the threshold to seven digits.
    assert np.count_nonzero(ours != theirs) <= 1


def test_the_value_under_the_cursor_is_the_resampled_one(modules):
    heat = np.random.default_rng(2).uniform(size=(6, 8)).astype(np.float32)
    theirs = cv2.resize(heat, (40, 30), interpolation=cv2.INTER_LINEAR)
    for x, y in [(0, 0), (39, 29), (17, 11), (3, 28)]:
        ours = modules.evaluate(
            "([data, u, v]) => js.sampleHeat({data: Float32Array.from(data), height: 6, width: 8}, u, v)",
            [heat.ravel().tolist(), (x + 0.5) / 40, (y + 0.5) / 30],
        )
        assert ours == pytest.approx(theirs[y, x], abs=2e-6)


def test_every_float16_is_decoded_as_numpy_does(modules):
    bits = np.arange(65536, dtype=np.uint16)
    every = "(count) => js.decodeFloat16(Uint16Array.from({length: count}, (_, bits) => bits))"
    decoded = floats(modules, every, len(bits))
    np.testing.assert_array_equal(decoded, bits.view(np.float16).astype(np.float32))


@pytest.mark.parametrize("name", ["viridis", "turbo"])
def test_colour_maps_look_like_the_originals(modules, name):
    words = np.array(modules.evaluate("(name) => [...js.colormap(name)]", name), np.uint32)
    ours = np.stack([words & 255, words >> 8 & 255, words >> 16 & 255], axis=-1).astype(int)
    ramp = np.arange(256, dtype=np.uint8)[:, None]
    theirs = cv2.applyColorMap(ramp, getattr(cv2, f"COLORMAP_{name.upper()}"))[:, 0, ::-1].astype(int)
    assert abs(ours - theirs).max() <= 3
    assert (words >> 24 == 255).all()


def test_an_unknown_colour_map_is_answered_with_the_known_ones(modules):
    said = modules.evaluate("() => { try { js.colormap('jet'); } catch (error) { return error.message; } }")
    assert said == 'There is no colour map "jet"; choose one of viridis, turbo, grey.'


def test_colours_stop_at_the_threshold(modules):
    alphas = modules.evaluate(
        """() => {
            const levels = Uint16Array.from([0, 0.24, 0.26, 1].map((v) => v * (js.HEAT_LEVELS - 1)));
            const out = new Uint32Array(4);
            js.colouriseHeat(levels, out, js.colormap('grey'), 0.25);
            return [...out].map((word) => word >>> 24);
        }"""
    )
    assert alphas == [0, 0, 255, 255]


@pytest.mark.parametrize("index", [0, 1, 8, 20, 21, 255])
def test_classes_without_a_colour_get_that_of_voc(modules, index):
    bits = [(index >> (3 * k)) & 7 for k in range(3)]
    expected = [sum(((b >> channel) & 1) << (7 - k) for k, b in enumerate(bits)) for channel in range(3)]
    assert modules.evaluate("(index) => js.vocColour(index)", index) == expected


def test_the_mask_is_drawn_as_outlines_while_a_heatmap_shows(editor):
    """Areas would hide the colours that the heatmap is looked at for."""

    def drawn() -> tuple[int, int]:
        """Opacity of the mask layer inside an area and on its edge."""
        editor.settle()
        return tuple(
            editor.ask(
                """[30.5, 20].map((x) => {
                    const at = editor.viewport.toScreen(x, 20.5);
                    const layer = document.querySelector('.pz-layer-mask').getContext('2d');
                    return layer.getImageData(Math.ceil(at.x), Math.floor(at.y), 1, 1).data[3];
                })"""
            )
        )

    mask = np.zeros((40, 60), np.uint8)
    mask[10:31, 20:41] = 1
    editor.open(60, 40, mask)
    editor.ask("editor.setView({opacity: 0.5})")
    assert drawn()[0] > 0
    heat = {"data": [1.0] * 6, "height": 2, "width": 3, "classIndex": 1}
    editor.ask("editor.setHeat({...argument, data: Float32Array.from(argument.data)})", heat)
    inside, edge = drawn()
    assert inside == 0 < edge
    editor.ask("editor.setHeatView({visible: false})")
    assert drawn()[0] > 0
