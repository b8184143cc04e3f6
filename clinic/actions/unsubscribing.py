"""Mails that nobody has to get: stopped by the link in them."""

from clinic.actions.preferences import change_preferences
from clinic.errors import LinkInvalid
from clinic.links import read_unsubscribe_link
from clinic.models import Person


def unsubscribe(*, token: str) -> None:
    """From now on this person is told nothing by mail but what concerns the account itself.

    Doing it again is no error. Raises LinkInvalid.
    """
    link = read_unsubscribe_link(token)
    person = Person.objects.filter(pk=link.person_id).first()
    if person is None or not link.stands_for(person):
        raise LinkInvalid
    change_preferences(actor=person, change={"email": False})
