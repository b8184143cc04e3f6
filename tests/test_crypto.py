"""Health content at rest: what was written comes back, and whatever was tampered with does not."""

import base64
import secrets
from typing import Any

import pytest
from django.conf import settings as django_settings
from hypothesis import given
from hypothesis import strategies as st

from clinic.crypto import DecryptionError, decrypt, encrypt
from clinic.keys import DataKeys
from clinic.models.encrypted import binding

pytestmark = pytest.mark.engine("sqlite")

HERE = "clinic_healthrecord|title|5f0c3d6e-0000-4000-8000-000000000000"


def flipped(stored: bytes, position: int) -> bytes:
    changed = bytearray(stored)
    changed[position] ^= 1
    return bytes(changed)


@pytest.mark.parametrize(
    "text", ["", "a", "Größe 12 µg – 体温 38,5 °C 🩺", "line\nline\0", "x" * 100_000]
)
def test_what_was_encrypted_comes_back(text: str) -> None:
    assert decrypt(encrypt(text, bound_to=HERE), bound_to=HERE) == text


@given(st.text(), st.text())
def test_any_text_comes_back_wherever_it_is_bound(text: str, place: str) -> None:
    assert decrypt(encrypt(text, bound_to=place), bound_to=place) == text


def test_the_stored_value_does_not_show_the_text() -> None:
    assert b"tuberculosis" not in encrypt("tuberculosis" * 10, bound_to=HERE)


def test_the_same_text_is_stored_differently_each_time() -> None:
    assert len({encrypt("same", bound_to=HERE) for _ in range(100)}) == 100


def test_every_single_changed_byte_is_noticed() -> None:
    stored = encrypt("penicillin allergy", bound_to=HERE)

    for position in range(len(stored)):
        with pytest.raises(DecryptionError):
            decrypt(flipped(stored, position), bound_to=HERE)


def test_every_shortened_value_is_noticed() -> None:
    stored = encrypt("penicillin allergy", bound_to=HERE)

    for length in range(len(stored)):
        with pytest.raises(DecryptionError):
            decrypt(stored[:length], bound_to=HERE)


@pytest.mark.parametrize("appended", [b"\0", b"more"])
def test_a_lengthened_value_is_noticed(appended: bytes) -> None:
    with pytest.raises(DecryptionError):
        decrypt(encrypt("text", bound_to=HERE) + appended, bound_to=HERE)


@given(st.binary(max_size=80))
def test_other_bytes_are_never_taken_for_text(noise: bytes) -> None:
    for stored in (noise, b"\x01" + noise, b"\x01\x02k1" + noise):
        with pytest.raises(DecryptionError):
            decrypt(stored, bound_to=HERE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        "clinic_healthrecord|title|5f0c3d6e-0000-4000-8000-000000000001",
        "clinic_healthrecord|description|5f0c3d6e-0000-4000-8000-000000000000",
        "clinic_appointment|title|5f0c3d6e-0000-4000-8000-000000000000",
        "",
    ],
)
def test_a_value_is_worth_nothing_in_another_place(elsewhere: str) -> None:
    with pytest.raises(DecryptionError):
        decrypt(encrypt("text", bound_to=HERE), bound_to=elsewhere)


def test_places_are_told_apart_by_table_column_and_row() -> None:
    parts = [("a", "b", "c"), ("a", "b", "d"), ("a", "c", "c"), ("b", "b", "c")]
    places = {binding(table, column, row) for table, column, row in parts}  # type: ignore[arg-type]

    assert len(places) == len(parts)


def test_an_older_key_still_reads_and_the_newest_writes(settings: Any) -> None:
    old: DataKeys = django_settings.DATA_KEYS
    written_before = encrypt("old", bound_to=HERE)

    settings.DATA_KEYS = DataKeys("k2", {**old.keys, "k2": secrets.token_bytes(32)})
    written_since = encrypt("new", bound_to=HERE)

    assert decrypt(written_before, bound_to=HERE) == "old"
    assert decrypt(written_since, bound_to=HERE) == "new"
    settings.DATA_KEYS = old
    with pytest.raises(DecryptionError, match="unknown key"):
        decrypt(written_since, bound_to=HERE)


def test_another_installations_key_of_the_same_name_reads_nothing(settings: Any) -> None:
    stored = encrypt("text", bound_to=HERE)
    settings.DATA_KEYS = DataKeys("k1", {"k1": secrets.token_bytes(32)})

    with pytest.raises(DecryptionError):
        decrypt(stored, bound_to=HERE)


def test_a_key_id_cannot_be_exchanged_for_that_of_the_same_key(settings: Any) -> None:
    key = secrets.token_bytes(32)
    settings.DATA_KEYS = DataKeys("ka", {"ka": key, "kb": key})
    stored = encrypt("text", bound_to=HERE)

    with pytest.raises(DecryptionError):
        decrypt(stored.replace(b"ka", b"kb", 1), bound_to=HERE)


def test_an_error_shows_nothing_of_the_value() -> None:
    stored = encrypt("text", bound_to=HERE)

    with pytest.raises(DecryptionError) as refused:
        decrypt(flipped(stored, -1), bound_to=HERE)

    said = str(refused.value)
    assert "text" not in said
    assert base64.b64encode(stored).decode()[:8] not in said
    assert refused.value.__suppress_context__
