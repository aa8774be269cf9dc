"""Studies on a Ray cluster of two nodes: the figures of one machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.ray_nodes import RayNodes
from trainer import commands
from trainer.cluster.connection import open_cluster
from trainer.cluster.tasks import run_tasks
from trainer.errors import TrainerUsageError

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.slow
def test_variants_and_sessions_run_at_once_and_give_the_table_of_one_machine(
    make_voc: Callable[..., Path], tmp_path: Path, ray_nodes: RayNodes
) -> None:
    root = make_voc(pictures=4, size=(64, 64))
    cluster = ray_nodes.address

    def ablation(out: str, cluster: str | None) -> dict[str, Any]:
        overrides = ["classify.epochs=0"]
        return commands.ablate(
            root, "tiny", tmp_path / out, seeds=[0], overrides=overrides, device="cpu", cluster=cluster
        )

    def live(out: str, cluster: str | None) -> dict[str, Any]:
        return commands.simulate_live(
            root,
            points=[0, 1],
            seeds=[0],
            untouched=2,
            out=tmp_path / out,
            device="cpu",
            has_clicks=False,
            cluster=cluster,
        )

    with open_cluster(cluster):  # one connection for all
        assert ablation("shared", cluster) == ablation("alone", None)
        assert sorted(path.name for path in (tmp_path / "shared").glob("*-seed0")) == [
            "all-seed0",
            "cls-pcls-seed0",
            "cls-re-seed0",
            "cls-seed0",
        ]
        assert live("live-shared", cluster) == live("live-alone", None)
        shared = commands.simulate(root, "train", "none", max_clicks=1, cluster=cluster)
    alone = commands.simulate(root, "train", "none", max_clicks=1)
    assert shared["engines"]["none"]["sessions"] == alone["engines"]["none"]["sessions"]


def test_results_come_in_order_and_errors_arrive(ray_nodes: RayNodes) -> None:
    counts: list[tuple[int, int]] = []
    with open_cluster(ray_nodes.address, None) as cluster:
        assert cluster.processes == 2
        made = run_tasks(cluster, abs, [-3, 2, -1], advance=lambda *count: counts.append(count))
        assert made == [3, 2, 1]
        assert counts == [(1, 3), (2, 3), (3, 3)]
        with pytest.raises(ValueError, match="invalid literal") as raised:
            run_tasks(cluster, int, ["1", "x"], advance=lambda *_: None)
    assert "In a process of the cluster" in raised.value.__notes__[0]


def test_live_sessions_on_a_cluster_need_a_folder(ray_nodes: RayNodes, tmp_path: Path) -> None:
    with pytest.raises(TrainerUsageError, match="--out DIR"):
        commands.simulate_live(tmp_path, cluster=ray_nodes.address)
