"""Guessing the access key gets slower and slower, for one client and for all together."""

from puzzlecam_app.guesses import Guesses


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_client_has_a_few_wrong_guesses_and_then_waits_twice_as_long_each_time() -> None:
    clock = Clock()
    guesses = Guesses(clock)
    waits = []
    for _ in range(9):
        clock.now += guesses.wait_s("10.0.0.1")
        guesses.wrong("10.0.0.1")
        waits.append(guesses.wait_s("10.0.0.1"))
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16]
    assert guesses.wait_s("10.0.0.2") == 0


def test_the_longest_wait_is_five_minutes_and_a_quiet_hour_begins_anew() -> None:
    clock = Clock()
    guesses = Guesses(clock)
    for _ in range(40):
        guesses.wrong("10.0.0.1")
        clock.now += 2
    assert guesses.wait_s("10.0.0.1") == 298
    clock.now += 3600
    assert guesses.wait_s("10.0.0.1") == 0


def test_many_addresses_share_a_limit_that_refills() -> None:
    clock = Clock()
    guesses = Guesses(clock)
    for number in range(60):
        guesses.wrong(f"10.0.0.{number}")
    assert guesses.wait_s("10.0.1.1") == 2
    clock.now += 2
    assert guesses.wait_s("10.0.1.1") == 0


def test_the_addresses_of_one_customer_are_one_client() -> None:
    guesses = Guesses(Clock())
    for number in range(5):
        guesses.wrong(f"2001:db8::{number}")
    assert guesses.wait_s("2001:db8::ffff") == 1
    assert guesses.wait_s("2001:db8:0:1::1") == 0


def test_memory_is_bounded() -> None:
    guesses = Guesses(Clock())
    for number in range(5000):
        guesses.wrong(f"10.0.{number // 256}.{number % 256}")
    assert len(guesses) == 1024


def test_the_right_key_clears_a_client() -> None:
    guesses = Guesses(Clock())
    for _ in range(4):
        guesses.wrong("10.0.0.1")
    guesses.right("10.0.0.1")
    guesses.wrong("10.0.0.1")
    assert guesses.wait_s("10.0.0.1") == 0
