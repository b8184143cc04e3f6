"""Every refusal as application/problem+json (RFC 9457) with a stable code."""

from typing import Any, Final

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, JsonResponse
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.types import ErrorResponse
from rest_framework.exceptions import APIException
from rest_framework.response import Response

from clinic import errors
from clinic.context import current_request
from clinic.shapes.people import duplicate_shape
from clinic.shapes.problems import problem

MEDIA_TYPE: Final = "application/problem+json"

STATUS: Final[dict[type[errors.ClinicError], int]] = {
    errors.NotFound: 404,
    errors.NotSignedIn: 401,
    errors.Forbidden: 403,
    errors.FieldError: 400,
    errors.TimeNotBookable: 400,
    errors.Overlap: 409,
    errors.InvalidTransition: 409,
    errors.AlreadyStarted: 409,
    errors.RoomInUse: 409,
    errors.VisitMoved: 409,
    errors.VisitCancelled: 410,
    errors.PossibleDuplicate: 409,
    errors.VersionConflict: 412,
    errors.IdempotencyKeyReused: 422,
    errors.RateLimited: 429,
}
log = structlog.get_logger(__name__)


class Unavailable(APIException):
    status_code = 503
    default_code = "unavailable"
    default_detail = "The service cannot reach its database. Try again in a moment."
    wait = 2


def problem_handler(exc: Exception, context: Any) -> JsonResponse | None:
    """DRF's exception handler: our refusals, the framework's, a database out of reach, and our mistakes.

    Always JSON: what the client accepts (YAML, say, where the schema is) is for answers.
    """
    if isinstance(exc, errors.ClinicError):
        return _refusal(exc)
    if isinstance(exc, OperationalError | InterfaceError):
        log.error("database_unavailable", error=type(exc).__name__)
        exc = Unavailable()
    response = _ProblemHandler(exc, context).run()
    if response is None:
        return None
    headers = {name: value for name, value in response.items() if name != "Content-Type"}
    return _json(response.data, response.status_code, headers)


def status_of(refusal: type[errors.ClinicError]) -> int:
    return next(STATUS[kind] for kind in refusal.__mro__ if kind in STATUS)


def _problem(status: int, code: str, detail: str, **members: Any) -> dict[str, Any]:
    return problem(status, code, detail, request_id=current_request.get().request_id, **members)


def _json(body: dict[str, Any], status: int, headers: dict[str, str] | None = None) -> JsonResponse:
    return JsonResponse(body, status=status, headers=headers, content_type=MEDIA_TYPE)


def _refusal(refusal: errors.ClinicError) -> JsonResponse:
    status = status_of(type(refusal))
    body = _problem(status, refusal.code, refusal.text, **_members(refusal))
    return _json(body, status, _headers(refusal, status))


def _headers(refusal: errors.ClinicError, status: int) -> dict[str, str]:
    if isinstance(refusal, errors.RateLimited):
        return {"Retry-After": str(refusal.retry_after_seconds)}
    return {"WWW-Authenticate": "Bearer"} if status == 401 else {}


def _members(refusal: errors.ClinicError) -> dict[str, Any]:
    match refusal:
        case errors.FieldError():
            field = {
                "field": refusal.field,
                "code": refusal.field_code,
                "detail": refusal.text,
            }
            return {"errors": [field]}
        case errors.Overlap():
            return {"alternatives": [start.isoformat() for start in refusal.alternatives]}
        case errors.InvalidTransition():
            return {"allowed": refusal.allowed}
        case errors.RateLimited():
            return {"retry_after_ms": refusal.retry_after_ms}
        case errors.PossibleDuplicate():
            return {"possible_duplicates": [duplicate_shape(d).wire() for d in refusal.duplicates]}
        case _:
            return {}


class _ProblemFormatter(ExceptionFormatter):
    def format_error_response(self, error_response: ErrorResponse) -> dict[str, Any]:
        status = self.exc.status_code
        found = error_response.errors
        fields = [
            {"field": error.attr, "code": error.code, "detail": error.detail}
            for error in found
            if error.attr
        ]
        if fields:
            return _problem(status, "invalid", "Some fields cannot be accepted.", errors=fields)
        detail = found[0].detail if status != 500 else "This is our mistake; it has been logged."
        return _problem(status, found[0].code, detail)


class _ProblemHandler(ExceptionHandler):
    def run(self) -> Response | None:
        response: Response | None = super().run()
        return response

    def format_exception(self, exc: APIException) -> Any:
        return _ProblemFormatter(exc, self.context, self.exc).run()

    def should_report_exception(self, exc: Any, response: Any) -> bool:
        return False

    def report_exception(self, exc: Any, response: Any) -> None:
        if exc.status_code >= 500:
            log.error("unhandled", exc_info=self.exc)


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    """For addresses that lead nowhere."""
    return _plain(404, "not_found", "There is nothing at this address.")


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    """For requests that do not get as far as a view: a wrong Host, say."""
    return _plain(400, "bad_request", "The request cannot be understood.")


def method_not_allowed(request: HttpRequest) -> JsonResponse:
    """For pages, which can only be read."""
    refusal = _plain(405, "method_not_allowed", "This can only be read.")
    refusal["Allow"] = "GET, HEAD"
    return refusal


def server_error(request: HttpRequest) -> JsonResponse:
    """For mistakes outside of a view."""
    return _plain(500, "error", "This is our mistake; it has been logged.")


def _plain(status: int, code: str, detail: str) -> JsonResponse:
    return _json(_problem(status, code, detail), status)
