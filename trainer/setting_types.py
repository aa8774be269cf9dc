"""Kinds of settings that several stages have, with their bounds and descriptions."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Threshold = Annotated[float, Field(ge=0, le=1)]
BackgroundThreshold = Annotated[
    Threshold, Field(description="A pixel is background unless the map of some class exceeds this.")
]
Scales = Annotated[tuple[float, ...], Field(min_length=1)]
Flip = Annotated[bool, Field(description="Also use the mirrored picture.")]
MaxSide = Annotated[
    int, Field(ge=16, description="Longer side in pixels at scale 1; larger pictures are scaled down.")
]
UseCrf = Annotated[
    bool, Field(description="Refine the masks with the dense CRF, if its package is installed.")
]
CrfIterations = Annotated[int, Field(ge=1, le=100, description="Mean-field iterations of the dense CRF.")]
DEFAULT_MIN_PIECE_SHARE = 0.001
MinPieceShare = Annotated[
    float,
    Field(
        ge=0,
        le=0.1,
        allow_inf_nan=False,
        description="Connected pieces of a class or of background below this share of the picture's area go "
        "to what surrounds them, so that specks disappear and holes are filled; 0 keeps all pieces.",
    ),
]
CrfReach = Annotated[float, Field(ge=1.0, le=500.0, allow_inf_nan=False)]
"""Reach of a CRF kernel in pixels. Far below 1 the library crashes, and the process with it."""
CrfTolerance = Annotated[float, Field(ge=1.0, le=255.0, allow_inf_nan=False)]
"""Reach of the CRF's colour kernel in colour levels; bounded below as `CrfReach` is."""
CrfWeight = Annotated[float, Field(ge=0.0, le=100.0, allow_inf_nan=False)]
"""Weight of a CRF kernel."""
