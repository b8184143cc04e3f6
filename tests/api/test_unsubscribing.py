"""Mails stopped by one click: as mail programs ask for it, and as people open it."""

import pytest

from clinic.links import new_unsubscribe_token
from clinic.models import Person, Preferences
from tests import world
from tests.api.client import Api, refused_fields

pytestmark = pytest.mark.django_db


def path(token: str) -> str:
    return f"/api/messages/unsubscribe/{token}/"


def wants_mails(person: Person) -> bool:
    found = Preferences.objects.filter(person=person).first()
    return found is None or found.email


def test_a_mail_program_stops_mails_with_a_form_and_without_anybody_s_session() -> None:
    ana, ben = world.a_patient("ana"), world.a_patient("ben")
    url = path(new_unsubscribe_token(ana))

    for kind, raw in [
        ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\nList-Unsubscribe=One-Click\r\n--x--"),
        ("application/json", b"{"),
    ]:
        response = Api().client.post(url, data=raw, content_type=kind)
        assert (response.status_code, response.content) == (204, b""), kind

    assert not wants_mails(ana)
    assert wants_mails(ben)


def test_what_else_somebody_chose_stays() -> None:
    ana = world.a_patient()
    Preferences.objects.create(person=ana, sms=False, lead_times="3d")

    Api().post(path(new_unsubscribe_token(ana)))

    chosen = Preferences.objects.get(person=ana)
    assert (chosen.email, chosen.sms, chosen.push, chosen.lead_times) == (False, False, True, "3d")


def test_opening_the_link_leads_to_the_choice_and_changes_nothing() -> None:
    ana = world.a_patient()

    response = Api().get(path(new_unsubscribe_token(ana)))

    assert response.status_code == 302
    assert response.headers["Location"].endswith("/account")
    assert wants_mails(ana)


def test_a_link_for_another_address_or_for_nobody_is_refused() -> None:
    ana = world.a_patient("ana")
    token = new_unsubscribe_token(ana)
    gone = new_unsubscribe_token(Person(pk=10**15, email="x@example.org"))
    ana.email = "new@example.org"
    ana.save()

    for bad in (token, gone, token[:-1], "x", "a:b:c", "%00"):
        assert refused_fields(Api().post(path(bad))) == {"token": "link_invalid"}
    assert wants_mails(ana)
