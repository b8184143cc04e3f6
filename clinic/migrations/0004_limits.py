"""Limits remember how often something was tried, and from where somebody has signed in."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clinic", "0003_mail_outbox")]

    operations = [
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("key", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("ready_at", models.BigIntegerField()),
                ("count", models.PositiveIntegerField()),
                ("forget_at", models.BigIntegerField()),
                ("tried_at", models.BigIntegerField()),
            ],
            options={"verbose_name_plural": "tallies"},
        ),
        migrations.CreateModel(
            name="KnownNetwork",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=32)),
                ("last_used_at", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="known_networks",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="tally",
            index=models.Index(fields=["forget_at"], name="clinic_tall_forget__37deae_idx"),
        ),
        migrations.AddIndex(
            model_name="knownnetwork",
            index=models.Index(fields=["last_used_at"], name="clinic_know_last_us_0860e7_idx"),
        ),
        migrations.AddConstraint(
            model_name="knownnetwork",
            constraint=models.UniqueConstraint(
                fields=("person", "digest"), name="known_network_once"
            ),
        ),
    ]
