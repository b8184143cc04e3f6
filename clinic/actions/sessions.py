"""Signing in, staying signed in, signing out."""

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import F, Q

from clinic import clock
from clinic.errors import RefreshRaced, TokenInvalid, WrongCredentials
from clinic.journal import announce_rights
from clinic.models import Person, Session
from clinic.tokens import TokenPair, mint, read_refresh


def sign_in(*, username: str, password: str, device: str = "") -> TokenPair:
    """Open a session by user name or e-mail. Raises WrongCredentials, alike for whatever was wrong."""
    person = _person_called(username)
    if person is None:
        # As slow as a wrong password: the answer must not tell which accounts exist.
        make_password(password)
        raise WrongCredentials
    if not check_password(password, person.password, setter=None) or not person.is_active:
        raise WrongCredentials
    return open_session(person, device=device)


def open_session(person: Person, *, device: str = "") -> TokenPair:
    now = clock.now()
    session = Session.objects.create(
        person=person,
        device=device[:200],
        created_at=now,
        last_seen_at=now,
        rotated_at=now,
        expires_at=now + _refresh_lifetime(),
    )
    return mint(session)


def refresh_session(*, refresh: str) -> TokenPair:
    """Trade a refresh token for a new pair: each token once, whoever is first.

    The losers of a race get RefreshRaced for ten seconds and the session stands. A later reuse means
    that somebody else holds the token: the session ends, TokenInvalid.
    """
    claims = read_refresh(refresh)
    now = clock.now()
    won = Session.objects.filter(
        _standing(), id=claims.session_id, generation=claims.generation
    ).update(
        generation=F("generation") + 1,
        rotated_at=now,
        last_seen_at=now,
        expires_at=now + _refresh_lifetime(),
    )
    if not won:
        raise _why_not(claims.session_id, claims.generation)
    session = Session.objects.get(id=claims.session_id)
    # Two refreshes may follow each other within this call; what we won is exactly one step.
    session.generation = claims.generation + 1
    return mint(session)


def end_session(session_id: uuid.UUID) -> None:
    """Stop the session's tokens and close its sockets. Ending it twice is no error."""
    session = Session.objects.filter(id=session_id).first()
    if session is None:
        return
    with transaction.atomic():
        Session.objects.filter(id=session_id, ended_at=None).update(ended_at=clock.now())
        announce_rights(session.person_id)


def end_sessions_of(person: Person, *, but: uuid.UUID | None = None) -> None:
    """End all of a person's sessions, or all but one; inside the caller's transaction.

    The caller announces it, in the same breath as what else changed.
    """
    sessions = Session.objects.filter(person=person, ended_at=None)
    if but is not None:
        sessions = sessions.exclude(id=but)
    sessions.update(ended_at=clock.now())


def _person_called(name: str) -> Person | None:
    found = Person.objects.filter(Q(username__iexact=name) | Q(email__iexact=name))
    return found.exclude(username="").first() if name else None


def _standing() -> Q:
    # Columns of the session itself: a join would become a subquery over its id, and PostgreSQL does not
    # ask a subquery again once it has waited for the row. Two uses of one token would both win.
    return Q(ended_at=None, person__in=Person.objects.filter(is_active=True))


def _why_not(session_id: uuid.UUID, generation: int) -> Exception:
    session = Session.objects.select_related("person").filter(id=session_id).first()
    if session is None or session.ended_at is not None or not session.person.is_active:
        return TokenInvalid()
    race_ends = session.rotated_at + timedelta(seconds=settings.REFRESH_RACE_SECONDS)
    if generation == session.generation - 1 and clock.now() <= race_ends:
        return RefreshRaced()
    end_session(session_id)
    return TokenInvalid()


def _refresh_lifetime() -> timedelta:
    lifetime: Any = settings.SIMPLE_JWT["REFRESH_TOKEN_LIFETIME"]
    assert isinstance(lifetime, timedelta)
    return lifetime
