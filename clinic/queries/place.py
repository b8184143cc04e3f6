"""The clinic's own data."""

from clinic.models import Clinic, Closure, Room


def the_clinic() -> Clinic:
    return Clinic.objects.get_or_create(id=Clinic.THE_ONE)[0]


def closures() -> list[Closure]:
    return list(Closure.objects.all())


def rooms() -> list[Room]:
    return list(Room.objects.all())
