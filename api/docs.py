"""The API's description of itself."""

from drf_spectacular.views import SpectacularAPIView

from api.endpoint import Limited


class SchemaView(Limited, SpectacularAPIView):
    """The document. Making it takes longer than any other answer, so it counts as one."""
