"""The API's description of itself, for programs and for people."""

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from api.endpoint import Limited
from clinic.policy import Operation


class SchemaView(Limited, SpectacularAPIView):
    """The document. Making it takes longer than any other answer, so it counts as one."""

    operations = {"GET": Operation.ANYONE}


class SwaggerView(SpectacularSwaggerSplitView):
    operations = {"GET": Operation.ANYONE}
    template_name = "api/docs.html"
