"""Secrets in cookies, links and tokens. The database knows only their SHA-256."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

TOKEN_PREFIX: Final = "pcam_"  # noqa: S105 - marks a secret, is none
"""What API tokens begin with, so that programs that look for leaked secrets find them."""


def new_secret(prefix: str = "") -> str:
    """Return a secret of 256 random bits that can stand in an address."""
    return prefix + secrets.token_urlsafe(32)


def hash_of(secret: str) -> str:
    """Return what is stored of a secret. It needs no salt, because it is random."""
    return hashlib.sha256(secret.encode()).hexdigest()
