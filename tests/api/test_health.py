"""/livez and /readyz: what fails is noticed, and named to operators only."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from api.health import is_writable
from clinic import clock, constraints
from clinic.actions.messages import claim_message, mark_failed, plan_message
from clinic.models import MessageKind, Reminder
from clinic.models.appointments import DOCTOR_OVERLAP
from clinic.rules.messages import Channel
from tests import world
from tests.api.client import Api, ok
from tests.servers.process import free_port

pytestmark = pytest.mark.django_db


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def drop_an_overlap_rule(settings: Any) -> None:
    if connection.vendor == "sqlite":
        execute(f"DROP TRIGGER {DOCTOR_OVERLAP}_insert")
    else:
        table = constraints.TABLE
        execute(f"ALTER TABLE {table} DROP CONSTRAINT {DOCTOR_OVERLAP}")


def forget_a_migration(settings: Any) -> None:
    execute("DELETE FROM django_migrations WHERE app = 'clinic'")


def refuse_writes(settings: Any) -> None:
    sqlite = connection.vendor == "sqlite"
    execute("PRAGMA query_only = ON" if sqlite else "SET LOCAL transaction_read_only = on")


def lose_redis(settings: Any) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"


FAILURES: dict[str, Callable[[Any], None]] = {
    "database": refuse_writes,
    "migrations": forget_a_migration,
    "constraints": drop_an_overlap_rule,
    "redis": lose_redis,
}


@pytest.fixture
def writable_again() -> Any:
    yield
    if connection.vendor == "sqlite":
        execute("PRAGMA query_only = OFF")


def test_a_process_that_answers_is_alive() -> None:
    assert ok(Api().get("/livez")) == {"status": "ok"}


def test_a_service_that_can_do_its_work_is_ready() -> None:
    for api in (Api(), Api(world.an_admin())):
        assert ok(api.get("/readyz")) == {"status": "ok"}


@pytest.mark.usefixtures("writable_again")
@pytest.mark.parametrize("part", FAILURES)
def test_what_fails_is_named_to_an_admin_and_to_nobody_else(part: str, settings: Any) -> None:
    admin = Api(world.an_admin())
    others = [
        Api(), Api(token="garbage"), Api(world.a_patient()), Api(world.a_doctor()),
        Api(world.a_receptionist()),
    ]  # fmt: skip

    with transaction.atomic():
        FAILURES[part](settings)
        assert ok(admin.get("/readyz"), 503) == {"status": "unavailable", "failing": [part]}
        for api in others:
            assert ok(api.get("/readyz"), 503) == {"status": "unavailable"}
        assert ok(Api().get("/livez")) == {"status": "ok"}
        transaction.set_rollback(True)


def test_readiness_only_reads() -> None:
    with CaptureQueriesContext(connection) as asked:
        ok(Api().get("/readyz"))

    said = {query["sql"].split()[0] for query in asked}
    assert said
    assert said <= {"SELECT", "PRAGMA", "SHOW"}


def test_a_database_file_is_writable_only_with_its_folder(tmp_path: Path) -> None:
    (tmp_path / "clinic.sqlite3").touch()

    assert is_writable(tmp_path / "clinic.sqlite3")
    assert not is_writable(tmp_path / "gone.sqlite3")
    assert not is_writable(tmp_path / "clinic.sqlite3" / "no-folder")


def test_mail_that_nobody_sends_is_named_to_operators_and_the_service_stays_ready() -> None:
    operator, others = Api(world.an_admin()), [Api(), Api(world.a_patient())]
    with time_machine.travel(clock.now() - timedelta(minutes=5), tick=False), transaction.atomic():
        plan_message(kind=MessageKind.EMAIL_VERIFICATION, person=world.a_patient())
    with time_machine.travel(clock.now() - timedelta(seconds=2), tick=False):
        assert ok(operator.get("/readyz")) == {"status": "ok"}

    answer = ok(operator.get("/readyz"))

    assert answer["status"] == "ok"
    assert answer["overdue"].keys() == {"messages"}
    assert 300 <= answer["overdue"]["messages"] < 400
    for api in others:
        assert ok(api.get("/readyz")) == {"status": "ok"}


def test_reminders_that_nobody_sends_are_named_too() -> None:
    world.book(world.a_doctor(), world.a_patient())
    Reminder.objects.update(due_at=clock.now() - timedelta(seconds=299))
    operator = Api(world.an_admin())
    assert ok(operator.get("/readyz")) == {"status": "ok"}
    Reminder.objects.update(due_at=clock.now() - timedelta(seconds=301))

    assert ok(operator.get("/readyz"))["overdue"].keys() == {"reminders"}


def test_mail_that_is_retried_later_is_not_overdue() -> None:
    with time_machine.travel(clock.now() - timedelta(minutes=6), tick=False), transaction.atomic():
        plan_message(kind=MessageKind.EMAIL_VERIFICATION, person=world.a_patient())
    claimed = claim_message(Channel.EMAIL)
    assert claimed is not None
    mark_failed(claimed, reason="unreachable")

    assert ok(Api(world.an_admin()).get("/readyz")) == {"status": "ok"}
