"""When a browser was told last: it is not told again of what it was told of."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clinic", "0012_messages")]

    operations = [
        migrations.AddField(
            "pushsubscription", "pushed_at", models.DateTimeField(blank=True, null=True)
        ),
    ]
