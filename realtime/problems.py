"""Refusals as application/problem+json, for what is answered before Django."""

import json
from http import HTTPStatus
from typing import Any, Final

PROBLEM: Final = b"application/problem+json"
HEADERS: Final = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]


def problem(status: int, code: str, detail: str, request_id: str, **members: Any) -> str:
    return json.dumps(
        {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
            "code": code,
            "request_id": request_id,
            **members,
        }
    )
