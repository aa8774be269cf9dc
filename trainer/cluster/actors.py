"""Groups of pictures given to actors that hold a model, with back-pressure and retries."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from trainer.cluster.connection import Cluster, imported_ray
from trainer.cluster.outcome import Outcome, ProcessLostError

Item = TypeVar("Item")

_GROUPS_PER_ACTOR: Final = 2
"""One in work and one that waits beside it, so that no actor idles and no queue of results grows."""
_MOST_LOSSES: Final = 3
_WHOLE_LOSSES: Final = 2
"""After so many losses the items of a group are given out one by one, to find the one that ends processes."""
_LOOK_EVERY_S: Final = 1.0
_PATIENCE_LOOKS: Final = 60


@dataclass
class _Group(Generic[Item]):
    items: list[Item]
    losses: int = 0

    @property
    def places(self) -> int:
        """Places that it takes on an actor. After a loss it is alone there, so that nobody else is blamed."""
        return _GROUPS_PER_ACTOR if self.losses else 1


@dataclass
class _Done(Generic[Item]):
    """What has come from an actor: results, and groups that were lost with it."""

    outcomes: list[Outcome] = field(default_factory=list)
    lost: list[_Group[Item]] = field(default_factory=list)


class _Holder:
    """The actor."""

    def __init__(self) -> None:
        self._work: Callable[[Any], Any] | None = None

    def load(self, load: Callable[[], Callable[[Any], Any]]) -> Outcome:
        """Make what does the work, e.g. load a model."""
        made = Outcome.of(load)
        self._work = made.value
        return Outcome(error=made.error)

    def do(self, items: Any) -> Outcome:
        """Do the work on a group."""
        if self._work is None:
            raise RuntimeError("nothing was loaded")
        return Outcome.of(self._work, items)


def map_on_actors(
    cluster: Cluster,
    load: Callable[[], Callable[[Any], Any]],
    items: Sequence[Item],
    *,
    group: int,
    uses_cores: bool,
    name_of: Callable[[Item], str],
    check: Callable[[], None],
    say: Callable[[str], None],
    send: Callable[[Sequence[Item]], Any] = lambda items: items,
) -> Iterator[Any]:
    """Apply a function to groups of items on actors of the cluster; yields results as they become ready.

    Each actor calls `load` once. If an actor or its node is lost, another does its groups again.

    Args:
        cluster: a connection to it is open.
        load: makes the function in an actor; pickled.
        items: sent in groups.
        group: number of items in a group.
        uses_cores: whether processor cores do most of the work, so that several actors share a GPU.
        name_of: what an error calls an item.
        check: called between two results and once a second; may raise to end the work.
        say: called with sentences for people: that the work waits for room, that a process was lost.
        send: makes of a group what an actor gets, when one takes it; by default the items themselves. Pickled
            afterwards.

    Raises:
        ProcessLostError: the same item ended an actor again and again.
        Exception: whatever `load` or the function raised.
    """
    starts = range(0, len(items), group)
    todo = deque(_Group(list(items[start : start + group])) for start in starts)
    pool: _Pool[Item] = _Pool(cluster, load, uses_cores=uses_cores, most=len(todo))
    looks = 0
    try:
        while todo or pool.has_work:
            pool.give(todo, send)
            done = pool.next_done(_LOOK_EVERY_S)
            check()
            looks = 0 if pool.has_loaded or done is not None else looks + 1
            if looks == _PATIENCE_LOOKS:
                say("The work on pictures waits until the Ray cluster has room.")
            if done is None:
                continue
            for outcome in done.outcomes:
                yield outcome.get()
            for lost in reversed(done.lost):
                _refuse_harmful(lost, name_of)
                todo.extendleft(_divided(lost))
            if done.lost:
                say("A process of the Ray cluster or its node was lost; others do its pictures again.")
    finally:
        pool.end()


class _Pool(Generic[Item]):
    """Actors, and what they are doing."""

    def __init__(self, cluster: Cluster, load: Callable[[], Any], *, uses_cores: bool, most: int) -> None:
        self._ray = imported_ray()
        self._load = self._ray.put(load)
        self._running: dict[Any, tuple[Any, _Group[Item] | None]] = {}
        self._free: dict[Any, int] = {}
        self.has_loaded = False
        self._failed_loads = 0
        per_gpu = 1
        if cluster.uses_gpu and uses_cores:
            resources = self._ray.cluster_resources()
            per_gpu = max(1, int(resources.get("CPU", 1) // max(1, resources.get("GPU", 1))))
        gpus = {"num_gpus": 1 / per_gpu} if cluster.uses_gpu else {}
        self._holder = self._ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0, **gpus)(_Holder)
        for _ in range(min(cluster.processes * per_gpu, most)):
            self._start()

    @property
    def has_work(self) -> bool:
        """Whether a group is being worked on."""
        return any(group is not None for _, group in self._running.values())

    def give(self, todo: deque[_Group[Item]], send: Callable[[Sequence[Item]], Any]) -> None:
        """Hand out groups to actors that have loaded."""
        while todo and self._free:
            actor = max(self._free, key=self._free.__getitem__)
            if self._free[actor] < todo[0].places:
                return
            group = todo.popleft()
            self._running[actor.do.remote(send(group.items))] = (actor, group)
            self._free[actor] -= group.places

    def next_done(self, timeout_s: float) -> _Done[Item] | None:
        """Wait for a result, or for the groups of an actor that was lost; None if nothing happened."""
        done, _ = self._ray.wait(list(self._running), num_returns=1, timeout=timeout_s)
        if not done:
            return None
        actor, group = self._running[done[0]]
        try:
            outcome: Outcome = self._ray.get(done[0])
        except self._ray.exceptions.RayError:
            return self._lost(actor)
        del self._running[done[0]]
        self.has_loaded = True
        if group is None:
            outcome.get()  # an error while loading ends all
            self._failed_loads = 0
            self._free[actor] = _GROUPS_PER_ACTOR
            return _Done()
        self._free[actor] += group.places
        return _Done([outcome])

    def end(self) -> None:
        """End all actors."""
        actors = {
            id(actor): actor for actor in (*self._free, *(actor for actor, _ in self._running.values()))
        }
        for actor in actors.values():
            actor.__ray_terminate__.remote()
        self._running.clear()
        self._free.clear()

    def _start(self) -> None:
        actor = self._holder.remote()
        self._running[actor.load.remote(self._load)] = (actor, None)

    def _lost(self, actor: Any) -> _Done[Item]:
        """Forget an actor, and start another; the group that it was working on counts the loss."""
        self._free.pop(actor, None)
        done = _Done[Item]()
        for reference in [one for one, (other, _) in self._running.items() if other == actor]:
            _, group = self._running.pop(reference)
            try:
                outcome = self._ray.get(reference)
            except self._ray.exceptions.RayError:
                if group is None:
                    self._count_failed_load()
                else:
                    group.losses += not done.lost
                    done.lost.append(group)
            else:
                if group is not None:
                    done.outcomes.append(outcome)
        self._start()
        return done

    def _count_failed_load(self) -> None:
        self._failed_loads += 1
        if self._failed_loads == _MOST_LOSSES:
            raise ProcessLostError(
                f"Processes of the Ray cluster ended {_MOST_LOSSES} times while they loaded their models, "
                "most likely because memory ran out. Use nodes with more memory, then resume the run."
            )


def _refuse_harmful(group: _Group[Item], name_of: Callable[[Item], str]) -> None:
    if group.losses == _MOST_LOSSES:
        names = ", ".join(map(name_of, group.items))
        raise ProcessLostError(
            f"Processes of the Ray cluster ended {group.losses} times while they worked on {names}, most "
            "likely because memory ran out. Scale the picture down or leave it out, then resume the run."
        )


def _divided(group: _Group[Item]) -> list[_Group[Item]]:
    if group.losses < _WHOLE_LOSSES:
        return [group]
    return [_Group([item], group.losses) for item in reversed(group.items)]
