"""What B6 reads: a patient with a diary and a record with notes; and how many statements each call makes."""

from typing import Any, Final

import django

django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from clinic.actions.annotations import annotate_record  # noqa: E402
from clinic.actions.appointments import book_appointment  # noqa: E402
from clinic.clock import now  # noqa: E402
from clinic.models import Person  # noqa: E402

VISITS: Final = 25
NOTES: Final = 3
WRITING: Final = ("INSERT", "UPDATE", "DELETE")
CONTROL: Final = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


def make_diary(people: Any) -> dict[str, Any]:
    """Books the first patient's visits with the first doctor, and counts."""
    (patient_id, token), (doctor_id, _) = people["patients"][0], people["doctors"][0]
    patient, doctor = Person.objects.get(pk=patient_id), Person.objects.get(pk=doctor_id)
    booked = [
        book_appointment(actor=patient, doctor_id=doctor_id, when=now().fromisoformat(start))
        for start in people["starts"][:VISITS]
    ]
    record = booked[0].health_record
    for number in range(NOTES):
        annotate_record(actor=doctor, record_id=record.pk, content=f"Note {number}. " * 20)

    first, last = people["starts"][0][:10], people["starts"][-1][:10]
    reads = {
        "list of 25 visits": ("/api/appointments/", VISITS),
        "a month of slots": (f"/api/doctors/{doctor_id}/slots/?from={first}&to={last}", 1),
        "a record": (f"/api/records/{record.pk}/", 1),
    }
    calls = {name: _read(path, rows, token) for name, (path, rows) in reads.items()}
    start = people["starts"][VISITS]
    calls["book"] = _booking({"doctor_id": doctor_id, "start": start}, token)
    return {"token": token, "booked": VISITS + 1, "calls": calls}


def _read(path: str, rows: int, token: str) -> dict[str, Any]:
    _call(path, token)  # what is cached is cached
    reads, writes = _statements(lambda: _call(path, token))
    return {
        "path": path,
        "reads": reads,
        "writes": writes,
        "bare": f"/bench/bare/{reads + writes}/{rows}/",
    }


def _booking(body: dict[str, Any], token: str) -> dict[str, Any]:
    path = "/api/appointments/book/"
    reads, writes = _statements(lambda: _call(path, token, body))
    bare = f"POST /bench/bare-change/{reads}/{writes}/"
    return {"path": f"POST {path}", "reads": reads, "writes": writes, "bare": bare}


def _call(path: str, token: str, body: dict[str, Any] | None = None) -> None:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "diary"}
    client = Client(SERVER_NAME="127.0.0.1")
    if body is None:
        answer = client.get(path, headers=headers)
    else:
        answer = client.post(path, body, content_type="application/json", headers=headers)
    if answer.status_code not in (200, 201):
        raise RuntimeError(f"{path} answered {answer.status_code}: {answer.content!r}")


def _statements(call: Any) -> tuple[int, int]:
    """Those that read (locking, too) and those that write; what begins and ends a transaction is neither."""
    with CaptureQueriesContext(connection) as captured:
        call()
    texts = [query["sql"].lstrip().upper() for query in captured.captured_queries]
    said = [text for text in texts if not text.startswith(CONTROL)]
    writes = sum(text.startswith(WRITING) for text in said)
    return len(said) - writes, writes
