"""What leaves the house when something happens: to whom, on which ways, and when. New messages are entries here."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from clinic.rules.zones import nearest_instant


class Channel(StrEnum):
    """The ways to a person. `IN_APP` never leaves the house: it is the event itself, and cannot be switched off."""

    IN_APP = "in_app"
    EMAIL = "email"
    PUSH = "push"
    SMS = "sms"


OUTBOUND: Final = (Channel.EMAIL, Channel.PUSH, Channel.SMS)


class Why(StrEnum):
    """Why a message was dropped, as staff see it."""

    POINTLESS = "pointless"  # what it tells of is no longer so
    READ = "read"
    OVERTAKEN = "overtaken"
    NOT_WANTED = "not_wanted"
    NO_ADDRESS = "no_address"
    NO_GATEWAY = "no_gateway"
    BOUNCED = "bounced"
    NO_ACCOUNT = "no_account"
    TOO_MANY = "too_many"  # somebody has set off so many to this person within an hour


# -- quiet hours ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one wall time to another, every night, on the clock of this zone. Equal times: never."""

    begin: time
    end: time
    zone: str

    def cover(self, moment: datetime) -> bool:
        wall = moment.astimezone(ZoneInfo(self.zone)).time()
        if self.begin <= self.end:
            return self.begin <= wall < self.end
        return wall >= self.begin or wall < self.end

    def first_loud(self, moment: datetime) -> datetime:
        """This moment, or the end of the quiet hours it falls into."""
        if not self.cover(moment):
            return moment
        wall = moment.astimezone(ZoneInfo(self.zone))
        day = wall.date() if wall.time() < self.end else wall.date() + timedelta(days=1)
        # In the night the clock is put back the end may lie behind us by the first of its two readings.
        return max(moment, nearest_instant(day, self.end, self.zone))


# -- the catalogue ----------------------------------------------------------------------------------------------


class Urgency(StrEnum):
    NEVER = "never"
    ALWAYS = "always"
    VISIT_NEAR = "visit_near"


# A visit so close that news of it cannot wait until somebody looks.
NEAR: Final = timedelta(hours=24)


def is_near(starts: Iterable[datetime], *, now: datetime) -> bool:
    """Whether one of these visits begins so soon, by its old time or by its new one."""
    return any(now <= start < now + NEAR for start in starts)


@dataclass(frozen=True, slots=True)
class Rung:
    """The next way to try when an urgent message has not been read on any device for so long."""

    channel: Channel
    after: timedelta


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What people of one role are sent of one type of event.

    `at_once` are the ways it goes in any case, `ladder` those it takes only while it is unread and urgent.
    Who did it themselves gets only what is in `to_oneself`.
    """

    kind: str
    at_once: tuple[Channel, ...]
    to_oneself: tuple[Channel, ...] = ()
    urgency: Urgency = Urgency.NEVER
    ladder: tuple[Rung, ...] = ()


def _minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


_MAIL_AND_PUSH: Final = (Channel.EMAIL, Channel.PUSH)
_JUST_PUSH: Final = Outgoing("news", (Channel.PUSH,))
_PATIENT_SOON: Final = (Rung(Channel.SMS, _minutes(10)),)
_DOCTOR_SOON: Final = (Rung(Channel.EMAIL, _minutes(10)), Rung(Channel.SMS, _minutes(20)))

# Of an offer that stands for minutes, what comes after ten of them comes too late.
_OFFER_SOON: Final = (Rung(Channel.SMS, _minutes(2)),)

OUTGOING: Final[Mapping[str, Mapping[str, Outgoing]]] = {
    "appointment.booked": {
        "PATIENT": Outgoing("visit_booked", _MAIL_AND_PUSH, to_oneself=(Channel.EMAIL,)),
        "DOCTOR": _JUST_PUSH,
    },
    "appointment.rescheduled": {
        "PATIENT": Outgoing(
            "visit_moved", _MAIL_AND_PUSH, (Channel.EMAIL,), Urgency.VISIT_NEAR, _PATIENT_SOON
        ),
        "DOCTOR": Outgoing("visit_moved", (Channel.PUSH,), (), Urgency.VISIT_NEAR, _DOCTOR_SOON),
    },
    "appointment.cancelled": {
        "PATIENT": Outgoing(
            "visit_cancelled", _MAIL_AND_PUSH, (Channel.EMAIL,), Urgency.VISIT_NEAR, _PATIENT_SOON
        ),
        "DOCTOR": Outgoing(
            "visit_cancelled", (Channel.PUSH,), (), Urgency.VISIT_NEAR, _DOCTOR_SOON
        ),
    },
    # By mail and SMS a reminder goes as a row of its own: see clinic/actions/reminders.py.
    "reminder.due": {"PATIENT": _JUST_PUSH},
    # Put off to the morning it would be nobody's offer any more: whoever makes offers chooses the hour.
    "waitlist.offered": {
        "PATIENT": Outgoing("waitlist_offer", _MAIL_AND_PUSH, (), Urgency.ALWAYS, _OFFER_SOON)
    },
    "annotation.added": {"PATIENT": Outgoing("new_note", _MAIL_AND_PUSH)},
    # Its mail is planned with the assignment.
    "doctor.assigned": {"PATIENT": _JUST_PUSH, "DOCTOR": _JUST_PUSH},
    "doctor.approved": {"DOCTOR": Outgoing("doctor_approved", _MAIL_AND_PUSH)},
    "doctor.rejected": {"DOCTOR": Outgoing("doctor_rejected", (Channel.EMAIL,))},
}

# Nothing comes after it, whatever the clocks of two machines say.
LAST_NEWS: Final = "appointment.cancelled"
# Of these events of one visit the last one counts: mails of those before it are no longer sent.
VISIT_NEWS: Final = frozenset({"appointment.booked", "appointment.rescheduled", LAST_NEWS})


# Of what one person does, another is told no more often than this within an hour: booking and cancelling again and
# again is free, but fills a mailbox, which may be a stranger's, and SMS cost money. The inbox has it all.
MOST_PER_HOUR: Final[Mapping[Channel, int]] = {Channel.EMAIL: 40, Channel.SMS: 5}


# -- one event, one person ----------------------------------------------------------------------------------------


# Who has the app open sees the news there; who has read it by then is not buzzed.
PUSH_GRACE: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to be: on which way, when, and whether reading of it elsewhere makes it pointless."""

    channel: Channel
    due_at: datetime
    unless_read: bool = False


def deliveries(
    outgoing: Outgoing,
    *,
    usable: Collection[Channel],
    is_own: bool,
    is_near: bool,
    now: datetime,
    quiet: QuietHours | None,
) -> list[Delivery]:
    """What goes out to one person, of the ways that are `usable`: wanted, and with an address.

    What is urgent heeds no quiet hours, and goes on to the next way when it is not read. Where no way was there to
    begin with, the first rung is taken at once.
    """
    if is_own:
        return [_first(channel, now) for channel in outgoing.to_oneself if channel in usable]
    if not _is_urgent(outgoing, is_near=is_near):
        due_at = quiet.first_loud(now) if quiet else now
        return [_first(channel, due_at) for channel in outgoing.at_once if channel in usable]
    first = [_first(channel, now) for channel in outgoing.at_once if channel in usable]
    rungs = [rung for rung in outgoing.ladder if rung.channel in usable]
    # Those who can be told at once have until the first rung to read it; others must not wait for it.
    head_start = rungs[0].after if rungs and not first else timedelta(0)
    later = [
        Delivery(rung.channel, now + rung.after - head_start, unless_read=True) for rung in rungs
    ]
    return [*first, *later]


def _first(channel: Channel, due_at: datetime) -> Delivery:
    """A push says only that there is news: it comes a moment later, and never to who has read the news."""
    if channel is Channel.PUSH:
        return Delivery(channel, due_at + PUSH_GRACE, unless_read=True)
    return Delivery(channel, due_at)


def _is_urgent(outgoing: Outgoing, *, is_near: bool) -> bool:
    if outgoing.urgency is Urgency.VISIT_NEAR:
        return is_near
    return outgoing.urgency is Urgency.ALWAYS
