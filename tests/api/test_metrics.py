"""`/metrics`: who finds it, what it tells, and that dashboard and alerts ask for what there is."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import yaml
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection
from prometheus_client.parser import text_string_to_metric_families

from api import metrics as page
from clinic import clock, metrics
from clinic.environment import networks
from clinic.models import Message, Reminder, Session
from clinic.queries.journal import frame_text
from tests import world
from tests.api.client import Api
from tests.clients import open_socket
from tests.realtime.stage import in_db
from tests.servers.fixtures import StartWeb
from tests.servers.process import wait_until
from tests.servers.web import Web

ROOT: Final = Path(__file__).resolve().parents[2]
ALERTS: Final = ROOT / "deploy" / "alerts.yml"
DASHBOARD: Final = ROOT / "deploy" / "grafana-dashboard.json"
GUIDE: Final = ROOT / "docs" / "operations.md"
# Prometheus' own.
OTHERS: Final = {"up"}
NAME: Final = re.compile(r"\b(?:clinic|process)_[a-z_]+\b|\bup\b")


def ask(address: str = "127.0.0.1", *, method: str = "GET", **headers: str) -> Any:
    return Api().client.generic(method, "/metrics", headers=headers, REMOTE_ADDR=address)


def told(text: str) -> dict[str, float]:
    """Every sample by its name and labels, as they are written."""
    return {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if line and not line.startswith("#")
    }


def now_told() -> dict[str, float]:
    return told(ask().content.decode())


class Since:
    """How much what is told has grown since."""

    def __init__(self) -> None:
        self._before = now_told()

    def __getitem__(self, sample: str) -> float:
        return now_told().get(sample, 0) - self._before.get(sample, 0)


# -- who finds it -----------------------------------------------------------------------------------

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_this_machine_finds_it(address: str) -> None:
    assert ask(address).status_code == 200


@pytest.mark.parametrize("address", ["10.1.2.3", "2001:db8::1", "::ffff:10.1.2.3", "", "unix:/x"])
def test_nobody_else_does(address: str) -> None:
    answer = ask(address)

    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_the_networks_of_the_operators_are_a_setting(settings: Any) -> None:
    settings.METRICS_FROM = [ip_network("10.1.0.0/16")]

    assert ask("10.1.2.3").status_code == 200
    assert ask("10.2.2.3").status_code == 404
    assert ask("127.0.0.1").status_code == 404


@pytest.mark.parametrize("header", page.PROXIED)
def test_a_proxy_on_this_machine_makes_nobody_an_operator(header: str) -> None:
    assert ask("127.0.0.1", **{header: "203.0.113.9"}).status_code == 404


def test_an_admin_s_token_is_enough_from_anywhere() -> None:
    for person, status in [(world.an_admin(), 200), (world.a_receptionist(), 404), (None, 404)]:
        api = Api(person)
        headers = {"Authorization": f"Bearer {api.token}"} if person else {}
        assert ask("203.0.113.9", **headers).status_code == status


def test_it_can_only_be_read() -> None:
    assert ask(method="HEAD").status_code == 200
    assert ask(method="POST").status_code == 405
    assert ask("10.1.2.3", method="POST").status_code == 404


def test_networks_that_are_none_are_refused_at_the_start() -> None:
    assert networks(["10.0.0.0/8", " ::1 ", ""]) == [ip_network("10.0.0.0/8"), ip_network("::1")]
    with pytest.raises(ImproperlyConfigured, match=r"CLINIC_METRICS_FROM: .* has host bits"):
        networks(["10.0.0.1/8"])


# -- what it tells ----------------------------------------------------------------------------------


def test_prometheus_can_read_it() -> None:
    answer = ask()

    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    families = {one.name for one in text_string_to_metric_families(answer.content.decode())}
    assert {"clinic_sockets_open", "clinic_request_seconds", "process_cpu_seconds"} <= families


def test_requests_are_counted_by_the_pattern_of_their_address() -> None:
    admin = world.an_admin()
    api = Api(admin)
    since = Since()

    for person_id in (admin.pk, admin.pk, 10**15):
        api.get(f"/api/users/{person_id}/")
    api.get("/some/page/of/the/app")

    route = 'clinic_request_seconds_count{method="GET",route="%s",status="%s"}'
    assert since[route % ("/api/users/<id:person_id>/", "2xx")] == 2
    assert since[route % ("/api/users/<id:person_id>/", "4xx")] == 1
    assert since[route % ("web app", "2xx")] + since[route % ("web app", "5xx")] == 1


def test_what_clients_make_up_is_no_label() -> None:
    admin = world.an_admin("secretive")
    since = Since()

    Api(admin).send("BREW", f"/api/users/{admin.pk}/")
    Api(admin).get("/static/there/is/nothing/like/this-4711")
    metrics.closed_by_client(4711)
    metrics.closed_by_client(None)

    text = ask().content.decode()
    assert since['clinic_socket_closes_total{by="client",code="other",reason=""}'] == 2
    assert 'method="other"' in text
    labels = {value for family in metrics.REGISTRY.collect() for sample in family.samples
              for value in sample.labels.values()}  # fmt: skip
    for made_up in ("BREW", "4711", "secretive", f"/{admin.pk}/"):
        assert not [label for label in labels if made_up in label]


def test_labels_are_of_closed_kinds() -> None:
    """A new label is a decision: it must not be able to hold an id, a name or an address."""
    known = {
        "channel",
        "end",
        "by",
        "code",
        "reason",
        "outcome",
        "method",
        "route",
        "status",
        "state",
        "work",
        "le",
    }

    found = {
        label
        for family in metrics.REGISTRY.collect()
        for sample in family.samples
        for label in sample.labels
    }
    assert found <= known | {"version", "python", "engine"}


def test_what_runs_is_told() -> None:
    [build] = [name for name in now_told() if name.startswith("clinic_build_info")]

    assert 'version="0.1.0"' in build
    assert f'engine="{connection.vendor}"' in build


@pytest.mark.engine("postgres")
def test_the_pool_of_connections_is_told() -> None:
    found = now_told()

    assert found['clinic_database_connections{state="used"}'] >= 1
    assert found['clinic_database_connections{state="allowed"}'] == 16
    assert found["clinic_database_waiting"] == 0


def test_work_that_nobody_does_is_told() -> None:
    work = 'clinic_work_overdue_seconds{work="housekeeping"}'
    world.tokens(world.a_patient())
    assert now_told()[work] == 0

    Session.objects.update(expires_at=clock.now() - timedelta(hours=2))

    assert now_told()[work] == pytest.approx(7200, abs=60)


def test_mail_that_nobody_sends_is_told() -> None:
    work = 'clinic_work_overdue_seconds{work="messages"}'
    later, due = clock.now() + timedelta(hours=1), clock.now() - timedelta(minutes=5)
    mail = Message.objects.create(
        kind="invite", address="a@example.org", created_at=due, due_at=later
    )
    assert now_told()[work] == 0

    Message.objects.filter(pk=mail.pk).update(due_at=due)

    assert now_told()[work] == pytest.approx(300, abs=60)


def test_reminders_that_nobody_sends_are_told() -> None:
    work = 'clinic_work_overdue_seconds{work="reminders"}'
    world.book(world.a_doctor(), world.a_patient())
    Reminder.objects.update(due_at=clock.now() + timedelta(hours=1))
    assert now_told()[work] == 0

    Reminder.objects.update(due_at=clock.now() - timedelta(minutes=5))

    assert now_told()[work] == pytest.approx(300, abs=60)


def test_how_messages_ended_within_the_hour_is_told_by_channel() -> None:
    now = clock.now()
    for end, passed in (("sent_at", 5), ("failed_at", 5), ("failed_at", 61), ("dropped_at", 5)):
        at = now - timedelta(minutes=passed)
        Message.objects.create(kind="news", channel="push", created_at=at, due_at=at, **{end: at})

    found = now_told()

    def many(channel: str, end: str) -> float:
        return found[f'clinic_messages_last_hour{{channel="{channel}",end="{end}"}}']

    assert [many("push", end) for end in ("sent", "failed", "dropped", "bounced")] == [1, 1, 1, 0]
    assert many("sms", "failed") == 0


def test_without_a_database_the_rest_is_still_told() -> None:
    with connection.execute_wrapper(_refuse):
        found = now_told()

    assert "clinic_sockets_open" in found
    assert not [name for name in found if name.startswith("clinic_work_overdue")]
    assert not [name for name in found if name.startswith("clinic_messages_last_hour")]


def _refuse(*_: Any) -> None:
    raise OperationalError("gone")


def test_the_lag_is_measured_from_the_change_itself() -> None:
    at = (clock.now() - timedelta(seconds=3)).isoformat()
    text = frame_text("desk", 7, json.dumps({"id": "x", "type": "t", "at": at, "data": {"at": "2001"}},
                                            separators=(",", ":")))  # fmt: skip
    since = Since()

    metrics.delivered(5, text)

    assert since["clinic_events_delivered_total"] == 5
    assert since['clinic_delivery_lag_seconds_bucket{le="2.5"}'] == 0
    assert since['clinic_delivery_lag_seconds_bucket{le="5.0"}'] == 1


# -- in a web process ---------------------------------------------------------------------------------


async def test_a_socket_s_life_is_counted(start_web: StartWeb) -> None:
    """Opened, signed in, watching fresh and resumed and reset, told of a booking, and closed."""
    web = await in_db(start_web)

    def book() -> tuple[Any, str]:
        doctor, patient = world.a_doctor(), world.a_patient()
        world.book(doctor, patient, world.next_free_start(doctor))
        return doctor, world.tokens(doctor.person).access

    doctor, token = await in_db(book)
    topic = f"calendar.{doctor.pk}"
    async with open_socket(web.ws_url, token=token) as socket:
        await socket.watch(topic, since=0)
        await socket.watch(f"slots.{doctor.pk}")
        await socket.watch(f"user.{doctor.pk}", since=10**6)
        await socket.next_event(topic)
        patient = await in_db(world.a_patient)
        start = await in_db(world.next_free_start, doctor)
        await in_db(world.book, doctor, patient, start)
        await socket.next_event(topic)
        during = await in_db(scrape, web)
    assert during["clinic_sockets_open"] == 1
    assert during["clinic_sockets_signed_in"] == 1
    assert during["clinic_socket_connects_total"] == 1
    assert during['clinic_watches_total{outcome="resumed",reason=""}'] == 1
    assert during['clinic_watches_total{outcome="fresh",reason=""}'] == 1
    assert during['clinic_watches_total{outcome="reset",reason="ahead"}'] == 1
    assert during["clinic_events_delivered_total"] >= 2
    assert during["clinic_delivery_lag_seconds_count"] >= 1

    def gone() -> bool:
        after = scrape(web)
        closed = 'clinic_socket_closes_total{by="client",code="1000",reason=""}'
        return after["clinic_sockets_open"] == 0 and after.get(closed) == 1

    await in_db(wait_until, gone, seconds=20, what="the end of the socket in /metrics")


def scrape(web: Web) -> dict[str, float]:
    answer = httpx.get(f"{web.base_url}/metrics", timeout=20)
    assert answer.status_code == 200
    return told(answer.text)


# -- dashboard and alerts -------------------------------------------------------------------------------


def known_names() -> set[str]:
    """Every name that Prometheus could have, from the first moment of a process on."""
    names = set(OTHERS)
    for family in metrics.REGISTRY.collect():
        names |= {family.name} if family.type == "gauge" else set()
        names |= {f"{family.name}_total"} if family.type == "counter" else set()
        if family.type == "histogram":
            names |= {f"{family.name}_{part}" for part in ("bucket", "sum", "count")}
    return names


def rules() -> list[dict[str, Any]]:
    [group] = yaml.safe_load(ALERTS.read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def questions() -> Iterator[str]:
    yield from (rule["expr"] for rule in rules())
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))


def test_every_name_that_is_asked_for_exists() -> None:
    asked = {name for question in questions() for name in NAME.findall(question)}

    assert asked - known_names() == set()


def test_every_name_is_on_the_dashboard() -> None:
    """What nobody looks at need not be counted."""
    shown = {name for question in questions() for name in NAME.findall(question)}
    for family in metrics.REGISTRY.collect():
        if family.name.startswith("clinic_"):
            assert any(name.startswith(family.name) for name in shown), family.name


def test_every_label_that_is_asked_for_exists() -> None:
    labels = {
        name: set(getattr(metric, "_labelnames", ())) | {"le", "job", "instance"}
        for metric in vars(metrics).values()
        if (name := getattr(metric, "_name", None))
    }
    for question in questions():
        for name, matched in re.findall(r"\b(clinic_[a-z_]+)\{([^}]*)\}", question):
            family = re.sub(r"_(total|bucket|sum|count)$", "", name)
            assert set(re.findall(r"(\w+)=", matched)) <= labels[family], question
        asked = {word for by in re.findall(r"by \(([^)]*)\)", question) for word in by.split(", ")}
        families = {re.sub(r"_(total|bucket|sum|count)$", "", n) for n in NAME.findall(question)}
        assert all(asked <= labels[family] for family in families & labels.keys()), question
        assert question.count("(") == question.count(")")


def test_every_alert_says_what_it_means_and_what_to_do() -> None:
    documented = set(re.findall(r"^\| `(Clinic\w+)` \|", GUIDE.read_text(), re.MULTILINE))

    assert documented == {rule["alert"] for rule in rules()}
    for rule in rules():
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in ("page", "warn")


def test_the_dashboard_is_whole() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]

    assert len({panel["id"] for panel in panels}) == len(panels) > 10
    assert len({panel["title"] for panel in panels}) == len(panels)
