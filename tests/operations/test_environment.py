"""Redis, Upstash, Mailjet and mail addresses, by the names people know: what the settings make of them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from anymail.backends.mailjet import EmailBackend as Mailjet
from django.core.cache.backends.locmem import LocMemCache
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection, send_mail
from django.test import override_settings

from clinic.environment import mail, public_url, redis_address
from clinic.keys import make_keys
from tests.servers import starts

pytestmark = pytest.mark.engine("sqlite")

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "AX:/@ tok+en"
SHOWN = """
import json
from django.conf import settings
from django.core.cache import caches
print(json.dumps({
    "redis": settings.REDIS_URL,
    "broker": settings.CELERY_BROKER_URL,
    "layer": [host["address"] for each in settings.CHANNEL_LAYERS.values() for host in each["CONFIG"]["hosts"]],
    "cache": settings.CACHES["default"].get("LOCATION"),
    "cache_class": type(caches["default"]).__name__,
    "checked": str(getattr(settings, "CELERY_BROKER_USE_SSL", None)),
    "backend": settings.EMAIL_BACKEND,
    "sender": settings.DEFAULT_FROM_EMAIL,
    "anymail": dict(settings.ANYMAIL),
    "folder": settings.EMAIL_FILE_PATH,
}))
"""


@pytest.fixture
def installation(tmp_path: Path) -> dict[str, str]:
    """The environment of a new installation that nothing else is said about."""
    make_keys(tmp_path / "keys.json")
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {
        **kept,
        "CLINIC_ENV_FILE": os.devnull,
        "CLINIC_DATA_DIR": str(tmp_path),
        "PYTHONWARNINGS": "error",
    }


def manage(*arguments: str, env: dict[str, str], **more: str) -> subprocess.CompletedProcess[str]:
    return starts.run([sys.executable, str(ROOT / "manage.py"), *arguments], env={**env, **more})


def settings_of(env: dict[str, str], **more: str) -> dict[str, Any]:
    said = manage("shell", "--no-imports", "--command", SHOWN, env=env, **more)
    assert said.returncode == 0, said.stderr
    found: dict[str, Any] = json.loads(said.stdout)
    return found


def address(url: str = "", upstash: str = "", token: str = "") -> str | None:
    return redis_address(url=url, upstash_url=upstash, upstash_token=token)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({}, None),
        ({"url": "redis://here:6379/0"}, "redis://here:6379/0"),
        ({"url": "redis://here:6379/0", "upstash": "nonsense"}, "redis://here:6379/0"),
        ({"upstash": "redis://u:p@there:6379", "token": "t"}, "redis://u:p@there:6379"),
        ({"upstash": "rediss://u:p@there:6380/1"}, "rediss://u:p@there:6380/1"),
        ({"upstash": "https://eu1-x.example", "token": "t"}, "rediss://default:t@eu1-x.example:6379"),
        (
            {"upstash": "https://eu1-x.example/", "token": TOKEN},
            "rediss://default:AX%3A%2F%40%20tok%2Ben@eu1-x.example:6379",
        ),
    ],
)  # fmt: skip
def test_redis_is_found_by_its_own_name_or_by_upstash_s(
    given: dict[str, str], meant: str | None
) -> None:
    assert address(**given) == meant


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"url": "here:6379"}, "REDIS_URL must be"),
        ({"url": "redis://"}, "REDIS_URL must be"),
        ({"url": "redis://u:secret@here:port"}, "REDIS_URL must be"),
        ({"url": "https://u:secret@here", "token": "t"}, "REDIS_URL must be"),
        ({"upstash": "secret", "token": "t"}, "UPSTASH_REDIS_URL must be"),
        ({"upstash": "http://secret.example", "token": "t"}, "UPSTASH_REDIS_URL must be"),
        ({"upstash": "https://", "token": "t"}, "UPSTASH_REDIS_URL must be"),
        ({"upstash": "https://secret.example"}, "UPSTASH_REDIS_TOKEN must be set too"),
    ],
)
def test_what_is_no_redis_is_refused_in_one_sentence_without_its_password(
    given: dict[str, str], reason: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        address(**given)

    assert reason in str(refusal.value)
    assert "secret" not in str(refusal.value)
    assert str(refusal.value).endswith(".")


def test_upstash_serves_the_cache_the_layer_and_celery(installation: dict[str, str]) -> None:
    found = settings_of(
        installation, UPSTASH_REDIS_URL="https://eu1.example", UPSTASH_REDIS_TOKEN="t0ken"
    )

    url = "rediss://default:t0ken@eu1.example:6379"
    assert (found["redis"], found["broker"], found["layer"]) == (url, url, [url])
    assert (found["cache"], found["cache_class"]) == ([url], "SharedRedisCache")
    assert "CERT_REQUIRED" in found["checked"]


def test_without_redis_the_cache_is_this_process_s_memory(installation: dict[str, str]) -> None:
    found = settings_of(installation)

    assert (found["redis"], found["layer"], found["cache"]) == (None, [], None)
    assert found["cache_class"] == LocMemCache.__name__
    assert found["broker"] == "filesystem://"


def test_mails_are_printed_unless_somebody_says_where_they_go(
    installation: dict[str, str],
) -> None:
    said = manage("sendtestemail", "ana@example.org", env=installation)

    assert said.returncode == 0, said.stderr
    assert "To: ana@example.org" in said.stdout
    assert "From: Clinic <clinic@localhost>" in said.stdout


def test_mails_go_into_the_folder_that_email_url_names(
    installation: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "mails"

    said = manage(
        "sendtestemail",
        "ana@example.org",
        env=installation,
        EMAIL_URL=f"filemail://{folder}",
        DEFAULT_FROM_EMAIL="Desk <desk@clinic.example>",
    )

    assert said.returncode == 0, said.stderr
    [mailed] = [path.read_text() for path in folder.iterdir()]
    assert "To: ana@example.org" in mailed
    assert "From: Desk <desk@clinic.example>" in mailed


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("smtp://mail:1025", ("mail", 1025, False, False)),
        ("smtp://mail", ("mail", 25, False, False)),
        ("smtps://u:p@mail", ("mail", 587, True, False)),
        ("smtp+tls://u:p@mail:2525", ("mail", 2525, True, False)),
        ("smtp+ssl://u:p@mail", ("mail", 465, False, True)),
    ],
)
def test_smtp_addresses_are_understood(url: str, found: tuple[str, int, bool, bool]) -> None:
    given = mail_at(url)

    assert given.backend == "django.core.mail.backends.smtp.EmailBackend"
    assert (given.host, given.port, given.use_tls, given.use_ssl) == found
    assert (given.user, given.password) == (("u", "p") if "@" in url else ("", ""))


def mail_at(url: str = "", **mailjet: str) -> Any:
    nothing = {"mailjet_key": "", "mailjet_secret": "", "mailjet_sender": "", "sender": ""}
    return mail(url=url, **{**nothing, **mailjet})


@pytest.mark.parametrize(
    "url", ["secret", "smtp://", "gopher://secret", "filemail:///", "smtp://u:secret@h:port"]
)
def test_what_is_no_mail_address_is_refused_in_one_sentence(url: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        mail_at(url)

    assert str(refusal.value).startswith("EMAIL_URL ")
    assert "secret" not in str(refusal.value)


MAILJET = {
    "MAILJET_API_KEY": "the-key",
    "MAILJET_API_SECRET": "the-secret",
    "MAILJET_SENDER_EMAIL": "clinic@example.org",
}


def test_mailjet_is_configured_by_exactly_these_names(installation: dict[str, str]) -> None:
    found = settings_of(installation, **MAILJET)

    assert found["backend"] == "anymail.backends.mailjet.EmailBackend"
    assert found["sender"] == "clinic@example.org"
    with override_settings(ANYMAIL=found["anymail"]):
        backend = get_connection(found["backend"])
    assert isinstance(backend, Mailjet)
    assert (backend.api_key, backend.secret_key) == ("the-key", "the-secret")


def test_email_url_wins_over_mailjet_so_that_nothing_is_sent_by_mistake(
    installation: dict[str, str],
) -> None:
    found = settings_of(installation, EMAIL_URL="consolemail://", **MAILJET)

    assert found["backend"] == "django.core.mail.backends.console.EmailBackend"


@pytest.mark.parametrize(
    ("name", "kind"), [("PORT", "a whole number"), ("CLINIC_REQUEST_THREADS", "a whole number")]
)
def test_what_is_no_number_is_refused_by_its_name(
    name: str, kind: str, installation: dict[str, str]
) -> None:
    refused = manage("check", env=installation, **{name: "marker-77"})

    assert refused.returncode != 0
    assert f"{name} is not {kind}." in refused.stderr
    assert "marker-77" not in refused.stderr


@pytest.mark.parametrize("absent", list(MAILJET))
def test_half_of_mailjet_is_refused_in_one_sentence(
    absent: str, installation: dict[str, str]
) -> None:
    given = {name: value for name, value in MAILJET.items() if name != absent}

    refused = manage("check", env=installation, **given)

    assert refused.returncode != 0
    assert f"{absent} must be set too." in refused.stderr
    assert "the-secret" not in refused.stderr


@pytest.mark.parametrize(
    "secrets",
    [
        {"EMAIL_URL": "smtp://somebody:marker-77@127.0.0.1:1"},
        {**MAILJET, "MAILJET_API_SECRET": "marker-77", "HTTPS_PROXY": "http://127.0.0.1:1"},
    ],
)
def test_a_mail_that_cannot_be_sent_does_not_tell_the_password(
    secrets: dict[str, str], installation: dict[str, str]
) -> None:
    failed = manage("sendtestemail", "ana@example.org", env=installation, **secrets)

    assert failed.returncode != 0
    assert "marker-77" not in failed.stdout + failed.stderr


def test_mails_of_tests_stay_in_memory(mailoutbox: list[Any]) -> None:
    send_mail("subject", "text", None, ["ana@example.org"])

    assert [mailed.to for mailed in mailoutbox] == [["ana@example.org"]]


@pytest.mark.parametrize(
    ("given", "hosts", "behind_tls", "found"),
    [
        ("", ["localhost", "127.0.0.1", "[::1]"], False, "http://localhost:8123"),
        ("", [], True, "http://localhost:8123"),
        ("", ["*", ".clinic.example", "localhost"], True, "http://localhost:8123"),
        ("", ["localhost", "clinic.example", "other.example"], True, "https://clinic.example"),
        ("", ["clinic.example"], False, "http://clinic.example:8123"),
        ("https://desk.example/", ["clinic.example"], False, "https://desk.example"),
        ("http://desk.example:8080", [], True, "http://desk.example:8080"),
    ],
)
def test_links_begin_where_people_find_the_clinic(
    given: str, hosts: list[str], behind_tls: bool, found: str
) -> None:
    assert public_url(given=given, hosts=hosts, port=8123, behind_tls=behind_tls) == found


@pytest.mark.parametrize(
    "given", ["clinic.example", "ftp://clinic.example", "https://", "https://clinic.example/app"]
)
def test_what_is_no_address_of_a_clinic_is_refused(given: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="CLINIC_PUBLIC_URL"):
        public_url(given=given, hosts=[], port=8000, behind_tls=False)


@pytest.mark.parametrize(
    ("more", "warns"),
    [
        ({}, False),
        ({"ALLOWED_HOSTS": "clinic.example"}, True),
        ({"ALLOWED_HOSTS": "clinic.example", "EMAIL_URL": "smtp://mail"}, False),
    ],
)
def test_links_that_would_be_printed_where_others_are_served_are_warned_of(
    installation: dict[str, str], more: dict[str, str], warns: bool
) -> None:
    said = manage("check", env=installation, **more)

    assert said.returncode == 0, said.stderr
    assert ("clinic.W001" in said.stderr) is warns


SERVED: Final = {
    "ALLOWED_HOSTS": "clinic.example",
    "HOST": "0.0.0.0",
    "CLINIC_BEHIND_TLS": "true",
    "CLINIC_PUBLIC_URL": "https://clinic.example",
    "EMAIL_URL": "smtp://mail.example:25",
}


def test_nothing_is_left_to_be_said_of_an_installation_that_serves_others(
    installation: dict[str, str],
) -> None:
    said = manage("check", "--deploy", "--fail-level", "WARNING", env=installation, **SERVED)

    assert said.returncode == 0, said.stderr
    assert "no issues" in said.stdout


def test_a_sample_for_a_key_starts_nothing(installation: dict[str, str]) -> None:
    keys = Path(installation["CLINIC_DATA_DIR"]) / "keys.json"
    sample = "change-me-" * 5
    keys.write_text(json.dumps({**json.loads(keys.read_text()), "secret_key": sample}))

    for command in (("check",), ("migrate",), ("serve",)):
        refused = manage(*command, env=installation, **SERVED)
        assert refused.returncode != 0, command
        assert "sample" in refused.stderr, command
        assert sample not in refused.stderr, command
