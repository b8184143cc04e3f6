"""Choosing how one wants to be told."""

from collections.abc import Sequence
from datetime import time
from typing import Any, TypedDict

from django.db import transaction

from clinic import clock
from clinic.actions.reminders import chosen_lead_times, plan_anew
from clinic.errors import FieldError
from clinic.events import PreferencesChanged
from clinic.journal import record
from clinic.letters.writing import LANGUAGES
from clinic.models import Person, Preferences
from clinic.queries.preferences import lead_times_of, preferences_of
from clinic.rows import lock_row
from clinic.shapes.preferences import preferences_shape


class PreferencesChange(TypedDict, total=False):
    """What to change; what is not there stays as it is. None: the clinic's lead times, no quiet hours."""

    email: bool
    push: bool
    sms: bool
    lead_times: Sequence[str] | None
    quiet_hours: tuple[time, time] | None
    language: str


def change_preferences(*, actor: Person, change: PreferencesChange) -> Preferences:
    """Change one's own. Raises FieldError. The person's other devices are told.

    Other lead times hold for the visits that are booked already, too: what waits for them is planned anew.
    """
    columns = _columns(change)
    with transaction.atomic():
        # Whoever books a visit for them takes turns with this, and plans its reminders before or by the new ones.
        lock_row(Person, actor.pk)
        person = Person.objects.get(pk=actor.pk)
        before, leads_before = preferences_of(person), lead_times_of(person.pk)
        shown_before = preferences_shape(before, person)
        if columns:
            Preferences.objects.get_or_create(person=person)
            # Only what was chosen: a mail's link may have switched another thing off at this moment.
            now = clock.now()
            Preferences.objects.filter(pk=person.pk).update(**columns, updated_at=now)
            if lead_times_of(person.pk) != leads_before:
                plan_anew(person.pk, now=now)
        if "language" in change:
            _set_language(person, change["language"])
        preferences = preferences_of(person)
        if preferences_shape(preferences, person) != shown_before:
            record(PreferencesChanged(person=person, preferences=preferences), actor=actor)
    return preferences


def _columns(change: PreferencesChange) -> dict[str, Any]:
    columns: dict[str, Any] = {
        name: value for name, value in change.items() if name in ("email", "push", "sms")
    }
    if "lead_times" in change:
        given = change["lead_times"]
        columns["lead_times"] = (
            None if given is None else chosen_lead_times(given, field="lead_times")
        )
    if "quiet_hours" in change:
        begin, end = change["quiet_hours"] or (None, None)
        if begin is not None and begin == end:
            raise FieldError("quiet_hours.until", "Say another time than the first.", code="same")
        columns |= {"quiet_from": begin, "quiet_until": end}
    return columns


def _set_language(person: Person, language: str) -> None:
    if language == person.language:
        return
    if language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise FieldError("language", f"Choose one of {known}.", code="invalid_choice")
    person.language = language
    person.save(update_fields=["language", "updated_at"])
