"""Our own files for the pages; those with a version in their path may be kept for ever."""

import mimetypes
from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles

# Whatever the machine's own table says (Windows registries have called .js text/plain).
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("text/css", ".css")


class Files(StaticFiles):
    """A folder of files. Without `for_ever` the browser asks each time whether a file changed, and is answered by its ETag."""

    def __init__(self, folder: Path, *, for_ever: bool = False) -> None:
        super().__init__(directory=folder)
        self._cache = "public, max-age=31536000, immutable" if for_ever else "no-cache"

    def file_response(self, *args: Any, **named: Any) -> Response:
        response = super().file_response(*args, **named)
        response.headers["Cache-Control"] = self._cache
        return response
