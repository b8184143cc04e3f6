"""The web app's one page, at every address that is not the API's."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from api.errors import method_not_allowed, not_found

# Stands in the built page wherever its answer's own nonce belongs (frontend/vite.config.ts).
NONCE: Final = b"__CSP_NONCE__"


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
        built = page.read_bytes()
    except OSError:
        return HttpResponse(
            "The web app is not built. Run `make up`, which builds it.",
            status=503,
            content_type="text/plain",
        )
    nonce = str(request.csp_nonce).encode()  # type: ignore[attr-defined]  # set by csp's middleware
    return HttpResponse(built.replace(NONCE, nonce), content_type="text/html; charset=utf-8")
