"""Fields that take only what the database and every time zone can hold."""

from datetime import UTC, date, datetime
from typing import Final

from django.core.validators import MaxValueValidator, MinValueValidator
from rest_framework import serializers

from clinic.rules.reminders import MOST_LEADS

LARGEST_ID: Final = 2**63 - 1
EARLIEST: Final = date(1900, 1, 1)
LATEST: Final = date(2199, 12, 31)


class Id(serializers.IntegerField):
    """The number of a row."""

    def __init__(self, *, required: bool = True, allow_null: bool = False) -> None:
        super().__init__(
            required=required, allow_null=allow_null, min_value=1, max_value=LARGEST_ID
        )


class Day(serializers.DateField):
    """A calendar day; the first and last years of the calendar do not exist in every zone."""

    default_validators = [MinValueValidator(EARLIEST), MaxValueValidator(LATEST)]


class Instant(serializers.DateTimeField):
    """A moment, with its offset: whose clock a bare time means, nobody can know."""

    default_error_messages = {"naive": "Say the offset too, as in 2027-03-01T09:30:00+01:00."}
    default_validators = [
        MinValueValidator(datetime(1900, 1, 1, tzinfo=UTC)),
        MaxValueValidator(datetime(2199, 12, 31, tzinfo=UTC)),
    ]

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            self.fail("naive")
        return super().enforce_timezone(value)


class LeadTimes(serializers.ListField):
    """How long before a visit: `["1d", "2h"]`. Empty: never; null: as it is where nobody chose."""

    child = serializers.CharField(max_length=8)

    def __init__(self) -> None:
        super().__init__(required=False, allow_null=True, max_length=MOST_LEADS)


class IdInPath:
    """`<id:…>` in an address. What can be no id matches nothing, and so is not found."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)
