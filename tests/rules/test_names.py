"""Names that are likely one person's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.rules.names import names_alike, phone_tail, plain, username_from

pytestmark = pytest.mark.engine("sqlite")

WORDS = st.text(max_size=30)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana López", "ana lopez"),
        ("López Ana", "Ana Lopez"),
        ("Hans Meyer", "Hans Meier"),
        ("Katharina Schmidt", "Katarina Schmitt"),
        ("Søren Ødegård", "Soren Odegard"),
        ("Anna-Lena Groß", "Anna-Lena Gross"),
    ],
)
def test_these_are_alike(one: str, other: str) -> None:
    assert names_alike(one, other)
    assert names_alike(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ana López", "Ana Weber"), ("Hans Meyer", "Gretel Meyer"), ("", ""), ("", "Ana"), (" ", " ")],
)
def test_these_are_not(one: str, other: str) -> None:
    assert not names_alike(one, other)


@pytest.mark.parametrize(
    ("number", "tail"),
    [
        ("+49 (171) 123-45 67", "11234567"),
        ("0171/1234567", "11234567"),
        ("112", ""),
        ("none", ""),
        ("12345", "12345"),
    ],
)
def test_a_number_is_known_by_its_last_digits(number: str, tail: str) -> None:
    assert phone_tail(number) == tail


@given(WORDS, WORDS)
def test_every_name_gives_a_user_name_that_can_be_registered(first: str, last: str) -> None:
    name = username_from(first, last)

    assert name
    assert len(name) <= 120
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
    assert username_from(plain(first), plain(last)) == name


@given(WORDS)
def test_a_name_is_alike_itself(name: str) -> None:
    assert names_alike(name, name) == bool(plain(name).split())
