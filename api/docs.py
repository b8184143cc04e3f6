"""The API's description of itself, for programs and for people."""

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from api.endpoint import Limited


class SchemaView(Limited, SpectacularAPIView):
    """The document. Making it takes longer than any other answer, so it counts as one."""


class SwaggerView(SpectacularSwaggerSplitView):
    template_name = "api/docs.html"
