"""One file fetched over HTTPS.

The standard library's client, for it takes a connection that was made elsewhere: to an address that was
checked. It follows no redirects and asks no proxy by itself.
"""

import base64
import http.client
import ssl
import zlib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import unquote, urljoin

import certifi

from app.pipeline.feeds.network import STEP_TIMEOUT_S, Deadline, FeedFailed, Network, connect
from app.pipeline.feeds.source import LARGEST_FILE, AddressRefused, FeedAddress, Login, read_address

MOST_REDIRECTS = 5

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CHUNK = 64 * 1024
# zlib's way to say that the data begins with gzip's own header.
_GZIP = 31
_WHAT_TO_DO = {
    401: "check the user name and password",
    403: "check the user name, the password, and who may read the file",
    404: "check the address",
    410: "check the address",
}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file, and what its server will recognize it by."""

    name: str
    content: bytes
    etag: str = ""
    modified: str = ""


def fetch_file(
    login: Login, *, etag: str, modified: str, network: Network, until: Deadline
) -> Fetched | None:
    """The file at the address, or None if it is the one that `etag` and `modified` name. Raises
    `FeedFailed`."""
    start = read_address(login.url)
    known = {"If-None-Match": etag, "If-Modified-Since": modified}
    place = start
    for _ in range(MOST_REDIRECTS + 1):
        headers = {**_ours(place, start, login), **{name: said for name, said in known.items() if said}}
        with (
            closing(_connection(place, network, until)) as connection,
            closing(_ask(connection, place, headers)) as answer,
        ):
            if answer.status not in _REDIRECTS:
                return _read(answer, place)
            place = _next(place, answer.getheader("Location", ""))
    raise FeedFailed(f"{start.host} redirects again and again: check the address.")


def _ours(place: FeedAddress, start: FeedAddress, login: Login) -> Mapping[str, str]:
    """What every request says. Who we are is told to nobody but the server that was named."""
    said = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "Backline"}
    is_same = (place.host, place.port) == (start.host, start.port)
    user, password = login.user or start.user, login.password or start.password
    if is_same and (user or password):
        said["Authorization"] = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    return said


def _connection(place: FeedAddress, network: Network, until: Deadline) -> http.client.HTTPSConnection:
    context = ssl.create_default_context(cafile=network.authorities or certifi.where())
    line = connect(place.host, place.port, network=network, until=until)
    connection = http.client.HTTPSConnection(place.host, place.port, timeout=STEP_TIMEOUT_S)
    try:
        connection.sock = context.wrap_socket(line, server_hostname=place.host)
    except ssl.SSLCertVerificationError as error:
        line.close()
        raise FeedFailed(
            f"The certificate of {place.host} can't be trusted: {error.verify_message}."
        ) from error
    except OSError as error:
        line.close()
        raise FeedFailed(f"{place.host} does not speak HTTPS there ({error}).", passes=True) from error
    return connection


def _ask(
    connection: http.client.HTTPSConnection, place: FeedAddress, headers: Mapping[str, str]
) -> http.client.HTTPResponse:
    target = place.path + (f"?{place.query}" if place.query else "")
    try:
        connection.request("GET", target, headers=dict(headers))
        return connection.getresponse()
    except (http.client.HTTPException, OSError) as error:
        raise FeedFailed(f"{place.host} did not answer ({_why(error)}).", passes=True) from error


def _next(place: FeedAddress, location: str) -> FeedAddress:
    """Where a redirect leads: over HTTPS, like every other address."""
    shown = urljoin(f"https://{_netloc(place)}{place.path}", location)
    try:
        there = read_address(shown)
    except AddressRefused as error:
        raise FeedFailed(
            f"{place.host} redirects to an address that can't be read over HTTPS."
        ) from error
    if there.kind != "https" or not location:
        raise FeedFailed(f"{place.host} redirects to an address that can't be read over HTTPS.")
    return there


def _netloc(place: FeedAddress) -> str:
    return f"[{place.host}]:{place.port}" if ":" in place.host else f"{place.host}:{place.port}"


def _read(answer: http.client.HTTPResponse, place: FeedAddress) -> Fetched | None:
    if answer.status == http.HTTPStatus.NOT_MODIFIED:
        return None
    if answer.status != http.HTTPStatus.OK:
        passes = answer.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR or answer.status in {
            408,
            425,
            429,
        }
        hint = _WHAT_TO_DO.get(answer.status)
        text = f"{place.host} answered {answer.status}" + (f": {hint}." if hint else ".")
        raise FeedFailed(text, passes=passes)
    return Fetched(
        unquote(place.path.rstrip("/").rpartition("/")[2]) or place.host,
        _unpacked(_body(answer, place), answer.getheader("Content-Encoding", "")),
        answer.getheader("ETag", ""),
        answer.getheader("Last-Modified", ""),
    )


def _body(answer: http.client.HTTPResponse, place: FeedAddress) -> bytes:
    parts, size = [], 0
    try:
        while part := answer.read1(_CHUNK):
            parts.append(part)
            size += len(part)
            if size > LARGEST_FILE:
                raise FeedFailed(_too_large())
    except (http.client.HTTPException, OSError) as error:
        text = f"{place.host} broke off in the middle of the file ({_why(error)})."
        raise FeedFailed(text, passes=True) from error
    # Reading piece by piece the library does not notice that pieces are missing.
    if answer.length:
        raise FeedFailed(f"{place.host} broke off in the middle of the file.", passes=True)
    return b"".join(parts)


def _unpacked(content: bytes, encoding: str) -> bytes:
    """Some servers keep the file packed and send it so, whatever they were asked for."""
    if encoding.lower() not in ("gzip", "x-gzip"):
        return content
    try:
        unpacked = zlib.decompressobj(_GZIP).decompress(content, LARGEST_FILE + 1)
    except zlib.error as error:
        raise FeedFailed("The file came packed and damaged.", passes=True) from error
    if len(unpacked) > LARGEST_FILE:
        raise FeedFailed(_too_large())
    return unpacked


def _too_large() -> str:
    return f"The file is larger than {LARGEST_FILE // 1024 // 1024} MiB: split it."


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__
