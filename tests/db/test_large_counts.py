"""Large counts are used again for some seconds, small ones are counted each time."""

from db.engine import Database
from db.large_counts import LARGE, REUSED_S, reused


def test_only_large_counts_are_used_again_and_only_for_seconds(sqlite: Database) -> None:
    now, counted = [100.0], []

    def count(size: int, key: str = "all") -> int:
        def look() -> int:
            counted.append(size)
            return size

        with sqlite.read() as session:
            return reused(session, key, look, int, clock=lambda: now[0])

    assert [count(LARGE - 1), count(LARGE), count(5), count(7, "other")] == [LARGE - 1, LARGE, LARGE, 7]
    assert counted == [LARGE - 1, LARGE, 7]
    now[0] += REUSED_S
    assert count(5) == 5
