"""Pushes an export to Hugging Face's hub as a private dataset."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.export_folder import MANIFEST

PUSHABLE: Final = ("hugging-face", "parquet")
"""Formats that the hub shows, and that ``datasets`` loads from it by the name of the repository."""

TOKEN: Final = "HF_TOKEN"  # noqa: S105 - the name of a variable
_REPO: Final = re.compile(r"\w[\w.-]{0,95}/\w[\w.-]{0,95}", re.ASCII)


def check_push(format: str, repo: str, environ: Mapping[str, str] = os.environ) -> str:
    """The token to push with, before anything is written.

    Raises:
        UserError: The hub cannot show the format, `repo` is no USER/NAME, or no token is set.
    """
    if format not in PUSHABLE:
        raise UserError(
            f"the hub shows no datasets of the format {format}", remedy=f"Choose {' or '.join(PUSHABLE)}"
        )
    if not _REPO.fullmatch(repo):
        raise UserError(f"{repo[:100]!r} is no name of a dataset on the hub", remedy="Write USER/NAME")
    token = environ.get(TOKEN, "").strip()
    if not token:
        raise UserError(
            "no token of the hub is set",
            where=TOKEN,
            remedy=f"Make one with the right to write at huggingface.co/settings/tokens, and set {TOKEN}",
        )
    return token


def push(folder: Path, repo: str, token: str, *, endpoint: str | None = None) -> str:
    """Upload the files of an export; returns the address of the dataset.

    A new dataset is private. Files that the hub has already are replaced, and files of an earlier push that
    the export no longer has are removed. The manifest stays here; names of annotators are in the rows.

    Args:
        folder: that of the export.
        repo: as in `check_push`.
        token: with the right to write.
        endpoint: of another hub; by default, that of huggingface_hub (the variable HF_ENDPOINT).

    Raises:
        UserError: The hub cannot be reached, or refuses.
    """
    from huggingface_hub import HfApi

    hub = HfApi(endpoint=endpoint, token=token)
    try:
        place = hub.create_repo(repo, repo_type="dataset", private=True, exist_ok=True)
        hub.upload_folder(
            repo_id=repo,
            repo_type="dataset",
            folder_path=folder,
            ignore_patterns=[MANIFEST],
            delete_patterns=["data/*", "*/images/*", "*/masks/*", "*/metadata.jsonl"],
            commit_message="Export of puzzlecam-studio",
        )
    except Exception as problem:  # huggingface_hub raises those of its HTTP library too
        reason = (str(problem).splitlines() or [type(problem).__name__])[0].replace(token, "...")
        raise UserError(
            f"the export was written, but not pushed: {reason[:300]}",
            where=repo,
            remedy="Check the token and the network, and export again",
        ) from problem
    return str(place)
