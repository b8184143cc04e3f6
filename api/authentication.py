"""Bearer tokens, checked against their session at every request."""

import uuid
from typing import Final

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from clinic.errors import TokenInvalid
from clinic.models import Person
from clinic.queries.sessions import person_signed_in
from clinic.tokens import read_access

SCHEME: Final = b"bearer"


class SessionTokenAuthentication(BaseAuthentication):
    """`request.user` is the person, `request.auth` the id of the session the token belongs to."""

    def authenticate(self, request: Request) -> tuple[Person, uuid.UUID] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != SCHEME:
            return None
        if len(parts) != 2:
            raise TokenInvalid
        claims = read_access(parts[1].decode("latin-1"))
        return person_signed_in(claims), claims.session_id

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
