"""Who may do what to which thing, and watch which topic: one predicate for every edge."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

from clinic.errors import Forbidden, NotFound, NotSignedIn
from clinic.models.appointments import Appointment
from clinic.models.assignments import Assignment
from clinic.models.people import Role
from clinic.models.records import Annotation, HealthRecord
from clinic.topics import Topic, TopicKind


class Actor(Protocol):
    """What rights depend on. A person is one, and so is the little a socket remembers of its person."""

    @property
    def pk(self) -> Any: ...
    @property
    def role(self) -> str: ...
    @property
    def is_active(self) -> bool: ...
    @property
    def is_approved(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class RecordReach:
    """A record as it stands to one doctor: `assigned` by the record or by the patient."""

    record: HealthRecord
    assigned: bool


@dataclass(frozen=True, slots=True)
class AnnotationReach:
    annotation: Annotation
    reach: RecordReach


class Operation(StrEnum):
    """Everything that can be asked for, in the words of the roles table."""

    ANYONE = "what needs no sign-in"
    SIGNED_IN = "what everyone signed in may do"
    WRITE_CLINIC = "change the clinic's own data"
    LIST_PEOPLE = "list and read all people"
    CREATE_ACCOUNT = "make accounts of every role"
    LIST_DOCTOR_ACCOUNTS = "list doctors with their contact data"
    LIST_PATIENTS = "list patients"
    ADD_PATIENT = "add a patient who phoned"
    APPROVE_DOCTOR = "approve, reject, deactivate, activate people"
    OWN_SCHEDULE = "read and set one's own working hours and time off"
    ANY_SCHEDULE = "read and set any doctor's working hours and time off"
    MANAGE_TIME_OFF = "manage time off: one's own, an admin anyone's"
    BOOK = "book"
    BOOK_FOR = "book for this patient (thing: the patient's id)"
    READ_APPOINTMENT = "read this appointment"
    CANCEL_APPOINTMENT = "cancel this appointment"
    RESCHEDULE_APPOINTMENT = "move this appointment; to another doctor, staff alone"
    CONFIRM_APPOINTMENT = "say that one will come to this appointment"
    MARK_NO_SHOW = "say that nobody came to this appointment"
    READ_NOTES = "read the notes of this appointment"
    CREATE_RECORD = "create a record of one's own"
    SEE_RECORD = "see that this record exists (thing: RecordReach)"
    READ_RECORD = "read what this record says (thing: RecordReach)"
    CHANGE_RECORD = "change, void or assign this record (thing: RecordReach)"
    ANNOTATE = "write in this record (thing: RecordReach)"
    CHANGE_ANNOTATION = "change or remove this annotation (thing: AnnotationReach)"
    OWN_PATIENTS = "list the patients one is assigned to"
    ASSIGN_DOCTOR = "assign a doctor to this patient (thing: the patient's id)"
    END_ASSIGNMENT = "end this assignment"
    SEE_MESSAGES = "see what was sent to whom, and have it sent again"


Rule = Callable[[Actor, Any], bool]


def _has_role(*roles: Role) -> Rule:
    return lambda actor, thing: actor.role in roles and actor.is_approved


def _is_staff(actor: Actor) -> bool:
    return actor.role in (Role.RECEPTIONIST, Role.ADMIN)


def _is_patient_of(actor: Actor, appointment: Appointment) -> bool:
    return actor.role == Role.PATIENT and appointment.patient_id == actor.pk


def _is_doctor_of(actor: Actor, appointment: Appointment) -> bool:
    return actor.role == Role.DOCTOR and actor.is_approved and appointment.doctor_id == actor.pk


def _is_party(actor: Actor, appointment: Appointment) -> bool:
    return _is_patient_of(actor, appointment) or _is_doctor_of(actor, appointment)


def _may_book_for(actor: Actor, patient_id: int) -> bool:
    return _is_staff(actor) or (actor.role == Role.PATIENT and actor.pk == patient_id)


def _is_own_record(actor: Actor, reach: RecordReach) -> bool:
    record = reach.record
    stands = record.voided_at is None and record.withdrawn_at is None
    return stands and actor.role == Role.PATIENT and record.patient_id == actor.pk


def _is_assigned(actor: Actor, reach: RecordReach) -> bool:
    stands = reach.record.voided_at is None
    return stands and actor.role == Role.DOCTOR and actor.is_approved and reach.assigned


def _may_read_record(actor: Actor, reach: RecordReach) -> bool:
    return _is_own_record(actor, reach) or _is_assigned(actor, reach)


def _may_see_record(actor: Actor, reach: RecordReach) -> bool:
    stands = reach.record.voided_at is None
    return (_is_staff(actor) and stands) or _may_read_record(actor, reach)


def _may_change_annotation(actor: Actor, thing: AnnotationReach) -> bool:
    return _is_assigned(actor, thing.reach) and thing.annotation.doctor_id == actor.pk


def _may_end(actor: Actor, assignment: Assignment) -> bool:
    is_theirs = actor.pk in (assignment.patient_id, assignment.doctor_id)
    return _is_staff(actor) or is_theirs


RULES: Final[dict[Operation, Rule]] = {
    Operation.SIGNED_IN: lambda actor, thing: True,
    Operation.WRITE_CLINIC: _has_role(Role.ADMIN),
    Operation.LIST_PEOPLE: _has_role(Role.ADMIN),
    Operation.CREATE_ACCOUNT: _has_role(Role.ADMIN),
    Operation.LIST_DOCTOR_ACCOUNTS: _has_role(Role.ADMIN, Role.RECEPTIONIST),
    Operation.LIST_PATIENTS: _has_role(Role.ADMIN, Role.RECEPTIONIST),
    Operation.ADD_PATIENT: _has_role(Role.ADMIN, Role.RECEPTIONIST),
    Operation.APPROVE_DOCTOR: _has_role(Role.ADMIN),
    # A pending doctor prepares their hours before anyone can be booked into them.
    Operation.OWN_SCHEDULE: lambda actor, thing: actor.role == Role.DOCTOR,
    Operation.ANY_SCHEDULE: _has_role(Role.ADMIN),
    Operation.MANAGE_TIME_OFF: lambda actor, thing: actor.role in (Role.DOCTOR, Role.ADMIN),
    Operation.BOOK: _has_role(Role.PATIENT, Role.RECEPTIONIST, Role.ADMIN),
    Operation.BOOK_FOR: _may_book_for,
    Operation.READ_APPOINTMENT: lambda actor, thing: _is_staff(actor) or _is_party(actor, thing),
    Operation.CANCEL_APPOINTMENT: lambda actor, thing: _is_staff(actor) or _is_party(actor, thing),
    Operation.RESCHEDULE_APPOINTMENT: lambda actor, thing: (
        _is_staff(actor) or _is_party(actor, thing)
    ),
    Operation.CONFIRM_APPOINTMENT: lambda actor, thing: actor.pk == thing.patient_id,
    Operation.MARK_NO_SHOW: lambda actor, thing: (
        _is_staff(actor) or (_is_party(actor, thing) and actor.pk != thing.patient_id)
    ),
    Operation.READ_NOTES: _is_party,
    Operation.CREATE_RECORD: _has_role(Role.PATIENT),
    Operation.SEE_RECORD: _may_see_record,
    Operation.READ_RECORD: _may_read_record,
    Operation.CHANGE_RECORD: _is_own_record,
    Operation.ANNOTATE: _is_assigned,
    Operation.CHANGE_ANNOTATION: _may_change_annotation,
    Operation.OWN_PATIENTS: _has_role(Role.DOCTOR),
    Operation.ASSIGN_DOCTOR: _may_book_for,
    Operation.END_ASSIGNMENT: _may_end,
    Operation.SEE_MESSAGES: _has_role(Role.ADMIN, Role.RECEPTIONIST),
}


def allowed(actor: Actor | None, operation: Operation, thing: Any = None) -> bool:
    """Whether this may be done, now. Nobody and deactivated people may only do what needs no sign-in."""
    if operation is Operation.ANYONE:
        return True
    if actor is None or not actor.is_active:
        return False
    return RULES[operation](actor, thing)


def require(actor: Actor | None, operation: Operation, thing: Any = None) -> None:
    """Refuse a kind of operation, or a thing the actor knows of: NotSignedIn or Forbidden."""
    if allowed(actor, operation, thing):
        return
    if actor is None or not actor.is_active:
        raise NotSignedIn
    raise Forbidden


def require_thing(actor: Actor | None, operation: Operation, thing: Any) -> None:
    """Refuse one thing as if it did not exist."""
    if not allowed(actor, operation, thing):
        raise NotFound


Watcher = Callable[[Actor, Topic, Collection[int]], bool]
WATCHERS: Final[dict[TopicKind, Watcher]] = {
    TopicKind.USER: lambda actor, topic, readers: actor.pk == topic.owner,
    TopicKind.CALENDAR: lambda actor, topic, readers: (
        actor.role == Role.DOCTOR and actor.is_approved and actor.pk == topic.owner
    ),
    TopicKind.SLOTS: lambda actor, topic, readers: True,
    TopicKind.RECORD: lambda actor, topic, readers: (
        actor.pk in readers
        and (actor.role == Role.PATIENT or (actor.role == Role.DOCTOR and actor.is_approved))
    ),
    TopicKind.DESK: lambda actor, topic, readers: _is_staff(actor),
}


def may_watch(actor: Actor, topic: Topic, *, readers: Collection[int] = ()) -> bool:
    """Asked when a topic is joined and again at every delivery.

    `readers` are those who may read the record that a topic is about (queries/rights.py).
    """
    return actor.is_active and WATCHERS[topic.kind](actor, topic, readers)


def usual_topics(actor: Actor) -> list[Topic]:
    """What a client of this role normally watches."""
    mine = [
        Topic(TopicKind.USER, actor.pk),
        Topic(TopicKind.CALENDAR, actor.pk),
        Topic(TopicKind.DESK),
    ]
    return [topic for topic in mine if may_watch(actor, topic)]
