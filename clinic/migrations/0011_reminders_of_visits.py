from django.conf import settings
from django.db import migrations

from clinic import clock
from clinic.rules.reminders import moments_before

CHANNELS = ("in_app", "email")


def plan(apps, schema_editor):
    """Visits that were booked before there were reminders are reminded of, too."""
    Appointment = apps.get_model("clinic", "Appointment")
    Reminder = apps.get_model("clinic", "Reminder")
    now = clock.now()
    ahead = Appointment.objects.filter(status="SCHEDULED", start__gt=now).values_list(
        "pk", "sequence", "start", "doctor__person__time_zone"
    )
    Reminder.objects.bulk_create(
        [
            Reminder(
                appointment_id=pk,
                sequence=sequence,
                kind=moment.kind,
                channel=channel,
                due_at=moment.due_at,
                until=moment.until,
            )
            for pk, sequence, start, zone in ahead
            for moment in moments_before(settings.REMINDERS, start, zone, now=now)
            for channel in CHANNELS
        ],
        batch_size=500,
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("clinic", "0010_reminders")]

    operations = [migrations.RunPython(plan, migrations.RunPython.noop)]
