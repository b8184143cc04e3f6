"""Refusals as application/problem+json, for what is answered before Django."""

import json
from typing import Any, Final

from django.conf import settings

from clinic.shapes.problems import problem as shape

PROBLEM: Final = b"application/problem+json"
_SAID: Final = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": settings.X_FRAME_OPTIONS,
    "referrer-policy": settings.SECURE_REFERRER_POLICY,
    "cross-origin-opener-policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
    "permissions-policy": settings.PERMISSIONS_POLICY,
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    **(
        {"strict-transport-security": f"max-age={settings.SECURE_HSTS_SECONDS}"}
        if settings.BEHIND_TLS
        else {}
    ),
}
HEADERS: Final = [(name.encode(), value.encode()) for name, value in _SAID.items()]


def problem(status: int, code: str, detail: str, request_id: str, **members: Any) -> str:
    return json.dumps(shape(status, code, detail, request_id=request_id, **members))
