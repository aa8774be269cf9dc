"""A Ray cluster on this machine, for all tests that need one."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any, Final

import pytest

_SIZE: Final = {"object_store_memory": 80_000_000}


class RayNodes:
    """A head without processor cores, and nodes with one each.

    Attributes:
        address: of the cluster, for `trainer.cluster.connection.open_cluster`.
        jobs: of its job server, for `puzzlecam_app.runs.cluster.Cluster`.
    """

    def __init__(self, cluster: Any, jobs: str) -> None:
        self.address: str = cluster.address
        self.jobs = jobs
        self._cluster = cluster

    def need(self, count: int = 2) -> None:
        """Start nodes until so many live."""
        for node in list(self._cluster.worker_nodes):
            if not node.remaining_processes_alive():
                self._cluster.remove_node(node, allow_graceful=False)
        while len(self._cluster.worker_nodes) < count:
            self._cluster.add_node(num_cpus=1, **_SIZE)

    def lose(self, node_id: str | None = None) -> None:
        """Kill the node with an id, or any."""
        nodes = self._cluster.worker_nodes
        lost = next(node for node in nodes if node_id in (None, node.node_id))
        self._cluster.remove_node(lost, allow_graceful=False)


@pytest.fixture(scope="session")
def started_ray_nodes() -> Iterator[RayNodes]:
    """The cluster; starting it takes seconds."""
    pytest.importorskip("ray", reason="the extra 'cluster' is not installed")
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_JOB_STOP_WAIT_TIME_S", "30")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        quick = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 1000}
        head = {"num_cpus": 0, "include_dashboard": True, "dashboard_port": port, "_system_config": quick}
        cluster = Cluster(initialize_head=True, head_node_args={**head, **_SIZE})
        try:
            yield RayNodes(cluster, f"http://127.0.0.1:{port}")
        finally:
            cluster.shutdown()


@pytest.fixture
def ray_nodes(started_ray_nodes: RayNodes) -> RayNodes:
    """The cluster with two nodes."""
    started_ray_nodes.need(2)
    return started_ray_nodes
