"""Limits are exact: in memory, in the database and in Redis, when many try at the same moment."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from api import tallies
from api.tallies import InRedis
from clinic import clock, limits
from clinic.actions.retention import drop_expired
from clinic.errors import RateLimited
from clinic.limits import Claim, InDatabase, InThisProcess, Store, guard, line
from clinic.models import Tally
from clinic.rules import rates
from clinic.rules.rates import Rate, growing, steady
from tests.servers.redis import Redis
from tests.together import together

NOW = 1_800_000_000_000
CROWD = 60
FIVE = {"steady": steady(5, 3600), "growing": growing(5, 60, 900, 3600)}
RATES = [steady(1, 1), steady(5, 10), steady(3, 1), growing(1, 1, 4, 5), growing(4, 2, 60, 30)]


@pytest.fixture(
    params=["memory", "database", pytest.param("redis", marks=pytest.mark.engine("postgres"))]
)
def store(request: pytest.FixtureRequest, transactional_db: None) -> Store:
    if request.param == "redis":
        return InRedis()
    return InThisProcess() if request.param == "memory" else InDatabase()


@pytest.mark.parametrize("kind", FIVE)
def test_of_sixty_at_the_same_moment_exactly_five_pass(store: Store, kind: str) -> None:
    claims = [Claim("key", FIVE[kind])]

    waits = together(*[partial(store.take, claims, NOW)] * CROWD)

    assert Counter(wait == 0 for wait in waits) == {True: 5, False: CROWD - 5}


def test_those_whose_turn_comes_late_pass_all_the_same(store: Store) -> None:
    claims = [Claim("key", FIVE["growing"])]

    waits = together(*(partial(store.take, claims, NOW - 10 * n) for n in range(CROWD)))

    assert Counter(wait == 0 for wait in waits) == {True: 5, False: CROWD - 5}


def test_several_lines_are_taken_all_or_none_at_the_same_moment(store: Store) -> None:
    """Half of the crowd names them in the other order: nobody waits for each other for ever."""
    wide, narrow = Claim("b", steady(40, 3600)), Claim("a", steady(7, 3600))
    orders = [[wide, narrow], [narrow, wide]] * (CROWD // 2)

    waits = together(*(partial(store.take, claims, NOW) for claims in orders))

    assert Counter(wait == 0 for wait in waits) == {True: 7, False: CROWD - 7}
    # The 53 that were refused by one have cost the other nothing.
    left = [store.take([wide], NOW) for _ in range(40)]
    assert left.count(0) == 33


@pytest.mark.parametrize("rate", RATES, ids=str)
@hypothesis_settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(gaps=st.lists(st.integers(-3_000, 40_000), min_size=1, max_size=25))
def test_every_store_counts_as_the_rule_says(store: Store, rate: Rate, gaps: list[int]) -> None:
    store.forget(["key"])
    tally, now = None, NOW
    for gap in gaps:
        now += gap
        after = rates.after_try(rate, tally, now)
        told = store.take([Claim("key", rate)], now)
        if after is None:
            assert tally is not None
            assert told == rates.wait(rate, tally, now)
        else:
            assert told == 0
            tally = after


def test_a_line_that_is_forgotten_begins_anew(store: Store) -> None:
    claims = [Claim("key", steady(1, 60))]
    assert [store.take(claims, NOW) for _ in range(2)] == [0, 60_000]

    store.forget(["key", "unknown"])

    assert store.take(claims, NOW) == 0


def test_lines_do_not_know_each_other(store: Store) -> None:
    rate = steady(1, 60)

    assert [store.take([Claim(key, rate)], NOW) for key in ("a", "b", "a")] == [0, 0, 60_000]


def test_memory_does_not_grow_with_those_who_have_gone() -> None:
    store = InThisProcess()
    rate = steady(10, 10)
    for number in range(3 * store.SWEEP_AT):
        store.take([Claim(str(number), rate)], NOW + 10 * number)

    assert len(store._tallies) <= store.SWEEP_AT


@pytest.mark.django_db
def test_rows_that_mean_nothing_any_more_are_dropped() -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        guard(*line("short", steady(1, 60), "x"), *line("long", growing(1, 60, 60, 3600), "x"))
        rows = set(Tally.objects.values_list("key", flat=True))
        time.shift(timedelta(seconds=61))
        drop_expired()
        left = set(Tally.objects.values_list("key", flat=True))

    if rows:  # without Redis
        assert {key.partition(":")[0] for key in rows - left} == {"short"}
        assert {key.partition(":")[0] for key in left} == {"long"}


def test_keys_do_not_repeat_what_was_typed() -> None:
    [claim] = line("sign_in", steady(1, 1), "MY-PASSWORD", "203.0.113.7")

    assert claim.key.startswith("sign_in:")
    assert not {"password", "203"} & set(claim.key.lower().replace(":", " ").split())
    assert "password" not in claim.key.lower()
    assert line("sign_in", steady(1, 1), "a", "bc") != line("sign_in", steady(1, 1), "ab", "c")


def test_a_limit_that_is_off_refuses_nobody() -> None:
    assert line("anything", None, "x") == []
    guard()


# -- Redis ----------------------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> InRedis:
    """A store that tries Redis again at once, and is the one that everything asks."""
    monkeypatch.setattr(tallies, "PAUSE_SECONDS", 0.0)
    store = InRedis()
    monkeypatch.setattr(limits, "_shared", lambda: store)
    return store


def outcome(call: Callable[[], None]) -> bool:
    try:
        call()
    except RateLimited:
        return False
    return True


@pytest.mark.parametrize("how", ["kill", "freeze"])
def test_without_redis_the_limits_go_on_in_the_database(
    redis: Redis, transactional_db: None, impatient: InRedis, how: str
) -> None:
    claims = line("guess", steady(5, 3600), "x")
    getattr(redis, how)()

    passed = together(*[partial(outcome, partial(guard, *claims))] * 20)

    assert passed.count(True) == 5
    assert Tally.objects.count() == 1


def test_redis_forgets_by_itself_what_means_nothing_any_more(
    redis: Redis, impatient: InRedis
) -> None:
    impatient.take([Claim("key", growing(1, 60, 60, 3600))], NOW)

    with redis.client() as client:
        [name] = client.keys("*:limit:*")
        assert 3_600 < client.ttl(name) <= 3_660
