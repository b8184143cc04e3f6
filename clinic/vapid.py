"""Who we are to push services (VAPID, RFC 8292): a key of this installation, and requests signed with it."""

import base64
from datetime import datetime, timedelta
from email.utils import parseaddr
from functools import lru_cache
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

PURPOSE: Final = b"clinic: VAPID, P-256"
# How many numbers there are to choose from on this curve (its order, FIPS 186-5).
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
# 16 bytes more than the number has: then taking the remainder favours none (FIPS 186-5, A.2.1).
_BYTES: Final = 48
# RFC 8292 allows a day; push services' clocks and ours may differ.
LIFE: Final = timedelta(hours=12)


@lru_cache(maxsize=2)
def _key(secret: str) -> ec.EllipticCurvePrivateKey:
    """Made of the key that signs tokens: every process and every copy of the keys has it, and nobody stores it."""
    material = HKDF(SHA256(), length=_BYTES, salt=None, info=PURPOSE).derive(secret.encode())
    return ec.derive_private_key(int.from_bytes(material) % (_ORDER - 1) + 1, ec.SECP256R1())


def _ours() -> ec.EllipticCurvePrivateKey:
    return _key(str(settings.SIMPLE_JWT["SIGNING_KEY"]))


def public_key() -> str:
    """What a browser subscribes with (`applicationServerKey`): the uncompressed point, in base64url."""
    point = _ours().public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def authorization(origin: str, *, now: datetime) -> str:
    """The header that shows a push service that we are whom the browser subscribed to."""
    claims = {"aud": origin, "exp": int((now + LIFE).timestamp()), "sub": _contact()}
    return f"vapid t={jwt.encode(claims, _ours(), algorithm='ES256')}, k={public_key()}"


def _contact() -> str:
    """Whom a push service may turn to."""
    if settings.PUBLIC_URL.startswith("https://"):
        return str(settings.PUBLIC_URL)
    return f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}"
