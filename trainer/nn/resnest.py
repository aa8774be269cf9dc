"""ResNeSt (Zhang et al. 2020) at an output stride below 32, as its authors dilate it.

timm derives a dilated ResNeSt by the rules of ResNet, which changes the first block of every stage that
dilates instead of down-sampling, so that published weights no longer compute what they were trained for:

- the 3x3 average pool next to the split attention disappears, although the authors keep it at stride 1;
- the shortcut's average pool becomes 2x2 at stride 1, although the authors use 1x1, which is no pool at all.

Both changes shift or blur features. Pools have no weights, so the same weight files fit.
"""

from __future__ import annotations

from typing import Any

from torch import nn


def restore_dilated_stages(network: Any) -> None:
    """Restore both pools of the dilated stages, in place.

    Args:
        network: timm's ResNeSt at any output stride; at 32 nothing changes.
    """
    pools_before_attention = network.layer2[0].avd_first is not None
    for stage in (network.layer3, network.layer4):
        first = stage[0]
        is_dilated = first.avd_first is None and first.avd_last is None
        if not is_dilated:
            continue
        pool = nn.AvgPool2d(3, stride=1, padding=1)
        if pools_before_attention:
            first.avd_first = pool
        else:
            first.avd_last = pool
        first.downsample[0] = nn.Identity()
