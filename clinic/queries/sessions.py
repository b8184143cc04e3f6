"""Whose session this is, and whether it still stands."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, cast

from django.db import connection
from django.db.models import QuerySet

from clinic import clock
from clinic.errors import TokenInvalid
from clinic.models import Person, Session
from clinic.rows import among, columns, fetch, instances
from clinic.tokens import AccessClaims

# Asked at every request.
_STANDING: Final = (
    f"SELECT {columns(Person, 'person')} "  # noqa: S608 (the model's own names)
    "FROM clinic_session session JOIN clinic_person person ON person.id = session.person_id "
    "WHERE session.id = %s AND session.ended_at IS NULL AND person.id = %s AND person.is_active"
)
_SESSION_ID: Final = Session._meta.get_field("id")


def person_signed_in(claims: AccessClaims) -> Person:
    """Whose token this is, in one query. Raises TokenInvalid once session or account have ended."""
    session_id = _SESSION_ID.get_db_prep_value(claims.session_id, connection)
    found = fetch(_STANDING, [session_id, claims.person_id])
    if not found:
        raise TokenInvalid
    [person] = instances([Person], found[0])
    return cast(Person, person)


def standing_sessions(person: Person) -> QuerySet[Session]:
    """Where somebody is signed in at present, the last seen first."""
    standing = Session.objects.filter(person=person, ended_at=None, expires_at__gt=clock.now())
    return standing.order_by("-last_seen_at", "number")


@dataclass(frozen=True, slots=True)
class Viewer:
    """What is remembered of a person between two looks: enough for the policy (clinic.policy.Actor)."""

    pk: int
    role: str
    is_active: bool
    is_approved: bool


def viewer_of(person: Person) -> Viewer:
    return Viewer(person.pk, person.role, person.is_active, person.is_approved)


def viewers_behind(sessions: Collection[uuid.UUID]) -> dict[uuid.UUID, Viewer]:
    """The people behind those of these sessions that still stand, as they are now, in one query.

    Deactivated people are among them, though their sessions have ended: they are told something else.
    Asked at every delivery, so written out: the ORM needs three times as long.
    """
    if not sessions:
        return {}
    of_these, parameters = among("session.id", _SESSION_ID, sessions)
    rows = fetch(
        "SELECT session.id, person.id, person.role, person.is_active, person.is_approved "  # noqa: S608
        "FROM clinic_session session JOIN clinic_person person ON person.id = session.person_id "
        "WHERE (session.ended_at IS NULL OR NOT person.is_active) "
        f"AND {of_these}",
        parameters,
    )
    return {
        _SESSION_ID.to_python(session_id): Viewer(
            person_id, role, bool(is_active), bool(is_approved)
        )
        for session_id, person_id, role, is_active, is_approved in rows
    }
