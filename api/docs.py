"""The API's description of itself, for programs and for people."""

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from api.endpoint import Limited
from clinic.policy import Operation


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
