"""Patients who may be the one who is about to be added."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import F, Q, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Replace

from clinic.models import Person, Role
from clinic.rules.names import names_alike, phone_tail, plain

MOST: Final = 10
# What people put between the digits of a telephone number.
SEPARATORS: Final = " -/().+\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Likeness:
    """What is known of a newcomer, as far as it can tell that they are no newcomer."""

    name: str
    date_of_birth: date | None = None
    phone_number: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A patient who may be the same person, and what is alike: birth_date, phone, email, name."""

    person: Person
    alike: tuple[str, ...]


def possible_duplicates(newcomer: Likeness) -> list[Duplicate]:
    """Those alike in most respects first, ten at most."""
    found = [Duplicate(person, _alike(newcomer, person)) for person in _candidates(newcomer)]
    likely = [duplicate for duplicate in found if duplicate.alike]
    return sorted(likely, key=lambda each: (-len(each.alike), each.person.pk))[:MOST]


def _candidates(newcomer: Likeness) -> QuerySet[Person]:
    """Everyone worth a closer look: names are compared where one begins with the same letter."""
    wanted = Q()
    for letter in {
        each[0] for name in (newcomer.name, plain(newcomer.name)) for each in name.split()
    }:
        wanted |= Q(first_name__istartswith=letter) | Q(last_name__istartswith=letter)
    if newcomer.date_of_birth:
        wanted |= Q(date_of_birth=newcomer.date_of_birth)
    if newcomer.email:
        wanted |= Q(email__iexact=newcomer.email)
    if tail := phone_tail(newcomer.phone_number):
        wanted |= Q(digits__endswith=tail)
    patients = Person.objects.filter(role=Role.PATIENT)
    return patients.annotate(digits=_digits()).filter(wanted) if wanted else patients.none()


def _digits() -> Combinable:
    digits: Combinable = F("phone_number")
    for mark in SEPARATORS:
        digits = Replace(digits, Value(mark), Value(""))
    return digits


def _alike(newcomer: Likeness, person: Person) -> tuple[str, ...]:
    return tuple(_respects(newcomer, person))


def _respects(newcomer: Likeness, person: Person) -> Iterable[str]:
    if newcomer.date_of_birth and newcomer.date_of_birth == person.date_of_birth:
        yield "birth_date"
    tail = phone_tail(newcomer.phone_number)
    if tail and tail == phone_tail(person.phone_number):
        yield "phone"
    if newcomer.email and newcomer.email.lower() == person.email.lower():
        yield "email"
    if names_alike(newcomer.name, person.get_full_name()):
        yield "name"
