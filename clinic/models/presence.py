"""Who is watching a record at present, where there is no Redis to keep it."""

from django.db import models

from clinic.models.people import Person


class Viewing(models.Model):
    """Somebody watches a topic through one web process, which renews this while it lives."""

    topic = models.CharField(max_length=64)
    process = models.CharField(max_length=32)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="viewings")
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["topic", "process", "person"], name="viewing_once")
        ]
        indexes = [models.Index(fields=["until"])]

    def __str__(self) -> str:
        return f"{self.person_id} watches {self.topic}"
