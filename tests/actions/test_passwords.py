"""Passwords: changed by who knows the old one, set once by who holds a link; other sessions end with it."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine

from clinic.actions.accounts import NewAccount, add_patient, create_account
from clinic.actions.addresses import resend_verification, verify_email
from clinic.actions.passwords import (
    change_password,
    request_password_reset,
    set_password_by_link,
)
from clinic.actions.people import Registration, deactivate_person, register_person, update_profile
from clinic.actions.sessions import sign_in
from clinic.errors import FieldError, LinkInvalid, RateLimited, WrongCredentials
from clinic.links import LinkKind, new_link_token
from clinic.models import Message, MessageKind, Person, Role, Session
from clinic.rules.rates import parse_rate
from clinic.tokens import TokenPair, read_access
from tests import world
from tests.together import together

pytestmark = pytest.mark.django_db
NEW = "another-horse-battery-8"


def opened(person: Person) -> Session:
    return Session.objects.get(id=read_access(world.tokens(person).access).session_id)


def standing() -> set[Session]:
    return set(Session.objects.filter(ended_at=None))


def planned(kind: MessageKind) -> list[str]:
    return list(Message.objects.filter(kind=kind).values_list("address", flat=True))


def password_works(person: Person, password: str) -> bool:
    try:
        sign_in(username=person.username, password=password)
    except WrongCredentials:
        return False
    return True


def change(person: Person, *, old: str = world.PASSWORD, new: str = NEW) -> Session:
    here = opened(person)
    change_password(actor=person, session_id=here.id, old=old, new=new)
    return here


# -- changing ---------------------------------------------------------------------------------------------


def test_a_changed_password_ends_all_other_sessions_and_is_told_by_mail() -> None:
    ana, ben = world.a_patient("ana"), world.a_patient("ben")
    there, of_ben = opened(ana), opened(ben)

    here = change(ana)

    assert standing() == {here, of_ben}
    assert there not in standing()
    assert planned(MessageKind.PASSWORD_CHANGED) == ["ana@example.org"]
    assert password_works(ana, NEW)
    assert not password_works(ana, world.PASSWORD)


@pytest.mark.parametrize(
    ("old", "new", "field", "code"),
    [
        ("wrong", NEW, "old_password", "wrong_password"),
        ("", NEW, "old_password", "wrong_password"),
        (world.PASSWORD, "short-7", "new_password", "password_too_short"),
        (world.PASSWORD, "password1", "new_password", "password_too_common"),
        (world.PASSWORD, "x" * 129, "new_password", "too_long"),
    ],
)
def test_a_refused_change_changes_nothing(old: str, new: str, field: str, code: str) -> None:
    ana = world.a_patient("ana")
    there = opened(ana)

    with pytest.raises(FieldError) as refused:
        change(ana, old=old, new=new)

    assert (refused.value.field, refused.value.field_code) == (field, code)
    assert there in standing()
    assert not Message.objects.exists()
    assert password_works(ana, world.PASSWORD)


def test_who_has_no_password_cannot_change_it_by_any_word() -> None:
    phoned = world.a_patient(password=None)

    for guess in ("", "!", phoned.password, "None"):
        with pytest.raises(FieldError):
            change(phoned, old=guess)


def test_guessing_the_old_password_is_slowed_and_a_right_one_begins_anew(settings: Any) -> None:
    settings.LIMIT_SIGN_IN = parse_rate("3/60/900/86400")
    ana = world.a_patient("ana")
    for _ in range(2):
        with pytest.raises(FieldError):
            change(ana, old="wrong")
    change(ana)
    ana.refresh_from_db()
    for _ in range(3):
        with pytest.raises(FieldError):
            change(ana, old="wrong")

    with pytest.raises(RateLimited):
        change(ana, old=NEW)


@pytest.mark.django_db(transaction=True)
def test_of_changes_at_once_one_wins_and_its_session_alone_stands(settings: Any) -> None:
    settings.EVENT_SINKS, settings.LIMIT_SIGN_IN = [], None
    ana = world.a_patient("ana")
    heres = [opened(ana) for _ in range(4)]

    results = together(
        *(
            partial(
                change_password,
                actor=Person.objects.get(pk=ana.pk),
                session_id=here.id,
                old=world.PASSWORD,
                new=f"{NEW}-{n}",
            )
            for n, here in enumerate(heres)
        )
    )

    assert {type(result) for result in results} == {type(None), FieldError}
    [winner] = [n for n, result in enumerate(results) if result is None]
    assert standing() == {heres[winner]}
    assert planned(MessageKind.PASSWORD_CHANGED) == ["ana@example.org"]
    ana.refresh_from_db()
    assert password_works(ana, f"{NEW}-{winner}")


# -- forgotten ----------------------------------------------------------------------------------------------


def test_asking_for_a_link_does_the_same_whoever_has_the_address() -> None:
    world.a_patient("ana")
    world.a_patient("gone", is_active=False)

    for name in ("ana", "gone", "nobody"):
        request_password_reset(email=f"{name}@example.org")

    kept = ["kind", "person_id", "attempts", "subject_kind", "subject_id", "claim", "reason"]
    assert len(set(Message.objects.values_list(*kept))) == 1
    assert Message.objects.count() == 3


def test_asking_again_and_again_mails_once_in_five_minutes(clock: time_machine.Traveller) -> None:
    for address in ("ana@example.org", "ANA@example.org", "ana@example.org"):
        request_password_reset(email=address)
    assert Message.objects.count() == 1

    clock.shift(timedelta(minutes=5))
    request_password_reset(email="ana@example.org")

    assert Message.objects.count() == 2


@pytest.mark.parametrize(
    ("kind", "password"), [(LinkKind.RESET, world.PASSWORD), (LinkKind.INVITE, None)]
)
def test_a_link_sets_a_password_once_and_ends_all_sessions(
    kind: LinkKind, password: str | None
) -> None:
    ana = world.a_patient("ana", password=password)
    there, other = opened(ana), opened(world.a_patient())
    token = new_link_token(kind, ana)

    set_password_by_link(token=token, password=NEW)

    assert standing() == {other}
    assert there not in standing()
    assert password_works(ana, NEW)
    with pytest.raises(LinkInvalid):
        set_password_by_link(token=token, password=f"{NEW}-again")
    assert password_works(ana, NEW)
    ana.refresh_from_db()
    # Who read the mail has the address.
    assert ana.email_verified_at is not None
    # There was none that somebody else could have changed.
    assert bool(planned(MessageKind.PASSWORD_CHANGED)) is (password is not None)


def test_whoever_was_slowed_for_a_forgotten_password_is_not_for_the_new_one(settings: Any) -> None:
    settings.LIMIT_SIGN_IN = parse_rate("2/60/900/86400")
    ana = world.a_patient("ana")
    for name in ("ana", "ana@example.org"):
        for _ in range(2):
            with pytest.raises(WrongCredentials):
                sign_in(username=name, password="forgotten-1")
        with pytest.raises(RateLimited):
            sign_in(username=name, password=world.PASSWORD)

    set_password_by_link(token=new_link_token(LinkKind.RESET, ana), password=NEW)

    for name in ("ana", "ana@example.org"):
        sign_in(username=name, password=NEW)


@pytest.mark.django_db(transaction=True)
def test_a_sign_in_with_the_old_password_never_outlives_the_change(settings: Any) -> None:
    settings.EVENT_SINKS, settings.LIMIT_SIGN_IN = [], None
    for n in range(12):
        ana = world.a_patient(f"ana{n}")
        token = new_link_token(LinkKind.RESET, ana)

        results = together(
            partial(set_password_by_link, token=token, password=NEW),
            *[partial(sign_in, username=ana.username, password=world.PASSWORD)] * 3,
        )

        assert results[0] is None
        assert {type(result) for result in results[1:]} <= {TokenPair, WrongCredentials}
        assert not Session.objects.filter(person=ana, ended_at=None).exists()


def test_a_password_that_breaks_a_rule_does_not_use_up_the_link() -> None:
    ana = world.a_patient("ana")
    token = new_link_token(LinkKind.RESET, ana)

    with pytest.raises(FieldError) as refused:
        set_password_by_link(token=token, password="short")
    assert (refused.value.field, refused.value.field_code) == ("password", "password_too_short")

    set_password_by_link(token=token, password=NEW)
    assert password_works(ana, NEW)


def test_a_change_meanwhile_makes_the_link_worthless() -> None:
    ana = world.a_patient("ana")
    token = new_link_token(LinkKind.RESET, ana)
    change(ana)

    with pytest.raises(LinkInvalid):
        set_password_by_link(token=token, password=f"{NEW}-again")


def test_a_deactivated_person_comes_back_by_no_link() -> None:
    ana, admin = world.a_patient("ana"), world.an_admin()
    tokens = {kind: new_link_token(kind, ana) for kind in LinkKind}
    deactivate_person(actor=admin, person_id=ana.pk)

    with pytest.raises(LinkInvalid):
        set_password_by_link(token=tokens[LinkKind.RESET], password=NEW)
    with pytest.raises(LinkInvalid):
        verify_email(token=tokens[LinkKind.VERIFY])


def test_a_link_that_verifies_sets_no_password_and_the_other_way_round() -> None:
    ana = world.a_patient("ana")

    with pytest.raises(LinkInvalid):
        set_password_by_link(token=new_link_token(LinkKind.VERIFY, ana), password=NEW)
    with pytest.raises(LinkInvalid):
        verify_email(token=new_link_token(LinkKind.RESET, ana))


def test_a_link_of_somebody_who_is_gone_is_worthless() -> None:
    ana = world.a_patient("ana")
    tokens = [new_link_token(kind, ana) for kind in (LinkKind.RESET, LinkKind.VERIFY)]
    ana.delete()

    with pytest.raises(LinkInvalid):
        set_password_by_link(token=tokens[0], password=NEW)
    with pytest.raises(LinkInvalid):
        verify_email(token=tokens[1])


@pytest.mark.django_db(transaction=True)
def test_of_eight_uses_of_a_link_at_once_one_sets_the_password(settings: Any) -> None:
    settings.EVENT_SINKS = []
    ana = world.a_patient("ana")
    token = new_link_token(LinkKind.RESET, ana)

    results = together(
        *(partial(set_password_by_link, token=token, password=f"{NEW}-{n}") for n in range(8))
    )

    assert {type(result) for result in results} == {type(None), LinkInvalid}
    [winner] = [n for n, result in enumerate(results) if result is None]
    assert password_works(ana, f"{NEW}-{winner}")
    assert len(planned(MessageKind.PASSWORD_CHANGED)) == 1


# -- addresses ----------------------------------------------------------------------------------------------


def test_who_registers_is_asked_whether_the_address_is_theirs() -> None:
    person = register_person(Registration("ana", "ana@example.org", world.PASSWORD, Role.PATIENT))

    assert planned(MessageKind.EMAIL_VERIFICATION) == ["ana@example.org"]
    assert person.email_verified_at is None


def test_a_link_verifies_an_address_and_may_be_used_again(clock: time_machine.Traveller) -> None:
    ana = world.a_patient("ana")
    token = new_link_token(LinkKind.VERIFY, ana)

    verify_email(token=token)
    ana.refresh_from_db()
    verified_at = ana.email_verified_at
    clock.shift(60)
    verify_email(token=token)

    ana.refresh_from_db()
    assert verified_at is not None
    assert ana.email_verified_at == verified_at


def test_another_address_needs_the_password_and_is_not_verified() -> None:
    ana = world.a_patient("ana")
    verify_email(token=new_link_token(LinkKind.VERIFY, ana))
    ana.refresh_from_db()
    old_link = new_link_token(LinkKind.VERIFY, ana)
    new = {"email": "ana@new.example"}

    for wrong in ("", "wrong"):
        with pytest.raises(FieldError) as refused:
            update_profile(actor=ana, changes=new, specialization=None, password=wrong)
        assert refused.value.field == "current_password"
    ana.refresh_from_db()
    assert ana.email == "ana@example.org"
    assert not Message.objects.exists()

    update_profile(actor=ana, changes=new, specialization=None, password=world.PASSWORD)

    ana.refresh_from_db()
    assert (ana.email, ana.email_verified_at) == ("ana@new.example", None)
    assert planned(MessageKind.EMAIL_CHANGED) == ["ana@example.org"]
    assert planned(MessageKind.EMAIL_VERIFICATION) == ["ana@new.example"]
    with pytest.raises(LinkInvalid):
        verify_email(token=old_link)


def test_no_address_is_changed_by_what_was_proved_before_another_change() -> None:
    ana = world.a_patient("ana")
    before = Person.objects.get(pk=ana.pk)
    change(ana)
    with pytest.raises(FieldError) as old_password:
        update_profile(
            actor=before,
            changes={"email": "thief@example.org"},
            specialization=None,
            password=world.PASSWORD,
        )

    before = Person.objects.get(pk=ana.pk)
    update_profile(
        actor=before, changes={"email": "ana@new.example"}, specialization=None, password=NEW
    )
    with pytest.raises(FieldError) as old_address:
        update_profile(actor=before, changes={"email": before.email}, specialization=None)

    assert {old_password.value.field, old_address.value.field} == {"current_password"}
    assert Person.objects.get(pk=ana.pk).email == "ana@new.example"


@pytest.mark.usefixtures("clock")
def test_to_and_fro_between_addresses_mails_each_of_them_once() -> None:
    ana = world.a_patient("ana")

    for address in ("a@new.example", "b@new.example") * 3:
        update_profile(
            actor=Person.objects.get(pk=ana.pk),
            changes={"email": address},
            specialization=None,
            password=world.PASSWORD,
        )

    assert sorted(planned(MessageKind.EMAIL_VERIFICATION)) == ["a@new.example", "b@new.example"]
    assert sorted(planned(MessageKind.EMAIL_CHANGED)) == [
        "a@new.example",
        "ana@example.org",
        "b@new.example",
    ]


def test_the_same_address_again_is_no_change() -> None:
    ana = world.a_patient("ana")

    update_profile(actor=ana, changes={"email": ana.email}, specialization=None)

    assert not Message.objects.exists()


def test_an_address_in_use_is_refused_and_nothing_is_mailed() -> None:
    ana, _ = world.a_patient("ana"), world.a_patient("ben")

    with pytest.raises(FieldError) as refused:
        update_profile(
            actor=ana,
            changes={"email": "BEN@example.org"},
            specialization=None,
            password=world.PASSWORD,
        )

    assert (refused.value.field, refused.value.field_code) == ("email", "unique")
    assert not Message.objects.exists()


def test_the_verification_is_mailed_again_every_five_minutes_until_it_is_done(
    clock: time_machine.Traveller,
) -> None:
    ana = world.a_patient("ana")
    for _ in range(3):
        resend_verification(actor=ana)
    assert len(planned(MessageKind.EMAIL_VERIFICATION)) == 1
    clock.shift(timedelta(minutes=5))
    resend_verification(actor=ana)
    assert len(planned(MessageKind.EMAIL_VERIFICATION)) == 2

    verify_email(token=new_link_token(LinkKind.VERIFY, ana))
    ana.refresh_from_db()
    clock.shift(timedelta(minutes=5))
    resend_verification(actor=ana)

    assert len(planned(MessageKind.EMAIL_VERIFICATION)) == 2


# -- invited ------------------------------------------------------------------------------------------------


def test_whoever_is_given_an_account_without_a_password_is_invited() -> None:
    admin = world.an_admin()

    create_account(
        actor=admin, account=NewAccount("DOCTOR", "Kwame", "Osei", email="k@example.org")
    )
    add_patient(actor=admin, account=NewAccount("PATIENT", "Ana", "Diaz", email="a@example.org"))
    add_patient(actor=admin, account=NewAccount("PATIENT", "Ben", "Diaz"))
    create_account(
        actor=admin,
        account=NewAccount("ADMIN", "Eva", "Boss", email="e@example.org", password=world.PASSWORD),
    )

    assert sorted(planned(MessageKind.INVITE)) == ["a@example.org", "k@example.org"]
    assert planned(MessageKind.EMAIL_VERIFICATION) == ["e@example.org"]
