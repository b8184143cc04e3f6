"""A person's inbox."""

from django.db.models import QuerySet

from clinic.models import Notification, Person


def inbox_of(person: Person, *, unread_only: bool = False) -> QuerySet[Notification]:
    lines = Notification.objects.filter(person=person).order_by("-seq")
    return lines.filter(read_at=None) if unread_only else lines


def unread_count(person: Person) -> int:
    return Notification.objects.filter(person=person, read_at=None).count()
