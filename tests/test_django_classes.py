"""Django's own test classes work under the suite as they do everywhere."""

from typing import ClassVar

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import SimpleTestCase, TestCase, TransactionTestCase

from clinic.models import Person
from tests import world

pytestmark = pytest.mark.engine("sqlite")


class SimpleTestCaseWorks(SimpleTestCase):
    def test_pages_that_need_no_database_are_served(self) -> None:
        self.assertContains(self.client.get("/livez"), "ok")

    def test_the_database_is_out_of_reach(self) -> None:
        with self.assertRaisesMessage(AssertionError, "not allowed in SimpleTestCase"):
            Person.objects.count()

    def test_settings_can_be_overridden(self) -> None:
        with self.settings(LIST_MAX_LIMIT=7):
            self.assertEqual(settings.LIST_MAX_LIMIT, 7)
        self.assertNotEqual(settings.LIST_MAX_LIMIT, 7)


class TestCaseWorks(TestCase):
    ada: ClassVar[Person]

    @classmethod
    def setUpTestData(cls) -> None:
        cls.ada = world.a_patient("ada")

    def test_what_the_class_made_is_there(self) -> None:
        self.assertEqual(Person.objects.get(username="ada"), self.ada)

    def test_what_a_test_makes_is_gone_afterwards(self) -> None:
        world.a_patient()
        self.assertEqual(Person.objects.count(), 2)

    def test_what_another_test_made_is_gone(self) -> None:
        world.a_patient()
        self.assertEqual(Person.objects.count(), 2)

    def test_a_signed_in_request_counts_its_queries(self) -> None:
        access = world.tokens(self.ada).access
        with self.assertNumQueries(2):
            answer = self.client.get(
                "/api/users/me/", headers={"Authorization": f"Bearer {access}"}
            )
        self.assertEqual(answer.json()["user"]["username"], "ada")

    def test_what_waits_for_the_commit_can_be_called(self) -> None:
        told: list[str] = []
        with self.captureOnCommitCallbacks(execute=True):
            transaction.on_commit(lambda: told.append("committed"))
        self.assertEqual(told, ["committed"])


class TransactionTestCaseWorks(TransactionTestCase):
    def test_it_begins_with_nobody_and_commits(self) -> None:
        self.assertEqual(Person.objects.count(), 0)
        self.assertFalse(connection.in_atomic_block)
        world.a_patient()

    def test_it_begins_with_nobody_again(self) -> None:
        self.assertEqual(Person.objects.count(), 0)
        world.a_patient()
