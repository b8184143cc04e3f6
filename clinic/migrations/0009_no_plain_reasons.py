"""What is sealed stands nowhere else."""

from django.db import migrations, models

from clinic.models.encrypted import EncryptedTextField


class Migration(migrations.Migration):
    dependencies = [("clinic", "0008_sealed_reasons")]

    operations = [
        # The way back finds an empty column to write into.
        *(
            migrations.AlterField(
                model, "plain_reason", models.CharField(max_length=300, blank=True, default="")
            )
            for model in ("appointment", "timeoff")
        ),
        migrations.RemoveField("appointment", "plain_reason"),
        migrations.RemoveField("timeoff", "plain_reason"),
        migrations.AlterField("appointment", "reason", EncryptedTextField()),
        migrations.AlterField("timeoff", "reason", EncryptedTextField()),
    ]
