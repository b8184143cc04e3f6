"""The API's and the socket's descriptions of themselves, for programs and for people."""

import json
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.module_loading import import_string
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from api.endpoint import Limited
from api.socket_page import Page
from clinic.policy import Operation

FAVICON: Final = "drf_spectacular_sidecar/swagger-ui-dist/favicon-32x32.png"


class MadeOnce(SchemaGenerator):
    """Nothing of the document depends on who asks: a process makes it once."""

    def get_schema(self, request: Any = None, public: bool = False) -> Any:
        return _document()


@cache
def _document() -> Any:
    return SchemaGenerator().get_schema(public=True)


class SchemaView(Limited, SpectacularAPIView):
    """The document. Making it takes longer than any other answer, so it counts as one."""

    generator_class = MadeOnce
    operations = {"GET": Operation.ANYONE}


class SwaggerView(SpectacularSwaggerSplitView):
    operations = {"GET": Operation.ANYONE}
    template_name = "api/docs.html"


class OpenToAll(Limited):
    """Whoever asks, and whatever token they show."""

    authentication_classes = ()
    operations = {"GET": Operation.ANYONE}


class SocketContractView(OpenToAll):
    """The socket's AsyncAPI document."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(_contract_text(), content_type="application/json")


class SocketPageView(OpenToAll):
    """The same for people. It is made once; only the nonce is new for every answer."""

    renderer_classes = [TemplateHTMLRenderer]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        data = {"body": _page_body(), "favicon": static(FAVICON)}
        return Response(data, template_name="api/realtime.html")


def socket_contract() -> Any:
    return import_string(settings.SOCKET_CONTRACT)()


@cache
def _contract_text() -> str:
    return json.dumps(socket_contract(), ensure_ascii=False, separators=(",", ":"))


@cache
def _page_body() -> str:
    page = Page(socket_contract())
    limits = page.socket["x-limits"]
    return render_to_string(
        "api/realtime_body.html",
        {
            "page": page,
            "events": page.events(),
            "parts": page.parts(),
            "errors": page.socket["x-error-codes"],
            "closings": page.socket["x-close-codes"],
            "all_limits": limits,
            "limits": {limit["name"]: limit["value"] for limit in limits},
            "contract_url": reverse("socket-contract"),
            "docs_url": reverse("docs"),
        },
    )
