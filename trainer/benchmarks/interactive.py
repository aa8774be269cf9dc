"""Wall-clock and processor time of a click: `python -m trainer.benchmarks.interactive`."""

from __future__ import annotations

import time

import numpy as np

from trainer.benchmarks.photographs import photographs
from trainer.interactive.features import load_features
from trainer.interactive.seeds import Click, Seed
from trainer.interactive.segmenter import InteractiveSegmenter
from trainer.run.map_storage import ClassMaps

SIZES = ((375, 500), (3000, 4000), (4500, 6000))
CLICKS = 20


def click_times(size: tuple[int, int]) -> dict[str, float]:
    """Time `CLICKS` clicks of three labels at random places on one photograph.

    Returns:
        "prepare" (processor), "median", "p95" (wall), "processor_median", "processor_p95".
    """
    segmenter = InteractiveSegmenter(load_features("cpu"))
    picture = photographs(size)[0]
    rng = np.random.default_rng(0)
    prior = np.zeros(size, np.uint8)
    prior[size[0] // 4 : 3 * size[0] // 4, size[1] // 4 : 3 * size[1] // 4] = 8
    maps = ClassMaps((8,), size, rng.random((1, 94, 125), dtype=np.float32))
    begun = time.process_time()
    segmenter.set_image(picture)
    prepared = time.process_time() - begun
    walls, processors, seeds = list[float](), list[float](), list[Seed]()
    for _ in range(CLICKS):
        label = int(rng.choice([0, 8, 12]))
        seeds.append(Click(int(rng.integers(size[0])), int(rng.integers(size[1])), label))
        wall, processor = time.perf_counter(), time.process_time()
        segmenter.refine(prior, seeds, evidence=maps)
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    return {
        "prepare": prepared,
        "median": float(np.median(walls)),
        "p95": float(np.percentile(walls, 95)),
        "processor_median": float(np.median(processors)),
        "processor_p95": float(np.percentile(processors, 95)),
    }


def main() -> None:
    """Print one line for each size."""
    for size in SIZES:
        times = click_times(size)
        print(
            f"{size[1]} x {size[0]}: " + ", ".join(f"{name} {value:.3f} s" for name, value in times.items())
        )


if __name__ == "__main__":
    main()
