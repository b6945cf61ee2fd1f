"""The console's files, as `make web` built them into the package: given to anybody, since nothing in them is secret and nothing is served by them.

They live under a policy that runs nothing but them: no inline script, no other origin, no frame around them. What a page then asks
for goes through the same routes as anybody's requests.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from litestar import HttpMethod, Request, Response, route
from litestar.exceptions import NotFoundException

BUILT: Final = Path(__file__).parents[1] / "web"
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "font-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Final = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_NEVER_CHANGES: Final = "public, max-age=31536000, immutable"  # its name is of what is in it
_ASK_EACH_TIME: Final = "no-cache"
_NOT_BUILT: Final = b"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>d\xc3\xa9tente</title>
<p>The channel is served here, and its console was not built: run <code>make web</code>, then start again.
Everything works without it on the command line (<code>detente --help</code>).</p></html>
"""


@dataclass(frozen=True, slots=True)
class File:
    """A file of the console, as it is sent."""

    content: bytes
    compressed: bytes
    media_type: str
    digest: str
    cache_control: str


@cache
def console_files(folder: Path = BUILT) -> dict[str, File]:
    """Every file by its path below the folder, read once; a page that says what to do where none was built.

    Links are not followed out of the folder: what is not a file of its own is not given.
    """
    found = {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and path.suffix in TYPES
    }
    files = {name: _file(name, path.read_bytes()) for name, path in found.items()}
    return files if "index.html" in files else {**files, "index.html": _file("index.html", _NOT_BUILT)}


def _file(name: str, content: bytes) -> File:
    return File(
        content,
        gzip.compress(content, mtime=0),
        TYPES[Path(name).suffix],
        sha256(content).hexdigest()[:32],
        _NEVER_CHANGES if name.startswith("assets/") else _ASK_EACH_TIME,
    )


@route(
    ["/", "/icon.svg", "/console.webmanifest", "/record.js", "/signing.js", "/assets/{name:str}"],
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
)
async def console_file(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The console, and the files that it is made of."""
    file = console_files().get(request.url.path.lstrip("/") or "index.html")
    if file is None:
        raise NotFoundException
    takes_gzip = _takes_gzip(request.headers.get("accept-encoding", ""))
    etag = f'"{file.digest}-gzip"' if takes_gzip else f'"{file.digest}"'  # two bodies, two tags (RFC 9110, 8.8.3)
    headers = {**HEADERS, "etag": etag, "cache-control": file.cache_control, "vary": "accept-encoding"}
    if etag in request.headers.get("if-none-match", "").replace(" ", "").split(","):
        return Response(b"", status_code=304, headers=headers)
    body = file.compressed if takes_gzip else file.content
    if takes_gzip:
        headers["content-encoding"] = "gzip"
    if request.method == HttpMethod.HEAD:
        headers["content-length"] = str(len(body))
        body = b""
    return Response(body, media_type=file.media_type, headers=headers)


def _takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding asks for it; `gzip;q=0` asks for none."""
    named = [part.replace(" ", "").lower() for part in accepted.split(",")]
    return any(part == "gzip" or (part.startswith("gzip;q=") and part[7:].strip("0.") != "") for part in named)
