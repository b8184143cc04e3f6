"""How a person wants to be told, on the wire."""

from pydantic import Field

from clinic.models.people import Person
from clinic.models.preferences import Preferences
from clinic.rules.reminders import parse_leads
from clinic.shapes.base import Shape, WallTime


class ChannelWishes(Shape):
    """`in_app` is always true: what happens to somebody stands in their inbox in any case."""

    in_app: bool
    email: bool
    push: bool
    sms: bool


class QuietHoursShape(Shape):
    """Every night, by the clock of the person's own zone."""

    from_: WallTime = Field(serialization_alias="from")
    until: WallTime


class PreferencesShape(Shape):
    """`lead_times`: how long before a visit they are reminded; empty: not at all; null: as the clinic does."""

    channels: ChannelWishes
    lead_times: list[str] | None
    quiet_hours: QuietHoursShape | None
    language: str


def preferences_shape(preferences: Preferences, person: Person) -> PreferencesShape:
    return PreferencesShape(
        channels=ChannelWishes(
            in_app=True, email=preferences.email, push=preferences.push, sms=preferences.sms
        ),
        lead_times=lead_times_shape(preferences.lead_times),
        quiet_hours=_quiet_hours(preferences),
        language=person.language,
    )


def lead_times_shape(text: str | None) -> list[str] | None:
    return None if text is None else [lead.kind for lead in parse_leads(text)]


def _quiet_hours(preferences: Preferences) -> QuietHoursShape | None:
    if preferences.quiet_from is None or preferences.quiet_until is None:
        return None
    return QuietHoursShape(from_=preferences.quiet_from, until=preferences.quiet_until)
