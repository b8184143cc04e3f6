"""A visit's calendar file, read by another reader than wrote it, and as bytes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from clinic.letters.calendars import Method, Visit, calendar_file
from tests.calendars import event_in, read_calendar

pytestmark = pytest.mark.engine("sqlite")

NOW = datetime(2031, 3, 1, 9, tzinfo=UTC)
VISIT = Visit(
    uid="0b0c9f1e-4b6c-4a34-9d1d-7f0a4c1d2e3f",
    sequence=2,
    start=datetime(2031, 10, 26, 1, 30, tzinfo=UTC),
    end=datetime(2031, 10, 26, 2, 0, tzinfo=UTC),
    changed_at=NOW,
    clinic="Praxis am Park; Haus 3, Hof " + "ü" * 60,
    organizer="desk@clinic.example",
    attendee="ana@example.org",
    link="https://clinic.example/appointments/7",
    language="de",
)


@pytest.mark.parametrize(
    ("method", "status"), [(Method.REQUEST, "CONFIRMED"), (Method.CANCEL, "CANCELLED")]
)
def test_a_calendar_reads_what_was_meant(method: Method, status: str) -> None:
    file = calendar_file(VISIT, method, now=NOW)

    calendar, event = read_calendar(file.text), event_in(file.text)
    assert (calendar["method"], event["status"]) == (method, status)
    assert file.media_type == f"text/calendar; method={method}"
    assert (event["uid"], event["sequence"]) == (VISIT.uid, 2)
    assert (event.start, event.end, event["dtstamp"].dt) == (VISIT.start, VISIT.end, NOW)
    assert (event["summary"], event["location"]) == ("Termin", VISIT.clinic)
    assert event["organizer"] == "mailto:desk@clinic.example"
    assert event["attendee"] == "mailto:ana@example.org"
    # Without both a mail program asks for an answer that nobody reads.
    assert event["attendee"].params["RSVP"] == "FALSE"
    assert event["attendee"].params["PARTSTAT"] == "ACCEPTED"


def test_it_is_written_as_the_standard_has_it() -> None:
    text = calendar_file(VISIT, Method.REQUEST, now=NOW).text

    lines = text.encode().split(b"\r\n")
    assert lines[-1] == b""
    assert b"\n" not in b"".join(lines)
    assert max(map(len, lines)) <= 75
    assert b"DTSTART:20311026T013000Z" in lines
    assert r"LOCATION:Praxis am Park\; Haus 3\, Hof" in text


def test_times_are_instants_whatever_zone_they_came_in() -> None:
    elsewhere = timezone(timedelta(hours=1))
    moved = replace(VISIT, start=VISIT.start.astimezone(elsewhere))

    text = calendar_file(moved, Method.REQUEST, now=NOW).text

    assert "DTSTART:20311026T013000Z" in text
    assert "TZID" not in text


def test_a_clinic_s_name_ends_no_line() -> None:
    sly = replace(VISIT, clinic="A\r\nSTATUS:CANCELLED\nX")

    event = event_in(calendar_file(sly, Method.REQUEST, now=NOW).text)

    assert event["status"] == "CONFIRMED"
