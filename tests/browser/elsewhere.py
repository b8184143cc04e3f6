"""What others do meanwhile, through the API of a real web process."""

from datetime import datetime
from typing import Any

from clinic.models import Doctor, Person, Session
from clinic.tokens import mint
from tests.clients import Account, Http
from tests.servers.web import Web
from tests.world import PASSWORD, tokens


def rest(web: Web, person: Person) -> Http:
    """A client of their own, in a session of its own."""
    pair = tokens(person)
    account = Account(person.pk, person.username, PASSWORD, pair.access, pair.refresh)
    return Http(web.base_url, account)


def book_elsewhere(
    web: Web, actor: Person, doctor: Doctor, start: datetime, *, patient: Person | None = None
) -> Any:
    body = {"doctor_id": doctor.pk, "start": start.isoformat()}
    if patient:
        body["patient_id"] = patient.pk
    return rest(web, actor).post("/api/appointments/book/", body, status=201)["appointment"]


def cancel_elsewhere(web: Web, actor: Person, appointment: Any) -> None:
    rest(web, actor).post(f"/api/appointments/{appointment['id']}/cancel/")


def end_session_elsewhere(web: Web, person: Person) -> None:
    """The person's one session is logged out, and their browser is not told by any other tab."""
    access = mint(Session.objects.get(person=person, ended_at=None)).access
    account = Account(person.pk, person.username, PASSWORD, access, "")
    Http(web.base_url, account).post("/api/auth/logout/", status=204)
