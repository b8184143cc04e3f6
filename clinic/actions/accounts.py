"""Accounts that staff make for others."""

import re
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import transaction

from clinic.actions.messages import plan_message
from clinic.actions.passwords import check_new_password
from clinic.actions.people import insert_person, require_zone
from clinic.errors import FieldError, PossibleDuplicate
from clinic.events import DoctorApproved, DoctorRegistered, HoursChanged
from clinic.journal import record
from clinic.models import Doctor, MessageKind, Person, Role
from clinic.policy import Operation, require
from clinic.queries.duplicates import Duplicate, Likeness, possible_duplicates
from clinic.queries.people import person_by_id
from clinic.queries.place import the_clinic
from clinic.rules.names import username_from

# So many others may take the same free name at the same moment.
TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What is said of a newcomer. `profile` holds optional fields of the person.

    Without a user name one is made of the name. Without a password nobody can sign in until they have set one:
    who has an e-mail address is invited to.
    """

    role: str
    first_name: str = ""
    last_name: str = ""
    username: str = ""
    email: str = ""
    password: str | None = None
    specialization: str = ""
    profile: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AddedPatient:
    person: Person
    duplicates: list[Duplicate]


def create_account(*, actor: Person, account: NewAccount) -> Person:
    """Make an account of any role. A doctor made by an admin is approved. Raises FieldError."""
    require(actor, Operation.CREATE_ACCOUNT)
    if account.role not in Role.values:
        raise FieldError("role", "There is no such role.", code="invalid_choice")
    with transaction.atomic():
        person = _create(account)
        if account.role == Role.DOCTOR:
            Doctor.objects.create(person=person, specialization=account.specialization)
            record(
                DoctorRegistered(person=person),
                DoctorApproved(person=person),
                HoursChanged(doctor_id=person.pk),
                actor=actor,
            )
    return person_by_id(person.pk)


def add_patient(
    *, actor: Person, account: NewAccount, unless_duplicate: bool = False
) -> AddedPatient:
    """Add a patient who phoned: no password until invited. Names those who may be the same person.

    Raises FieldError, and PossibleDuplicate when told not to add somebody who may be there already.
    """
    require(actor, Operation.ADD_PATIENT)
    duplicates = possible_duplicates(
        Likeness(
            name=f"{account.first_name} {account.last_name}".strip(),
            date_of_birth=account.profile.get("date_of_birth"),
            phone_number=account.profile.get("phone_number", ""),
            email=account.email,
        )
    )
    if duplicates and unless_duplicate:
        raise PossibleDuplicate(duplicates)
    with transaction.atomic():
        person = _create(account)
    return AddedPatient(person_by_id(person.pk), duplicates)


def _create(account: NewAccount) -> Person:
    profile = {"time_zone": the_clinic().time_zone, **account.profile}
    require_zone(profile["time_zone"])
    person = Person(
        role=account.role,
        first_name=account.first_name,
        last_name=account.last_name,
        username=account.username,
        email=account.email,
        **profile,
    )
    if account.password is None:
        person.set_unusable_password()
    else:
        check_new_password(account.password, person)
        person.set_password(account.password)
    if account.username:
        insert_person(person)
    else:
        _insert_with_free_name(person)
    invited = account.password is None
    plan_message(
        kind=MessageKind.INVITE if invited else MessageKind.EMAIL_VERIFICATION, person=person
    )
    return person


def _insert_with_free_name(person: Person) -> None:
    wanted = _wanted_name(person)
    for _ in range(TRIES):
        person.username = _free_name(wanted)
        try:
            return insert_person(person)
        except FieldError as taken:
            if taken.field != "username":
                raise
    raise FieldError("username", "No free user name was found: please choose one.", code="unique")


def _wanted_name(person: Person) -> str:
    if not (person.first_name or person.last_name or person.email):
        raise FieldError("username", "Say a name, an e-mail or a user name.", code="required")
    names = [name for name in (person.first_name, person.last_name) if name]
    return username_from(*(names or [person.email.partition("@")[0]]))


def _free_name(wanted: str) -> str:
    """The name itself, or with the first number after all that are in use."""
    begun = Person.objects.filter(username__istartswith=wanted).values_list("username", flat=True)
    rests = {name[len(wanted) :] for name in begun}
    if "" not in rests:
        return wanted
    numbers = [int(rest) for rest in rests if re.fullmatch(r"[0-9]{1,9}", rest)]
    return f"{wanted}{max([1, *numbers]) + 1}"
