"""How CAMs are computed: scales, mirror image, tiles, size."""

from __future__ import annotations

import hashlib

from pydantic import BaseModel, ConfigDict, Field, field_validator

from trainer.setting_types import Flip, MaxSide, Scales


class CamConfig(BaseModel):
    """How CAMs are computed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scales: Scales = Field(
        default=(0.5, 1.0, 1.5), description="Scales of the picture whose maps are summed."
    )
    flip: Flip = True
    tiles_per_side: int = Field(
        default=2, ge=1, le=8, description="Tiles along each side: n for a puzzle of n x n tiles."
    )
    max_side: MaxSide = 512

    @field_validator("scales")
    @classmethod
    def _scales_in_range(cls, scales: tuple[float, ...]) -> tuple[float, ...]:
        if not all(0.1 <= scale <= 4.0 for scale in scales):
            raise ValueError(f"scales must lie between 0.1 and 4, but are {scales}")
        return scales

    @property
    def fingerprint(self) -> str:
        """Short hash of all settings."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:8]
