"""Registering, profiles, and what admins decide about people."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction

from clinic import clock
from clinic.actions.messages import plan_message
from clinic.actions.passwords import (
    check_new_password,
    once_a_while,
    prove_password,
    wrong_password,
)
from clinic.actions.reminders import fit_to_zone
from clinic.actions.schedules import lock_schedule
from clinic.actions.sessions import end_sessions_of
from clinic.context import current_request
from clinic.errors import FieldError, Forbidden, NotFound
from clinic.events import (
    DoctorApproved,
    DoctorRegistered,
    DoctorRejected,
    Event,
    HoursChanged,
    PersonDeactivated,
)
from clinic.journal import announce_rights, record
from clinic.limits import guard, line
from clinic.models import Doctor, MessageKind, Person, Role
from clinic.policy import Operation, require
from clinic.queries.people import people, person_by_id
from clinic.queries.place import the_clinic
from clinic.rules.zones import zone_names

SELF_REGISTERED: Final = (Role.PATIENT, Role.DOCTOR)


@dataclass(frozen=True, slots=True)
class Registration:
    """What a newcomer says of themselves. `profile` holds optional fields of the person."""

    username: str
    email: str
    password: str
    role: str
    specialization: str = ""
    profile: dict[str, Any] = field(default_factory=dict)


def register_person(registration: Registration) -> Person:
    """Make an account: patients at once, doctors pending until an admin approves them.

    Raises FieldError naming the field, for a role that cannot be taken too, and RateLimited.
    """
    guard(*line("register", settings.LIMIT_REGISTER, current_request.get().network))
    if registration.role not in SELF_REGISTERED:
        raise FieldError("role", "Register as PATIENT or DOCTOR.", code="invalid_choice")
    is_doctor = registration.role == Role.DOCTOR
    profile = {"time_zone": the_clinic().time_zone, **registration.profile}
    require_zone(profile["time_zone"])
    person = Person(
        username=registration.username,
        email=registration.email,
        role=registration.role,
        is_approved=not is_doctor,
        **profile,
    )
    check_new_password(registration.password, person)
    person.set_password(registration.password)
    with transaction.atomic():
        insert_person(person)
        plan_message(kind=MessageKind.EMAIL_VERIFICATION, person=person)
        if is_doctor:
            Doctor.objects.create(person=person, specialization=registration.specialization)
            record(DoctorRegistered(person=person), actor=person)
    return person


def update_profile(
    *, actor: Person, changes: dict[str, Any], specialization: str | None, password: str = ""
) -> Person:
    """Change one's own profile. Another e-mail address needs the password, too. Raises FieldError.

    Whoever has the address can set a new password: a session alone must not be enough to change it.
    """
    if "time_zone" in changes:
        require_zone(changes["time_zone"])
    is_proved = changes.get("email", actor.email) != actor.email
    if is_proved:
        prove_password(actor, password, field="current_password")
    with transaction.atomic():
        if "time_zone" in changes and actor.role == Role.DOCTOR:
            lock_schedule(actor.pk)
        person = Person.objects.select_for_update(no_key=True).get(pk=actor.pk)
        zone_before, email_before = person.time_zone, person.email
        for name, value in changes.items():
            setattr(person, name, value)
        if person.email != email_before:
            # Proving took a while: the address, or the password, may have become another one meanwhile.
            if not is_proved or person.password != actor.password:
                raise wrong_password("current_password")
            person.email_verified_at = person.email_bounced_at = None
        _save(person)
        if person.email != email_before:
            _tell_of_new_address(person, email_before)
        if person.role == Role.DOCTOR:
            _update_practice(person, specialization, moved=person.time_zone != zone_before)
    return person_by_id(actor.pk)


def approve_doctor(*, actor: Person, person_id: int) -> Person:
    """From now on the doctor can be found and booked. Approving again changes nothing."""

    def approve(person: Person) -> list[Event]:
        if person.is_approved:
            return []
        person.is_approved = True
        return [DoctorApproved(person=person), HoursChanged(doctor_id=person.pk)]

    return _decide(actor, person_id, approve, doctors_only=True)


def reject_doctor(*, actor: Person, person_id: int) -> Person:
    """Refuse a pending doctor: the account is closed. An approved one is deactivated instead."""

    def reject(person: Person) -> list[Event]:
        if person.is_approved:
            raise FieldError("id", "This doctor is approved: deactivate them instead.")
        if not person.is_active:
            return []
        person.is_active = False
        end_sessions_of(person)
        return [DoctorRejected(person=person)]

    return _decide(actor, person_id, reject, doctors_only=True)


def deactivate_person(*, actor: Person, person_id: int) -> Person:
    """End all sessions and let nobody sign in to this account. Not one's own."""
    if actor.pk == person_id:
        raise Forbidden("You cannot deactivate yourself.")

    def deactivate(person: Person) -> list[Event]:
        if not person.is_active:
            return []
        person.is_active = False
        end_sessions_of(person)
        return [PersonDeactivated(person=person), *_bookable_again(person)]

    return _decide(actor, person_id, deactivate)


def activate_person(*, actor: Person, person_id: int) -> Person:
    """Let somebody sign in again."""

    def activate(person: Person) -> list[Event]:
        if person.is_active:
            return []
        person.is_active = True
        return _bookable_again(person)

    return _decide(actor, person_id, activate)


def _decide(
    actor: Person,
    person_id: int,
    change: Callable[[Person], list[Event]],
    *,
    doctors_only: bool = False,
) -> Person:
    require(actor, Operation.APPROVE_DOCTOR)
    with transaction.atomic():
        person = _locked(person_id)
        if doctors_only and person.role != Role.DOCTOR:
            raise NotFound
        events = change(person)
        person.save()
        if events:
            record(*events, actor=actor, rights_of=[person.pk])
        else:
            announce_rights(person.pk)
    return person


def _locked(person_id: int) -> Person:
    # Who can be booked changes here, so doctors take their turn with bookings.
    if Doctor.objects.filter(pk=person_id).exists():
        lock_schedule(person_id)
    if not Person.objects.select_for_update(no_key=True).filter(pk=person_id).exists():
        raise NotFound
    return people().get(pk=person_id)


def _bookable_again(person: Person) -> list[Event]:
    if person.role != Role.DOCTOR or not person.is_approved:
        return []
    return [HoursChanged(doctor_id=person.pk)]


def _tell_of_new_address(person: Person, before: str) -> None:
    # To and fro between addresses must not fill anybody's mailbox: the links in the first mails still stand.
    for kind, address in (
        (MessageKind.EMAIL_CHANGED, before),
        (MessageKind.EMAIL_VERIFICATION, person.email),
    ):
        if address:
            once = once_a_while(kind, f"{person.pk}.{address}"[:150])
            plan_message(kind=kind, person=person, address=address, once=once)


def _update_practice(person: Person, specialization: str | None, *, moved: bool) -> None:
    if specialization is not None:
        Doctor.objects.filter(person=person).update(specialization=specialization)
    if moved:
        fit_to_zone(person.pk, person.time_zone, now=clock.now())
        record(HoursChanged(doctor_id=person.pk), actor=person)


def require_zone(zone: str) -> None:
    """Raises FieldError."""
    if zone not in zone_names():
        raise FieldError("time_zone", "This is not an IANA time zone.")


def insert_person(person: Person) -> None:
    """Raises FieldError for a user name or an e-mail that is in use."""
    try:
        with transaction.atomic():
            person.save(force_insert=True)
    except IntegrityError as error:
        raise _already_used(error) from None


def _save(person: Person) -> None:
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError as error:
        raise _already_used(error) from None


def _already_used(error: IntegrityError) -> Exception:
    for name, column in (("person_email_once", "email"), ("username", "username")):
        if name in str(error):
            return FieldError(column, "This is already in use.", code="unique")
    return error
