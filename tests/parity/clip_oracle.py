"""CLIP, NACLIP and CLIP-ES in plain numpy and float64, written from the papers' equations alone."""

from __future__ import annotations

import itertools
import math

import numpy as np


class Oracle:
    """A network by the names of its tensors; `heads` of the image and of the text transformer."""

    def __init__(self, state, *, image_heads, text_heads, patch, quick_gelu=True):
        self.state = {name: np.asarray(value, dtype=np.float64) for name, value in state.items()}
        self.image_heads, self.text_heads, self.patch = image_heads, text_heads, patch
        self.quick_gelu = quick_gelu
        self.grid = round(math.sqrt(len(self.state["visual.positional_embedding"]) - 1))

    # parts of a transformer

    def norm(self, x, name):
        centred = x - x.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
        return scaled * self.state[f"{name}.weight"] + self.state[f"{name}.bias"]

    def heads(self, x, name, count):
        """Queries, keys and values, each a list over the heads of (L, d)."""
        every = x @ self.state[f"{name}.attn.in_proj_weight"].T + self.state[f"{name}.attn.in_proj_bias"]
        width = x.shape[1]
        parts = []
        for start in (0, width, 2 * width):
            parts.append(np.split(every[:, start : start + width], count, axis=1))
        return parts

    def out(self, per_head, name):
        mixed = np.concatenate(per_head, axis=1)
        return mixed @ self.state[f"{name}.attn.out_proj.weight"].T + self.state[f"{name}.attn.out_proj.bias"]

    def attend(self, normed, name, count, mask=0.0):
        queries, keys, values = self.heads(normed, name, count)
        scale = 1 / math.sqrt(queries[0].shape[1])
        weights = [softmax(q @ k.T * scale + mask) for q, k in zip(queries, keys, strict=True)]
        mixed = self.out([w @ v for w, v in zip(weights, values, strict=True)], name)
        return mixed, sum(weights) / count

    def mlp(self, x, name):
        hidden = x @ self.state[f"{name}.mlp.c_fc.weight"].T + self.state[f"{name}.mlp.c_fc.bias"]
        hidden = hidden / (1 + np.exp(-1.702 * hidden))
        return hidden @ self.state[f"{name}.mlp.c_proj.weight"].T + self.state[f"{name}.mlp.c_proj.bias"]

    def block(self, x, name, count, mask=0.0):
        mixed, weights = self.attend(self.norm(x, f"{name}.ln_1"), name, count, mask)
        x = x + mixed
        return x + self.mlp(self.norm(x, f"{name}.ln_2"), name), weights

    # image tower

    @property
    def blocks(self):
        numbers = {
            int(name.split(".")[3]) for name in self.state if name.startswith("visual.transformer.resblocks")
        }
        return [f"visual.transformer.resblocks.{number}" for number in sorted(numbers)]

    def tokens(self, image, kernel):
        """Class token and patches (1 + h w, D) of a picture (3, H, W)."""
        p = self.patch
        rows, columns = image.shape[1] // p, image.shape[2] // p
        filters = self.state["visual.conv1.weight"].reshape(-1, 3 * p * p)
        patches = [
            filters @ image[:, y * p : (y + 1) * p, x * p : (x + 1) * p].ravel()
            for y, x in itertools.product(range(rows), range(columns))
        ]
        table = self.state["visual.positional_embedding"]
        cells = table[1:].reshape(self.grid, self.grid, -1)
        cells = resample(resample(cells, rows, 0, kernel), columns, 1, kernel)
        tokens = np.vstack([self.state["visual.class_embedding"], *patches])
        tokens = tokens + np.vstack([table[:1], cells.reshape(rows * columns, -1)])
        return self.norm(tokens, "visual.ln_pre"), (rows, columns)

    def naclip(self, image):
        """Unit features (h, w, C)."""
        x, (rows, columns) = self.tokens(image, cubic)
        for name in self.blocks[:-1]:
            x, _ = self.block(x, name, self.image_heads)
        last = self.blocks[-1]
        _, keys, values = self.heads(self.norm(x, f"{last}.ln_1"), last, self.image_heads)
        places = list(itertools.product(range(rows), range(columns)))
        bonus = np.zeros((len(places) + 1, len(places) + 1))
        for (i, a), (j, b) in itertools.product(enumerate(places, 1), repeat=2):
            bonus[i, j] = math.exp(-((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) / (2 * 5.0**2))
        scale = 1 / math.sqrt(keys[0].shape[1])
        mixed = [softmax(k @ k.T * scale + bonus) @ v for k, v in zip(keys, values, strict=True)]
        features = self.norm(self.out(mixed, last), "visual.ln_post") @ self.state["visual.proj"]
        return unit(features[1:]).reshape(rows, columns, -1)

    def windowed_naclip(self, image):
        """NACLIP over windows of the trained size, a window every half size, the last ones moved inside."""
        p, size = self.patch, self.grid
        rows, columns = image.shape[1] // p, image.shape[2] // p
        step = size // 2
        total, count = 0.0, np.zeros((rows, columns, 1))
        for i, j in itertools.product(
            range(max(rows - size + step - 1, 0) // step + 1),
            range(max(columns - size + step - 1, 0) // step + 1),
        ):
            bottom, right = min(i * step + size, rows), min(j * step + size, columns)
            top, left = max(bottom - size, 0), max(right - size, 0)
            features = self.naclip(image[:, top * p : bottom * p, left * p : right * p])
            placed = np.zeros((rows, columns, features.shape[2]))
            placed[top:bottom, left:right] = features
            total = total + placed
            count[top:bottom, left:right] += 1
        return total / count

    def before_last(self, image):
        """Input of the last block (1 + h w, D), mean attention of all blocks between patches, and (h, w)."""
        x, size = self.tokens(image, linear)
        attention = []
        for name in self.blocks[:-1]:
            x, weights = self.block(x, name, self.image_heads)
            attention.append(weights)
        last = self.blocks[-1]
        attention.append(self.attend(self.norm(x, f"{last}.ln_1"), last, self.image_heads)[1])
        return x, np.mean(attention[-8:], axis=0)[1:, 1:], size

    def shares(self, x, activations, texts, logit_scale):
        """CLIP-ES's softmax; `activations` (1 + h w, D) replace the normalised input of the last block."""
        last = self.blocks[-1]
        x = x + self.attend(activations, last, self.image_heads)[0]
        x = x + self.mlp(self.norm(x, f"{last}.ln_2"), last)
        pooled = self.norm(x, "visual.ln_post")[1:].mean(axis=0) @ self.state["visual.proj"]
        return softmax(logit_scale * unit(pooled[None]) @ texts.T)[0]

    def clip_es(self, image, texts, class_count, logit_scale):
        """CLIP-ES's maps (K, h, w) of the first K texts, each in [0, 1]."""
        x, attention, (rows, columns) = self.before_last(image)
        activations = self.norm(x, f"{self.blocks[-1]}.ln_1")
        step = 1e-5
        gradients = np.zeros((class_count, x.shape[1]))
        for channel in range(x.shape[1]):
            moved = []
            for sign in (1, -1):
                changed = activations.copy()
                changed[1:, channel] += sign * step  # all cells at once: the sum of their derivatives
                moved.append(self.shares(x, changed, texts, logit_scale)[:class_count])
            gradients[:, channel] = (moved[0] - moved[1]) / (2 * step) / (rows * columns)
        maps = np.maximum(gradients @ activations[1:].T, 0).reshape(class_count, rows, columns)
        return np.stack([stretch(caa(stretch(one), attention)) for one in maps])

    # text tower

    def text(self, tokens):
        """Unit embedding (C,) of one tokenised sentence, over its whole length."""
        x = self.state["token_embedding.weight"][tokens] + self.state["positional_embedding"]
        mask = np.triu(np.full((len(tokens), len(tokens)), -np.inf), 1)
        numbers = {int(name.split(".")[2]) for name in self.state if name.startswith("transformer.resblocks")}
        for number in sorted(numbers):
            x, _ = self.block(x, f"transformer.resblocks.{number}", self.text_heads, mask)
        return unit((self.norm(x, "ln_final")[np.argmax(tokens)] @ self.state["text_projection"])[None])[0]


def softmax(x):
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def stretch(one):
    above = one - one.min()
    return above / (above.max() + 1e-7)


def linear(distance):
    return max(0.0, 1 - abs(distance))


def cubic(distance, a=-0.75):
    """Keys's kernel with the constant of PyTorch."""
    d = abs(distance)
    if d <= 1:
        return (a + 2) * d**3 - (a + 3) * d**2 + 1
    return a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a if d < 2 else 0.0


def resample(cells, size, axis, kernel):
    """Interpolate one axis; cells span it exactly, and what lies beyond the ends repeats them."""
    old = cells.shape[axis]
    matrix = np.zeros((size, old))
    for row in range(size):
        centre = (row + 0.5) * old / size - 0.5
        for place in range(math.floor(centre) - 1, math.floor(centre) + 3):
            matrix[row, min(max(place, 0), old - 1)] += kernel(centre - place)
    return np.moveaxis(np.tensordot(matrix, cells, axes=(1, axis)), 0, axis)


def caa(one, attention):
    """Class-aware attention affinity of a map (h, w) in [0, 1]."""
    matrix = attention
    for _ in range(3):
        matrix = matrix / matrix.sum(axis=0, keepdims=True)
        matrix = matrix / matrix.sum(axis=1, keepdims=True)
    matrix = (matrix + matrix.T) / 2
    return (matrix @ matrix @ (one * boxes(one)).ravel()).reshape(one.shape)


def boxes(one):
    """The boxes around the connected parts above 0.4 of the maximum, by flooding."""
    waiting = {tuple(place) for place in np.argwhere(one > 0.4 * one.max())}
    inside = np.zeros(one.shape)
    while waiting:
        part, fresh = set(), [waiting.pop()]
        while fresh:
            y, x = fresh.pop()
            part.add((y, x))
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & waiting
            waiting -= near
            fresh += near
        ys, xs = zip(*part, strict=True)
        inside[min(ys) : max(ys) + 1, min(xs) : max(xs) + 1] = 1
    return inside
