"""Rooms become rows with ids that stay; a clinic that nobody has named says so."""

import django.db.models.functions.text
from django.db import migrations, models

UNNAMED = "Clinic"  # the default until now


def names_to_rooms(apps, schema_editor):
    Clinic, Room = apps.get_model("clinic", "Clinic"), apps.get_model("clinic", "Room")
    for clinic in Clinic.objects.all():
        known = {}
        for name in clinic.rooms or []:
            shown = str(name).strip()[:40]
            if shown:
                known.setdefault(shown.lower(), shown)
        Room.objects.bulk_create(
            Room(name=name, position=position) for position, name in enumerate(known.values())
        )
    Clinic.objects.filter(name=UNNAMED).update(name="")


def rooms_to_names(apps, schema_editor):
    Clinic, Room = apps.get_model("clinic", "Clinic"), apps.get_model("clinic", "Room")
    names = list(Room.objects.order_by("position", "id").values_list("name", flat=True))
    Clinic.objects.update(rooms=names)
    Clinic.objects.filter(name="").update(name=UNNAMED)


class Migration(migrations.Migration):
    dependencies = [("clinic", "0001_initial")]

    operations = [
        migrations.AlterModelOptions(name="clinic", options={"verbose_name_plural": "clinic"}),
        migrations.CreateModel(
            name="Room",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=40)),
                ("position", models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                "ordering": ["position", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("name"), name="room_name_once"
                    )
                ],
            },
        ),
        migrations.RunPython(names_to_rooms, rooms_to_names),
        migrations.RemoveField(model_name="clinic", name="rooms"),
        migrations.AlterField(
            model_name="clinic",
            name="name",
            field=models.CharField(blank=True, default="", max_length=120),
        ),
    ]
