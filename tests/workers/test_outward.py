"""Requests to servers that are not ours: to whom they go, and whom they believe."""

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from workers.outward import Forbidden, Unreachable, post

pytestmark = pytest.mark.engine("sqlite")


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every name leads to this machine; which names were asked for."""
    asked: list[str] = []
    resolve = socket.getaddrinfo

    def this_machine(host: str, port: int, *more: Any, **named: Any) -> Any:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            asked.append(host)
            host = "127.0.0.1"
        return resolve(host, port, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", this_machine)
    return asked


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server that is `push.example` by a certificate that this machine trusts, and answers 201."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "push.example")])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("push.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "trusted.pem").write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "trusted.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "trusted.pem")
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            if ended.is_set():
                plain.close()
                return
            try:
                with context.wrap_socket(plain, server_side=True) as talk:
                    talk.recv(65536)
                    talk.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
            except OSError:
                """Whoever came did not like the certificate."""

    thread = threading.Thread(target=serve)
    thread.start()
    number = int(listener.getsockname()[1])
    yield number
    ended.set()
    socket.create_connection(("127.0.0.1", number)).close()
    thread.join()
    listener.close()


def test_a_server_is_believed_by_the_name_on_its_certificate(names: list[str], port: int) -> None:
    assert post(f"https://push.example:{port}/send", headers={}).status == 201
    with pytest.raises(Unreachable, match="SSLCertVerificationError"):
        post(f"https://other.example:{port}/send", headers={})
    # Asked once each: the address that was looked at is the one that was connected to.
    assert names == ["push.example", "other.example"]


def test_a_certificate_that_nobody_vouches_for_is_not_believed(
    names: list[str], port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(Unreachable, match="SSLCertVerificationError"):
        post(f"https://push.example:{port}/send", headers={})


def test_addresses_are_looked_at_before_anything_is_sent(names: list[str], port: int) -> None:
    looked_at: list[str] = []

    def refuse(address: str) -> bool:
        looked_at.append(address)
        return False

    with pytest.raises(Forbidden):
        post(f"https://push.example:{port}/send", headers={}, may_reach=refuse)
    assert looked_at == ["127.0.0.1"]


def test_nobody_there_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    with pytest.raises(Unreachable):
        post(f"http://127.0.0.1:{free}/", headers={})
    with pytest.raises(Unreachable):
        post("https://no-such-name.invalid/", headers={})
