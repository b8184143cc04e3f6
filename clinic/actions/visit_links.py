"""Confirming and cancelling a visit by a mailed link, without signing in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from clinic.actions.appointments import cancel_appointment
from clinic.actions.attendance import confirm_appointment
from clinic.errors import LinkInvalid, NotFound, VisitCancelled, VisitMoved
from clinic.links import VisitAct, VisitLink, read_visit_link
from clinic.models import Appointment, Person
from clinic.queries.appointments import appointment_for
from clinic.rules.statuses import Status

ACTS: Final[Mapping[VisitAct, Callable[..., Appointment]]] = {
    VisitAct.CONFIRM: confirm_appointment,
    VisitAct.CANCEL: cancel_appointment,
}


@dataclass(frozen=True, slots=True)
class LinkedVisit:
    """A visit as the holder of a link to it stands to it, and what the link is for."""

    act: VisitAct
    person: Person
    appointment: Appointment


def visit_by_link(*, token: str) -> LinkedVisit:
    """The visit as it was mailed. Raises LinkInvalid, VisitCancelled, VisitMoved. Nothing is changed."""
    link = read_visit_link(token)
    person = Person.objects.filter(pk=link.person_id).first()
    if person is None or not person.is_active or not link.stands_for(person):
        raise LinkInvalid
    return LinkedVisit(link.act, person, _still_as_mailed(link, person))


def act_by_link(*, token: str, act: VisitAct) -> LinkedVisit:
    """Do what the link is for, in its person's name. Raises as `visit_by_link` and as the act itself.

    Of what was looked at: a visit that is changed at the same moment raises VersionConflict.
    """
    linked = visit_by_link(token=token)
    if act is not linked.act:
        raise LinkInvalid
    visit = linked.appointment
    done = ACTS[act](actor=linked.person, appointment_id=visit.pk, version=visit.version)
    return LinkedVisit(act, linked.person, done)


def _still_as_mailed(link: VisitLink, person: Person) -> Appointment:
    try:
        appointment = appointment_for(person, link.appointment_id)
    except NotFound:
        raise LinkInvalid from None
    if appointment.status == Status.CANCELLED:
        raise VisitCancelled
    if appointment.sequence != link.sequence:
        raise VisitMoved
    return appointment
