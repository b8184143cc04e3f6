"""What was sent to people, what is still to be sent and what was not: messages and reminders as one list."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db.models import Count, Q, QuerySet, Value

from clinic.models import Appointment, Message, MessageKind, Reminder
from clinic.queries.messages import waiting_messages
from clinic.queries.reminders import waiting_reminders
from clinic.rules.messages import Channel
from clinic.rules.outbox import SendState
from clinic.rules.reminders import NO_SHOW, ReminderState

AnyRows = QuerySet[Any]
# Not sent, whatever the reason: the visit was cancelled or moved, or it was in vain.
UNSENT: Final = (ReminderState.SKIPPED, ReminderState.VOIDED)


class Place(NamedTuple):
    """Where a line stands. No two stand at the same place: `source` is 0 for messages, 1 for reminders."""

    at: datetime
    source: int
    pk: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines; None: any. `DUE` are listed soonest first and the later ones too, everything else newest first.

    Without a state those that are due later are left out.
    """

    state: SendState | None = None
    channel: Channel | None = None
    kind: str | None = None
    patient_id: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One of them. `visit` is what it is about, `lead` how long before, if it is a reminder."""

    place: Place
    state: SendState
    row: Message | Reminder
    visit: Appointment | None = None
    lead: str = ""


@dataclass(frozen=True, slots=True)
class _Branch:
    """Lines of one state and one table, and the column they are ordered by; each has an index of its own."""

    state: SendState
    rows: AnyRows
    column: str

    @property
    def source(self) -> int:
        return int(self.rows.model is Reminder)


def lines_from(
    wanted: Wanted, place: Place | None, *, limit: int, now: datetime
) -> tuple[list[Line], Place | None]:
    """One page after this place, and the place after which the next one begins; None: that was the last.

    A handful of queries, whatever there is.
    """
    soonest_first = wanted.state is SendState.DUE
    found: list[Line] = []
    for branch in _branches(wanted, now):
        found += _lines(branch, place, limit + 1, soonest_first)
    found.sort(key=lambda line: line.place, reverse=not soonest_first)
    page = found[:limit]
    return _with_visits(page), page[-1].place if len(found) > limit else None


def count_of(wanted: Wanted, *, now: datetime) -> int:
    """How many lines all pages together have, in one query."""
    found = _counted({"lines": [branch.rows for branch in _branches(wanted, now)]})
    return found["lines"]


def line_of(message: Message) -> Line:
    """The line of one message, as it stands."""
    found = [(state, column) for state, column, _ in _ENDS if getattr(message, column) is not None]
    state, column = found[-1] if found else (SendState.DUE, "due_at")
    place = Place(getattr(message, column), 0, message.pk)
    [line] = _with_visits([Line(place, state, message)])
    return line


# How messages end, the moment of it, and which ones are meant; the last one counts. What came back was not received.
_ENDS: Final = (
    (SendState.SENT, "sent_at", Q(sent_at__isnull=False, bounced_at=None)),
    (SendState.FAILED, "bounced_at", Q(sent_at__isnull=False, bounced_at__isnull=False)),
    (SendState.SKIPPED, "dropped_at", Q(dropped_at__isnull=False)),
    (SendState.FAILED, "failed_at", Q(failed_at__isnull=False)),
)


def messages_with_people() -> QuerySet[Message]:
    return Message.objects.select_related("person")


def _branches(wanted: Wanted, now: datetime) -> Iterator[_Branch]:
    for branch in (*_of_messages(wanted), *_of_reminders(wanted)):
        if wanted.state not in (None, branch.state):
            continue
        rows = branch.rows
        if wanted.channel is not None:
            rows = rows.filter(channel=wanted.channel)
        if wanted.state is None and branch.state is SendState.DUE:
            rows = rows.filter(due_at__lte=now)
        yield _Branch(branch.state, rows, branch.column)


def _of_messages(wanted: Wanted) -> Iterator[_Branch]:
    which = Q()
    if wanted.kind is not None:
        which &= Q(kind=wanted.kind)
    if wanted.patient_id is not None:
        which &= Q(person_id=wanted.patient_id)
    messages = messages_with_people().filter(which)
    yield _Branch(SendState.DUE, messages & waiting_messages(), "due_at")
    for state, column, which_ended in _ENDS:
        yield _Branch(state, messages.filter(which_ended), column)


def _of_reminders(wanted: Wanted) -> Iterator[_Branch]:
    if wanted.kind not in (None, MessageKind.VISIT_REMINDER):
        return
    reminders = (
        Reminder.objects.exclude(kind=NO_SHOW)
        .select_related("appointment__patient", "appointment__doctor__person")
        .defer("appointment__notes", "appointment__reason")
    )
    if wanted.patient_id is not None:
        reminders = reminders.filter(appointment__patient_id=wanted.patient_id)
    yield _Branch(SendState.DUE, reminders & waiting_reminders(), "due_at")
    yield _Branch(SendState.SENT, reminders.filter(_TOLD), "ended_at")
    for state in UNSENT:
        yield _Branch(SendState.SKIPPED, reminders.filter(_ended(state)), "ended_at")


def _ended(state: ReminderState) -> Q:
    # Said twice, for the index that has only those.
    return Q(state=state, ended_at__isnull=False)


# What a reminder handed over to go out of the house is a message, and says itself how that went.
_TOLD: Final = _ended(ReminderState.SENT) & Q(channel=Channel.IN_APP)


def _lines(branch: _Branch, place: Place | None, most: int, soonest_first: bool) -> Iterator[Line]:
    rows = branch.rows
    if place is not None:
        rows = rows.filter(_beyond(branch, place, soonest_first))
    sign = "" if soonest_first else "-"
    for row in rows.order_by(f"{sign}{branch.column}", f"{sign}pk")[:most]:
        at = Place(getattr(row, branch.column), branch.source, row.pk)
        if isinstance(row, Reminder):
            yield Line(at, branch.state, row, row.appointment, row.kind)
        else:
            yield Line(at, branch.state, row)


def _beyond(branch: _Branch, place: Place, soonest_first: bool) -> Q:
    side = "gt" if soonest_first else "lt"
    column, is_after = branch.column, (branch.source > place.source) is soonest_first
    if branch.source == place.source:
        here = Q(**{column: place.at, f"pk__{side}": place.pk})
        return Q(**{f"{column}__{side}": place.at}) | here
    # Of what stands at the same moment in the other table, all comes after it, or all came before.
    return Q(**{f"{column}__{side}{'e' if is_after else ''}": place.at})


def _with_visits(lines: Sequence[Line]) -> list[Line]:
    """Messages with the visits they are about, and reminders among them with how long before."""
    about = {"appointment": set[int](), "reminder": set[int]()}
    for line in lines:
        if isinstance(line.row, Message) and line.row.subject_kind in about:
            about[line.row.subject_kind].add(line.row.subject_id or 0)
    reminders = Reminder.objects.only("kind", "appointment_id").in_bulk(about["reminder"])
    visits = _visits(about["appointment"] | {each.appointment_id for each in reminders.values()})
    return [_with_visit(line, reminders, visits) for line in lines]


def _visits(ids: set[int]) -> Mapping[int, Appointment]:
    visits = Appointment.objects.select_related("doctor__person").defer("notes", "reason")
    return visits.in_bulk(ids)


def _with_visit(
    line: Line, reminders: Mapping[int, Reminder], visits: Mapping[int, Appointment]
) -> Line:
    row = line.row
    if isinstance(row, Reminder):
        return line
    subject = row.subject_id or 0
    if row.subject_kind == "reminder" and subject in reminders:
        reminder = reminders[subject]
        visit = visits.get(reminder.appointment_id)
        return Line(line.place, line.state, row, visit, reminder.kind)
    visit = visits.get(subject) if row.subject_kind == "appointment" else None
    return Line(line.place, line.state, row, visit)


# -- how many ---------------------------------------------------------------------------------------------------


def counts(*, now: datetime, today: tuple[datetime, datetime]) -> Mapping[str, int]:
    """In one query: what is to go out today, what is late, what was sent and skipped today, and all that failed."""
    begin, end = today
    late = now - timedelta(seconds=settings.OVERDUE_SECONDS["messages"])
    reminders = Reminder.objects.exclude(kind=NO_SHOW)
    waiting = waiting_messages(), reminders & waiting_reminders()
    told = reminders.filter(_TOLD, ended_at__gte=begin)
    unsent = [reminders.filter(_ended(state), ended_at__gte=begin) for state in UNSENT]
    return _counted(
        {
            "due": [rows.filter(due_at__lt=end) for rows in waiting],
            "overdue": [rows.filter(due_at__lte=late) for rows in waiting],
            "sent_today": [Message.objects.filter(_ended_by("sent_at"), sent_at__gte=begin), told],
            "skipped_today": [Message.objects.filter(dropped_at__gte=begin), *unsent],
            "failed": [
                Message.objects.filter(_ended_by(end)) for end in ("failed_at", "bounced_at")
            ],
        }
    )


def _ended_by(column: str) -> Q:
    return next(which for _, each, which in _ENDS if each == column)


def ended_since(moment: datetime) -> Mapping[tuple[str, str], int]:
    """How many messages ended since then, by channel and how; in one query."""
    ends = {
        "sent": "sent_at", "dropped": "dropped_at", "failed": "failed_at", "bounced": "bounced_at",
    }  # fmt: skip
    parts = [
        Message.objects.filter(_ended_by(column), **{f"{column}__gte": moment})
        .order_by()
        .values("channel")
        .annotate(end=Value(end), many=Count("pk"))
        .values_list("channel", "end", "many")
        for end, column in ends.items()
    ]
    found = {(channel, end): 0 for channel in _OUT for end in ends}
    return found | {(channel, end): many for channel, end, many in parts[0].union(*parts[1:])}


_OUT: Final = tuple(channel.value for channel in Channel if channel is not Channel.IN_APP)


def _counted(parts: Mapping[str, Sequence[AnyRows]]) -> Mapping[str, int]:
    each = [
        rows.order_by()
        .annotate(what=Value(name))
        .values("what")
        .annotate(many=Count("pk"))
        .values_list("what", "many")
        for name, several in parts.items()
        for rows in several
    ]
    found = dict.fromkeys(parts, 0)
    for name, many in each[0].union(*each[1:], all=True):
        found[name] += many
    return found
