"""Whose session this is, and whether it still stands."""

import uuid
from collections.abc import Collection

from clinic.errors import TokenInvalid
from clinic.models import Session
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


def sessions_by_id(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Session]:
    """Those that still exist, with their people, ended ones too."""
    return Session.objects.select_related("person").in_bulk(list(ids))
