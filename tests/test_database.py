"""Transactional tests leave nothing behind, and what the migrations made stays."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from tests.engine import Engine
from tests.together import together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_starts_with_what_the_migrations_made(turn: int) -> None:
    assert Session.objects.count() == 0
    made = ContentType.objects.get(app_label="sessions", model="session")

    Session.objects.create(session_key="left-behind", expire_date=timezone.now())
    made.app_label = "changed"
    made.save()


async def test_the_async_orm_sees_the_same_database() -> None:
    await Session.objects.acreate(session_key="async", expire_date=timezone.now())
    assert await Session.objects.acount() == 1


def test_the_engine_is_the_chosen_one(engine: Engine) -> None:
    assert connection.vendor == {"sqlite": "sqlite", "postgres": "postgresql"}[engine.name]
    assert str(connection.settings_dict["NAME"]) in engine.database_url


def test_calls_made_together_all_commit() -> None:
    def add(key: str) -> str:
        Session.objects.create(session_key=key, expire_date=timezone.now())
        return key

    assert together(lambda: add("one"), lambda: add("two")) == ["one", "two"]
    assert Session.objects.count() == 2


def test_a_refusal_in_one_thread_is_an_outcome_and_not_a_failure() -> None:
    refused, done = together(lambda: Session.objects.get(session_key="none"), lambda: "done")

    assert isinstance(refused, Session.DoesNotExist)
    assert done == "done"
