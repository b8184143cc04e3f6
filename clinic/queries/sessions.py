"""Whose session this is, and whether it still stands."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

from clinic.errors import TokenInvalid
from clinic.models import Person, Session
from clinic.tokens import AccessClaims


def standing_session(claims: AccessClaims) -> Session:
    """The session of a token with its person, in one query. Raises TokenInvalid once either has ended."""
    session = (
        Session.objects.select_related("person")
        .filter(
            id=claims.session_id,
            person_id=claims.person_id,
            ended_at=None,
            person__is_active=True,
        )
        .first()
    )
    if session is None:
        raise TokenInvalid
    return session


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
    key = Session._meta.get_field("id")
    places = ", ".join(["%s"] * len(sessions))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT session.id, person.id, person.role, person.is_active, person.is_approved "  # noqa: S608
            "FROM clinic_session session JOIN clinic_person person ON person.id = session.person_id "
            "WHERE (session.ended_at IS NULL OR NOT person.is_active) "
            f"AND session.id IN ({places})",
            [key.get_db_prep_value(each, connection) for each in sessions],
        )
        rows = cursor.fetchall()
    return {
        key.to_python(session_id): Viewer(person_id, role, bool(is_active), bool(is_approved))
        for session_id, person_id, role, is_active, is_approved in rows
    }
