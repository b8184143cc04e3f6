"""The number of queries does not grow with the data: the same at ten and at ten thousand appointments."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from clinic.events import HoursChanged
from clinic.journal import record
from clinic.models import Annotation, Appointment, Doctor, HealthRecord, Notification, Person
from clinic.queries.journal import epoch
from tests import world

# The ORM asks the same of either engine, as often.
pytestmark = [pytest.mark.engine("sqlite"), pytest.mark.django_db]

NOW = world.utc("2027-03-01 08:00")
DOCTORS = 12
SHOWN = 1_200  # more than any page shows: only so many have a record and a line in the inbox
HALF_HOUR = timedelta(minutes=30)


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


class Clinic:
    """Some doctors, one patient who keeps coming, and as many appointments as are asked for."""

    def __init__(self) -> None:
        self.doctors = [world.a_doctor(zone="Europe/Berlin") for _ in range(DOCTORS)]
        self.patient = world.a_patient()
        self.others = [world.a_patient() for _ in range(DOCTORS)]
        self.desk = world.a_receptionist()
        self._made = 0
        epoch()  # The very first answer of an installation makes it.

    @property
    def doctor(self) -> Doctor:
        return self.doctors[0]

    def fill(self, total: int) -> None:
        """Bulk rows: each doctor with the same patient, one half hour after another, from 2025 on."""
        rows = [self._row(number) for number in range(self._made, total)]
        Appointment.objects.bulk_create(rows, batch_size=2000)
        HealthRecord.objects.bulk_create(
            HealthRecord(
                reference=f"HR-{row.pk}",
                record_type="CONSULTATION",
                patient_id=row.patient_id,
                doctor_id=row.doctor_id,
                appointment=row,
                created_at=NOW,
                updated_at=NOW,
            )
            for row in rows[:SHOWN]
        )
        self._annotate(3 if total <= 10 else 60)
        Notification.objects.bulk_create(
            Notification(
                person=self.patient,
                seq=number,
                type="appointment.booked",
                title="t",
                message="m",
                subject_kind="appointment",
                subject_id=number,
                created_at=NOW,
            )
            for number in range(self._made, min(total, SHOWN))
        )
        self._made = total
        with transaction.atomic():
            # Rows without events would change what is free behind the back of who remembers it.
            record(*(HoursChanged(doctor_id=each.pk) for each in self.doctors), actor=None)

    def _annotate(self, count: int) -> None:
        """The patient's first record, which is shown in full."""
        self.record = HealthRecord.objects.filter(patient=self.patient).earliest("id")
        Annotation.objects.bulk_create(
            Annotation(
                record=self.record,
                doctor=self.doctor,
                content=f"Note {number}",
                created_at=NOW,
                updated_at=NOW,
            )
            for number in range(count)
        )

    def _row(self, number: int) -> Appointment:
        turn, which = divmod(number, DOCTORS)
        start = _start(turn)
        return Appointment(
            doctor=self.doctors[which],
            patient=self.patient if which == 0 else self.others[which],
            start=start,
            end=start + HALF_HOUR,
            created_at=NOW,
            updated_at=NOW,
        )


def _start(turn: int) -> datetime:
    """The slots of the doctors' days, two of three, from today on."""
    day, slot = divmod(turn, 13)
    return NOW + timedelta(days=day) + slot * HALF_HOUR * 1.5


def queries_of(person: Person, path: str) -> tuple[int, Any]:
    client = APIClient(headers={"Authorization": f"Bearer {world.tokens(person).access}"})
    with CaptureQueriesContext(
        connection,
    ) as captured:
        answer = client.get(path)
    assert answer.status_code == 200, answer.content
    return len(captured), answer.json()


MONTH = "from=2027-03-01&to=2027-04-01"

Viewer = Callable[[Clinic], Person]

# Who asks for what, and how many queries it may take. One of them is the session's.
CALLS: dict[str, tuple[Viewer, Callable[[Clinic], str], int]] = {
    "slots of a month": (
        lambda clinic: clinic.patient,
        lambda clinic: f"/api/doctors/{clinic.doctor.pk}/slots/?{MONTH}",
        7,
    ),
    "directory of doctors": (
        lambda clinic: clinic.patient,
        lambda clinic: "/api/doctors/",
        9,
    ),
    "available doctors on a date": (
        lambda clinic: clinic.patient,
        lambda clinic: "/api/appointments/available_doctors/?date=2027-03-02",
        9,
    ),
    "appointments of a patient": (
        lambda clinic: clinic.patient,
        lambda clinic: "/api/appointments/",
        4,
    ),
    "appointments of a doctor": (
        lambda clinic: clinic.doctor.person,
        lambda clinic: "/api/appointments/?limit=100",
        4,
    ),
    "appointments at the desk": (
        lambda clinic: clinic.desk,
        lambda clinic: "/api/appointments/?limit=100",
        4,
    ),
    "records of a patient": (
        lambda clinic: clinic.patient,
        lambda clinic: "/api/records/?limit=100",
        5,
    ),
    "records a doctor may read": (
        lambda clinic: clinic.doctor.person,
        lambda clinic: "/api/records/?limit=100",
        5,
    ),
    "records searched": (
        lambda clinic: clinic.patient,
        lambda clinic: "/api/records/?q=note",
        7,
    ),
    "records at the desk": (
        lambda clinic: clinic.desk,
        lambda clinic: "/api/records/?limit=100",
        5,
    ),
    "a record": (
        lambda clinic: clinic.patient,
        lambda clinic: f"/api/records/{clinic.record.pk}/",
        4,
    ),
    "history of a record": (
        lambda clinic: clinic.patient,
        lambda clinic: f"/api/records/{clinic.record.pk}/history/",
        6,
    ),
    "a doctor's patients": (
        lambda clinic: clinic.doctor.person,
        lambda clinic: "/api/doctors/my_patients/",
        3,
    ),
    "inbox": (
        lambda clinic: clinic.patient,
        lambda clinic: "/api/notifications/",
        5,
    ),
    "push": (
        lambda clinic: clinic.patient,
        lambda clinic: "/api/push/",
        2,
    ),
}


def test_the_number_of_queries_does_not_grow_with_the_appointments() -> None:
    clinic = Clinic()
    few: dict[str, int] = {}
    many: dict[str, int] = {}
    for counted, total in ((few, 10), (many, 10_000)):
        clinic.fill(total)
        for name, (viewer, path, _most) in CALLS.items():
            counted[name], _ = queries_of(viewer(clinic), path(clinic))

    print(f"queries at 10 appointments: {few}, at 10,000: {many}")
    most = {name: call[2] for name, call in CALLS.items()}
    assert {name: count for name, count in many.items() if count > most[name]} == {}
    assert few == many


def test_the_number_of_queries_does_not_grow_with_the_doctors() -> None:
    clinic = Clinic()
    name = "directory of doctors"
    viewer, path, _ = CALLS[name]
    before, _ = queries_of(viewer(clinic), path(clinic))

    for _ in range(12):
        world.a_doctor()

    after, answer = queries_of(viewer(clinic), path(clinic))
    assert answer["count"] == 24
    assert after == before


def test_these_answers_show_what_there_is() -> None:
    clinic = Clinic()
    clinic.fill(SHOWN)

    answers = {
        name: queries_of(viewer(clinic), path(clinic))[1]
        for name, (viewer, path, _most) in CALLS.items()
    }

    states = {slot["state"] for slot in answers["slots of a month"]["slots"]}
    assert states == {"free", "taken"}
    assert answers["directory of doctors"]["count"] == DOCTORS
    assert answers["appointments of a patient"]["count"] == 100
    assert answers["appointments of a doctor"]["count"] == 100
    assert answers["appointments at the desk"]["count"] == SHOWN
    assert answers["inbox"]["unread"] == SHOWN
