"""The web app's one page, at every address that is not the API's."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from api.errors import method_not_allowed, not_found


# Exempt: nothing is changed here, and a wrong address is answered as such and not as a forgery.
@csrf_exempt
@never_cache
def web_app(request: HttpRequest) -> HttpResponseBase:
    """The built index page; it asks the API for everything else."""
    page = settings.FRONTEND_DIST / "index.html"
    if request.path.startswith(("/api/", "/assets/", "/static/")):
        return not_found(request, Exception())
    if request.method not in ("GET", "HEAD"):
        return method_not_allowed(request)
    try:
        return HttpResponse(page.read_bytes(), content_type="text/html; charset=utf-8")
    except OSError:
        return HttpResponse(
            "The web app is not built. Run `make up`, which builds it.",
            status=503,
            content_type="text/plain",
        )
