"""Mails that came back, and addresses that take none."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0014_outbox_by_end"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="bounced_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="person",
            name="email_bounced_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["seal"], name="message_seal"),
        ),
    ]
