"""Workers that stay for ever at one point of their work, so that they can be killed exactly there.

A trigger of the database, or the mail server, holds them; nothing of it is in the workers' own code.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum

from django.db import OperationalError, connection

from clinic.models import Message, Reminder
from tests.servers.smtp import Smtp

# On SQLite more rows than anybody counts; on PostgreSQL longer than any test.
COUNTLESS = ", ".join(f"django_migrations m{number}" for number in range(9))
NAMES = {Reminder: "stuck_reminder", Message: "stuck_message"}


class Point(StrEnum):
    BEFORE_CLAIM = "before the claim of a reminder commits"
    BEFORE_MARK = "after the claim of a reminder, before its mark"
    BEFORE_MAIL_CLAIM = "before the claim of a mail commits"
    BEFORE_SEND = "after the claim of a mail, before it is sent"
    AFTER_SEND = "after a mail was sent"
    BEFORE_MAIL_MARK = "before the mark of a mail commits"


@contextmanager
def at(point: Point, smtp: Smtp) -> Iterator[None]:
    """Until the end of this, whoever comes to this point stays there."""
    with _HOLDS[point](smtp):
        yield


def is_stuck(point: Point, smtp: Smtp) -> bool:
    """Whether somebody is there."""
    if point in (Point.BEFORE_SEND, Point.AFTER_SEND):
        return smtp.stalled.is_set()
    if connection.vendor == "postgresql":
        return bool(_sleepers())
    # Whoever is in the middle of a transaction lets no other write.
    return _is_writing()


def let_the_dead_go() -> None:
    """PostgreSQL notices only late that who asked for something is dead; its locks go with it."""
    if connection.vendor == "postgresql":
        for pid in _sleepers():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s)", [pid])


def _sleepers() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event = 'PgSleep'"
        )
        return [pid for (pid,) in cursor.fetchall()]


def _is_writing() -> bool:
    """For so long that it is no transaction that ends."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        [usual] = cursor.fetchone()
        cursor.execute("PRAGMA busy_timeout = 800")
        try:
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("ROLLBACK")
        except OperationalError:
            return True
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {usual}")
    return False


def _updates(
    model: type[Reminder] | type[Message], when: str
) -> Callable[[Smtp], AbstractContextManager[None]]:
    @contextmanager
    def hold(smtp: Smtp) -> Iterator[None]:
        table, name = model._meta.db_table, NAMES[model]
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(f"""
                    CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN PERFORM pg_sleep(600); RETURN NEW; END $$;
                    CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW
                    WHEN ({when}) EXECUTE FUNCTION {name}()
                """)
            else:
                cursor.execute(f"""
                    CREATE TRIGGER {name} BEFORE UPDATE ON {table} WHEN {when}
                    BEGIN SELECT count(*) FROM {COUNTLESS}; END
                """)
        try:
            yield
        finally:
            let_the_dead_go()
            with connection.cursor() as cursor:
                on = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER {name}{on}")

    return hold


def _mail_server(moment: str) -> Callable[[Smtp], AbstractContextManager[None]]:
    @contextmanager
    def hold(smtp: Smtp) -> Iterator[None]:
        smtp.stall(moment)  # type: ignore[arg-type]
        try:
            yield
        finally:
            smtp.go_on()

    return hold


_HOLDS = {
    Point.BEFORE_CLAIM: _updates(Reminder, "NEW.claim IS NOT NULL"),
    Point.BEFORE_MARK: _updates(Reminder, "NEW.state <> 'waiting'"),
    Point.BEFORE_MAIL_CLAIM: _updates(Message, "NEW.claim IS NOT NULL"),
    Point.BEFORE_SEND: _mail_server("greeting"),
    Point.AFTER_SEND: _mail_server("accepted"),
    Point.BEFORE_MAIL_MARK: _updates(Message, "NEW.sent_at IS NOT NULL"),
}
