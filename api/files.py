"""The files that are sent as they are: the web app's and the packages' own."""

from collections.abc import Iterator
from typing import Any, Final

from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]

# It is sent by api/app.py, with a nonce of its own for each answer.
PAGE: Final = "/index.html"


class Files(WhiteNoiseMiddleware):  # type: ignore[misc]
    """whitenoise, but for the one page."""

    def add_file_to_dictionary(self, url: str, path: str, stat_cache: Any = None) -> None:
        if url != PAGE:
            super().add_file_to_dictionary(url, path, stat_cache)

    def candidate_paths_for_url(self, url: str) -> Iterator[str]:
        return iter(()) if url == PAGE else super().candidate_paths_for_url(url)
