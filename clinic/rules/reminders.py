"""When patients are reminded of a visit, and when a reminder has become pointless."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from clinic.rules.statuses import Status
from clinic.rules.zones import nearest_instant

_LEAD: Final = re.compile(r"(?P<count>[1-9][0-9]{0,2})(?P<unit>[dhm])")
NONE: Final = "off"
# The row that asks, some time after a visit should have begun, whether its patient is missing.
NO_SHOW: Final = "no_show"
# What people may choose for themselves, and a clinic for its patients; the setting may say more.
MOST_LEADS: Final = 5
LONGEST_LEAD: Final = timedelta(days=60)


class ReminderState(StrEnum):
    """A reminder waits, and then ends once. `VOIDED`: no such visit any more; `SKIPPED`: too late, or in vain."""

    WAITING = "waiting"
    SENT = "sent"
    SKIPPED = "skipped"
    VOIDED = "voided"


class Reason(StrEnum):
    """Why a reminder was not sent."""

    CANCELLED = "cancelled"
    MOVED = "moved"
    ARRIVED = "arrived"
    VISIT_BEGUN = "visit_begun"
    OVERTAKEN = "overtaken"  # the visit's next reminder is due already
    NO_ACCOUNT = "no_account"
    NO_ADDRESS = "no_address"
    BOUNCED = "bounced"  # mails to this address come back
    NO_GATEWAY = "no_gateway"  # the clinic sends no SMS
    TOO_MANY_SMS = "too_many_sms"  # this patient has had as many within a day as the clinic sends
    NOT_WANTED = "not_wanted"
    MISSED = "missed"
    TOO_LATE = "too_late"  # no worker was there when it was to be judged


@dataclass(frozen=True, slots=True)
class Lead:
    """How long before a visit: whole days by the clock on the wall, or time that passes. `kind` is its name."""

    kind: str
    days: int = 0
    elapsed: timedelta = timedelta()

    @property
    def length(self) -> timedelta:
        return timedelta(days=self.days) + self.elapsed

    def due_at(self, start: datetime, zone: str) -> datetime:
        if not self.days:
            return start - self.elapsed
        wall = start.astimezone(ZoneInfo(zone))
        day = wall.date() - timedelta(days=self.days)
        # Which of two three o'clocks a visit is at says nothing of another day.
        return nearest_instant(day, wall.time().replace(fold=0), zone)


@dataclass(frozen=True, slots=True)
class Moment:
    """When a reminder of this kind is due, and until when it makes sense: the next one, or the visit itself."""

    kind: str
    due_at: datetime
    until: datetime


def parse_leads(text: str) -> tuple[Lead, ...]:
    """`1d,2h`: a day before at the same time of day, and two hours before; `off` for none. Raises ValueError."""
    if text.strip() == NONE:
        return ()
    leads = tuple(_lead(part.strip()) for part in text.split(","))
    if len({lead.kind for lead in leads}) < len(leads):
        raise ValueError(f"{text!r} names a time twice")
    return leads


def leads_as_text(leads: Iterable[Lead]) -> str:
    """As `parse_leads` reads them."""
    return ",".join(lead.kind for lead in leads) or NONE


def is_lead(kind: str) -> bool:
    return _LEAD.fullmatch(kind) is not None


def _lead(part: str) -> Lead:
    found = _LEAD.fullmatch(part)
    if found is None:
        raise ValueError(
            f"{part!r} is not days, hours or minutes before a visit, like 1d, 2h or 30m"
        )
    count = int(found["count"])
    if found["unit"] == "d":
        return Lead(part, days=count)
    unit = timedelta(hours=1) if found["unit"] == "h" else timedelta(minutes=1)
    return Lead(part, elapsed=count * unit)


def moments_before(
    leads: Sequence[Lead], start: datetime, zone: str, *, now: datetime
) -> list[Moment]:
    """Those still ahead, the first one first. Of two that fall together there is one."""
    by_time = {lead.due_at(start, zone): lead.kind for lead in reversed(leads)}
    ahead = sorted((due_at, kind) for due_at, kind in by_time.items() if now < due_at < start)
    ends = [*(due_at for due_at, _ in ahead), start]
    return [
        Moment(kind, due_at, until)
        for (due_at, kind), (_, until) in zip(ahead, pairwise(ends), strict=True)
    ]


def why_not(
    *, status: Status, was_moved: bool, start: datetime, until: datetime, now: datetime
) -> tuple[ReminderState, Reason] | None:
    """Why a reminder must not be sent now, as its visit stands; None: it shall be."""
    over = _why_over(status, was_moved=was_moved)
    if over is not None:
        return over
    if start <= now:
        return ReminderState.SKIPPED, Reason.VISIT_BEGUN
    if until <= now:
        return ReminderState.SKIPPED, Reason.OVERTAKEN
    return None


def why_nobody_is_missing(
    *, status: Status, was_moved: bool, until: datetime, now: datetime
) -> tuple[ReminderState, Reason] | None:
    """Why a visit whose time has come is not to be called missed; None: nobody came."""
    over = _why_over(status, was_moved=was_moved)
    if over is not None:
        return over
    if until <= now:
        return ReminderState.SKIPPED, Reason.TOO_LATE
    return None


def _why_over(status: Status, *, was_moved: bool) -> tuple[ReminderState, Reason] | None:
    """What has become of the visit as it was planned; None: its patient is still expected at that time."""
    if status in (Status.CANCELLED, Status.NO_SHOW):
        return ReminderState.VOIDED, Reason.CANCELLED
    if was_moved:
        return ReminderState.VOIDED, Reason.MOVED
    if status is not Status.SCHEDULED:
        return ReminderState.SKIPPED, Reason.ARRIVED
    return None
