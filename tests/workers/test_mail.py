"""Mails leave the outbox: through real workers, past the unreachable, and across kills."""

import base64
import json
import re
import smtplib
from collections import Counter
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from anymail.exceptions import (
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailRequestsAPIError,
)
from django.conf import settings as django_settings
from django.core import mail as django_mail
from django.db import transaction
from django.test import Client

from clinic import clock
from clinic.actions.messages import (
    plan_for_events,
    plan_message,
    plan_message_to_address,
)
from clinic.models import Message, MessageKind, Person, Preferences
from clinic.queries.messages import ATTEMPTS
from tests import world
from tests.calendars import event_in
from tests.servers.process import wait_until
from tests.servers.smtp import Smtp
from tests.workers.conftest import StartWorker
from workers.mail.carrier import is_of_the_address, judge
from workers.mail.tasks import notify_doctor_async
from workers.messages import send_due

pytestmark = pytest.mark.django_db(transaction=True)


def plan(
    person: Person | None = None, kind: MessageKind = MessageKind.EMAIL_VERIFICATION
) -> Message:
    with transaction.atomic():
        mail = plan_message(kind=kind, person=person or world.a_patient())
    assert mail is not None
    return mail


def addresses(smtp: Smtp) -> Counter[str]:
    return Counter(message["To"] for message in smtp.received)


@pytest.fixture
def to_smtp(smtp: Smtp, settings: Any) -> Smtp:
    """This process, too, mails to the server."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", int(smtp.url.rpartition(":")[2])
    return smtp


# -- one after the other ------------------------------------------------------------------------------------


def test_a_mail_goes_out_as_text_and_html_and_is_done(to_smtp: Smtp, settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "Desk <desk@clinic.example>"
    planned = plan(world.a_patient("ana"))

    assert send_due() == 1
    assert send_due() == 0

    [message] = to_smtp.received
    assert (message["To"], message["From"]) == ("ana@example.org", "Desk <desk@clinic.example>")
    assert message["Message-ID"] == f"<{planned.seal}@clinic.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    kinds = [part.get_content_type() for part in message.iter_parts()]
    assert kinds == ["text/plain", "text/html"]
    planned.refresh_from_db()
    assert planned.sent_at is not None
    assert (planned.attempts, planned.reason, planned.claim) == (1, "", None)


def test_whom_nobody_can_reach_stops_nobody_else(to_smtp: Smtp) -> None:
    _, gone, _ = (plan(world.a_patient(name)) for name in ("ana", "gone", "ben"))
    to_smtp.refused.add("gone@example.org")

    assert send_due() == 3

    assert addresses(to_smtp) == Counter(["ana@example.org", "ben@example.org"])
    gone.refresh_from_db()
    # It is refused for good: nobody is helped by asking again.
    assert (gone.reason, gone.sent_at) == ("refused", None)
    assert gone.failed_at is not None
    assert send_due() == 0


def test_a_server_that_is_away_is_asked_again_later(smtp: Smtp, to_smtp: Smtp) -> None:
    smtp.close()
    planned = [plan(), plan()]

    assert send_due() == 2

    for each in planned:
        each.refresh_from_db()
        assert (each.reason, each.attempts, each.failed_at) == ("unreachable", 1, None)
        assert each.due_at > clock.now() + timedelta(seconds=50)
    assert send_due() == 0


def test_our_own_mistake_in_one_mail_stops_no_other(to_smtp: Smtp) -> None:
    unknown, good = plan(), plan(world.a_patient("ben"))
    Message.objects.filter(pk=unknown.pk).update(kind="no_such_kind")

    assert send_due() == 2

    unknown.refresh_from_db()
    assert (unknown.reason, unknown.failed_at) == ("mistake", None)
    assert addresses(to_smtp) == Counter(["ben@example.org"])
    good.refresh_from_db()
    assert good.sent_at is not None


def test_what_wore_out_all_its_senders_is_given_up_though_nothing_else_is_due() -> None:
    planned = plan()
    Message.objects.filter(pk=planned.pk).update(attempts=ATTEMPTS)

    assert send_due() == 0

    planned.refresh_from_db()
    assert (planned.failed_at is not None, planned.reason) == (True, "sender_killed")


def test_what_became_pointless_is_dropped_and_not_sent(to_smtp: Smtp) -> None:
    with transaction.atomic():
        plan_message_to_address(
            kind=MessageKind.PASSWORD_RESET, address="nobody@example.org", once="reset"
        )
        plan_message(kind=MessageKind.INVITE, person=world.a_patient())

    assert send_due() == 2
    assert send_due() == 0

    assert to_smtp.received == []
    assert Message.objects.filter(dropped_at=None).count() == 0


@pytest.mark.parametrize(
    ("error", "code", "for_good"),
    [
        (smtplib.SMTPRecipientsRefused({"a": (550, b"no")}), "refused", True),
        (smtplib.SMTPRecipientsRefused({"a": (450, b"later")}), "refused", False),
        (smtplib.SMTPServerDisconnected("gone"), "unreachable", False),
        (smtplib.SMTPAuthenticationError(535, b"wrong"), "unreachable", False),
        (smtplib.SMTPDataError(554, b"spam"), "unreachable", False),
        (TimeoutError(), "unreachable", False),
        (AnymailRecipientsRefused(), "refused", True),
        (AnymailInvalidAddress(), "refused", True),
        (AnymailRequestsAPIError("500"), "unreachable", False),
        (KeyError("x"), "mistake", False),
    ],
)
def test_each_failure_has_a_code_and_says_whether_to_try_again(
    error: Exception, code: str, for_good: bool
) -> None:
    assert judge(error) == (code, for_good)


def test_mailjet_is_given_no_message_id_which_it_refuses(settings: Any) -> None:
    from anymail.backends.mailjet import EmailBackend, MailjetPayload

    from workers.mail.carrier import mail_of
    from workers.mail.letters import Written, write

    settings.ANYMAIL = {"MAILJET_API_KEY": "k", "MAILJET_SECRET_KEY": "s"}
    planned = plan()
    letter = write(planned)
    assert isinstance(letter, Written)

    payload = MailjetPayload(mail_of(planned, letter), {}, EmailBackend())

    sent = json.loads(payload.get_request_params("https://x.example/")["data"])
    assert "Headers" not in sent["Globals"]
    assert json.loads(sent["Globals"]["EventPayload"]) == {"mail": str(planned.seal)}
    assert {"TextPart", "HTMLPart", "Subject"} <= sent["Globals"].keys()


# -- doctors --------------------------------------------------------------------------------------------------


def test_notifying_a_doctor_sends_the_mail_that_the_assignment_planned() -> None:
    doctor, patient = world.a_doctor("osei"), world.a_patient("ana")
    world.assign(patient, doctor)
    record = world.a_record(world.a_patient("ben"), doctor)

    notify_doctor_async(doctor.pk, patient.pk)
    notify_doctor_async(doctor.pk, record_id=record.pk)

    assert [message.to for message in django_mail.outbox] == [["osei@example.org"]] * 2
    assert {message.subject for message in django_mail.outbox} == {"A patient was assigned to you"}
    assert send_due() == 0


def test_notifying_a_doctor_again_mails_them_again_as_long_as_it_is_so() -> None:
    doctor, patient = world.a_doctor("osei"), world.a_patient("ana")
    assignment = world.assign(patient, doctor)
    send_due()
    django_mail.outbox.clear()

    notify_doctor_async(doctor.pk, patient.pk)
    assert len(django_mail.outbox) == 1

    world.end(assignment)
    for arguments in [
        (doctor.pk, patient.pk),
        (doctor.pk,),
        (10**15, patient.pk),
        (doctor.pk, 1, 1),
    ]:
        notify_doctor_async(*arguments)
    assert len(django_mail.outbox) == 1


def test_notify_doctor_async_is_known_by_exactly_this_name() -> None:
    from workers import app

    app.loader.import_default_modules()
    assert "notify_doctor_async" in app.tasks


# -- real workers ---------------------------------------------------------------------------------------------


def is_sent(*planned: Message) -> bool:
    return not Message.objects.filter(pk__in=[each.pk for each in planned], sent_at=None).exists()


def test_two_workers_send_each_mail_once_and_log_no_link(
    start_worker: StartWorker, smtp: Smtp
) -> None:
    people = [world.a_patient() for _ in range(20)]
    planned = [plan(person) for person in people]
    workers = [start_worker("one", wait=False), start_worker("two", wait=False)]
    for worker in workers:
        worker.wait_until_it_answers()

    wait_until(lambda: is_sent(*planned), seconds=60, what="20 mails")

    assert addresses(smtp) == Counter(person.email for person in people)
    assert not Message.objects.exclude(attempts=1).exists()
    logs = "".join(worker.log.read_text() for worker in workers)
    assert "message_sent" in logs
    for message in smtp.received:
        body = message.get_body(("plain",))
        assert body is not None
        token = body.get_content().partition("#")[2].split()[0]
        assert len(token) > 40
        assert token not in logs
        assert message["To"] not in logs


def test_the_beat_asks_oftener_than_a_mail_may_wait() -> None:
    entry: Any = django_settings.CELERY_BEAT_SCHEDULE["send-messages"]

    assert entry["schedule"] <= 5
    assert entry["options"]["expires"] <= entry["schedule"]


# -- visits -------------------------------------------------------------------------------------------------


def test_a_visit_s_mail_reaches_calendars_and_can_be_stopped(to_smtp: Smtp) -> None:
    ana = world.a_patient("ana", language="de")
    visit = world.book(world.a_doctor(), ana)

    send_due()

    [message] = [mail for mail in to_smtp.received if mail["To"] == "ana@example.org"]
    kinds = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "text/calendar", "text/calendar"]
    body, file = (part for part in message.walk() if part.get_content_type() == "text/calendar")
    for part in (body, file):
        assert part.get_param("method") == "REQUEST"
        assert part.get_content_charset() == "utf-8"
        event = event_in(part.get_content())
        assert (event["uid"], event.start) == (str(visit.seal), visit.start)
    assert (file.get_filename(), file.get_content_disposition()) == ("visit.ics", "attachment")
    # One click of a mail program is a POST to this very address: folding must not have broken it.
    stop = message["List-Unsubscribe"].strip()
    assert re.fullmatch(r"<http://\S+/api/messages/unsubscribe/[\w:-]+/>", stop)
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert Client().post(urlsplit(stop.strip("<>")).path).status_code == 204
    assert not Preferences.objects.get(person=ana).email


def test_a_mail_of_the_account_itself_cannot_be_stopped(to_smtp: Smtp) -> None:
    plan(world.a_patient("ana"))

    send_due()

    assert "List-Unsubscribe" not in to_smtp.received[0]


def test_mailjet_is_told_to_leave_links_alone_and_given_the_calendar_as_a_file(
    settings: Any,
) -> None:
    from anymail.backends.mailjet import EmailBackend, MailjetPayload

    from workers.mail.carrier import mail_of
    from workers.mail.letters import Written, write

    settings.ANYMAIL = {"MAILJET_API_KEY": "k", "MAILJET_SECRET_KEY": "s"}
    world.book(world.a_doctor(), world.a_patient("ana"))
    plan_for_events()
    planned = Message.objects.get(kind=MessageKind.VISIT_BOOKED)
    letter = write(planned)
    assert isinstance(letter, Written)

    payload = MailjetPayload(mail_of(planned, letter), {}, EmailBackend())

    sent = json.loads(payload.get_request_params("https://x.example/")["data"])["Globals"]
    assert (sent["TrackClicks"], sent["TrackOpens"]) == ("disabled", "disabled")
    assert sent["Headers"]["List-Unsubscribe"] == f"<{letter.unsubscribe}>"
    [file] = sent["Attachments"]
    assert (file["ContentType"], file["Filename"]) == ("text/calendar; method=REQUEST", "visit.ics")
    assert event_in(base64.b64decode(file["Base64Content"]))["uid"]


# -- what comes back ----------------------------------------------------------------------------------------


def test_who_is_unknown_to_their_own_mail_server_is_mailed_no_more_news(to_smtp: Smtp) -> None:
    ana = world.a_patient("ana", email_verified_at=clock.now())
    to_smtp.refused.add("ana@example.org")
    doctor = world.a_doctor()
    world.book(doctor, ana)

    send_due()

    ana.refresh_from_db()
    assert ana.email_bounced_at is not None
    assert ana.email_verified_at is None
    [refused] = Message.objects.filter(person=ana)
    assert (refused.reason, refused.bounced_at is not None) == ("refused", True)
    world.book(doctor, ana)
    send_due()
    assert Message.objects.filter(person=ana).count() == 1
    # What was planned before it was known is dropped; what makes the address work again is sent.
    to_smtp.refused.clear()
    Message.objects.filter(pk=refused.pk).update(failed_at=None, due_at=clock.now())
    plan(ana)
    send_due()
    refused.refresh_from_db()
    assert refused.reason == "bounced"
    assert [mail["Subject"] for mail in to_smtp.received if mail["To"] == ana.email] == [
        "Is this your e-mail address?"
    ]


@pytest.mark.parametrize(
    ("code", "words", "of_the_address"),
    [
        (550, b"no such user", True),
        (550, b"5.1.1 no such user", True),
        (550, b"5.2.1 mailbox disabled", True),
        (550, b"5.7.1 relaying denied", False),
        (552, b"mailbox full", False),
        (552, b"5.2.2 mailbox full", False),
        (554, b"spam", False),
        (450, b"4.2.1 later", False),
    ],
)
def test_only_what_is_said_of_the_address_is_held_against_it(
    code: int, words: bytes, of_the_address: bool
) -> None:
    error = smtplib.SMTPRecipientsRefused({"a@example.org": (code, words)})

    assert is_of_the_address(error) is of_the_address
    assert not is_of_the_address(smtplib.SMTPDataError(550, words))
