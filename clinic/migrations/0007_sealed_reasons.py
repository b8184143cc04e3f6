"""Why a visit was cancelled or a doctor is away is free text, and often about health: it is sealed like notes."""

import uuid
from typing import Any

from django.db import migrations, models

from clinic.crypto import decrypt, encrypt
from clinic.models.encrypted import EncryptedTextField, binding

MODELS = ("Appointment", "TimeOff")


def give_each_its_own_seal(apps: Any, schema_editor: Any) -> None:
    absences = apps.get_model("clinic", "TimeOff").objects
    for pk in absences.values_list("pk", flat=True):
        absences.filter(pk=pk).update(seal=uuid.uuid4())


def seal(apps: Any, schema_editor: Any) -> None:
    for name in MODELS:
        table = apps.get_model("clinic", name)._meta.db_table
        rows = apps.get_model("clinic", name).objects.values_list("pk", "seal", "plain_reason")
        _write(
            schema_editor,
            f"UPDATE {table} SET reason = %s WHERE id = %s",
            [
                (encrypt(plain, bound_to=binding(table, "reason", mark)), pk)
                for pk, mark, plain in rows
            ],
        )


def unseal(apps: Any, schema_editor: Any) -> None:
    for name in MODELS:
        model = apps.get_model("clinic", name)
        table = model._meta.db_table
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(f"SELECT id, reason FROM {table}")
            sealed = dict(cursor.fetchall())
        for pk, mark in model.objects.values_list("pk", "seal"):
            plain = decrypt(bytes(sealed[pk]), bound_to=binding(table, "reason", mark))
            model.objects.filter(pk=pk).update(plain_reason=plain)


def _write(schema_editor: Any, statement: str, rows: list[tuple[bytes, int]]) -> None:
    if rows:
        with schema_editor.connection.cursor() as cursor:
            cursor.executemany(statement, rows)


class Migration(migrations.Migration):
    dependencies = [("clinic", "0006_presence")]

    operations = [
        migrations.AddField(
            "timeoff", "seal", models.UUIDField(default=uuid.uuid4, editable=False)
        ),
        migrations.RunPython(give_each_its_own_seal, migrations.RunPython.noop),
        *(
            operation
            for model in ("appointment", "timeoff")
            for operation in (
                migrations.RenameField(model, "reason", "plain_reason"),
                migrations.AddField(model, "reason", EncryptedTextField(default=b"")),
            )
        ),
        migrations.RunPython(seal, unseal),
        *(
            operation
            for model in ("appointment", "timeoff")
            for operation in (
                migrations.RemoveField(model, "plain_reason"),
                migrations.AlterField(model, "reason", EncryptedTextField()),
            )
        ),
    ]
