"""Reading ahead and writing behind keep the order, and no error is lost."""

import threading

import pytest

from trainer.machine.overlap import WriteBehind, in_groups, read_ahead


def test_results_come_in_order():
    assert list(read_ahead(lambda number: number * number, range(20), threads=3, ahead=5)) == [
        number * number for number in range(20)
    ]


def test_items_are_taken_only_a_little_ahead():
    taken = []

    def items():
        for number in range(100):
            taken.append(number)
            yield number

    results = read_ahead(lambda number: number, items(), threads=2, ahead=4)
    assert next(results) == 0
    assert len(taken) == 5
    results.close()
    assert len(taken) == 5


def test_an_error_comes_in_its_turn():
    def fail_at_two(number):
        if number == 2:
            raise ValueError("two")
        return number

    results = read_ahead(fail_at_two, range(5), threads=2, ahead=4)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(results)


def test_groups_have_all_items():
    assert list(in_groups(range(7), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(in_groups([], 3)) == []


def test_everything_is_written_in_order_before_the_block_is_left():
    written = []
    with WriteBehind() as writer:
        for number in range(200):
            writer.submit(written.append, number)
    assert written == list(range(200))


def test_a_failed_write_is_raised():
    def fail():
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"), WriteBehind() as writer:
        writer.submit(fail)


def test_what_was_computed_before_an_error_is_written_and_the_error_stays():
    written = []
    begun = threading.Event()

    def write():
        begun.wait()
        written.append(1)

    def fail():
        raise OSError("disk full")

    def stop_after_two():
        with WriteBehind() as writer:
            writer.submit(write)
            writer.submit(fail)
            begun.set()
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        stop_after_two()
    assert written == [1]
