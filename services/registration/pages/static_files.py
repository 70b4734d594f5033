"""Stylesheet, script and icon, named by their content so that browsers may keep them for ever."""

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from shared.refusals import NotFound

FOLDER = Path(__file__).parent.parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_YEAR_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True)
class StaticFile:
    """One file as it is sent."""

    content_type: str
    plain: bytes
    packed: bytes


class StaticFiles:
    """The files of a folder, read once."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._names: dict[str, str] = {}
        self._files: dict[str, StaticFile] = {}
        for path in sorted(folder.iterdir()):
            plain = path.read_bytes()
            name = f"{path.stem}.{hashlib.sha256(plain).hexdigest()[:12]}{path.suffix}"
            self._names[path.name] = name
            self._files[name] = StaticFile(
                _TYPES[path.suffix], plain, gzip.compress(plain, 9, mtime=0)
            )

    def url(self, name: str) -> str:
        """Where a file is found; another content has another address."""
        return f"/static/{self._names[name]}"

    async def send(self, request: web.Request) -> web.Response:
        """GET /static/{name}."""
        file = self._files.get(request.match_info["name"])
        if file is None:
            raise NotFound
        headers = {
            "Cache-Control": f"public, max-age={_YEAR_SECONDS}, immutable",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Vary": "Accept-Encoding",
        }
        body = file.plain
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
            body = file.packed
        return web.Response(
            body=body, headers=headers, content_type=file.content_type, charset="utf-8"
        )
