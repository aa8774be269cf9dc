"""An export that goes to a URL: written to the local disk first, then copied there."""

from __future__ import annotations

import shutil
from pathlib import Path

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.export_folder import MANIFEST
from puzzlecam_app.interchange.exporting import ExportReport
from puzzlecam_app.interchange.parallel import Progress
from puzzlecam_app.storage.bucket import Bucket, check_installed
from puzzlecam_app.storage.folders import upload_folder
from puzzlecam_app.storage.urls import StorageUrl


def check_destination(url: StorageUrl) -> Bucket:
    """The bucket of a URL at which an export can be written: nothing lies there yet.

    Raises:
        UserError: It cannot be written, does not answer, or contains files.
    """
    if not url.can_be_written:
        raise UserError(
            f"{url.scheme}:// can only be read", where=str(url), remedy="Give a URL like s3://bucket/folder"
        )
    check_installed(url)
    bucket = Bucket(url)
    try:
        present = bucket.list()
    except FileNotFoundError:
        present = {}
    except OSError as problem:
        raise UserError(
            f"nothing was exported, because the storage cannot be used ({problem.strerror})",
            where=str(url),
            remedy="Check the URL, the storage and the credentials in the environment",
        ) from problem
    if present:
        raise UserError(
            f"nothing was exported, because there are files already, such as {min(present)}",
            where=str(url),
            remedy="Give the URL of a folder that does not exist yet with --out, or empty this one",
        )
    return bucket


def send_export(report: ExportReport, bucket: Bucket, progress: Progress | None = None) -> ExportReport:
    """Copy an export to a bucket, its manifest last, and remove the local one; returns where it is now.

    Raises:
        UserError: It could not be copied; the local one is kept.
    """
    local = Path(report.out)
    try:
        upload_folder(local, bucket, last=MANIFEST, progress=progress)
    except OSError as problem:
        raise UserError(
            f"the export was made, but not copied as a whole ({problem.strerror}); it is in {local}",
            where=str(bucket.url),
            remedy="Copy it there by hand, or export again, to another URL, when the storage answers",
        ) from problem
    root = Path(report.root).relative_to(local).as_posix()
    shutil.rmtree(local, ignore_errors=True)
    where = bucket.url if root == "." else bucket.url.below(root)
    return report.model_copy(update={"out": str(bucket.url), "root": str(where)})
