"""A refusal as every edge says it: the members of RFC 9457's problem details."""

from typing import Any, Final

TITLES: Final = {
    400: "The request cannot be understood or accepted",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    408: "Not received in time",
    409: "In conflict with the present state",
    412: "Changed in the meantime",
    413: "Too large",
    415: "Unsupported media type",
    422: "Not to be processed",
    429: "Too many requests",
    500: "Something went wrong here",
    503: "Not available at the moment",
}


def problem(
    status: int, code: str, detail: str, *, request_id: str, **members: Any
) -> dict[str, Any]:
    """`type` is about:blank: the code says which one it is. `members` are those of its own."""
    return {
        "type": "about:blank",
        "title": TITLES.get(status, "Refused"),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
        **members,
    }
