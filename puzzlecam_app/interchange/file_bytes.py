"""The bytes of a picture or mask of a dataset, read with all that can go wrong in words."""

from __future__ import annotations

from puzzlecam_app.interchange.pictures import MAX_FILE_BYTES, PictureError
from puzzlecam_app.root_files import LEADS_OUT, REPLACE_THE_LINK, LeadsOutError, RootFiles
from puzzlecam_app.storage.bucket import BucketError


def read_file(files: RootFiles, path: str) -> bytes:
    """The content of a picture or mask among `files`; raises PictureError, which says what is wrong."""
    try:
        with files.open(path) as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except LeadsOutError as problem:
        raise PictureError(LEADS_OUT, remedy=REPLACE_THE_LINK) from problem
    except FileNotFoundError as problem:
        raise PictureError("the file is missing", remedy="Put it back") from problem
    except BucketError as problem:
        raise PictureError(
            f"the file cannot be fetched ({problem.strerror})", remedy="Import again when the storage answers"
        ) from problem
    except OSError as problem:
        raise PictureError(
            f"the file cannot be read ({problem.strerror})", remedy="Check its permissions"
        ) from problem
    if len(data) > MAX_FILE_BYTES:
        raise PictureError(f"the file is larger than {MAX_FILE_BYTES >> 20} MiB", remedy="Scale it down")
    if not data:
        raise PictureError("the file is empty", remedy="Get it from its source again")
    return data
