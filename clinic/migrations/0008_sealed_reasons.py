"""The reasons there are, sealed; each absence gets a seal of its own first."""

import uuid
from typing import Any

from django.db import migrations

from clinic.crypto import decrypt, encrypt
from clinic.models.encrypted import binding

MODELS = ("Appointment", "TimeOff")


def seal(apps: Any, schema_editor: Any) -> None:
    absences = apps.get_model("clinic", "TimeOff").objects
    for pk in absences.values_list("pk", flat=True):
        absences.filter(pk=pk).update(seal=uuid.uuid4())
    for name in MODELS:
        model = apps.get_model("clinic", name)
        table = model._meta.db_table
        rows = model.objects.values_list("pk", "seal", "plain_reason")
        sealed = [
            (encrypt(plain, bound_to=binding(table, "reason", mark)), pk)
            for pk, mark, plain in rows
        ]
        if sealed:
            with schema_editor.connection.cursor() as cursor:
                cursor.executemany(f"UPDATE {table} SET reason = %s WHERE id = %s", sealed)


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


class Migration(migrations.Migration):
    dependencies = [("clinic", "0007_room_for_sealed_reasons")]

    operations = [migrations.RunPython(seal, unseal)]
