"""The OpenAPI document, written from the routes and from the forms that read them, strictness included."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any, Final

import msgspec

from detente.api.questions import MOST_DRAFT_VOLUMES, ScreeningRequest
from detente.api.reads import MOST_AT_ONCE
from detente.api.wire import MOST_ACTS, PROBLEM_TYPE, Problem, SubmissionRequest
from detente.channel.acts import MemberBody
from detente.channel.bundle import MOST_SUBMISSIONS, VERSION, SubmissionsBundle

_ARENA: Final = {"name": "arena", "in": "path", "required": True, "schema": {"type": "string"}}
_AFTER: Final = {
    "name": "after",
    "in": "query",
    "required": False,
    "schema": {"type": "string", "minLength": 1},
    "description": "A cursor as it came. It tells nothing, and is good for this list and party alone.",
}
_LIMIT: Final = {
    "name": "limit",
    "in": "query",
    "required": False,
    "schema": {"type": "integer", "minimum": 1, "maximum": MOST_AT_ONCE, "default": 100},
}
_AT: Final = {
    "name": "at",
    "in": "query",
    "required": False,
    "schema": {"type": "string", "maxLength": 64},
    "description": "A moment, such as 2018-09-17T18:39:00Z or 171839ZSEP18.",
}
_TO: Final = {
    "name": "to",
    "in": "query",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 64},
}
_SEARCH: Final = [
    {**_TO, "required": False},
    {**_TO, "required": False, "name": "from"},
    {**_AT, "name": "since"},
    {**_AT, "name": "until"},
    {"name": "kind", "in": "query", "required": False, "schema": {"type": "string", "pattern": "^[a-z_]{1,40}$"}},
    {"name": "about", "in": "query", "required": False, "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"}},
]
_OPENING: Final = [
    {**_TO, "required": False, "name": "from"},
    {"name": "opening", "in": "query", "required": False, "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"}},
]
_NOTICE: Final = {
    "name": "notice_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    "description": "Of a notice of the party's own in force.",
}
_RESUME: Final = {"name": "Last-Event-ID", "in": "header", "required": False, "schema": {"type": "string"}}
_READ: Final = (401, 404, 422, 429, 503)
_WRITE: Final = (400, 401, 403, 404, 409, 413, 422, 429, 503)
_PAGE: Final = {
    "type": "object",
    "required": ["cursor"],
    "properties": {"cursor": {"type": ["string", "null"]}},
}
_OBJECT: Final = {"type": "object"}
_OPENINGS: Final = {
    "type": "object",
    "required": ["after", "openings"],
    "properties": {"after": {"type": ["integer", "null"]}, "openings": {"type": "array"}},
}
_PLACE: Final = {
    "name": "after",
    "in": "query",
    "required": False,
    "schema": {"type": "integer", "minimum": 0, "maximum": 10**18 - 1, "default": 0},
    "description": "Where the page before ended.",
}
_TILE: Final = {
    "name": "tile",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
    "description": "As C2SP tlog-tiles writes it, such as 0/x001/234 or entries/000.p/17.",
}
_NAME: Final = {
    "name": "name",
    "in": "query",
    "required": True,
    "schema": {"type": "string"},
    "description": "What the file is called.",
}
_FORMS: Final[tuple[type[Any], ...]] = (SubmissionRequest, SubmissionsBundle, ScreeningRequest, MemberBody, Problem)

_ROUTES: Final[tuple[tuple[str, str, str, list[Any], type[Any] | None, str, Any, tuple[int, ...]], ...]] = (
    ("post", "submissions", "Submit signed acts", [], SubmissionRequest, "application/json", _OBJECT, _WRITE),
    ("post", "bundles", "Hand in a file of submissions", [], SubmissionsBundle, "application/json", _OBJECT, _WRITE),
    ("get", "bundle", "The party's postings as a file", [_AFTER, {**_AFTER, "name": "announced_after"}], None, "application/json", _OBJECT, (*_READ, 400)),
    ("get", "notices/{notice_id}/answer", "What a notice of the party's own meets, explained", [_NOTICE], None, "application/json", _OBJECT, (*_READ, 413)),
    ("post", "screenings", "What a draft would meet; nobody is told", [], ScreeningRequest, "application/json", _OBJECT, (400, *_READ, 413)),
    ("post", "readings", "What can be read of a file of plans; nothing is kept", [_NAME], None, "application/json", _OBJECT, (400, *_READ, 413)),
    ("post", "members", "Take a party in (host)", [], MemberBody, "application/json", _OBJECT, _WRITE),
    ("get", "inbox", "The party's postings", [_AFTER, _LIMIT], None, "application/json", _PAGE, (*_READ, 400)),
    ("get", "events", "The same, as they come", [_AFTER, _RESUME], None, "text/event-stream", {"type": "string"}, (*_READ, 400)),
    ("get", "rules", "Members, rules, proposals", [], None, "application/json", _OBJECT, _READ),
    ("get", "announcements", "The public acts, in order", [_AFTER, _LIMIT], None, "application/json", _PAGE, (*_READ, 400)),
    ("get", "sequences", "Where the party's keys stand", [], None, "application/json", _OBJECT, _READ),
    ("get", "views", "Views in force released to the party", [_AFTER, _LIMIT], None, "application/json", _PAGE, (*_READ, 400)),
    ("get", "open", "What the party still has to do", [_AFTER, _LIMIT], None, "application/json", _PAGE, (*_READ, 400)),
    ("get", "watch", "Who has the party's watch, and its signs of life", [], None, "application/json", _OBJECT, _READ),
    ("get", "calls", "The party's call log", [_AFTER, _LIMIT], None, "application/json", _PAGE, (*_READ, 400)),
    ("get", "drills", "How long drills took to be answered", [], None, "application/json", _OBJECT, _READ),
    ("get", "outlets", "Where the party is told that something waits", [_AFTER, _LIMIT], None, "application/json", _PAGE, (*_READ, 400)),
    ("get", "history", "What was in force for the party at a moment", [_AT, _AFTER, _LIMIT], None, "application/json", _PAGE, (*_READ, 400)),
    ("get", "shown", "Which of the party's views another was shown", [_TO, _AT, _AFTER, _LIMIT], None, "application/json", _PAGE, (*_READ, 400)),
    ("get", "disclosures", "What the party has opened to boards", [_AFTER, _LIMIT], None, "application/json", _PAGE, (*_READ, 400)),
    ("get", "disclosed", "What was opened to the board that asks", [*_OPENING, _AFTER, _LIMIT], None, "application/json", _PAGE, (*_READ, 400)),
    ("get", "record/openings", "What the party may open of the log", [_PLACE, _LIMIT], None, "application/json", _OPENINGS, (*_READ, 400)),
    ("get", "log/checkpoint", "The head of the log (anybody)", [], None, "text/plain", {"type": "string"}, (404, 503)),
    ("get", "log/checkpoints", "Heads of the log by size (anybody)", [_PLACE, _LIMIT], None, "application/json", _OBJECT, (404, 422, 503)),
    ("get", "log/tile/{tile}", "A tile of the log (anybody)", [_TILE], None, "application/octet-stream", {"type": "string"}, (404, 503)),
    ("post", "log/cosignatures", "A witness's line under a head of the log", [], None, "application/json", _OBJECT, (400, 403, 404, 413, 422, 503)),
    ("post", "log/seen", "A head of the log that somebody has seen", [], None, "application/json", _OBJECT, (400, 403, 404, 413, 503)),
    ("get", "entries", "Search in what the party did and was told", [*_SEARCH, _AFTER, _LIMIT], None, "application/json", _PAGE, (*_READ, 400)),
)  # fmt: skip


@cache
def document() -> bytes:
    """OpenAPI 3.1, as JSON."""
    schemas, components = msgspec.json.schema_components(_FORMS, ref_template="#/components/schemas/{name}")
    refs: dict[Any, Any] = dict(zip(_FORMS, schemas, strict=True))
    bounds = components["SubmissionRequest"]["properties"]
    bounds["submission"] |= {"pattern": "^[0-9a-f]{32}$"}
    bounds["acts"] |= {"minItems": 1, "maxItems": MOST_ACTS}
    components["CarriedSubmission"]["properties"] = bounds
    components["ScreeningRequest"]["properties"]["volumes"] |= {"minItems": 1, "maxItems": MOST_DRAFT_VOLUMES}
    components["SubmissionsBundle"]["properties"]["version"] = {"const": VERSION}
    components["SubmissionsBundle"]["properties"]["submissions"] |= {"maxItems": MOST_SUBMISSIONS}
    paths: dict[str, Any] = {}
    for method, name, summary, parameters, body, media_type, answer, refusals in _ROUTES:
        route: dict[str, Any] = {
            "operationId": next(part for part in reversed(name.split("/")) if "{" not in part),
            "summary": summary,
            "parameters": [_ARENA, *parameters],
            "responses": _responses(media_type, answer, refusals),
        }
        if name.startswith("log/"):
            route["security"] = []
        if body:
            route["requestBody"] = {"required": True, "content": {"application/json": {"schema": refs[body]}}}
        elif method == "post":
            route["requestBody"] = {"required": True, "content": {"text/plain": {"schema": {"type": "string"}}}}
        paths[f"/arenas/{{arena}}/{name}"] = {method: route}
    for name, media_type, refusals, security in (
        ("healthz", "application/json", (503,), []),
        ("metrics", "text/plain", (401, 404, 429, 503), [{"token": []}]),
        ("schema", "application/json", (), []),
    ):
        responses = _responses(media_type, {"type": "string"} if media_type == "text/plain" else _OBJECT, refusals)
        paths[f"/{name}"] = {"get": {"operationId": name, "security": security, "responses": responses}}
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {"title": "détente: the channel", "version": version("detente")},
            "paths": paths,
            "components": {"schemas": components, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
            "security": [{"token": []}],
        }
    )


def _responses(media_type: str, answer: Any, refusals: tuple[int, ...]) -> dict[str, Any]:
    problem = {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    told = {str(status): {"description": "A problem", "content": problem} for status in sorted(refusals)}
    return {"200": {"description": "The answer", "content": {media_type: {"schema": answer}}}, **told}
