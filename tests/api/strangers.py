"""What Schemathesis makes of the API's document, sent by everybody there is."""

import itertools
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import hypothesis
import requests
import schemathesis
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)

from clinic.models import Doctor, Person
from tests import world
from tests.api.client import HANDLER
from tests.api.document import check_answer, document

CHECKS: Final = [
    not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# Of those who only show a number at random nearly all meet "not found": so most numbers are real ones.
REAL: Final = 0.8
ASKED: Final = ("method", "url", "headers", "params", "cookies", "json", "data")
HANDLED: Final = Client(raise_request_exception=False)
HANDLED.handler = HANDLER


class Send(Protocol):
    def __call__(self, case: Any, token: str | None) -> Any: ...


class Stage:
    """A clinic with one of everything, and a token of each role."""

    def __init__(self) -> None:
        doctor, pending = world.a_doctor("dora"), world.a_pending_doctor("petra")
        patient, admin = world.a_patient("ana"), world.an_admin("root")
        visit = world.book(doctor, patient, notes="the left one")
        record = world.a_record(patient, doctor)
        assignment = world.assign(patient, doctor)
        note = world.annotate(record, doctor)
        start = world.utc("2031-03-01 09:00")
        absence = world.time_off(doctor, start, start.replace(hour=10))
        roles: dict[str, Person | Doctor] = {
            "patient": patient, "doctor": doctor, "pending doctor": pending,
            "receptionist": world.a_receptionist("rita"), "admin": admin,
        }  # fmt: skip
        self.people = {
            role: person.person if isinstance(person, Doctor) else person
            for role, person in roles.items()
        }
        people = [patient.pk, doctor.pk, pending.pk, admin.pk]
        self.numbers: dict[str, list[int]] = {
            "person_id": people, "doctor_id": [doctor.pk, pending.pk], "doctor": [doctor.pk],
            "patient_id": [patient.pk], "patient": [patient.pk], "id": people,
            "appointment_id": [visit.pk], "record_id": [record.pk], "record": [record.pk],
            "annotation_id": [note.pk], "assignment_id": [assignment.pk], "session_id": [1, 2, 3],
            "time_off_id": [absence.pk],
        }  # fmt: skip
        self.topics = [f"user.{patient.pk}", f"slots.{doctor.pk}", f"calendar.{doctor.pk}", "desk"]
        self.starts = [each.isoformat() for each in world.next_free_starts(doctor, 5)]

    def tokens(self) -> dict[str, str | None]:
        """New ones, for they live five minutes."""
        signed_in = {role: world.tokens(person).access for role, person in self.people.items()}
        return {"anonymous": None, **signed_in}

    def made_real(self, case: Any, chance: random.Random) -> None:
        for holder in (case.path_parameters, case.query, case.body):
            if not isinstance(holder, dict):
                continue
            for name in holder.keys() & self.numbers.keys():
                if chance.random() < REAL:
                    holder[name] = chance.choice(self.numbers[name])
            for name, choices in (("start", self.starts), ("topic", self.topics)):
                if name in holder and chance.random() < REAL:
                    holder[name] = chance.choice(choices)


def operations() -> list[Any]:
    schema = schemathesis.openapi.from_dict(document())
    found = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    assert len(found) == sum(len(methods) for methods in document()["paths"].values())
    return found


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is done in it never was: one case must not end what the next one needs."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def meet(operation: Any, stage: Stage, send: Send, *, examples: int, seed: int) -> Counter[int]:
    """Each case of one operation from half of the roles, in turns; how many answers had which status."""
    answers: Counter[int] = Counter()
    tokens = list(stage.tokens().items())
    turns = itertools.cycle((tokens[::2], tokens[1::2]))
    modes = schemathesis.GenerationMode
    cases = st.one_of(
        operation.as_strategy(generation_mode=modes.POSITIVE),
        operation.as_strategy(generation_mode=modes.NEGATIVE),
    )

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(case=cases, number=st.integers(0, 2**32))
    def each(case: Any, number: int) -> None:
        stage.made_real(case, random.Random(number))
        for role, token in next(turns):
            response = send(case, token)
            answers[response.status_code] += 1
            try:
                case.validate_response(response, checks=CHECKS)
                check_answer(case.method, case.formatted_path, as_django(response))
            except BaseException as failure:
                failure.add_note(f"as {role}")
                raise

    each()
    return answers


def in_process(case: Any, token: str | None) -> Any:
    """Through the middleware and the views, in a transaction that never was."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    parts = case.as_transport_kwargs(base_url="http://testserver", headers=headers)
    asked = requests.Request(**{name: parts.get(name) for name in ASKED}).prepare()
    assert asked.method
    assert asked.url
    said = {name: str(value) for name, value in asked.headers.items()}
    content_type = said.pop("Content-Type", "application/json")
    url = urlsplit(asked.url)
    with undone():
        answer: Any = HANDLED.generic(
            asked.method,
            url.path,
            asked.body or b"",  # type: ignore[arg-type]
            content_type,
            headers=said,
            QUERY_STRING=url.query,
        )
    return schemathesis.Response(
        status_code=answer.status_code,
        headers={name.lower(): [value] for name, value in answer.headers.items()},
        content=answer.content,
        request=asked,
        elapsed=0.0,
        verify=False,
    )


def as_django(response: Any) -> HttpResponse:
    """As the net of the other tests wants it, which also holds 2xx to those that are named."""
    headers = {name: values[0] for name, values in response.headers.items()}
    return HttpResponse(response.content, status=response.status_code, headers=headers)


def is_whole() -> bool:
    """Whether the database still answers: a broken transaction would make every check pass."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))
