"""What leaves the house: the catalogue, quiet hours, and which ways are taken when."""

from datetime import UTC, datetime, time, timedelta
from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.models import MessageKind, Role
from clinic.rules.messages import (
    NEAR,
    OUTBOUND,
    OUTGOING,
    PUSH_GRACE,
    VISIT_NEWS,
    Channel,
    Delivery,
    Outgoing,
    QuietHours,
    Rung,
    Urgency,
    deliveries,
    is_near,
)

pytestmark = pytest.mark.engine("sqlite")

NOW = datetime(2027, 3, 1, 8, tzinfo=UTC)
EMAIL, PUSH, SMS = Channel.EMAIL, Channel.PUSH, Channel.SMS
NIGHT = QuietHours(time(22), time(7), "Europe/Berlin")
TEN, TWENTY = timedelta(minutes=10), timedelta(minutes=20)
LADDER = Outgoing("x", (PUSH,), (EMAIL,), Urgency.ALWAYS, (Rung(EMAIL, TEN), Rung(SMS, TWENTY)))
PUSHED = Delivery(PUSH, NOW + PUSH_GRACE, unless_read=True)
PLAIN = Outgoing("x", (EMAIL, PUSH), to_oneself=(EMAIL,))


def going(
    outgoing: Outgoing, *usable: Channel, is_own: bool = False, at: datetime = NOW
) -> list[Delivery]:
    return deliveries(outgoing, usable=usable, is_own=is_own, is_near=False, now=at, quiet=NIGHT)


# -- the catalogue ----------------------------------------------------------------------------------------------


def test_everything_in_the_catalogue_can_be_sent_to_somebody() -> None:
    kinds = {entry.kind for by_role in OUTGOING.values() for entry in by_role.values()}
    assert kinds <= set(MessageKind)
    for event_type, by_role in OUTGOING.items():
        assert by_role.keys() <= set(Role), event_type
        for entry in by_role.values():
            ways = {*entry.at_once, *entry.to_oneself, *(rung.channel for rung in entry.ladder)}
            assert ways <= set(OUTBOUND)
            # A ladder that nothing ever climbs, or one with rungs in no order, is a mistake.
            assert bool(entry.ladder) is (entry.urgency is not Urgency.NEVER)
            waits = [rung.after for rung in entry.ladder]
            assert waits == sorted(set(waits))
            assert not {rung.channel for rung in entry.ladder} & set(entry.at_once)


def test_what_overtakes_is_in_the_catalogue() -> None:
    assert OUTGOING.keys() >= VISIT_NEWS


# -- which ways, when -----------------------------------------------------------------------------------------


def test_what_is_not_urgent_goes_at_once_and_only_on_its_ways() -> None:
    assert going(PLAIN, EMAIL, PUSH, SMS) == [Delivery(EMAIL, NOW), PUSHED]
    assert going(PLAIN, SMS) == []


def test_what_somebody_did_themselves_is_confirmed_and_no_news() -> None:
    assert going(PLAIN, EMAIL, PUSH, SMS, is_own=True) == [Delivery(EMAIL, NOW)]
    assert going(LADDER, EMAIL, PUSH, SMS, is_own=True) == [Delivery(EMAIL, NOW)]
    assert going(LADDER, PUSH, SMS, is_own=True) == []


def test_what_is_urgent_goes_on_to_the_next_way_unless_it_is_read() -> None:
    assert going(LADDER, EMAIL, PUSH, SMS) == [
        PUSHED,
        Delivery(EMAIL, NOW + TEN, unless_read=True),
        Delivery(SMS, NOW + TWENTY, unless_read=True),
    ]


def test_where_no_way_is_there_at_once_the_first_rung_does_not_wait() -> None:
    assert going(LADDER, EMAIL, SMS) == [
        Delivery(EMAIL, NOW, unless_read=True),
        Delivery(SMS, NOW + TEN, unless_read=True),
    ]
    assert going(LADDER, SMS) == [Delivery(SMS, NOW, unless_read=True)]
    assert going(LADDER) == []


@pytest.mark.parametrize(
    ("at", "goes_at"),
    [
        ("2027-03-01 20:59", "2027-03-01 20:59"),
        ("2027-03-01 21:00", "2027-03-02 06:00"),
        ("2027-03-02 05:59", "2027-03-02 06:00"),
        ("2027-03-02 06:00", "2027-03-02 06:00"),
        # The night in which an hour is skipped, and the one in which an hour comes twice.
        ("2027-03-27 22:00", "2027-03-28 05:00"),
        ("2027-10-30 22:00", "2027-10-31 06:00"),
    ],
)
def test_quiet_hours_put_off_what_is_not_urgent(at: str, goes_at: str) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    later = datetime.fromisoformat(goes_at).replace(tzinfo=UTC)

    assert going(PLAIN, EMAIL, at=moment) == [Delivery(EMAIL, later)]
    assert going(LADDER, PUSH, at=moment) == [Delivery(PUSH, moment + PUSH_GRACE, unless_read=True)]
    assert going(PLAIN, EMAIL, is_own=True, at=moment) == [Delivery(EMAIL, moment)]


def test_quiet_hours_within_a_day_and_none_at_all() -> None:
    nap = QuietHours(time(13), time(14, 30), "UTC")
    assert nap.first_loud(NOW.replace(hour=13)) == NOW.replace(hour=14, minute=30)
    assert nap.first_loud(NOW.replace(hour=15)) == NOW.replace(hour=15)
    never = QuietHours(time(13), time(13), "UTC")
    assert never.first_loud(NOW.replace(hour=13)) == NOW.replace(hour=13)


@given(
    begin=st.times(),
    end=st.times(),
    moment=st.datetimes(
        min_value=datetime(2027, 1, 1), max_value=datetime(2028, 1, 1), timezones=st.just(UTC)
    ),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
def test_quiet_hours_end_within_a_day_and_nothing_is_sent_before_it_happened(
    begin: time, end: time, moment: datetime, zone: str
) -> None:
    quiet = QuietHours(begin, end, zone)
    loud = quiet.first_loud(moment)
    assert moment <= loud <= moment + timedelta(hours=25)
    assert (loud == moment) or quiet.cover(moment)


@given(
    usable=st.sampled_from(
        list(chain.from_iterable(combinations(OUTBOUND, n) for n in range(len(OUTBOUND) + 1)))
    ),
    is_own=st.booleans(),
    near=st.booleans(),
    entry=st.sampled_from([e for by_role in OUTGOING.values() for e in by_role.values()]),
)
def test_no_way_is_taken_twice_or_against_somebody_s_will(
    usable: tuple[Channel, ...], is_own: bool, near: bool, entry: Outgoing
) -> None:
    found = deliveries(entry, usable=usable, is_own=is_own, is_near=near, now=NOW, quiet=NIGHT)
    taken = [each.channel for each in found]
    assert len(taken) == len(set(taken))
    assert set(taken) <= set(usable)
    assert all(each.due_at >= NOW for each in found)
    assert is_own is False or not any(each.unless_read for each in found)


def test_near_is_what_begins_within_a_day_and_has_not_begun() -> None:
    assert is_near([NOW], now=NOW)
    assert is_near([NOW + NEAR * 3, NOW + NEAR - timedelta(seconds=1)], now=NOW)
    assert not is_near([NOW - timedelta(seconds=1), NOW + NEAR], now=NOW)
    assert not is_near([], now=NOW)
