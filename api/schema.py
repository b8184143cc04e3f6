"""How the OpenAPI document is made."""

from typing import Any, Final

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from api.endpoint import KEY_HEADER, Endpoint
from api.errors import MEDIA_TYPE, status_of
from clinic.policy import Operation
from clinic.shapes.base import Shape
from clinic.shapes.people import DuplicateShape


class FieldProblem(Shape):
    field: str
    code: str
    detail: str


class Problem(Shape):
    """RFC 9457. `code` is stable; the members after `request_id` depend on it."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldProblem] = []
    alternatives: list[str] = []
    allowed: list[str] = []
    possible_duplicates: list[DuplicateShape] = []
    retry_after_ms: int = 0


_RETRY_AFTER: Final = OpenApiParameter(
    "Retry-After",
    int,
    OpenApiParameter.HEADER,
    description="Seconds until it may be tried again; `retry_after_ms` says it more exactly.",
    response=["429"],
)


class SessionTokenScheme(OpenApiAuthenticationExtension):
    target_class = "api.authentication.SessionTokenAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class ClinicSchema(AutoSchema):
    """Adds to every operation what is true of all: refusals, and keys for repeated requests."""

    def get_operation_id(self) -> str:
        name = type(self.view).__name__.removesuffix("View")
        return f"{self.method.lower()}{name}"

    def get_description(self) -> str:  # type: ignore[override]
        text = super().get_description()
        operation = getattr(self.view, "operations", {}).get(self.method)
        words = [text, f"For those who may: {operation}." if operation else "", self._refusals()]
        return "\n\n".join(each for each in words if each)

    def _refusals(self) -> str:
        kinds = getattr(self.view, "refusals", {}).get(self.method, [])
        codes = [f"`{kind.code}` ({status_of(kind)})" for kind in kinds]
        return f"Refusals of its own: {', '.join(codes)}." if codes else ""

    def get_override_parameters(self) -> list[Any]:
        if not self._is_repeatable():
            return [_RETRY_AFTER]
        return [
            _RETRY_AFTER,
            OpenApiParameter(
                KEY_HEADER,
                str,
                OpenApiParameter.HEADER,
                description="Send the same key with the same request: one effect, one answer.",
            ),
        ]

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        # get_response_serializers() would be replaced wherever @extend_schema names responses.
        bodies: Any = super()._get_response_bodies(direction)
        refusal = OpenApiResponse(Problem, "A refusal with its code.")
        answer: Any = self._get_response_for_code
        bodies["default"] = answer(refusal, "default", [MEDIA_TYPE], direction)
        limited = OpenApiResponse(Problem, "Too often: `rate_limited`, and when to try again.")
        bodies["429"] = answer(limited, "429", [MEDIA_TYPE], direction)
        return bodies

    def get_tags(self) -> list[str]:
        return [type(self.view).__module__.removeprefix("api.")]

    def _is_repeatable(self) -> bool:
        if self.method != "POST" or not isinstance(self.view, Endpoint):
            return False
        signed_in_only = self.view.operations.get("POST") is not Operation.ANYONE
        return signed_in_only and not self.path.startswith("/api/auth/")


_LONG_POLL: Final[dict[str, Any]] = {
    "get": {
        "operationId": "getEvents",
        "tags": ["events"],
        "description": "The numbered events of a topic after a number: the socket's stream without a "
        "socket. With `wait` (seconds) an answer without events is held back until there is one. "
        "410 with code `reset`: the number is beyond what is kept; load the snapshot again.",
        "parameters": [
            {"in": "query", "name": "topic", "required": True, "schema": {"type": "string"}},
            {"in": "query", "name": "after", "schema": {"type": "integer", "minimum": 0}},
            {
                "in": "query",
                "name": "limit",
                "schema": {"type": "integer", "minimum": 1, "maximum": 200},
            },
            {"in": "query", "name": "wait", "schema": {"type": "number", "maximum": 25}},
            {"in": "query", "name": "epoch", "schema": {"type": "string"}},
        ],
        "security": [{"bearer": []}],
        "responses": {
            "200": {
                "description": "",
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "required": ["topic", "epoch", "head", "events"],
                            "properties": {
                                "topic": {"type": "string"},
                                "epoch": {"type": "string"},
                                "head": {"type": "integer"},
                                "events": {"type": "array", "items": {"type": "object"}},
                            },
                        }
                    }
                },
            },
            "429": {
                "description": "Too often: `rate_limited`, and when to try again.",
                "headers": {"Retry-After": {"schema": {"type": "integer"}}},
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
            "default": {
                "description": "A refusal with its code.",
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        },
    }
}


def add_long_poll(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """The long poll is served before Django (realtime/polling.py), so it is described by hand."""
    result["paths"]["/api/events/"] = _LONG_POLL
    result["paths"] = dict(sorted(result["paths"].items()))
    return result
