"""How CAMs are computed: scales, mirror image, tiles, size."""

from __future__ import annotations

import hashlib

from pydantic import BaseModel, ConfigDict, Field, field_validator


class CamConfig(BaseModel):
    """How CAMs are computed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scales: tuple[float, ...] = Field(
        default=(0.5, 1.0, 1.5), min_length=1, description="Picture scales whose maps are summed."
    )
    flip: bool = Field(default=True, description="Also look at the mirrored picture.")
    tiles_per_side: int = Field(
        default=2, ge=1, le=8, description="n of the n x n tiles of the puzzle module."
    )
    max_side: int = Field(
        default=512, ge=16, description="Longer side in pixels that counts as scale 1, at most."
    )

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
