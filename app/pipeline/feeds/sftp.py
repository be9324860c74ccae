"""The files of a folder on an SFTP server, whose host key somebody has confirmed.

paramiko is the maintained SSH client that works without an event loop and takes a connection that was
made elsewhere: to an address that was checked.
"""

import base64
import io
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import unquote

import paramiko
from paramiko.ssh_exception import IncompatiblePeer

from app.pipeline.feeds.network import STEP_TIMEOUT_S, Deadline, FeedFailed, Network, connect
from app.pipeline.feeds.source import LARGEST_FILE, FeedAddress, Login, read_address

MOST_FILES = 1000
"""The newest ones of a folder; what is older was read before."""

_UNFINISHED = (".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload", ".swp", "~")
_KEY_KINDS: Sequence[type[paramiko.PKey]] = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
# A server that has several keys is asked for the one that is known. RSA signs in two ways.
_ASKED_AS = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}


class HostKeyOffered(FeedFailed):
    """The server showed a key that nobody has confirmed; `host_key` is it."""

    def __init__(self, text: str, host_key: str) -> None:
        super().__init__(text)
        self.host_key = host_key


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as the folder lists it; `modified_s` counts from 1970, by the server's clock."""

    name: str
    size: int
    modified_s: int


def fingerprint(host_key: str) -> str:
    """What OpenSSH and others show of a key ("SHA256:…"), with the kind of key."""
    kind, _, text = host_key.partition(" ")
    key = paramiko.PKey.from_type_string(kind, base64.b64decode(text))
    return f"{key.fingerprint} ({kind})"


class Folder:
    """An open folder."""

    def __init__(self, client: paramiko.SFTPClient, place: FeedAddress) -> None:
        self._client = client
        self._place = place
        self._path = _path(place)

    def files(self) -> list[RemoteFile]:
        """Its files that are no longer being written by their names, oldest first. Raises
        `FeedFailed`."""
        with _explaining(self._place, f"the folder {self._path}"):
            listed = self._client.listdir_attr(self._path)
        found = [
            RemoteFile(each.filename, each.st_size or 0, int(each.st_mtime or 0))
            for each in listed
            if (each.st_mode is None or stat.S_ISREG(each.st_mode)) and _is_whole(each.filename)
        ]
        return sorted(found, key=lambda file: (file.modified_s, file.name))[-MOST_FILES:]

    def read(self, file: RemoteFile) -> bytes:
        """The bytes of one of them. Raises `FeedFailed`."""
        if file.size > LARGEST_FILE:
            raise FeedFailed(f"It is larger than {LARGEST_FILE // 1024 // 1024} MiB: split it.")
        with (
            _explaining(self._place, file.name),
            self._client.open(f"{self._path}/{file.name}", "rb") as stream,
        ):
            stream.prefetch(file.size)
            # What was added since it was listed is read when the folder lists it.
            return stream.read(file.size)


@contextmanager
def open_folder(
    login: Login, *, host_key: str | None, network: Network, until: Deadline
) -> Iterator[Folder]:
    """The folder, once the server has proved to be who was confirmed. Raises `HostKeyOffered` where it
    did not, or nobody was, and `FeedFailed`."""
    place = read_address(login.url)
    line = connect(place.host, place.port, network=network, until=until)
    transport = None
    try:
        with _explaining(place, "the folder"):
            transport = paramiko.Transport(line)
            _greet(transport, place, host_key)
            _sign_in(transport, place, login)
            client = paramiko.SFTPClient.from_transport(transport)
        if client is None:
            raise FeedFailed(f"{place.host} offers no SFTP there.")
        if channel := client.get_channel():
            channel.settimeout(STEP_TIMEOUT_S)
        yield Folder(client, place)
    finally:
        if transport is not None:
            transport.close()
        line.close()


def _greet(transport: paramiko.Transport, place: FeedAddress, host_key: str | None) -> None:
    """Nothing of ours is said before the server has shown who it is."""
    transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = STEP_TIMEOUT_S
    if host_key:
        kind = host_key.partition(" ")[0]
        transport.get_security_options().key_types = _ASKED_AS.get(kind, (kind,))
    try:
        transport.start_client(timeout=STEP_TIMEOUT_S)
    except IncompatiblePeer as error:
        raise FeedFailed(
            f"{place.host} no longer shows its confirmed host key, or uses an outdated version of SSH "
            f"({error}). If the server was renewed, remove the feed and add it again."
        ) from error
    shown = transport.get_remote_server_key()
    offered = f"{shown.get_name()} {shown.get_base64()}"
    if offered == host_key:
        return
    if host_key is None:
        text = f"Confirm the host key of {place.host}: {fingerprint(offered)}."
    else:
        text = (
            f"{place.host} shows another host key than the one that was confirmed: "
            f"{fingerprint(offered)}. Nothing was read. Ask whoever runs the server whether the key was "
            "changed, and confirm it only then."
        )
    raise HostKeyOffered(text, offered)


def _sign_in(transport: paramiko.Transport, place: FeedAddress, login: Login) -> None:
    user, password = login.user or place.user, login.password or place.password
    try:
        if login.private_key:
            transport.auth_publickey(user, _private_key(login.private_key, password))
        else:
            transport.auth_password(user, password)
    except paramiko.AuthenticationException as error:
        raise FeedFailed(
            f"{place.host} did not let {user or 'us'} in: check the user name and the "
            f"{'key' if login.private_key else 'password'}."
        ) from error


def _private_key(text: str, password: str) -> paramiko.PKey:
    for kind in _KEY_KINDS:
        try:
            return kind.from_private_key(io.StringIO(text), password or None)
        except paramiko.PasswordRequiredException as error:
            raise FeedFailed("The private key is encrypted: give its passphrase as password.") from error
        except (paramiko.SSHException, ValueError, IndexError):
            continue
    raise FeedFailed("The private key can't be read: paste it whole, in OpenSSH or PEM form.")


@contextmanager
def _explaining(place: FeedAddress, what: str) -> Iterator[None]:
    """Failures of the server and of the connection, in words."""
    try:
        yield
    except FileNotFoundError as error:
        raise FeedFailed(f"{place.host} has not got {what}: check the address.") from error
    except PermissionError as error:
        raise FeedFailed(f"{place.host} does not let us read {what}.") from error
    except (paramiko.SSHException, EOFError, OSError) as error:
        why = str(error) or type(error).__name__
        raise FeedFailed(f"{place.host} did not answer ({why}).", passes=True) from error


def _path(place: FeedAddress) -> str:
    """As people write it: `/` is where the server lets us in, `/~/in` a folder there."""
    path = unquote(place.path).rstrip("/")
    return path.removeprefix("/~/") if path.startswith("/~/") else path or "."


def _is_whole(name: str) -> bool:
    return not name.startswith(".") and not name.lower().endswith(_UNFINISHED) and "/" not in name
