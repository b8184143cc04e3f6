"""The rules against overlaps are there, are missed when they are not, and come back with `migrate`."""

from collections.abc import Iterator

import pytest
from django.core import checks
from django.core.management import call_command
from django.db import IntegrityError, connection

from clinic import constraints
from clinic.models.appointments import DOCTOR_OVERLAP, PATIENT_OVERLAP
from tests import world
from tests.engine import Engine
from tests.models.rawsql import TABLE, count_overlaps, execute

pytestmark = pytest.mark.django_db(transaction=True)

NINE = world.utc("2027-03-01 09:00")
RULES = {
    "sqlite": [
        f"{DOCTOR_OVERLAP}_insert",
        f"{DOCTOR_OVERLAP}_update",
        "appointment_instant_format_insert",
        "appointment_instant_format_update",
        f"{PATIENT_OVERLAP}_insert",
        f"{PATIENT_OVERLAP}_update",
    ],
    "postgres": [DOCTOR_OVERLAP, PATIENT_OVERLAP],
}


@pytest.fixture(autouse=True)
def rules_come_back(transactional_db: None) -> Iterator[None]:
    yield
    execute(f"DELETE FROM {TABLE}")
    constraints.install(connection)


def drop(rule: str) -> None:
    if connection.vendor == "sqlite":
        execute(f"DROP TRIGGER {rule}")
    else:
        execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT {rule}")


def weaken(rule: str) -> None:
    """Put something harmless in the place of a rule, under its name."""
    drop(rule)
    if connection.vendor == "sqlite":
        execute(
            f"CREATE TRIGGER {rule} BEFORE INSERT ON {TABLE} WHEN 0 BEGIN SELECT RAISE(ABORT, ''); END"
        )
    else:
        execute(
            f"ALTER TABLE {TABLE} ADD CONSTRAINT {rule}"
            " EXCLUDE USING gist (int8range(id, id, '[]') WITH &&)"
        )


def errors() -> list[str]:
    found = checks.run_checks(tags=[checks.Tags.database], databases=["default"])
    return [str(error.msg) for error in found if error.id == "clinic.E001"]


def book_twice() -> None:
    doctor = world.a_doctor()
    for _ in range(2):
        world.an_appointment(doctor, world.a_patient(), NINE)


def test_the_rules_of_this_engine_are_in_place(engine: Engine) -> None:
    assert constraints.missing(connection) == []
    assert errors() == []
    for rule in RULES[engine.name]:
        drop(rule)
    assert constraints.missing(connection) == sorted(RULES[engine.name])


def test_each_missing_rule_is_noticed_and_named(engine: Engine) -> None:
    for rule in RULES[engine.name]:
        drop(rule)
        assert constraints.missing(connection) == [rule]
        [message] = errors()
        assert rule in message
        constraints.install(connection)
        assert errors() == []


def test_without_the_rules_two_appointments_do_overlap(engine: Engine) -> None:
    for rule in RULES[engine.name]:
        drop(rule)

    book_twice()

    assert count_overlaps() == 1


def test_migrate_puts_back_what_is_missing(engine: Engine) -> None:
    for rule in RULES[engine.name]:
        drop(rule)

    call_command("migrate", verbosity=0)

    assert constraints.missing(connection) == []
    with pytest.raises(IntegrityError, match=DOCTOR_OVERLAP):
        book_twice()


def test_migrate_renews_a_rule_that_was_weakened(engine: Engine) -> None:
    for rule in RULES[engine.name]:
        weaken(rule)
    assert constraints.missing(connection) == []

    call_command("migrate", verbosity=0)

    with pytest.raises(IntegrityError, match=DOCTOR_OVERLAP):
        book_twice()


def test_installing_again_changes_nothing() -> None:
    before = definitions()

    constraints.install(connection)

    assert definitions() == before


def definitions() -> list[tuple[object, ...]]:
    queries = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name",
        # the same oid: the index was not built again
        "postgresql": "SELECT oid, conname FROM pg_constraint WHERE contype = 'x' ORDER BY oid",
    }
    with connection.cursor() as cursor:
        cursor.execute(queries[connection.vendor])
        return list(cursor.fetchall())
