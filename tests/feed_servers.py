"""An HTTPS server and an SFTP server of this machine, for what feeds read."""

import os
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import paramiko
import trustme

from app.pipeline.feeds.network import Network

TABLE = "reference,sku,quantity,expected_on\n"


@dataclass
class Page:
    """What an address answers. `drip_s` is the pause after each byte of the body."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    drip_s: float = 0
    claims: int | None = None


@dataclass
class FileServer:
    """Pages by path; every request is kept with its headers."""

    host: str
    authorities: str
    port: int = 0
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def network(self) -> Network:
        """One that reaches this server's address, and no other."""
        return Network(lambda address: address == ip_address(self.host), self.authorities)

    def url(self, path: str = "/orders.csv", host: str = "") -> str:
        """The address of a page."""
        return f"https://{host or self.host}:{self.port}{path}"

    def put(self, *lines: str, path: str = "/orders.csv", **headers: str) -> str:
        """A table of purchase orders; returns its address."""
        content = (TABLE + "".join(f"{line}\n" for line in lines)).encode()
        self.pages[path] = Page(content, headers={k.replace("_", "-"): v for k, v in headers.items()})
        return self.url(path)


@contextmanager
def file_server(folder: Path, *, host: str = "127.0.0.1") -> Iterator[FileServer]:
    """The server, with a certificate that its own authority signed."""
    authority = trustme.CA()
    bundle = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(bundle))
    told = FileServer(host, str(bundle))

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            told.asked.append((self.path, dict(self.headers)))
            page = told.pages.get(self.path, Page(status=404))
            known = page.headers.get("ETag")
            if known and self.headers.get("If-None-Match") == known:
                page = Page(status=304)
            self.send_response(page.status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            if page.status != 304:
                self.send_header("Content-Length", str(page.claims or len(page.body)))
            self.send_header("Connection", "close")
            self.end_headers()
            pieces = [page.body] if not page.drip_s else [bytes([one]) for one in page.body]
            for piece in pieces:
                self.wfile.write(piece)
                time.sleep(page.drip_s)

        def log_message(self, *said: object) -> None:
            """Not to the screen."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Clients that hang up are what some tests are about."""

    server = Quiet((host, 0), Answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host, "localhost", "127.0.0.2").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    told.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class FolderServer:
    """A folder over SFTP. `sign_ins` are the user names that were told to the server."""

    folder: Path
    key: paramiko.PKey
    user_key: paramiko.PKey
    port: int = 0
    sign_ins: list[str] = field(default_factory=list)

    @property
    def network(self) -> Network:
        """One that reaches this machine."""
        return Network(lambda address: address.is_loopback)

    def url(self, path: str = "/") -> str:
        """The address of a folder."""
        return f"sftp://ann@127.0.0.1:{self.port}{path}"

    @property
    def host_key(self) -> str:
        """As it is kept once it is confirmed."""
        return f"{self.key.get_name()} {self.key.get_base64()}"

    def put(self, name: str, *lines: str, modified_s: int = 1_000_000) -> None:
        """A file of purchase orders."""
        path = self.folder / name
        path.write_text(TABLE + "".join(f"{line}\n" for line in lines))
        os.utime(path, (modified_s, modified_s))


class _Doorman(paramiko.ServerInterface):
    def __init__(self, told: FolderServer) -> None:
        self._told = told

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_auth_password(self, username: str, password: str) -> int:
        self._told.sign_ins.append(username)
        return paramiko.AUTH_SUCCESSFUL if password == "in" else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self._told.sign_ins.append(username)
        return paramiko.AUTH_SUCCESSFUL if key == self._told.user_key else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED


def _files_of(folder: Path) -> type[paramiko.SFTPServerInterface]:
    class Files(paramiko.SFTPServerInterface):
        def _at(self, path: str) -> Path:
            return folder / path.strip("/")

        def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
            try:
                return [
                    paramiko.SFTPAttributes.from_stat(each.stat(), each.name)
                    for each in self._at(path).iterdir()
                ]
            except OSError as error:
                return paramiko.SFTPServer.convert_errno(error.errno or 0)

        def stat(self, path: str) -> paramiko.SFTPAttributes | int:
            try:
                return paramiko.SFTPAttributes.from_stat(self._at(path).stat())
            except OSError as error:
                return paramiko.SFTPServer.convert_errno(error.errno or 0)

        def open(
            self, path: str, flags: int, attr: paramiko.SFTPAttributes
        ) -> paramiko.SFTPHandle | int:
            handle = paramiko.SFTPHandle(flags)
            handle.readfile = self._at(path).open("rb")  # type: ignore[attr-defined]
            return handle

    return Files


@contextmanager
def folder_server(folder: Path) -> Iterator[FolderServer]:
    """The server: ann is let in with the password "in", or with her key."""
    folder.mkdir(exist_ok=True)
    told = FolderServer(folder, paramiko.ECDSAKey.generate(), paramiko.ECDSAKey.generate())
    open_lines: list[paramiko.Transport] = []

    class Conversation(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            line: socket.socket = self.request
            with paramiko.Transport(line) as transport:
                open_lines.append(transport)
                transport.add_server_key(told.key)
                transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _files_of(folder))
                try:
                    transport.start_server(server=_Doorman(told))
                except (paramiko.SSHException, EOFError):
                    return
                transport.join()

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Conversation)
    told.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        for transport in open_lines:
            transport.close()
        server.shutdown()
        server.server_close()
        thread.join()
