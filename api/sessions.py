"""Where one is signed in, and signing out elsewhere."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.endpoint import Endpoint, ListAnswer, PageQuery, page_of, person_of
from clinic.actions.sessions import end_own_session
from clinic.policy import Operation
from clinic.queries.sessions import standing_sessions
from clinic.shapes.sessions import SessionShape, session_shape


class SessionList(ListAnswer):
    sessions: list[SessionShape]


class SessionsView(Endpoint):
    """One's own sessions that stand, the last seen first."""

    operations = {"GET": Operation.SIGNED_IN}

    @extend_schema(parameters=[PageQuery], responses={200: SessionList})
    def get(self, request: Request) -> Response:
        page = page_of(request, standing_sessions(person_of(request)))
        current = request.auth
        found = [session_shape(each, current=current).wire() for each in page.items]  # type: ignore[arg-type]
        return Response({"sessions": found, **page.links})


class SessionView(Endpoint):
    """Sign out there: its tokens stop, its sockets close."""

    operations = {"DELETE": Operation.SIGNED_IN}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, session_id: int) -> Response:
        end_own_session(actor=person_of(request), number=session_id)
        return Response(status=204)
