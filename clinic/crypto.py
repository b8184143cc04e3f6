"""Health content at rest: AES-256-GCM, bound to the table, column and row it belongs to."""

import os
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

VERSION: Final = b"\x01"
NONCE_BYTES: Final = 12


class DecryptionError(Exception):
    """A stored value was changed, moved to another row, or its key is gone. Never shown, never guessed."""


@lru_cache(maxsize=16)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


def encrypt(plain: str, *, bound_to: str) -> bytes:
    """Encrypt under the primary key: `version | key id length | key id | nonce | ciphertext + tag`."""
    ring = settings.DATA_KEYS
    key_id = ring.primary.encode()
    header = VERSION + bytes([len(key_id)]) + key_id
    nonce = os.urandom(NONCE_BYTES)
    sealed = _cipher(ring.keys[ring.primary]).encrypt(
        nonce, plain.encode(), header + bound_to.encode()
    )
    return header + nonce + sealed


def decrypt(stored: bytes, *, bound_to: str) -> str:
    """The plain text of `encrypt`; raises DecryptionError for anything but exactly that."""
    if stored[:1] != VERSION or len(stored) < 2:
        raise DecryptionError("unknown format")
    header_end = 2 + stored[1]
    key = settings.DATA_KEYS.keys.get(stored[2:header_end].decode(errors="replace"))
    if key is None:
        raise DecryptionError("unknown key")
    nonce = stored[header_end : header_end + NONCE_BYTES]
    try:
        plain = _cipher(key).decrypt(
            nonce, stored[header_end + NONCE_BYTES :], stored[:header_end] + bound_to.encode()
        )
    except (InvalidTag, ValueError):
        raise DecryptionError("the value does not belong here or was changed") from None
    return plain.decode()
