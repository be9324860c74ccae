"""What BigCommerce's specs say about one request, and about one answer.

Paths are those below a store: `/v2/orders/118`. Beyond what the specs forbid, a query parameter or a
body field that they do not name is a problem too: BigCommerce ignores it, so whoever sends it means
something that does not happen.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from werkzeug.datastructures import Headers, ImmutableMultiDict

from app.sandbox.bigcommerce.prune import SPECS, resolve

Json = Any
JSON_TYPE = "application/json"
PROBLEMS: dict[str, Callable[[bytes], Json]] = {"application/problem+json": json.loads}
AUTHENTICATION = "X-Auth-Token"

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
# Not the version in a path, not 0, and nothing that is too long to be one.
_ID = re.compile(r"(?<![\dv])[1-9]\d{0,17}(?!\d)")
_MOST_KNOWN = 10_000
_known_good: set[tuple[object, ...]] = set()


@dataclass
class _Request:
    """A request as openapi-core wants it."""

    method: str
    path: str
    parameters: RequestParameters
    body: bytes
    content_type: str
    host_url: str = ""


@dataclass(frozen=True)
class _Answer:
    """An answer as openapi-core wants it."""

    status_code: int
    headers: Headers
    data: bytes
    content_type: str


@dataclass(frozen=True)
class Operation:
    """One method of one path of a spec."""

    spec: Json
    template: str
    method: str
    described: Mapping[str, Json]

    @property
    def parameters(self) -> list[Mapping[str, Json]]:
        """Those of the path and its own, references followed."""
        given = [*self.spec["paths"][self.template]["parameters"], *self.described.get("parameters", ())]
        return [resolve(self.spec, one) for one in given]

    def ids(self, path: str) -> dict[str, int]:
        """The numbers in a path, by the names of its placeholders."""
        names = zip(self.template.split("/"), path.split("/")[1:], strict=True)
        return {name.strip("{}"): int(part) for name, part in names if name.startswith("{")}

    @property
    def body_schema(self) -> Json:
        """What a JSON body must be, None if there is none to send."""
        body = resolve(self.spec, self.described.get("requestBody", {}))
        return body.get("content", {}).get(JSON_TYPE, {}).get("schema")


@cache
def load_spec(version: str) -> Json:
    """The pruned spec of one API version."""
    return json.loads(SPECS.joinpath(f"{version}.json").read_text("utf-8"))


@cache
def _open(version: str) -> OpenAPI:
    return OpenAPI.from_dict(load_spec(version), config=Config(extra_media_type_deserializers=PROBLEMS))


def find_operation(method: str, path: str) -> Operation | None:
    """The operation that a request calls; a path without a placeholder goes first."""
    version, _, rest = path.removeprefix("/").partition("/")
    if version not in ("v2", "v3"):
        return None
    spec = load_spec(version)
    for template in sorted(spec["paths"], key=lambda one: one.count("{")):
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), f"/{rest}"):
            described = spec["paths"][template].get(method.lower())
            return Operation(spec, template, method.lower(), described) if described else None
    return None


def check_request(
    method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
) -> list[str]:
    """What is wrong with a request, in words; nothing for one that the specs know."""
    asked = (f"{name}={_alike(value, name=name)}" for name, value in query.items())
    alike = (method, _alike(path, name="id"), *asked, *headers.items())
    if not body and alike in _known_good:
        return []
    operation = find_operation(method, path)
    if operation is None:
        return [f"{method} {path} is not an operation of the specs"]
    request = _request(method, path, query, headers, body)
    version = path.split("/")[1]
    found = [_words(error) for error in _open(version).iter_request_errors(request)]
    problems = [*found, *_unknown_parameters(operation, query), *_unknown_fields(operation, body)]
    if not body and not problems and len(_known_good) < _MOST_KNOWN:
        _known_good.add(alike)
    return problems


def _alike(text: str, *, name: str) -> str:
    """The same for texts that differ in ids and moments alone: to check one takes 30 ms, and a store is
    asked the same of a thousand orders."""
    if name.removesuffix(":in").endswith("id") and not name.startswith("status"):
        return _ID.sub("9", text)
    return _MOMENT.sub("2026-01-01T00:00:00", text)


def check_answer(
    request: tuple[str, str], status: int, headers: Mapping[str, str], body: bytes
) -> list[str]:
    """What is wrong with the answer to (method, path). The specs list few refusals: others may look
    as they like."""
    operation = find_operation(*request)
    if operation is None or (
        status >= HTTPStatus.BAD_REQUEST and str(status) not in operation.described["responses"]
    ):
        return []
    if status == HTTPStatus.NO_CONTENT:
        return ["204 comes without a body"] if body else []
    answer = _Answer(status, Headers(list(headers.items())), body, headers.get("Content-Type", ""))
    asked = _request(*request, {}, {}, b"")
    version = request[1].split("/")[1]
    return [_words(error) for error in _open(version).iter_response_errors(asked, answer)]


def refusal_type(request: tuple[str, str], status: int) -> str:
    """The content type of a refusal of (method, path): some of v3 are `application/problem+json`."""
    operation = find_operation(*request)
    refusals = operation.described["responses"] if operation else {}
    listed = resolve(operation.spec, refusals.get(str(status), {})) if operation else {}
    return next(iter(listed.get("content", {})), JSON_TYPE)


def _request(
    method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
) -> _Request:
    given = RequestParameters(query=ImmutableMultiDict(query), header=Headers(list(headers.items())))
    return _Request(method.lower(), path, given, body, given.header.get("Content-Type", ""))


def _words(error: Exception) -> str:
    cause = error.__cause__
    details = [one.message for one in getattr(cause, "schema_errors", ())]
    return "; ".join(details) or f"{error} {cause or ''}".strip()


def _unknown_parameters(operation: Operation, query: Mapping[str, str]) -> Iterator[str]:
    known = {one["name"] for one in operation.parameters if one["in"] == "query"}
    for name in sorted(query.keys() - known):
        yield f"{operation.method.upper()} {operation.template} has no query parameter {name}"


def _unknown_fields(operation: Operation, body: bytes) -> Iterator[str]:
    schema = operation.body_schema
    try:
        sent = json.loads(body) if body and schema is not None else None
    except ValueError:
        return  # the spec has said so
    for name in sorted(_strangers(operation.spec, schema, sent)):
        yield f"{operation.method.upper()} {operation.template} has no body field {name}"


def _strangers(spec: Json, schema: Json, sent: Json) -> set[str]:
    """Fields of an object, or of a list's objects, that its schema does not name."""
    if isinstance(sent, list):
        inner = resolve(spec, schema).get("items", {})
        return {name for one in sent for name in _strangers(spec, inner, one)}
    if not isinstance(sent, dict):
        return set()
    known = _named(spec, schema)
    return sent.keys() - known if known else set()


def _named(spec: Json, schema: Json) -> set[str]:
    plain = resolve(spec, schema)
    parts = [*plain.get("allOf", ()), *plain.get("anyOf", ()), *plain.get("oneOf", ())]
    return set(plain.get("properties", ())).union(*(_named(spec, part) for part in parts))
