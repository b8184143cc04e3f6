"""What every test has: an engine, a database that is as new, cheap passwords."""

import gc
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import django
import pytest
import redis
from asgiref.sync import SyncToAsync
from django.conf import settings as django_settings
from django.db import connection, connections

from tests import engine as test_engine

ENGINE = pytest.StashKey[test_engine.Engine]()

if django_settings.configured:
    raise pytest.UsageError(
        "the settings were read before the tests could choose an engine: name DJANGO_SETTINGS_MODULE"
        " neither in pytest's options nor in the environment"
    )
_engine = test_engine.prepare()
with pytest.MonkeyPatch.context() as only_now:
    # pytest-xdist's workers inherit the environment: there, too, nobody may read the settings earlier.
    only_now.setenv("DJANGO_SETTINGS_MODULE", "clinic.settings")
    django.setup()

from realtime import asgi  # noqa: E402 (the settings come first)

if asgi._lock is not None:
    # This process serves nobody but its own tests: the place is for the web processes they start.
    asgi._lock.close()

pytest_plugins = ["tests.servers.fixtures", "tests.chromium"]


def pytest_configure(config: pytest.Config) -> None:
    config.stash[ENGINE] = _engine
    config.addinivalue_line("markers", "engine(name): runs on that engine only (sqlite, postgres)")
    config.add_cleanup(_stop)


def _stop() -> None:
    from tests.migrated import drop_copy

    if _engine.owns_run and _engine.name == "postgres" and _engine.postgres is None:
        drop_copy(_engine)
    _engine.stop()


def pytest_report_header() -> str:
    return f"engine: {_engine.name} ({_engine.run_dir})"


def pytest_sessionstart(session: pytest.Session) -> None:
    hands_out_tests = session.config.pluginmanager.hasplugin("dsession")
    if hands_out_tests:
        # Any of our entry points that was imported meanwhile has named it again.
        os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    if not session.config.option.collectonly:
        _engine.start(runs_tests=not hands_out_tests)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A test of the other engine is no test of this run: it is deselected, not skipped."""
    other = [item for item in items if _engine.name not in _engines(item)]
    if other:
        items[:] = [item for item in items if _engine.name in _engines(item)]
        config.hook.pytest_deselected(items=other)
    # What takes long comes first, so that the processes of a run end together. Everybody else stays in order.
    items.sort(key=lambda item: _slow.match(item.nodeid) is None)


def pytest_collection_finish() -> None:
    """Whatever was loaded stays: nobody who collects garbage in a test has to look through it again."""
    gc.collect()
    gc.freeze()


_slow = re.compile(r"tests/(browser|operations|workers)/")


def _engines(item: pytest.Item) -> set[str]:
    """The nearest mark counts: a test's own, then its module's."""
    # SQLite is the embedded column: it has no Redis, and refuses a second web process.
    if {"two_webs", "redis"} & set(getattr(item, "fixturenames", ())):
        return {"postgres"}
    mark = item.get_closest_marker("engine")
    return set(mark.args) if mark else {"sqlite", "postgres"}


@pytest.fixture(scope="session")
def engine() -> test_engine.Engine:
    return _engine


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """The test database is the very one the environment names: web processes find it by themselves."""
    for database in django_settings.DATABASES.values():
        database["TEST"]["NAME"] = database["NAME"]


@pytest.fixture(scope="session")
def django_db_setup(
    engine: test_engine.Engine,
    django_test_environment: None,
    django_db_modify_db_settings: None,
    django_db_blocker: Any,
) -> Iterator[None]:
    from tests.database import restore_instead_of_flush, take_snapshot
    from tests.migrated import make_database, sqlite_copy

    with django_db_blocker.unblock():
        make_database(engine)
        snapshot = take_snapshot(sqlite_copy(engine))
    restore_instead_of_flush(snapshot)
    yield
    with django_db_blocker.unblock():
        snapshot.close()
        connection.creation.destroy_test_db(None, verbosity=0)


@pytest.fixture(autouse=True)
def close_async_connection() -> Iterator[None]:
    """Django's async ORM works in one thread of its own, whose connection nobody closes otherwise."""
    yield
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()


@pytest.fixture(autouse=True)
def cheap_passwords(settings: Any) -> None:
    """Argon2 as in production, at a hundredth of its price. Web processes keep the real one."""
    settings.PASSWORD_HASHERS = ["tests.passwords.CheapArgon2"]


@pytest.fixture(scope="session")
def redis_here() -> Iterator[redis.Redis | None]:
    if django_settings.REDIS_URL is None:
        yield None
        return
    with redis.Redis.from_url(django_settings.REDIS_URL, socket_timeout=5) as client:
        yield client


@pytest.fixture(autouse=True)
def nobody_has_tried_anything(redis_here: redis.Redis | None) -> Callable[[], None]:
    """The database is as new for each test; what limits count elsewhere has to be, too.

    A test that tries more than anybody may calls it again in between.
    """
    from clinic.limits import IN_THIS_PROCESS

    def forget() -> None:
        IN_THIS_PROCESS.clear()
        if redis_here is not None:
            for kept in ("limit", "presence"):
                names = f"{django_settings.REDIS_PREFIX}:{kept}:*"
                for key in redis_here.scan_iter(names, count=1000):
                    redis_here.delete(key)

    forget()
    return forget
