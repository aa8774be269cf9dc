"""Measures how long an export of many pictures takes in each format, and how much memory it needs.

`python -m tests.measure_exports FOLDER [--pictures 10000] [--format coco ...]` makes a dataset of 500 x 375
photographs with masks of a few objects in FOLDER, exports it in a process of its own for each format, and
prints a Markdown table. The dataset is kept, so that a second call can use it.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from db.annotations import append_revision
from db.datasets import create_dataset
from db.engine import open_database, sqlite_url
from db.items import ItemSpec, replace_tags, upsert_items
from db.labels import ClassSpec
from db.masks import MaskStore
from db.palette import voc_palette
from db.users import get_or_create
from puzzlecam_app.interchange.exporting import ExportOptions, export_dataset
from puzzlecam_app.interchange.formats.writers import WRITE_FORMATS

WIDTH, HEIGHT, CLASSES, KINDS = 500, 375, 20, 200


def photograph(seed: int) -> bytes:
    """A JPEG with the size of one of VOC."""
    random = np.random.default_rng(seed)
    small = Image.fromarray(random.integers(0, 255, (24, 32, 3), np.uint8))
    file = io.BytesIO()
    small.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    return file.getvalue()


def mask(seed: int) -> np.ndarray:
    """Two or three blobs with uneven edges, and a band of void."""
    random = np.random.default_rng(seed)
    result = np.zeros((HEIGHT, WIDTH), np.uint8)
    for _ in range(int(random.integers(2, 4))):
        noise = Image.fromarray(random.integers(0, 255, (12, 16), np.uint8)).resize((WIDTH, HEIGHT))
        inside = np.asarray(noise.filter(ImageFilter.GaussianBlur(12))) > 135
        top, left = int(random.integers(0, HEIGHT - 150)), int(random.integers(0, WIDTH - 200))
        box = np.s_[top : top + 150, left : left + 200]
        result[box][inside[box]] = int(random.integers(1, CLASSES + 1))
    result[:, :3] = 255
    return result


def make(folder: Path, pictures: int) -> None:
    """Make the dataset, unless it is there; then its tables are brought up to date."""
    if (folder / "studio.sqlite3").exists():
        database = open_database(sqlite_url(folder / "studio.sqlite3"))
        database.migrate()
        database.close()
        return
    (folder / "pictures").mkdir(parents=True)
    database = open_database(sqlite_url(folder / "studio.sqlite3"))
    database.migrate()
    store = MaskStore(folder / "masks")
    contents = [photograph(seed) for seed in range(KINDS)]
    masks = [mask(seed) for seed in range(KINDS)]
    stored = [store.put(one, voc_palette()) for one in masks]
    specs = []
    for number in range(pictures):
        name = f"{number:06}.jpg"
        # Bytes behind the picture make each file another one; readers pass them over.
        content = contents[number % KINDS] + f"{number:06}".encode()
        (folder / "pictures" / name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        split = "val" if number % 5 == 0 else "train"
        specs.append(ItemSpec(name, name, digest, WIDTH, HEIGHT, 1, "image/jpeg", split))
    with database.write() as session:
        classes = [ClassSpec(index, f"class {index}") for index in range(1, CLASSES + 1)]
        root = str(folder / "pictures")
        dataset = create_dataset(session, "many", root=root, layout="folder", classes=classes)
        ids = list(upsert_items(session, dataset.id, specs).ids.values())
        tags = [sorted(set(np.unique(one).tolist()) - {0, 255}) for one in masks]
        replace_tags(session, dataset.id, {one: tags[number % KINDS] for number, one in enumerate(ids)})
        ann = get_or_create(session, "Ann").id
        for number, one in enumerate(ids):
            append_revision(
                session,
                one,
                expected=None,
                action="accepted",
                author=ann,
                mask_hash=stored[number % KINDS],
            )
    database.close()


def measure(folder: Path, format: str) -> None:
    """Export once; print seconds, and the largest memory of the process in MiB before and after."""
    database = open_database(sqlite_url(folder / "studio.sqlite3"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    began, worked = time.perf_counter(), time.process_time()
    report = export_dataset(
        database, MaskStore(folder / "masks"), "many", out, ExportOptions(), format=format
    )
    seconds, work_s = time.perf_counter() - began, time.process_time() - worked
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    used = sum(path.stat().st_size for path in out.rglob("*") if path.is_file() and path.suffix != ".jpg")
    print(report.exported, f"{seconds:.0f}", f"{work_s:.0f}", before, after, used >> 20)
    shutil.rmtree(out)
    database.close()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--format", action="append", choices=[one.name for one in WRITE_FORMATS])
    parser.add_argument("--once", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.once:
        measure(asked.folder, asked.once)
        return
    make(asked.folder, asked.pictures)
    columns = (
        "Format",
        "Pictures",
        "Seconds",
        "Seconds of one core",
        "MiB before",
        "MiB at most",
        "MiB of labels",
    )
    print(f"| {' | '.join(columns)} |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in asked.format or [one.name for one in WRITE_FORMATS]:
        command = [sys.executable, "-m", "tests.measure_exports", asked.folder, "--once", name]
        found = subprocess.run(command, capture_output=True, text=True, check=True)
        print(f"| `{name}` | {' | '.join(found.stdout.split())} |", flush=True)


if __name__ == "__main__":
    main()
