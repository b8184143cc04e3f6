"""Signing in and staying signed in: a refresh token works once, also when many use it at once."""

import itertools
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine

from clinic.actions.people import deactivate_person
from clinic.actions.sessions import end_session, end_sessions_of, refresh_session, sign_in
from clinic.errors import RefreshRaced, TokenInvalid, WrongCredentials
from clinic.models import Person, Session
from clinic.queries.sessions import person_signed_in
from clinic.tokens import TokenPair, read_access, read_refresh
from tests import world
from tests.together import together

RACERS = 8


def session_of(pair: TokenPair) -> Session:
    return Session.objects.get(id=read_refresh(pair.refresh).session_id)


def is_standing(pair: TokenPair) -> bool:
    try:
        person_signed_in(read_access(pair.access))
    except TokenInvalid:
        return False
    return True


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["ada", "ADA", "ada@example.org", "Ada@Example.Org"])
def test_people_sign_in_by_name_or_address_in_any_case(name: str) -> None:
    person = world.a_patient("ada")

    pair = sign_in(username=name, password=world.PASSWORD, device="phone")

    assert session_of(pair).person == person
    assert session_of(pair).device == "phone"
    assert is_standing(pair)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["iris", "iris@example.org"])
def test_nobody_stands_in_the_way_of_a_name_that_only_looks_like_theirs(name: str) -> None:
    # On PostgreSQL both of these are IRIS in capitals.
    world.a_patient("\N{LATIN SMALL LETTER DOTLESS I}ris", password="another-horse-battery-8")
    iris = world.a_patient("iris")

    assert session_of(sign_in(username=name, password=world.PASSWORD)).person == iris


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("ada", "wrong-password-1"),
        ("ada", ""),
        ("ada", world.PASSWORD.upper()),
        ("nobody", world.PASSWORD),
        ("", world.PASSWORD),
        ("", ""),
        ("gone", world.PASSWORD),
        ("without-password", world.PASSWORD),
        ("without-password", "!"),
    ],
)
def test_whatever_is_wrong_the_answer_is_the_same(username: str, password: str) -> None:
    world.a_patient("ada")
    world.a_patient("gone", is_active=False)
    world.a_patient("without-password", password=None)

    with pytest.raises(WrongCredentials) as refused:
        sign_in(username=username, password=password)

    assert str(refused.value) == WrongCredentials.message
    assert not Session.objects.exists()


@pytest.mark.django_db
def test_a_very_long_device_name_is_cut() -> None:
    world.a_patient("ada")

    pair = sign_in(username="ada", password=world.PASSWORD, device="x" * 1000)

    assert len(session_of(pair).device) == 200


@pytest.mark.django_db
def test_each_refresh_gives_the_next_generation() -> None:
    pair = world.tokens(world.a_patient())

    generations = [read_refresh(pair.refresh).generation]
    for _ in range(3):
        pair = refresh_session(refresh=pair.refresh)
        generations.append(read_refresh(pair.refresh).generation)

    assert generations == [1, 2, 3, 4]
    assert is_standing(pair)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("seconds", "error", "stands"),
    [
        (0, RefreshRaced, True),
        (10, RefreshRaced, True),
        (10.001, TokenInvalid, False),
        (3600, TokenInvalid, False),
    ],
)
def test_a_second_use_is_a_race_for_ten_seconds_and_a_theft_later(
    seconds: float, error: type[Exception], stands: bool
) -> None:
    with time_machine.travel(datetime(2027, 3, 1, 8, tzinfo=UTC), tick=False) as clock:
        first = world.tokens(world.a_patient())
        second = refresh_session(refresh=first.refresh)
        clock.shift(seconds)

        with pytest.raises(error):
            refresh_session(refresh=first.refresh)

        assert (session_of(second).ended_at is None) is stands
        if stands:
            refresh_session(refresh=second.refresh)
        else:
            with pytest.raises(TokenInvalid):
                refresh_session(refresh=second.refresh)


@pytest.mark.django_db
def test_a_session_lasts_as_long_as_it_is_refreshed_daily() -> None:
    with time_machine.travel(datetime(2027, 3, 1, 8, tzinfo=UTC), tick=False) as clock:
        pair = world.tokens(world.a_patient())
        for _ in range(5):
            clock.shift(timedelta(hours=23))
            pair = refresh_session(refresh=pair.refresh)
        clock.shift(timedelta(days=1, seconds=1))

        with pytest.raises(TokenInvalid):
            refresh_session(refresh=pair.refresh)


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["signed out", "all ended", "deactivated", "flag", "forgotten"])
def test_after_its_end_nothing_of_a_session_works(how: str) -> None:
    patient = world.a_patient()
    pair = world.tokens(patient)
    session = session_of(pair)
    endings: dict[str, Callable[[], Any]] = {
        "signed out": partial(end_session, session.id),
        "all ended": partial(end_sessions_of, patient),
        "deactivated": lambda: deactivate_person(actor=world.an_admin(), person_id=patient.pk),
        "flag": lambda: Person.objects.filter(pk=patient.pk).update(is_active=False),
        "forgotten": lambda: Session.objects.all().delete(),
    }
    endings[how]()

    with pytest.raises(TokenInvalid):
        person_signed_in(read_access(pair.access))
    with pytest.raises(TokenInvalid):
        refresh_session(refresh=pair.refresh)


@pytest.mark.django_db
def test_ending_one_session_leaves_the_others() -> None:
    patient = world.a_patient()
    phone, laptop, desk = (world.tokens(patient) for _ in range(3))

    end_session(session_of(phone).id)
    assert [is_standing(pair) for pair in (phone, laptop, desk)] == [False, True, True]
    end_sessions_of(patient, but=session_of(laptop).id)
    assert [is_standing(pair) for pair in (phone, laptop, desk)] == [False, True, False]


@pytest.mark.django_db
def test_ending_again_keeps_the_first_moment_and_the_unknown_is_no_error() -> None:
    with time_machine.travel(datetime(2027, 3, 1, 8, tzinfo=UTC), tick=False) as clock:
        pair = world.tokens(world.a_patient())
        end_session(session_of(pair).id)
        ended = session_of(pair).ended_at
        clock.shift(60)
        end_session(session_of(pair).id)

        assert session_of(pair).ended_at == ended
        end_session(uuid.uuid4())


@pytest.mark.django_db
def test_a_token_of_another_person_does_not_open_this_session() -> None:
    pair, other = world.tokens(world.a_patient()), world.a_patient()
    claims = read_access(pair.access)
    Session.objects.update(person=other)

    with pytest.raises(TokenInvalid):
        person_signed_in(claims)


def _outcomes(results: list[Any]) -> tuple[int, int]:
    """How many of the racers won, and how many were told that another was first."""
    assert {type(result) for result in results} <= {TokenPair, RefreshRaced}, results
    won = sum(isinstance(result, TokenPair) for result in results)
    return won, len(results) - won


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "rounds", [12, pytest.param(1000, marks=[pytest.mark.proof, pytest.mark.timeout(3600)])]
)
def test_of_eight_uses_at_once_exactly_one_wins_and_the_session_stands(
    rounds: int, settings: Any
) -> None:
    settings.EVENT_SINKS = []
    # Eight thousand refreshes of one session within minutes are nobody's: the limit on them is shown elsewhere.
    settings.LIMIT_REFRESH = None
    pair = world.tokens(world.a_patient())
    for _ in range(rounds):
        results = together(
            *itertools.repeat(partial(refresh_session, refresh=pair.refresh), RACERS)
        )

        assert _outcomes(results) == (1, RACERS - 1)
        [pair] = [result for result in results if isinstance(result, TokenPair)]

    assert session_of(pair).generation == rounds + 1
    assert is_standing(pair)


@pytest.mark.django_db(transaction=True)
def test_eight_late_uses_at_once_all_fail_and_the_session_ends() -> None:
    with time_machine.travel(datetime(2027, 3, 1, 8, tzinfo=UTC), tick=False) as clock:
        first = world.tokens(world.a_patient())
        second = refresh_session(refresh=first.refresh)
        clock.shift(11)

        results = together(
            *itertools.repeat(partial(refresh_session, refresh=first.refresh), RACERS)
        )

        assert {type(result) for result in results} == {TokenInvalid}
        assert not is_standing(second)
