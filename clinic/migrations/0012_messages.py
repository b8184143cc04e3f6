"""Mails become messages, on several ways; what is to be told of an event, how people want it, and their browsers."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import clinic.models.encrypted

WAITING = models.Q(dropped_at=None, failed_at=None, sent_at=None)


class Migration(migrations.Migration):
    dependencies = [("clinic", "0011_reminders_of_visits")]

    operations = [
        migrations.RemoveConstraint("mail", "mail_ends_once"),
        migrations.RenameModel("Mail", "Message"),
        migrations.RenameIndex("message", new_name="message_waiting", old_name="mail_waiting"),
        migrations.RenameIndex(
            "message",
            new_name="clinic_mess_created_de230d_idx",
            old_name="clinic_mail_created_ca8bcc_idx",
        ),
        migrations.RenameField("message", "error", "reason"),
        migrations.AlterField("message", "address", models.CharField(blank=True, max_length=254)),
        migrations.AlterField(
            "message",
            "person",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="messages",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField("message", "channel", models.CharField(default="email", max_length=12)),
        migrations.AddField(
            "message",
            "event",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="messages",
                to="clinic.event",
            ),
        ),
        migrations.AddField("message", "unless_read", models.BooleanField(default=False)),
        migrations.AddConstraint(
            "message",
            models.CheckConstraint(
                name="message_ends_once",
                condition=models.Q(("failed_at", None), ("sent_at", None))
                | models.Q(("dropped_at", None), ("sent_at", None))
                | models.Q(("dropped_at", None), ("failed_at", None)),
            ),
        ),
        migrations.AddField("event", "unsent", models.JSONField(blank=True, null=True)),
        migrations.AddIndex(
            "event",
            models.Index(
                fields=["at", "id"],
                name="event_unsent",
                condition=models.Q(("unsent__isnull", False)),
            ),
        ),
        migrations.AddField(
            "clinic", "reminders", models.CharField(blank=True, max_length=80, null=True)
        ),
        migrations.CreateModel(
            name="Preferences",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("email", models.BooleanField(default=True)),
                ("push", models.BooleanField(default=True)),
                ("sms", models.BooleanField(default=True)),
                ("lead_times", models.CharField(blank=True, max_length=80, null=True)),
                ("quiet_from", models.TimeField(blank=True, null=True)),
                ("quiet_until", models.TimeField(blank=True, null=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "verbose_name_plural": "preferences",
                "constraints": [
                    models.CheckConstraint(
                        name="preferences_quiet_from_until",
                        condition=models.Q(
                            ("quiet_from__isnull", True), ("quiet_until__isnull", True)
                        )
                        | models.Q(("quiet_from__isnull", False), ("quiet_until__isnull", False)),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PushSubscription",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seal", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "endpoint",
                    clinic.models.encrypted.EncryptedTextField(blank=True, default=""),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="subscriptions",
                        to="clinic.session",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
    ]
