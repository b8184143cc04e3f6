"""Why a visit was cancelled or a doctor is away is free text, and often about health: room to seal it like notes.

Three migrations, so that each is a transaction: PostgreSQL alters no table whose changed rows are still to be checked.
"""

import uuid

from django.db import migrations, models

from clinic.models.encrypted import EncryptedTextField


class Migration(migrations.Migration):
    dependencies = [("clinic", "0006_presence")]

    operations = [
        migrations.AddField(
            "timeoff", "seal", models.UUIDField(default=uuid.uuid4, editable=False)
        ),
        migrations.RenameField("appointment", "reason", "plain_reason"),
        migrations.RenameField("timeoff", "reason", "plain_reason"),
        migrations.AddField("appointment", "reason", EncryptedTextField(default=b"")),
        migrations.AddField("timeoff", "reason", EncryptedTextField(default=b"")),
    ]
