"""Encrypted columns: plain in Python, sealed in the database, and bound to table, column and row."""

from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models, transaction

from clinic.crypto import DecryptionError
from clinic.models import (
    Annotation,
    AnnotationVersion,
    Appointment,
    Entry,
    HealthRecord,
    IdempotentAnswer,
    Notification,
    PushSubscription,
    RecordVersion,
    TimeOff,
)
from clinic.models.encrypted import EncryptedTextField
from tests import world

pytestmark = pytest.mark.django_db

MARKER = "melanoma-7731"
SEALED: dict[type[models.Model], set[str]] = {
    Appointment: {"notes", "reason"},
    TimeOff: {"reason"},
    HealthRecord: {"title", "description"},
    RecordVersion: {"title", "description"},
    Annotation: {"content"},
    AnnotationVersion: {"content"},
    PushSubscription: {"endpoint"},
    Entry: {"body"},
    Notification: {"title", "message"},
    IdempotentAnswer: {"body"},
}


def raw(row: models.Model, column: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {row._meta.db_table} WHERE id = %s", [row.pk])
        return cursor.fetchone()[0]


def overwrite(row: models.Model, column: str, value: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {row._meta.db_table} SET {column} = %s WHERE id = %s", [value, row.pk]
        )


def a_record(**fields: Any) -> HealthRecord:
    patient = world.a_patient()
    return HealthRecord.objects.create(
        reference=f"HR-{patient.pk}",
        record_type="OTHER",
        patient=patient,
        created_at=world.utc("2027-03-01 09:00"),
        updated_at=world.utc("2027-03-01 09:00"),
        **fields,
    )


def test_these_columns_are_sealed_and_no_others() -> None:
    found: dict[type[models.Model], set[str]] = {}
    for model in apps.get_app_config("clinic").get_models():
        names = {f.name for f in model._meta.fields if isinstance(f, EncryptedTextField)}
        if names:
            found[model] = names

    assert found == SEALED


def test_what_is_saved_is_read_again_and_not_to_be_seen_in_the_table() -> None:
    record = a_record(title=MARKER, description=f"{MARKER} – ü")

    again = HealthRecord.objects.get(pk=record.pk)

    assert (again.title, again.description) == (MARKER, f"{MARKER} – ü")
    for column in ("title", "description"):
        stored = bytes(raw(record, column))
        assert MARKER.encode() not in stored
        assert stored[:4] == b"\x01\x02k1"


def test_a_row_written_in_bulk_is_sealed_too() -> None:
    record = a_record()
    row = HealthRecord(
        reference="HR-bulk",
        record_type="OTHER",
        title=MARKER,
        patient=record.patient,
        created_at=record.created_at,
        updated_at=record.created_at,
    )

    HealthRecord.objects.bulk_create([row])

    again = HealthRecord.objects.get(reference="HR-bulk")
    assert again.title == MARKER
    assert MARKER.encode() not in bytes(raw(again, "title"))


def test_saving_again_without_reading_keeps_the_text() -> None:
    record = a_record(title=MARKER)
    again = HealthRecord.objects.get(pk=record.pk)
    again.record_type = "LAB_RESULT"
    again.save()

    assert HealthRecord.objects.get(pk=record.pk).title == MARKER


def test_a_changed_text_is_sealed_anew() -> None:
    record = a_record(title=MARKER)
    before = bytes(raw(record, "title"))

    record.title = "harmless"
    record.save(update_fields=["title"])

    assert HealthRecord.objects.get(pk=record.pk).title == "harmless"
    assert bytes(raw(record, "title")) != before


def test_a_deferred_column_is_read_when_it_is_asked_for() -> None:
    record = a_record(title=MARKER)

    assert HealthRecord.objects.defer("title").get(pk=record.pk).title == MARKER


def test_update_without_the_row_is_refused() -> None:
    record = a_record(title=MARKER)

    with pytest.raises(TypeError, match="save the row instead"), transaction.atomic():
        HealthRecord.objects.filter(pk=record.pk).update(title="plain")
    assert HealthRecord.objects.get(pk=record.pk).title == MARKER


def test_filtering_by_the_text_is_refused() -> None:
    a_record(title=MARKER)

    with pytest.raises(TypeError), transaction.atomic():
        HealthRecord.objects.filter(title=MARKER).exists()


def test_a_value_of_another_row_is_refused() -> None:
    mine, other = a_record(title="mine"), a_record(title="theirs")

    overwrite(mine, "title", raw(other, "title"))

    with pytest.raises(DecryptionError):
        _ = HealthRecord.objects.get(pk=mine.pk).title
    assert HealthRecord.objects.get(pk=other.pk).title == "theirs"


def test_a_value_of_another_column_is_refused() -> None:
    record = a_record(title="title", description="description")

    overwrite(record, "title", raw(record, "description"))

    with pytest.raises(DecryptionError):
        _ = HealthRecord.objects.get(pk=record.pk).title


def test_a_value_of_another_table_is_refused_even_under_the_same_seal() -> None:
    record = a_record(title="title")
    appointment = world.an_appointment(
        world.a_doctor(), record.patient, world.utc("2027-03-01 09:00"), seal=record.seal, notes="n"
    )

    overwrite(record, "title", raw(appointment, "notes"))

    assert Appointment.objects.get(pk=appointment.pk).notes == "n"
    with pytest.raises(DecryptionError):
        _ = HealthRecord.objects.get(pk=record.pk).title


def test_a_row_whose_seal_was_exchanged_is_refused() -> None:
    mine, other = a_record(title="mine"), a_record(title="theirs")
    HealthRecord.objects.filter(pk=mine.pk).update(seal=other.seal)

    with pytest.raises(DecryptionError):
        _ = HealthRecord.objects.get(pk=mine.pk).title


@pytest.mark.parametrize("value", [b"", b"plain text", b"\x01\x02k1", b"\x01"])
def test_what_was_never_sealed_is_not_shown(value: bytes) -> None:
    record = a_record(title=MARKER)

    overwrite(record, "title", memoryview(value))

    with pytest.raises(DecryptionError):
        _ = HealthRecord.objects.get(pk=record.pk).title


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize("value", ["plain text", "", "'", 7, 7.5])
def test_other_types_that_sqlite_lets_in_are_not_shown(value: Any) -> None:
    record = a_record(title=MARKER)

    overwrite(record, "title", value)

    with pytest.raises(DecryptionError):
        _ = HealthRecord.objects.get(pk=record.pk).title


def test_a_refused_value_is_refused_each_time_and_survives_a_save() -> None:
    mine, other = a_record(title="mine"), a_record(title="theirs")
    overwrite(mine, "title", raw(other, "title"))
    row = HealthRecord.objects.get(pk=mine.pk)

    for _ in range(2):
        with pytest.raises(DecryptionError):
            _ = row.title
    row.save()

    assert bytes(raw(mine, "title")) == bytes(raw(other, "title"))
