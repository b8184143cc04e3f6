"""What the environment says of other servers, checked and put into the form the settings need."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Final
from urllib.parse import quote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from environ import Env

REDIS_SCHEMES: Final = ("redis", "rediss")
SMTP_PORTS: Final = {"smtp": 25, "smtps": 587, "smtp+tls": 587, "smtp+ssl": 465}
MAILJET_BACKEND: Final = "anymail.backends.mailjet.EmailBackend"
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "[::1]", "localhost"})
SMS_CODE: Final = "python:"
_CODE: Final = re.compile(rf"{SMS_CODE}[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
SECRET_CHARS: Final = 20
NOBODY: Final = "Clinic <clinic@localhost>"


class Environment(Env):  # type: ignore[misc]
    def get_value(self, var: str, cast: Any = None, *args: Any, **kwargs: Any) -> Any:
        """What is set to something it cannot mean is refused by its name; its value may be a secret."""
        try:
            return super().get_value(var, cast, *args, **kwargs)
        except ValueError:
            kind = {int: "a whole number", float: "a number"}.get(cast, "what it should be")
            raise ImproperlyConfigured(f"{var} is not {kind}.") from None


def networks(given: Sequence[str]) -> list[IPv4Network | IPv6Network]:
    """Addresses and networks (10.0.0.0/8), as something that an address can be looked up in."""
    try:
        return [ip_network(one.strip()) for one in given if one.strip()]
    except ValueError as error:
        raise ImproperlyConfigured(f"CLINIC_METRICS_FROM: {error}.") from None


def redis_address(*, url: str, upstash_url: str, upstash_token: str) -> str | None:
    """`REDIS_URL`, else what `UPSTASH_REDIS_URL` means, else None: an embedded clinic.

    A refusal never repeats the address, which may hold a password.
    """
    if url:
        if not _is_redis(url):
            raise ImproperlyConfigured("REDIS_URL must be redis://… or rediss://… with a host.")
        return url
    if not upstash_url or _is_redis(upstash_url):
        return upstash_url or None
    scheme, host = _scheme_and_host(upstash_url)
    if scheme != "https" or not host:
        raise ImproperlyConfigured(
            "UPSTASH_REDIS_URL must be redis://…, rediss://… or https://… with a host."
        )
    if not upstash_token:
        raise ImproperlyConfigured(
            "UPSTASH_REDIS_URL is an https:// address, so UPSTASH_REDIS_TOKEN must be set too."
        )
    return f"rediss://default:{quote(upstash_token, safe='')}@{host}:6379"


def _is_redis(url: str) -> bool:
    scheme, host = _scheme_and_host(url)
    return scheme in REDIS_SCHEMES and bool(host)


def public_url(*, given: str, hosts: Sequence[str], port: int, behind_tls: bool) -> str:
    """Where people find the clinic, for links in mails; never what some request says of itself.

    `CLINIC_PUBLIC_URL`, else the first public name of `ALLOWED_HOSTS`, else this machine.
    """
    if given:
        parts = urlsplit(given)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
            raise ImproperlyConfigured("CLINIC_PUBLIC_URL must be http(s)://host[:port].")
        return f"{parts.scheme}://{parts.netloc}"
    named = [host for host in hosts if host[:1] not in (".", "*") and host not in LOOPBACK]
    if not named:
        return f"http://localhost:{port}"
    return f"https://{named[0]}" if behind_tls else f"http://{named[0]}:{port}"


def sms(given: str) -> str:
    """Where SMS go: nowhere, to the console, to a gateway, or to a function of the operator's own."""
    if given in ("", "console"):
        return given
    scheme, host = _scheme_and_host(given)
    is_gateway = bool(host) and (scheme == "https" or (scheme == "http" and host in LOOPBACK))
    # Not with a name and password in it: that is what CLINIC_SMS_SECRET is for, and no log shows it.
    if (is_gateway and "@" not in given) or _CODE.fullmatch(given):
        return given
    raise ImproperlyConfigured(
        "CLINIC_SMS must be console, https://… (a gateway; http:// only on this machine), "
        "python:package.module.function, or empty."
    )


def _scheme_and_host(url: str) -> tuple[str, str | None]:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for one that is no number
        return parts.scheme, parts.hostname
    except ValueError:
        return "", None


@dataclass(frozen=True, slots=True)
class Mail:
    """Django's EMAIL_ settings, and what anymail reads."""

    backend: str
    sender: str
    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    use_tls: bool = False
    use_ssl: bool = False
    folder: str | None = None
    anymail: Mapping[str, Any] | None = None


def mail(
    *, url: str, sender: str, mailjet_key: str, mailjet_secret: str, mailjet_sender: str
) -> Mail:
    """Where mails go: `EMAIL_URL` where it is set, so that they can be looked at anywhere, else
    Mailjet where its three names are set, else the console.
    """
    mailjet = {
        "MAILJET_API_KEY": mailjet_key,
        "MAILJET_API_SECRET": mailjet_secret,
        "MAILJET_SENDER_EMAIL": mailjet_sender,
    }
    if url or not any(mailjet.values()):
        return _mail_at(url or "consolemail://", sender or mailjet_sender or NOBODY)
    absent = [name for name, value in mailjet.items() if not value]
    if absent:
        raise ImproperlyConfigured(
            f"Mailjet needs {', '.join(mailjet)}: {' and '.join(absent)} must be set too."
        )
    keys = {"MAILJET_API_KEY": mailjet_key, "MAILJET_SECRET_KEY": mailjet_secret}
    return Mail(MAILJET_BACKEND, sender or mailjet_sender, anymail={**keys, "REQUESTS_TIMEOUT": 10})


def mail_events_secret(given: str) -> str:
    """`name:password`, which Mailjet shows when it tells what became of mails; "" where it is told not to."""
    name, colon, password = given.partition(":")
    if given and not (name and colon and len(password) >= SECRET_CHARS):
        raise ImproperlyConfigured(
            f"CLINIC_MAIL_EVENTS_SECRET must be name:password, the password {SECRET_CHARS} or more long."
        )
    return given


def _mail_at(url: str, sender: str) -> Mail:
    try:
        scheme = urlsplit(url).scheme
        found = Env.email_url_config(url)
    except (ImproperlyConfigured, ValueError):
        raise ImproperlyConfigured(
            "EMAIL_URL must be smtp://, smtps://, smtp+ssl://, consolemail:// or filemail:///folder."
        ) from None
    if scheme in SMTP_PORTS and not found["EMAIL_HOST"]:
        raise ImproperlyConfigured("EMAIL_URL names no host: smtp://user:password@host:port.")
    folder = found["EMAIL_FILE_PATH"].lstrip("/")
    if scheme == "filemail" and not folder:
        raise ImproperlyConfigured("EMAIL_URL names no folder: filemail:///folder.")
    return Mail(
        backend=found["EMAIL_BACKEND"],
        sender=sender,
        host=found["EMAIL_HOST"] or "",
        port=found["EMAIL_PORT"] or SMTP_PORTS.get(scheme, 25),
        user=found["EMAIL_HOST_USER"] or "",
        password=found["EMAIL_HOST_PASSWORD"] or "",
        use_tls=found.get("EMAIL_USE_TLS", False),
        use_ssl=found.get("EMAIL_USE_SSL", False),
        # As file:///folder does, it names a folder from the root on.
        folder=f"/{folder}" if scheme == "filemail" else None,
    )
