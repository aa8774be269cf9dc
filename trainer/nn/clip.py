"""The arithmetic of a CLIP network (Radford et al., ICML 2021): cell features, text embeddings, gradients.

The functions take the modules that open_clip builds: a vision transformer with a class token, and a text
transformer that pools at the end token. Pure torch; `trainer.pretrained.clip` loads the weights.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional

NEIGHBOURHOOD_CELLS = 5.0
"""Standard deviation of NACLIP's Gaussian window, in patches."""

ATTENTION_BLOCKS = 8
"""Last blocks whose attention CLIP-ES averages."""

_WINDOWS_AT_ONCE = 16

Interpolation = Literal["bicubic", "bilinear"]


def naclip_features(visual: Any, images: Tensor) -> Tensor:
    """Unit features in text space, by the attention of NACLIP (Hajimiri et al., WACV 2025).

    The last block keeps its attention alone, without residual and MLP. Keys are compared with keys, and a
    Gaussian window favours neighbours: softmax(k k^T / sqrt(d) + exp(-|i - j|^2 / (2 sigma^2))). The class
    token gets no such bonus.

    Args:
        visual: the vision transformer.
        images: normalised (N, 3, H, W), sides multiples of the patch size.

    Returns:
        (N, C, h, w), one unit vector a patch.
    """
    *earlier, last = visual.transformer.resblocks
    tokens, grid = _patch_tokens(visual, images, "bicubic")
    for block in earlier:
        tokens = block(tokens)
    _, keys, values = _heads(last.attn, last.ln_1(tokens))
    similarity = keys @ keys.mT * keys.shape[-1] ** -0.5
    attention = (similarity + _neighbourhood(grid).to(similarity)).softmax(dim=-1)
    mixed = last.attn.out_proj((attention @ values).transpose(1, 2).flatten(2))
    embedded = functional.normalize(visual.ln_post(mixed) @ visual.proj, dim=-1)
    return embedded[:, 1:].transpose(1, 2).reshape(len(images), -1, *grid)


def windowed_naclip_features(visual: Any, images: Tensor) -> Tensor:
    """`naclip_features` of overlapping windows, averaged; pictures of any multiple of the patch size.

    A window has the size that the network was trained on, 224 pixels for ViT-B/16, or that of the picture
    where it is smaller; the next one begins half a window further. Cosines are linear in these means, so a
    text embedding times the result is the mean of its cosines in all windows.
    """
    patch = visual.patch_size[0]
    grid = (images.shape[-2] // patch, images.shape[-1] // patch)
    trained = visual.grid_size
    height, width = min(trained[0], grid[0]), min(trained[1], grid[1])
    tops = window_starts(grid[0], height, trained[0] // 2)
    lefts = window_starts(grid[1], width, trained[1] // 2)
    places = [(top, left) for top in tops for left in lefts]
    total = images.new_zeros((len(images), visual.proj.shape[1], *grid))
    count = images.new_zeros(grid)
    for first in range(0, len(places), _WINDOWS_AT_ONCE):
        part = places[first : first + _WINDOWS_AT_ONCE]
        crops = [
            images[..., top * patch : (top + height) * patch, left * patch : (left + width) * patch]
            for top, left in part
        ]
        features = naclip_features(visual, torch.cat(crops)).to(total.dtype)
        for (top, left), one in zip(part, torch.split(features, len(images)), strict=True):
            total[..., top : top + height, left : left + width] += one
            count[top : top + height, left : left + width] += 1
    return total / count


def window_starts(length: int, window: int, step: int) -> list[int]:
    """First cells of the windows that cover a side; the last one ends with the side.

    >>> window_starts(30, 14, 7)
    [0, 7, 14, 16]
    >>> window_starts(9, 9, 7)
    [0]
    """
    return [*range(0, length - window, max(step, 1)), length - window]


def gradient_features(visual: Any, images: Tensor) -> Tensor:
    """What CLIP-ES needs from a picture (Lin et al., CVPR 2023), packed into the channels of its cells.

    Args:
        visual: the vision transformer, of width D.
        images: normalised (N, 3, H, W), sides multiples of the patch size.

    Returns:
        (N, 3 D + h w, h, w). Channels: the normalised input A of the last block; its input before
        normalisation; that of the class token, the same in all cells; and how much the cell attends to each
        of the h w cells, averaged over heads and the last `ATTENTION_BLOCKS` blocks.
    """
    blocks = list(visual.transformer.resblocks)
    tokens, grid = _patch_tokens(visual, images, "bilinear")
    attended = blocks[-ATTENTION_BLOCKS:]
    attention = tokens.new_zeros((len(images), tokens.shape[1], tokens.shape[1]))
    for number, block in enumerate(blocks):
        if number >= len(blocks) - len(attended):
            attention += _mean_attention(block, tokens) / len(attended)
        if number < len(blocks) - 1:
            tokens = block(tokens)
    patches = tokens[:, 1:]
    channels = [
        blocks[-1].ln_1(patches),
        patches,
        tokens[:, :1].expand_as(patches),
        attention[:, 1:, 1:],
    ]
    return torch.cat(channels, dim=-1).transpose(1, 2).reshape(len(images), -1, *grid)


def class_gradients(
    visual: Any, features: Tensor, texts: Tensor, class_count: int, logit_scale: float
) -> Tensor:
    """The weights of Grad-CAM on CLIP-ES's softmax: the mean over the cells of d p_k / d A.

    p = softmax(logit_scale * cos(picture, text)) over all texts; the embedding of the picture is the mean of
    its patches. The gradient goes through the attention of the last block, not through its residual.

    Args:
        visual: the vision transformer, of width D.
        features: (N, 3 D + ..., h, w) of `gradient_features`; cells in the padding may be cut off.
        texts: unit embeddings (Q, C); the classes first, then the words they are compared with.
        class_count: K.
        logit_scale: the network's own, 100 for OpenAI's weights.

    Returns:
        (K, D), averaged over the views N.
    """
    last, width = visual.transformer.resblocks[-1], visual.proj.shape[0]
    with torch.inference_mode(False), torch.enable_grad():
        texts = texts.clone()  # inference tensors cannot take part in gradients
        cells = features.detach().clone()[:, width : 3 * width].flatten(2).transpose(1, 2)
        patches, class_tokens = cells[..., :width], cells[:, :1, width:]
        tokens = torch.cat([class_tokens, patches], dim=1)
        activations = last.ln_1(tokens).detach().requires_grad_()
        queries, keys, values = _heads(last.attn, activations)
        mixed = functional.scaled_dot_product_attention(queries, keys, values).transpose(1, 2).flatten(2)
        tokens = tokens + last.ls_1(last.attn.out_proj(mixed))
        tokens = tokens + last.ls_2(last.mlp(last.ln_2(tokens)))
        pooled = visual.ln_post(tokens)[:, 1:].mean(dim=1) @ visual.proj
        cosines = functional.normalize(pooled, dim=-1) @ texts.T
        shares = (logit_scale * cosines).softmax(dim=-1)
        rows = [
            torch.autograd.grad(shares[:, number].sum(), activations, retain_graph=True)[0][:, 1:].mean(dim=1)
            for number in range(class_count)
        ]
    return torch.stack(rows, dim=1).mean(dim=0).detach()


def text_embeddings(network: Any, tokens: Tensor) -> Tensor:
    """Unit embeddings (P, C) of P tokenised sentences.

    The text transformer is causal, so what follows the end token changes nothing and is cut off.

    Args:
        network: an open_clip model with both towers.
        tokens: int64 (P, length), the end token has the highest number.
    """
    ends = tokens.argmax(dim=-1)
    length = int(ends.max()) + 1
    states = network.token_embedding(tokens[:, :length]) + network.positional_embedding[:length]
    states = network.transformer(states, attn_mask=network.attn_mask[:length, :length])
    pooled = network.ln_final(states)[torch.arange(len(tokens), device=tokens.device), ends]
    return functional.normalize(pooled @ network.text_projection, dim=-1)


def ensemble(embeddings: Tensor) -> Tensor:
    """One unit vector (C,) for a word: the normalised mean of the unit embeddings (P, C) of its prompts."""
    return functional.normalize(embeddings.mean(dim=0), dim=-1)


def _patch_tokens(visual: Any, images: Tensor, mode: Interpolation) -> tuple[Tensor, tuple[int, int]]:
    """Class token and patches before the first block, (N, 1 + h w, D), and (h, w)."""
    patches = visual.conv1(images)
    grid = (patches.shape[-2], patches.shape[-1])
    class_token = visual.class_embedding.to(patches.dtype).expand(len(images), 1, -1)
    tokens = torch.cat([class_token, patches.flatten(2).transpose(1, 2)], dim=1)
    return visual.ln_pre(tokens + _positions(visual, grid, mode).to(tokens.dtype)), grid


def _positions(visual: Any, grid: tuple[int, int], mode: Interpolation) -> Tensor:
    """Position embeddings (1 + h w, D), interpolated where the picture has another size than in training."""
    table: Tensor = visual.positional_embedding
    if grid == tuple(visual.grid_size):
        return table
    cells = table[1:].T.reshape(1, -1, *visual.grid_size)
    resized = functional.interpolate(cells, size=grid, mode=mode, align_corners=False)
    return torch.cat([table[:1], resized[0].flatten(1).T])


def _heads(attention: Any, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values (N, heads, L, D / heads) of a `torch.nn.MultiheadAttention`."""
    projected = functional.linear(tokens, attention.in_proj_weight, attention.in_proj_bias)
    queries, keys, values = projected.reshape(*tokens.shape[:2], 3, attention.num_heads, -1).permute(
        2, 0, 3, 1, 4
    )
    return queries, keys, values


def _mean_attention(block: Any, tokens: Tensor) -> Tensor:
    """The attention (N, L, L) of a block, averaged over its heads one by one to save memory."""
    queries, keys, _ = _heads(block.attn, block.ln_1(tokens))
    count, scale = queries.shape[1], queries.shape[-1] ** -0.5
    total = tokens.new_zeros((len(tokens), tokens.shape[1], tokens.shape[1]))
    for head in range(count):
        total += (queries[:, head] @ keys[:, head].mT * scale).softmax(dim=-1) / count
    return total


def _neighbourhood(grid: tuple[int, int]) -> Tensor:
    """NACLIP's bonus (1 + h w, 1 + h w): a Gaussian of the distance of two patches, 0 for the class token."""
    rows, columns = torch.meshgrid(*(torch.arange(side) for side in grid), indexing="ij")
    places = torch.stack([rows.flatten(), columns.flatten()]).float()
    squares = (places[:, :, None] - places[:, None, :]).square().sum(dim=0)
    return functional.pad((squares / (-2 * NEIGHBOURHOOD_CELLS**2)).exp(), (1, 0, 1, 0))
