"""The outbox of mails, addresses that were verified, and numbers by which sessions are listed."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import clinic.models.sessions


def number_sessions(apps, schema_editor):
    Session = apps.get_model("clinic", "Session")
    for session in Session.objects.filter(number=None).only("pk").iterator():
        number = clinic.models.sessions.new_number()
        Session.objects.filter(pk=session.pk).update(number=number)


class Migration(migrations.Migration):
    dependencies = [("clinic", "0002_rooms")]

    operations = [
        migrations.AddField(
            model_name="person",
            name="email_verified_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        # A default of the column would give all sessions one number.
        migrations.AddField(
            model_name="session",
            name="number",
            field=models.BigIntegerField(null=True, editable=False),
        ),
        migrations.RunPython(number_sessions, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="session",
            name="number",
            field=models.BigIntegerField(
                default=clinic.models.sessions.new_number, editable=False, unique=True
            ),
        ),
        migrations.CreateModel(
            name="Mail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seal", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("kind", models.CharField(max_length=40)),
                ("address", models.EmailField(max_length=254)),
                ("subject_kind", models.CharField(blank=True, max_length=20)),
                ("subject_id", models.BigIntegerField(blank=True, null=True)),
                ("once", models.CharField(blank=True, max_length=200, null=True, unique=True)),
                ("created_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("claim", models.UUIDField(blank=True, null=True)),
                ("claimed_until", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=40)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("failed_at", models.DateTimeField(blank=True, null=True)),
                ("dropped_at", models.DateTimeField(blank=True, null=True)),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mails",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(dropped_at=None, failed_at=None, sent_at=None),
                        fields=["due_at", "id"],
                        name="mail_waiting",
                    ),
                    models.Index(fields=["created_at"], name="clinic_mail_created_ca8bcc_idx"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        name="mail_ends_once",
                        condition=models.Q(sent_at=None, failed_at=None)
                        | models.Q(sent_at=None, dropped_at=None)
                        | models.Q(failed_at=None, dropped_at=None),
                    )
                ],
            },
        ),
    ]
