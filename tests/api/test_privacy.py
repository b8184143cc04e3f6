"""What must be found nowhere: health content and secrets in logs, health content in the database."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from clinic.links import new_unsubscribe_token
from clinic.models import Person
from tests import world
from tests.api.client import Api, Json, ok, refused

NOTE = "marker-note-7f3a"
REASON = "marker-reason-7f3a"
PASSWORD = "marker-Password-7f3a"
SEARCH = "marker-search-7f3a"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is logged, as it is written in an installation."""
    (stderr,) = [h for h in logging.getLogger().handlers if h.get_name() == "stderr"]
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(stderr.formatter)
    logging.getLogger().addHandler(handler)
    yield text
    logging.getLogger().removeHandler(handler)


def a_day_at_the_clinic() -> list[str]:
    """Somebody registers, signs in, books with a note, cancels; the secrets they held meanwhile."""
    account = {
        "username": "ana", "email": "ana@example.org", "password": PASSWORD, "role": "PATIENT",
    }  # fmt: skip
    secrets = [PASSWORD]
    tokens = ok(Api().post("/api/auth/register/", account), 201)["tokens"]
    secrets += tokens.values()
    login = {"username": "ana", "password": PASSWORD}
    refused(
        Api().post("/api/auth/login/", {**login, "password": f"{PASSWORD}-no"}),
        401,
        "wrong_credentials",
    )
    tokens = ok(Api().post("/api/auth/login/", login))
    secrets += tokens.values()
    secrets += ok(Api().post("/api/auth/refresh/", {"refresh": tokens["refresh"]})).values()
    api = Api(token=tokens["access"])
    doctor = world.a_doctor()
    start = world.next_free_start(doctor).isoformat()
    body: Json = {"doctor_id": doctor.pk, "start": start, "notes": NOTE}
    visit = ok(api.post("/api/appointments/book/", body, key="a-key"), 201)["appointment"]
    assert api.post("/api/appointments/book/", body).status_code == 409
    ok(api.get("/api/doctors/", q=SEARCH))
    assert api.post("/api/appointments/book/", {"notes": [NOTE]}).status_code == 400
    ok(Api(doctor).post(f"/api/appointments/{visit['id']}/cancel/", {"reason": REASON}))
    ok(api.get("/api/notifications/"))
    ok(Api(doctor).get("/api/appointments/"))
    assert Api(token=f"{tokens['access']}x").get("/api/users/me/").status_code == 401
    secrets.append(new_unsubscribe_token(Person.objects.get(username="ana")))
    assert Api().post(f"/api/messages/unsubscribe/{secrets[-1]}/").status_code == 204
    assert api.post("/api/auth/logout/").status_code == 204
    return secrets


@pytest.mark.django_db
def test_logs_hold_no_health_content_and_no_secret(log: io.StringIO) -> None:
    secrets = a_day_at_the_clinic()

    written = log.getvalue()
    assert written.count("request_finished") > 10
    for secret in [NOTE, REASON, SEARCH, *secrets]:
        assert secret not in written


@pytest.mark.django_db
def test_a_mistake_of_ours_is_logged_without_what_it_was_about(log: io.StringIO) -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    world.book(doctor, patient, notes=NOTE)
    visit = world.book(doctor, world.a_patient(), notes=NOTE)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE clinic_appointment SET notes ="
            " (SELECT notes FROM clinic_appointment WHERE patient_id = %s) WHERE id = %s",
            [patient.pk, visit.pk],
        )
    api = Api(doctor)

    response = api.client.get(
        f"/api/appointments/{visit.pk}/", headers={"Authorization": f"Bearer {api.token}"}
    )

    problem = refused(response, 500, "error")  # type: ignore[arg-type]
    assert "Decryption" not in str(problem)
    assert "DecryptionError" in log.getvalue()
    assert NOTE not in log.getvalue()
    assert str(api.token) not in log.getvalue()


def test_a_traceback_shows_no_values(log: io.StringIO) -> None:
    def fails(held: str) -> None:
        raise RuntimeError("an error")

    try:
        fails(NOTE)
    except RuntimeError:
        logging.getLogger("django.request").exception("Internal Server Error")

    assert "an error" in log.getvalue()
    assert NOTE not in log.getvalue()


@pytest.mark.django_db
def test_no_table_holds_health_content_in_clear() -> None:
    a_day_at_the_clinic()

    held = b"\n".join(everything_stored())
    assert b"ana@example.org" in held, "the dump itself must work"
    for text in (NOTE, "Visit with", PASSWORD):
        assert text.encode() not in held


def everything_stored() -> Iterator[bytes]:
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                yield from (
                    bytes(cell) if isinstance(cell, bytes | memoryview) else str(cell).encode()
                    for cell in row
                )


@pytest.mark.engine("sqlite")
@pytest.mark.django_db(transaction=True)
def test_the_database_file_and_its_log_hold_none_either() -> None:
    a_day_at_the_clinic()

    path = Path(str(connection.settings_dict["NAME"]))
    held = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    assert b"ana@example.org" in held
    assert NOTE.encode() not in held
