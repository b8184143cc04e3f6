"""The rights matrix: every route, socket command and topic, for everybody there is.

The tables say who gets what. A route, a command or a kind of topic that is not in them fails.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import UnionType
from typing import Any, Final, get_args

import pytest
import time_machine
from channels.testing import HttpCommunicator
from django.db import transaction
from django.urls import URLPattern, resolve

from api.urls import urlpatterns
from clinic import clock
from clinic.actions.sessions import end_session
from clinic.links import (
    LinkKind,
    VisitAct,
    new_link_token,
    new_unsubscribe_token,
    new_visit_token,
)
from clinic.models import Message, Person
from clinic.policy import RULES, WATCHERS, Operation, may_watch, usual_topics
from clinic.topics import TopicKind, parse_topic
from clinic.urls import urlpatterns as all_patterns
from realtime import asgi, frames
from realtime.asgi import application
from tests import world
from tests.api.client import Api
from tests.clients import Closed
from tests.realtime.conftest import errors, hub  # noqa: F401 - fixtures
from tests.realtime.stage import HOST, connect, in_db, session_of

# Who asks. The last three hold a token of an admin that is worth nothing any more.
VIEWERS: Final = (
    "nobody", "owner", "other", "treating", "stranger", "pending", "desk", "admin", "root",
    "gone", "ended", "stale",
)  # fmt: skip
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
NEW_PASSWORD: Final = "another-horse-battery-8"

# owner, other: patients; owner has the visit. treating: its doctor; stranger: another doctor; pending: one who
# awaits approval. desk: a receptionist; root: a superuser. gone: deactivated; ended: logged out; stale: expired.
HTTP: Final = """
                                                nob own oth tre str pen des adm roo gon end sta
POST   /api/auth/register/                      201 201 201 201 201 201 201 201 201 201 201 201
POST   /api/users/register/                     201 201 201 201 201 201 201 201 201 201 201 201
POST   /api/auth/login/                         200 200 200 200 200 200 200 200 200 200 200 200
POST   /api/token/                              200 200 200 200 200 200 200 200 200 200 200 200
POST   /api/auth/refresh/                       200 200 200 200 200 200 200 200 200 200 200 200
POST   /api/token/refresh/                      200 200 200 200 200 200 200 200 200 200 200 200
POST   /api/auth/logout/                        401 204 204 204 204 204 204 204 204 401 401 401
POST   /api/auth/password/                      401 204 204 204 204 204 204 204 204 401 401 401
POST   /api/auth/password/reset/                202 202 202 202 202 202 202 202 202 202 202 202
POST   /api/auth/password/reset/confirm/        204 204 204 204 204 204 204 204 204 204 204 204
POST   /api/auth/email/verify/                  204 204 204 204 204 204 204 204 204 204 204 204
POST   /api/auth/email/resend/                  401 202 202 202 202 202 202 202 202 401 401 401
GET    /api/auth/sessions/                      401 200 200 200 200 200 200 200 200 401 401 401
DELETE /api/auth/sessions/{phone}/              401 204 404 404 404 404 404 404 404 401 401 401
DELETE /api/auth/sessions/{unknown}/            401 404 404 404 404 404 404 404 404 401 401 401
GET    /api/users/me/                           401 200 200 200 200 200 200 200 200 401 401 401
PUT    /api/users/me/                           401 200 200 200 200 200 200 200 200 401 401 401
PATCH  /api/users/me/                           401 200 200 200 200 200 200 200 200 401 401 401
GET    /api/users/me/preferences/               401 200 200 200 200 200 200 200 200 401 401 401
PUT    /api/users/me/preferences/               401 200 200 200 200 200 200 200 200 401 401 401
GET    /api/users/                              401 403 403 403 403 403 403 200 200 401 401 401
POST   /api/users/                              401 403 403 403 403 403 403 201 201 401 401 401
GET    /api/users/doctors/                      401 403 403 403 403 403 200 200 200 401 401 401
GET    /api/users/patients/                     401 403 403 403 403 403 200 200 200 401 401 401
POST   /api/users/patients/                     401 403 403 403 403 403 201 201 201 401 401 401
GET    /api/users/{owner}/                      401 403 403 403 403 403 403 200 200 401 401 401
GET    /api/users/{unknown}/                    401 403 403 403 403 403 403 404 404 401 401 401
POST   /api/users/{pending}/approve/            401 403 403 403 403 403 403 200 200 401 401 401
POST   /api/users/{unknown}/approve/            401 403 403 403 403 403 403 404 404 401 401 401
POST   /api/users/{pending}/reject/             401 403 403 403 403 403 403 200 200 401 401 401
POST   /api/users/{owner}/deactivate/           401 403 403 403 403 403 403 200 200 401 401 401
POST   /api/users/{admin}/deactivate/           401 403 403 403 403 403 403 403 200 401 401 401
POST   /api/users/{gone}/activate/              401 403 403 403 403 403 403 200 200 401 401 401
GET    /api/clinic/                             401 200 200 200 200 200 200 200 200 401 401 401
PATCH  /api/clinic/                             401 403 403 403 403 403 403 200 200 401 401 401
GET    /api/doctors/                            401 200 200 200 200 200 200 200 200 401 401 401
GET    /api/doctors/availability/               401 403 403 200 200 200 403 403 403 401 401 401
PUT    /api/doctors/availability/               401 403 403 200 200 200 403 403 403 401 401 401
GET    /api/doctors/time_off/                   401 403 403 200 200 200 403 400 400 401 401 401
GET    /api/doctors/time_off/?doctor_id={treating}  401 403 403 200 403 403 403 200 200 401 401 401
POST   /api/doctors/time_off/                   401 403 403 201 403 403 403 201 201 401 401 401
DELETE /api/doctors/time_off/{absence}/         401 403 403 204 404 404 403 204 204 401 401 401
DELETE /api/doctors/time_off/{unknown}/         401 403 403 404 404 404 403 404 404 401 401 401
GET    /api/doctors/{treating}/slots/           401 200 200 200 200 200 200 200 200 401 401 401
GET    /api/doctors/{pending}/slots/            401 404 404 404 404 404 404 404 404 401 401 401
GET    /api/doctors/{treating}/availability/    401 403 403 403 403 403 403 200 200 401 401 401
PUT    /api/doctors/{treating}/availability/    401 403 403 403 403 403 403 200 200 401 401 401
GET    /api/appointments/                       401 200 200 200 200 200 200 200 200 401 401 401
GET    /api/appointments/available_doctors/     401 200 200 200 200 200 200 200 200 401 401 401
GET    /api/appointments/doctor_availability/?doctor_id={treating}  401 200 200 200 200 200 200 200 200 401 401 401
POST   /api/appointments/book/                  401 201 404 403 403 403 201 201 201 401 401 401
POST   /api/appointments/by_link/               200 200 200 200 200 200 200 200 200 200 200 200
GET    /api/appointments/{visit}/               401 200 404 200 404 404 200 200 200 401 401 401
GET    /api/appointments/{unknown}/             401 404 404 404 404 404 404 404 404 401 401 401
POST   /api/appointments/{visit}/cancel/        401 200 404 200 404 404 200 200 200 401 401 401
POST   /api/appointments/{unknown}/cancel/      401 404 404 404 404 404 404 404 404 401 401 401
POST   /api/appointments/{visit}/reschedule/    401 200 404 200 404 404 200 200 200 401 401 401
POST   /api/appointments/{unknown}/reschedule/  401 404 404 404 404 404 404 404 404 401 401 401
POST   /api/appointments/{visit}/confirm/       401 200 404 403 404 404 403 403 403 401 401 401
POST   /api/appointments/{unknown}/confirm/     401 404 404 404 404 404 404 404 404 401 401 401
POST   /api/appointments/{visit}/no_show/       401 403 404 409 404 404 409 409 409 401 401 401
POST   /api/appointments/{unknown}/no_show/     401 404 404 404 404 404 404 404 404 401 401 401
GET    /api/records/                            401 200 200 200 200 200 200 200 200 401 401 401
POST   /api/records/                            401 201 201 403 403 403 403 403 403 401 401 401
GET    /api/records/{record}/                   401 200 404 200 404 404 200 200 200 401 401 401
PUT    /api/records/{record}/                   401 200 404 403 404 404 403 403 403 401 401 401
PATCH  /api/records/{record}/                   401 200 404 403 404 404 403 403 403 401 401 401
DELETE /api/records/{record}/                   401 204 404 403 404 404 403 403 403 401 401 401
GET    /api/records/{unknown}/                  401 404 404 404 404 404 404 404 404 401 401 401
POST   /api/records/{record}/assign/            401 200 404 403 404 404 403 403 403 401 401 401
POST   /api/records/{record}/add_annotation/    401 403 404 201 404 404 403 403 403 401 401 401
GET    /api/records/{record}/history/           401 200 404 200 404 404 403 403 403 401 401 401
PATCH  /api/annotations/{note}/                 401 403 404 200 404 404 404 404 404 401 401 401
DELETE /api/annotations/{note}/                 401 403 404 204 404 404 404 404 404 401 401 401
GET    /api/comments/                           401 200 200 200 200 200 200 200 200 401 401 401
POST   /api/comments/                           401 403 404 201 404 404 403 403 403 401 401 401
GET    /api/comments/{note}/                    401 200 404 200 404 404 404 404 404 401 401 401
PATCH  /api/comments/{note}/                    401 403 404 200 404 404 404 404 404 401 401 401
DELETE /api/comments/{note}/                    401 403 404 204 404 404 404 404 404 401 401 401
POST   /api/doctors/annotations/                401 403 403 201 404 403 403 403 403 401 401 401
GET    /api/doctors/my_patients/                401 403 403 200 200 403 403 403 403 401 401 401
GET    /api/doctors/patients/                   401 403 403 200 200 403 403 403 403 401 401 401
GET    /api/doctors/notifications/              401 403 403 200 200 200 403 403 403 401 401 401
GET    /api/patients/{owner}/assignments/       401 200 404 404 404 404 200 200 200 401 401 401
GET    /api/patients/{unknown}/assignments/     401 404 404 404 404 404 404 404 404 401 401 401
POST   /api/patients/{owner}/assign/            401 201 404 404 404 404 201 201 201 401 401 401
POST   /api/patients/{unknown}/assign/          401 404 404 404 404 404 404 404 404 401 401 401
POST   /api/assignments/{assignment}/end/       401 200 404 200 404 404 200 200 200 401 401 401
GET    /api/messages/                           401 403 403 403 403 403 200 200 200 401 401 401
POST   /api/messages/{message}/retry/           401 403 403 403 403 403 200 200 200 401 401 401
POST   /api/messages/{unknown}/retry/           401 403 403 403 403 403 404 404 404 401 401 401
GET    /api/notifications/                      401 200 200 200 200 200 200 200 200 401 401 401
POST   /api/notifications/read/                 401 200 200 200 200 200 200 200 200 401 401 401
GET    /api/push/                               401 200 200 200 200 200 200 200 200 401 401 401
POST   /api/push/                               401 200 200 200 200 200 200 200 200 401 401 401
DELETE /api/push/                               401 204 204 204 204 204 204 204 204 401 401 401
POST   /api/mail/events/                        404 404 404 404 404 404 404 404 404 404 404 404
GET    /api/messages/unsubscribe/{letter}/      302 302 302 302 302 302 302 302 302 302 302 302
POST   /api/messages/unsubscribe/{letter}/      204 204 204 204 204 204 204 204 204 204 204 204
GET    /api/schema/                             200 200 200 200 200 200 200 200 200 200 200 200
GET    /api/asyncapi.json                       200 200 200 200 200 200 200 200 200 200 200 200
GET    /api/docs/                               200 200 200 200 200 200 200 200 200 200 200 200
GET    /api/docs/realtime/                      200 200 200 200 200 200 200 200 200 200 200 200
GET    /livez                                   200 200 200 200 200 200 200 200 200 200 200 200
GET    /readyz                                  200 200 200 200 200 200 200 200 200 200 200 200
GET    /metrics                                 404 404 404 404 404 404 404 200 200 404 404 404
GET    /api/no/such/address/                    404 404 404 404 404 404 404 404 404 404 404 404
"""

# What a socket answers: ok, `no` for no_such_topic, `out` for an error and a close with 4401.
SOCKET: Final = """
                             nob own oth tre str pen des adm roo gon end sta
auth                         out ok  ok  ok  ok  ok  ok  ok  ok  out out out
ping                         out ok  ok  ok  ok  ok  ok  ok  ok  out out out
ack                          out ok  ok  ok  ok  ok  ok  ok  ok  out out out
unwatch desk                 out no  no  no  no  no  no  no  no  out out out
watch user.{owner}           out ok  no  no  no  no  no  no  no  out out out
watch user.{treating}        out no  no  ok  no  no  no  no  no  out out out
watch user.{pending}         out no  no  no  no  ok  no  no  no  out out out
watch user.{unknown}         out no  no  no  no  no  no  no  no  out out out
watch calendar.{treating}    out no  no  ok  no  no  no  no  no  out out out
watch calendar.{pending}     out no  no  no  no  no  no  no  no  out out out
watch calendar.{owner}       out no  no  no  no  no  no  no  no  out out out
watch slots.{treating}       out ok  ok  ok  ok  ok  ok  ok  ok  out out out
watch slots.{unknown}        out ok  ok  ok  ok  ok  ok  ok  ok  out out out
watch desk                   out no  no  no  no  no  ok  ok  ok  out out out
watch desk.{owner}           out no  no  no  no  no  no  no  no  out out out
watch record.{record}        out ok  no  ok  no  no  no  no  no  out out out
watch record.{withdrawn}     out no  no  ok  no  no  no  no  no  out out out
watch record.{unknown}       out no  no  no  no  no  no  no  no  out out out
watch nonsense               out no  no  no  no  no  no  no  no  out out out
"""


@dataclass(frozen=True)
class Row:
    words: tuple[str, ...]
    expected: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(self.words)


def rows(table: str) -> list[Row]:
    found = []
    for line in table.strip().splitlines()[1:]:
        cells = line.split()
        split = len(cells) - len(VIEWERS)
        found.append(Row(tuple(cells[:split]), tuple(cells[split:])))
    return found


def part_of(row: Row) -> str:
    """`/api/records/{record}/history/` is of the part `records`."""
    first, *others = row.words[1].strip("/").split("/")
    return others[0] if others else first


def has_head(row: Row) -> bool:
    return row.words[0] == "GET" and row.expected[0] != "200"


ROUTES: Final = rows(HTTP)
PARTS: Final = {
    # Who is in the cast takes longer to make than to ask: each cast is asked a whole part of the API.
    part: [row for row in ROUTES if part_of(row) == part]
    for part in sorted(map(part_of, ROUTES))
}
COMMANDS: Final = rows(SOCKET)


@dataclass(frozen=True)
class Cast:
    """Everybody and everything that the tables name, with one token for each viewer."""

    ids: dict[str, Any]
    tokens: dict[str, str | None]
    refresh: str
    start: str
    links: dict[LinkKind, str]
    visit_link: str

    def body(self, row: Row) -> dict[str, Any]:
        """What a request needs so that rights alone decide."""
        path = row.words[1]
        if path.endswith("/register/"):
            return {
                "username": "new", "email": "new@example.org", "role": "PATIENT",
                "password": world.PASSWORD,
            }  # fmt: skip
        if path in ("/api/auth/login/", "/api/token/"):
            return {"username": "owner", "password": world.PASSWORD}
        if path.endswith("/refresh/"):
            return {"refresh": self.refresh}
        if path == "/api/auth/password/":
            return {"old_password": world.PASSWORD, "new_password": NEW_PASSWORD}
        if path.endswith("/reset/"):
            return {"email": "owner@example.org"}
        if path.endswith("/reschedule/"):
            return {"start": self.start}
        if path.startswith("/api/appointments/") and path.endswith("/confirm/"):
            return {}
        if path.endswith("/confirm/"):
            return {"token": self.links[LinkKind.RESET], "password": NEW_PASSWORD}
        if path.endswith("/verify/"):
            return {"token": self.links[LinkKind.VERIFY]}
        if path.endswith("/by_link/"):
            return {"token": self.visit_link, "act": "cancel"}
        if path.endswith("/book/"):
            return {
                "doctor_id": self.ids["treating"], "start": self.start,
                "patient_id": self.ids["owner"],
            }  # fmt: skip
        if path.endswith("/time_off/"):
            return {
                "doctor_id": self.ids["treating"], "start": "2190-01-01T00:00:00Z",
                "end": "2190-01-02T00:00:00Z",
            }  # fmt: skip
        if path == "/api/users/":
            return {"role": "ADMIN", "first_name": "New", "password": world.PASSWORD}
        if path == "/api/users/patients/":
            return {"first_name": "New", "last_name": "Patient"}
        if path.startswith(("/api/records/", "/api/annotations/", "/api/comments/")):
            return self._of_records(row)
        if path == "/api/doctors/annotations/":
            return {"record_id": self.ids["record"], "content": "Rest."}
        if path.startswith("/api/patients/"):
            return {"doctor_id": self.ids["stranger"]}
        if path == "/api/clinic/":
            return {"name": "Am Park", "rooms": [{"name": "1"}]}
        if path.endswith("/read/"):
            return {"up_to": 1}
        if path == "/api/push/":
            return {"endpoint": "https://push.example/send/phone"}
        return {}

    def _of_records(self, row: Row) -> dict[str, Any]:
        method, path = row.words
        if path.endswith("/assign/"):
            return {"doctor_id": self.ids["stranger"]}
        if path.startswith("/api/comments/"):
            return {
                "comment": "Rest.",
                **({"record": self.ids["record"]} if method == "POST" else {}),
            }
        if path.startswith("/api/annotations/") or path.endswith("/add_annotation/"):
            return {"content": "Rest."}
        return {"record_type": "OTHER", "title": "Knee"} if method in ("POST", "PUT") else {}


def cast() -> Cast:
    doctors = {name: world.a_doctor(name) for name in ("treating", "stranger")}
    doctors["pending"] = world.a_pending_doctor("pending")
    people: dict[str, Person] = {
        "owner": world.a_patient("owner"),
        "other": world.a_patient("other"),
        **{name: doctor.person for name, doctor in doctors.items()},
        "desk": world.a_receptionist("desk"),
        "admin": world.an_admin("admin"),
        "root": Person.objects.create_superuser("root", "root@example.org", world.PASSWORD),
        "gone": world.an_admin("gone"),
        "ended": world.an_admin("ended"),
        "stale": world.an_admin("stale"),
    }
    tokens: dict[str, str | None] = {"nobody": None}
    for name, person in people.items():
        passed = timedelta(minutes=6) if name == "stale" else timedelta()
        with time_machine.travel(clock.now() - passed, tick=False):
            tokens[name] = world.tokens(person).access
    Person.objects.filter(username="gone").update(is_active=False)
    end_session(session_of(str(tokens["ended"])).id)

    starts = world.next_free_starts(doctors["treating"], 2)
    visit = world.book(doctors["treating"], people["owner"], starts[0])
    absence = world.time_off(
        doctors["treating"], starts[0] + timedelta(days=60), starts[0] + timedelta(days=61)
    )
    assignment = world.assign(people["owner"], doctors["treating"])
    record, withdrawn = world.a_record(people["owner"]), world.a_record(people["owner"])
    note = world.annotate(record, doctors["treating"])
    world.annotate(withdrawn, doctors["treating"])
    world.remove_record(withdrawn)
    ids: dict[str, Any] = {name: person.pk for name, person in people.items()}
    ids |= {
        "assignment": assignment.pk, "record": record.pk, "withdrawn": withdrawn.pk, "note": note.pk,
    }  # fmt: skip
    ids |= {"visit": visit.pk, "absence": absence.pk, "unknown": 10**15}
    ids["message"] = _a_failed_message(people["owner"]).pk
    phone = world.tokens(people["owner"])
    ids["phone"] = session_of(phone.access).number
    links = {kind: new_link_token(kind, people["owner"]) for kind in LinkKind}
    ids["letter"] = new_unsubscribe_token(people["owner"])
    by_link = new_visit_token(VisitAct.CANCEL, people["owner"], visit)
    return Cast(ids, tokens, phone.refresh, starts[1].isoformat(), links, by_link)


def _a_failed_message(person: Person) -> Message:
    at = clock.now()
    return Message.objects.create(
        kind="new_note",
        person=person,
        address=person.email,
        created_at=at,
        due_at=at,
        failed_at=at,
        reason="unreachable",
    )


# -- HTTP ----------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def nobody_is_an_operator_by_their_address(settings: Any) -> None:
    settings.METRICS_FROM = []


@pytest.mark.django_db
@pytest.mark.parametrize("part", PARTS)
def test_every_route_answers_each_person_as_the_table_says(
    part: str, nobody_has_tried_anything: Callable[[], None]
) -> None:
    everyone = cast()
    rows = PARTS[part]

    found = {}
    for row in rows:
        found[str(row)] = [status_for(viewer, row, everyone) for viewer in VIEWERS]
        nobody_has_tried_anything()

    said = {name: dict(zip(VIEWERS, statuses, strict=True)) for name, statuses in found.items()}
    assert said == {str(row): dict(zip(VIEWERS, row.expected, strict=True)) for row in rows}


@pytest.mark.engine("sqlite")
@pytest.mark.django_db
@pytest.mark.parametrize("part", sorted({part_of(row) for row in ROUTES if has_head(row)}))
def test_head_asks_for_the_rights_of_get(
    part: str, nobody_has_tried_anything: Callable[[], None]
) -> None:
    everyone = cast()
    for row in PARTS[part]:
        if has_head(row):
            head = Row(("HEAD", row.words[1]), row.expected)
            found = tuple(status_for(viewer, head, everyone) for viewer in VIEWERS)
            assert found == row.expected, str(head)
            nobody_has_tried_anything()


def status_for(viewer: str, row: Row, everyone: Cast) -> str:
    """The status this viewer is answered; whatever it did is undone."""
    method, address = row.words
    path, _, query = address.format(**everyone.ids).partition("?")
    with transaction.atomic():
        response = Api(token=everyone.tokens[viewer]).send(
            method,
            path,
            None if method in ("GET", "HEAD") else everyone.body(row),
            query=dict([query.split("=")]) if query else None,
        )
        transaction.set_rollback(True)
    return str(response.status_code)


def known_routes() -> Iterator[tuple[str, str]]:
    """Method and pattern of every route, as the resolver has them."""
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        view = getattr(pattern.callback, "view_class", None)
        methods = ["GET"] if view is None else [m for m in METHODS if hasattr(view, m.lower())]
        for method in methods:
            yield method, str(pattern.pattern)


def test_the_table_has_every_route_and_no_others() -> None:
    ids = dict.fromkeys(
        (
            "owner",
            "unknown",
            "pending",
            "admin",
            "gone",
            "absence",
            "visit",
            "record",
            "note",
            "assignment",
            "phone",
            "letter",
            "message",
        ),
        1,
    )
    named = {
        (method, resolve(path.partition("?")[0].format(**ids, treating=1)).route)
        for method, path in (row.words for row in ROUTES)
    }

    assert named == set(known_routes())


def test_beside_the_api_there_is_only_the_operators_admin() -> None:
    assert [str(pattern.pattern) for pattern in all_patterns] == ["admin/", ""]


def test_before_django_only_the_long_poll_and_the_socket_are_served() -> None:
    source = Path(str(asgi.__file__)).read_text()

    assert set(re.findall(r'"(/[^"]*)"', source)) == {"/api/events/", "/readyz", "/ws/"}


@pytest.mark.engine("sqlite")
@pytest.mark.django_db
@pytest.mark.parametrize(
    "pattern", sorted({pattern for _, pattern in known_routes()} - {r"^(?!admin/).*$"})
)
def test_a_method_that_a_route_does_not_have_is_405_for_everyone(pattern: str) -> None:
    path = "/" + re.sub(r"<[^>]*>", "1", pattern)
    has = {method for method, route in known_routes() if route == pattern}
    if path in (
        "/livez",
        "/readyz",
        "/metrics",
    ):  # the last one is not there for most: test_metrics.py
        return
    for api in (Api(), Api(world.a_patient()), Api(world.an_admin())):
        for method in {*METHODS, "TRACE", "PROPFIND"} - has:
            assert api.send(method, path).status_code == 405, method


@pytest.mark.django_db
def test_options_tell_nothing_of_the_data() -> None:
    visit = world.book(world.a_doctor(), world.a_patient())

    known = Api().send("OPTIONS", f"/api/appointments/{visit.pk}/")
    unknown = Api().send("OPTIONS", f"/api/appointments/{10**15}/")

    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)


# -- the socket and the long poll ----------------------------------------------------------------


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize("viewer", VIEWERS)
async def test_every_command_is_answered_to_each_person_as_the_table_says(viewer: str) -> None:
    everyone = await in_db(cast)
    place = VIEWERS.index(viewer)

    found = {str(row): await reply_for(everyone.tokens[viewer], row, everyone) for row in COMMANDS}

    assert found == {str(row): row.expected[place] for row in COMMANDS}


async def reply_for(token: str | None, row: Row, everyone: Cast) -> str:
    op, *topic = (word.format(**everyone.ids) for word in row.words)
    named: dict[str, Any] = {"topic": topic[0]} if topic else {}
    async with connect() as socket:
        try:
            if token is not None:
                signed_in = await socket.command("auth", token=token)
                if not signed_in["ok"]:
                    assert signed_in["error"]["code"] == "unauthenticated"
                    return "out" if await socket.closed() == 4401 else "left open"
            match op:
                case "auth":
                    if token is not None:
                        return "ok"
                    await socket.send_raw('{"op": "auth", "id": 1, "token": ""}')
                    return "out" if await socket.closed() == 4401 else "left open"
                case "ack":
                    await socket.ack({"desk": 1})
                    await socket.ping()
                    return "ok"
                case _:
                    reply = await socket.command(op, **named)
        except Closed as closed:
            return "out" if closed.code == 4401 else str(closed.code)
    if reply["ok"]:
        return "ok"
    code: str = reply["error"]["code"]
    if code == "unauthenticated":
        return "out"
    return "no" if code == "no_such_topic" else code


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize("viewer", VIEWERS)
async def test_the_long_poll_has_the_rights_of_watching(viewer: str) -> None:
    everyone = await in_db(cast)
    place = VIEWERS.index(viewer)
    watches = [row for row in COMMANDS if row.words[0] == "watch"]

    found = {
        str(row): await polled(everyone.tokens[viewer], row.words[1].format(**everyone.ids))
        for row in watches
    }

    status = {"ok": 200, "no": 404, "out": 401}
    assert found == {str(row): status[row.expected[place]] for row in watches}


async def polled(token: str | None, topic: str) -> int:
    headers = [HOST]
    if token is not None:
        headers.append((b"authorization", f"Bearer {token}".encode()))
    client = HttpCommunicator(application, "GET", f"/api/events/?topic={topic}", headers=headers)
    response = await client.get_response(timeout=10)
    status: int = response["status"]
    return status


def command_names(union: Any) -> Iterator[str]:
    for part in get_args(union):
        if isinstance(part, UnionType):
            yield from command_names(part)
        else:
            yield from get_args(part.model_fields["op"].annotation)


def test_the_table_has_every_command() -> None:
    assert {row.words[0] for row in COMMANDS} == set(command_names(frames.Command))


def test_the_table_has_every_kind_of_topic() -> None:
    ids = dict.fromkeys(("owner", "treating", "pending", "unknown", "record", "withdrawn"), 1)
    watched = {
        parse_topic(row.words[1].format(**ids)).kind
        for row in COMMANDS
        if row.words[0] == "watch" and "ok" in row.expected
    }

    assert watched == set(TopicKind)


# -- the policy ----------------------------------------------------------------------------------


def test_the_policy_has_a_rule_for_every_operation_and_every_kind_of_topic() -> None:
    assert RULES.keys() == set(Operation) - {Operation.ANYONE}
    assert WATCHERS.keys() == set(TopicKind)


def test_every_view_says_what_each_of_its_methods_is() -> None:
    for pattern in urlpatterns:
        view = getattr(pattern.callback, "view_class", None)
        if view is None or not str(pattern.pattern).startswith("api/"):
            continue
        has = {method for method in METHODS if hasattr(view, method.lower())}
        if view.__module__.startswith("api."):
            assert view.operations.keys() == has, view
            assert set(view.operations.values()) <= set(Operation), view


@pytest.mark.django_db
def test_a_view_that_declares_nothing_serves_nobody() -> None:
    from api.endpoint import Endpoint
    from api.permissions import RightsDeclared

    class Undeclared(Endpoint):
        pass

    with pytest.raises(NotImplementedError):
        RightsDeclared().has_permission(None, Undeclared())  # type: ignore[arg-type]


@pytest.mark.django_db
def test_the_topics_a_client_is_told_to_watch_are_those_it_may() -> None:
    people = [
        world.a_patient(), world.a_doctor().person, world.a_pending_doctor().person,
        world.a_receptionist(), world.an_admin(),
    ]  # fmt: skip
    for person in people:
        topics = usual_topics(person)
        assert topics, person
        assert all(may_watch(person, topic) for topic in topics)
        person.is_active = False
        assert usual_topics(person) == []
