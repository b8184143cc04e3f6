"""Numbers as people write them, and as the world dials them."""

import pytest

from clinic.rules.telephones import e164, masked

pytestmark = pytest.mark.engine("sqlite")


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("+49301234567", "+49301234567"),
        ("+49 (0)30 123-45.67", "+49301234567"),
        ("+34 (91) 123-45 67", "+34911234567"),
        (" +1\N{NO-BREAK SPACE}415\N{EN DASH}555/0100 ", "+14155550100"),
        ("030 1234567", None),
        ("0049 30 1234567", None),
        ("+0301234567", None),
        ("+49 1", None),
        ("+4930123456789012", None),
        ("+49 30 CLINIC", None),
        ("++49301234567", None),
        ("+49301234567, +49301234568", None),
        ("+\N{ARABIC-INDIC DIGIT FOUR}9301234567", None),
        ("", None),
    ],
)
def test_only_a_number_with_its_country_can_be_dialled(written: str, dialled: str | None) -> None:
    assert e164(written) == dialled


def test_a_masked_number_is_of_no_use_to_call() -> None:
    assert masked("+49301234567") == "+49…67"
