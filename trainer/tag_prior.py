"""What a picture shows at all, as the classifier sees it: a prior for a network that looks at its pixels."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from trainer.data.transforms import RgbImage, limited_size, normalized_tensor, resize_image
from trainer.trained import TrainedClassifier


def log_tag_probabilities(
    classifier: TrainedClassifier, image_rgb: RgbImage, *, side: int, logit_offset: float
) -> Tensor:
    """Log probabilities that the classes are among a picture's tags, of the picture and its mirror image.

    The pooled maps of the classifier are the logits it was trained with (paper equation 2), so their sigmoid
    is a probability.

    Args:
        classifier: of K classes.
        image_rgb: uint8 (H, W, 3).
        side: longer side in pixels at most; as in training, for the probabilities to be right.
        logit_offset: see `trainer.config.PuzzleLossConfig`.

    Returns:
        float32 (K,), at most 0, on the classifier's device.
    """
    height, width = image_rgb.shape[:2]
    small = resize_image(image_rgb, limited_size(height, width, side))
    view = normalized_tensor(small, *classifier.mean_std)
    features = classifier.features(torch.cat([view, view.flip(-1)]))
    pooled = features.mean(dim=(0, 2, 3))
    weights = classifier.class_weights(features, classifier.class_names)
    return functional.logsigmoid(weights @ pooled + logit_offset)
