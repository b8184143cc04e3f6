"""Every mail in every language for operators to look at, with values that are nobody's."""

from dataclasses import dataclass
from typing import Final

from csp.constants import NONE, SELF
from csp.decorators import csp_replace
from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.clickjacking import xframe_options_sameorigin

from clinic.letters.samples import SITE, sample, templates
from clinic.letters.writing import LANGUAGES, Written, written
from clinic.queries.place import the_clinic

# A mail has its looks in its tags. It runs nothing, loads nothing, and is shown in our own page alone.
AS_A_MAIL: Final = {
    "default-src": [NONE],
    "style-src": ["'unsafe-inline'"],
    "frame-ancestors": [SELF],
    "sandbox": True,
}


@dataclass(frozen=True, slots=True)
class Shown:
    name: str
    language: str
    letter: Written


def letter_pages(site: AdminSite) -> list[URLPattern]:
    """The list of all, and each one as mail programs get it."""

    def letters(request: HttpRequest) -> HttpResponse:
        shown = [
            Shown(name, each, _letter(name, each)) for name in templates() for each in LANGUAGES
        ]
        context = {
            **site.each_context(request),
            "title": "Mails, as people get them",
            "shown": shown,
        }
        return TemplateResponse(request, "admin/letters.html", context)

    @xframe_options_sameorigin
    @csp_replace(AS_A_MAIL)  # type: ignore[arg-type]  # typed for views without arguments only
    def letter(request: HttpRequest, language: str, name: str) -> HttpResponse:
        if name not in templates() or language not in LANGUAGES:
            raise Http404
        return HttpResponse(_letter(name, language).html)

    return [
        path("letters/", site.admin_view(letters), name="letters"),
        path("letters/<str:language>/<str:name>/", site.admin_view(letter), name="letter"),
    ]


def _letter(name: str, language: str) -> Written:
    return written(sample(name, language), clinic=str(the_clinic()), site=SITE)
