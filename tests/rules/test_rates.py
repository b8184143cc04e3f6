"""The arithmetic of limits: how many pass, when the next one does, and that nobody waits for ever."""

import pytest

from clinic.rules.rates import Rate, Tally, after_try, growing, parse_rate, steady, wait

pytestmark = pytest.mark.engine("sqlite")

NOW = 1_800_000_000_000
SECOND = 1000


def tries(rate: Rate, *instants: int) -> list[bool]:
    """Whether each try, at so many milliseconds after now, passes."""
    tally: Tally | None = None
    passed = []
    for instant in instants:
        after = after_try(rate, tally, NOW + instant)
        passed.append(after is not None)
        tally = after or tally
    return passed


def test_a_steady_limit_lets_a_burst_pass_and_then_one_at_a_time() -> None:
    rate = steady(3, 6)

    assert tries(rate, 0, 0, 0, 0) == [True, True, True, False]
    assert tries(rate, 0, 0, 0, 1_999, 2_000, 2_000) == [True, True, True, False, True, False]


def test_whoever_waits_has_the_whole_burst_again_and_no_more() -> None:
    assert tries(steady(3, 6), 0, 0, 0, *[60_000] * 4) == [True] * 6 + [False]


def test_a_growing_limit_has_free_tries_and_then_doubling_waits() -> None:
    rate = growing(3, 1, 5, 60)

    assert rate.steps == (0, 0, 1_000, 2_000, 4_000, 5_000)
    at = [0, 0, 0, 999, 1_000, 2_999, 3_000, 6_999, 7_000, 11_999, 12_000, 16_999, 17_000]
    assert tries(rate, *at) == [True] * 3 + [False, True] * 5


def test_the_longest_wait_is_the_longest_there_ever_is() -> None:
    rate = growing(1, 1, 300, 3600)
    tally, now = None, NOW
    for _ in range(500):
        tally = after_try(rate, tally, now)
        assert tally is not None
        assert wait(rate, tally, now) <= 300 * SECOND
        now = tally.ready_at
        assert wait(rate, tally, now - 1) == 1


def test_whoever_tries_nothing_for_long_begins_anew() -> None:
    rate = growing(2, 10, 10, 60)

    # Ready again after 10 s, forgotten 60 s later.
    assert tries(rate, 0, 0, 69_999, 69_999) == [True, True, True, False]
    assert tries(rate, 0, 0, 70_000, 70_000, 70_000) == [True] * 4 + [False]


def test_a_refused_try_makes_nothing_longer() -> None:
    rate = growing(1, 10, 60, 600)

    assert tries(rate, 0, *range(1, 10_000, 100), 10_000)[-1]


@pytest.mark.parametrize("rate", [steady(5, 10), growing(5, 1, 900, 3600)])
def test_who_asked_earlier_and_waited_for_a_turn_is_not_refused_for_it(rate: Rate) -> None:
    behind = [-20 * n for n in range(20)]

    assert tries(rate, *behind).count(True) == 5


@pytest.mark.parametrize("rate", [steady(5, 10), growing(1, 1, 900, 3600)])
def test_a_clock_that_is_put_back_locks_nobody_out(rate: Rate) -> None:
    years = 10 * 365 * 86_400_000
    later = Tally(NOW + years, 50, NOW + 2 * years, NOW + years)

    after = after_try(rate, later, NOW)

    assert after == after_try(rate, None, NOW)
    assert wait(rate, later, NOW) == 0


def test_the_wait_that_is_told_is_the_wait_there_is() -> None:
    rate = steady(3, 6)
    tally = None
    for _ in range(3):
        tally = after_try(rate, tally, NOW)
    assert tally is not None

    left = wait(rate, tally, NOW)

    assert after_try(rate, tally, NOW + left - 1) is None
    assert after_try(rate, tally, NOW + left) is not None


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("5/60", steady(5, 60)),
        (" 5 / 60 ", steady(5, 60)),
        ("5/1/900/86400", growing(5, 1, 900, 86400)),
        ("off", None),
        ("OFF", None),
    ],
)
def test_limits_are_read_as_they_are_written(text: str, rate: Rate | None) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    "text", ["", "5", "5/0", "0/5", "-1/5", "5/60/1", "a/b", "5/60s", "1/2/3/4/5"]
)
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_rate(text)
