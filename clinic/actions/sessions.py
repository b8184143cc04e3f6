"""Signing in, staying signed in, signing out."""

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from clinic import clock
from clinic.context import current_request
from clinic.errors import NotFound, RefreshRaced, TokenInvalid, WrongCredentials
from clinic.journal import announce_rights
from clinic.limits import Claim, digest, forgive, guard, line
from clinic.models import KnownNetwork, Person, Session
from clinic.queries.people import is_called
from clinic.queries.sessions import standing_sessions
from clinic.tokens import TokenPair, mint, read_refresh


def sign_in(*, username: str, password: str, device: str = "") -> TokenPair:
    """Open a session by user name or e-mail. Raises WrongCredentials, alike for whatever was wrong.

    Raises RateLimited where it was tried too often, whatever the password: for this name from this network,
    for this name from all networks that its owner does not use, for this network.
    """
    network = current_request.get().network
    person, is_at_home = _person_called(username, network)
    lines = _lines_of(username, network, is_at_home=is_at_home)
    guard(*lines, *line("sign_in_network", settings.LIMIT_SIGN_IN_NETWORK, network))
    if person is None:
        # As slow as a wrong password: the answer must not tell which accounts exist.
        make_password(password)
        raise WrongCredentials
    if not check_password(password, person.password, setter=None) or not person.is_active:
        raise WrongCredentials
    forgive(*lines)
    if network:
        remember_network(person, network)
    with transaction.atomic():
        # Checking took a while: whoever changes the password meanwhile ends this session too.
        as_checked = Person.objects.filter(pk=person.pk, password=person.password, is_active=True)
        if not as_checked.select_for_update(no_key=True).exists():
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
    guard(*line("refresh", settings.LIMIT_REFRESH, str(claims.session_id)))
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


def end_own_session(*, actor: Person, number: int) -> None:
    """Sign out one of one's own devices. Raises NotFound for whatever is not a standing session of theirs."""
    session = standing_sessions(actor).filter(number=number).first()
    if session is None:
        raise NotFound
    end_session(session.id)


def end_sessions_of(person: Person, *, but: uuid.UUID | None = None) -> None:
    """End all of a person's sessions, or all but one; inside the caller's transaction.

    The caller announces it, in the same breath as what else changed.
    """
    sessions = Session.objects.filter(person=person, ended_at=None)
    if but is not None:
        sessions = sessions.exclude(id=but)
    sessions.update(ended_at=clock.now())


def forgive_sign_ins(person: Person) -> None:
    """Who was slowed for not knowing the password has set another one."""
    network = current_request.get().network
    for name in filter(None, (person.username, person.email)):
        forgive(*_lines_of(name, network, is_at_home=False))


def remember_network(person: Person, network: str) -> None:
    """From now on the person has a line of their own for signing in from there."""
    KnownNetwork.objects.update_or_create(
        person=person, digest=digest(network), defaults={"last_used_at": clock.now()}
    )


def _person_called(name: str, network: str) -> tuple[Person | None, bool]:
    """Who that is, and whether they have signed in from there before: one query for whoever it is."""
    used = clock.now() - timedelta(days=settings.KNOWN_NETWORK_DAYS)
    known = KnownNetwork.objects.filter(
        person=OuterRef("pk"), digest=digest(network), last_used_at__gte=used
    )
    found = (
        Person.objects.filter(is_called(name))
        .exclude(username="")
        .annotate(is_at_home=Exists(known))
        .first()
    )
    return found, found is not None and found.is_at_home


def _lines_of(name: str, network: str, *, is_at_home: bool) -> list[Claim]:
    # By the name as it was typed: a name and an address that share a line would show that they are one.
    folded = name.upper().casefold()
    lines = line("sign_in", settings.LIMIT_SIGN_IN, folded, network)
    if not is_at_home:
        lines += line("sign_in_account", settings.LIMIT_SIGN_IN_ACCOUNT, folded)
    return lines


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
