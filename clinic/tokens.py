"""Access and refresh tokens: what they carry, and whether they are genuine.

Whether their session still stands is another question, asked of the database each time.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from clinic.errors import TokenInvalid
from clinic.models.sessions import Session

SESSION_CLAIM: Final = "sid"
GENERATION_CLAIM: Final = "gen"


@dataclass(frozen=True, slots=True)
class TokenPair:
    access: str
    refresh: str


@dataclass(frozen=True, slots=True)
class AccessClaims:
    person_id: int
    session_id: uuid.UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RefreshClaims:
    session_id: uuid.UUID
    generation: int


def mint(session: Session) -> TokenPair:
    """A pair of tokens for the session as it stands."""
    access, refresh = AccessToken(), RefreshToken()
    for token in (access, refresh):
        token["sub"] = str(session.person_id)
        token[SESSION_CLAIM] = str(session.id)
    refresh[GENERATION_CLAIM] = session.generation
    return TokenPair(str(access), str(refresh))


def read_access(text: str) -> AccessClaims:
    """Raises TokenInvalid for everything but a genuine, unexpired access token of this service."""
    token = _genuine(AccessToken, text)
    try:
        return AccessClaims(
            _person_id(token["sub"]),
            uuid.UUID(str(token[SESSION_CLAIM])),
            datetime.fromtimestamp(token["exp"], UTC),
        )
    except (KeyError, TypeError, ValueError):
        raise TokenInvalid from None


def _person_id(subject: str) -> int:
    person_id = int(subject)
    if not 0 < person_id < 2**63:
        raise ValueError("no row has this number")
    return person_id


def read_refresh(text: str) -> RefreshClaims:
    """Raises TokenInvalid for everything but a genuine, unexpired refresh token of this service."""
    token = _genuine(RefreshToken, text)
    try:
        return RefreshClaims(uuid.UUID(str(token[SESSION_CLAIM])), int(token[GENERATION_CLAIM]))
    except (KeyError, TypeError, ValueError):
        raise TokenInvalid from None


def _genuine(kind: type[Token], text: str) -> Token:
    try:
        token = kind(text)  # type: ignore[arg-type]  # the stubs ask for a Token, the code for its text
    except (TokenError, TypeError, ValueError, OverflowError, OSError):
        # The last two: an expiry that no calendar holds.
        raise TokenInvalid from None
    if "iat" not in token.payload:
        raise TokenInvalid
    return token
