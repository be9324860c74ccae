"""How feeds reach out: to public addresses alone, and never for longer than they may.

A merchant types the address, so whoever can sign in could otherwise have our machines read what only
they can reach (OWASP, "Server Side Request Forgery Prevention"). A name is looked up once, every
address it has is checked, and the connection is made to the very address that was checked: a name that
answers differently the second time gains nothing.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

STEP_TIMEOUT_S = 15.0

# RFC 6052: the last four bytes are an IPv4 address, which a gateway may turn into that address.
_NAT64 = IPv6Network("64:ff9b::/96")
# All that was ever handed out: https://www.iana.org/assignments/ipv6-address-space
_IPV6_OF_THE_INTERNET = IPv6Network("2000::/3")
# Public by its number, but answered by the cloud's own machine: https://learn.microsoft.com/azure/
# virtual-network/what-is-ip-address-168-63-129-16
_OF_CLOUDS = frozenset({IPv4Address("168.63.129.16")})


class FeedFailed(Exception):
    """Nothing was read; the text says why and what to do. `passes`: it may pass by itself."""

    def __init__(self, text: str, *, passes: bool = False) -> None:
        super().__init__(text)
        self.passes = passes


def is_public(address: Address) -> bool:
    """Whether an address is on the public internet, as are those that it carries inside."""
    inside = _carried(address)
    if inside is not None:
        return is_public(inside)
    if isinstance(address, IPv6Address) and address not in _IPV6_OF_THE_INTERNET:
        return False
    return address.is_global and not address.is_multicast and address not in _OF_CLOUDS


def _carried(address: Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(address.packed[-4:])
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


@dataclass(frozen=True)
class Network:
    """Which addresses may be reached, and the file of authorities that may vouch for a server (None:
    those that browsers know). Tests put servers of this machine here; no setting does."""

    may_reach: Callable[[Address], bool] = is_public
    authorities: str | None = None


@dataclass
class Deadline:
    """The connections of one run. All of them end when its time is over, so that a server that sends a
    byte now and then holds nobody up."""

    is_over: bool = False
    _open: list[socket.socket] = field(default_factory=list)

    def watch(self, line: socket.socket) -> None:
        """End this one too. A copy is kept: encryption takes the original away."""
        self._open.append(line.dup())

    def end(self) -> None:
        """The time is over."""
        self.is_over = True
        for line in self._open:
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:  # it has ended by itself
                continue

    def let_go(self) -> None:
        """The run has ended."""
        for line in self._open:
            line.close()


@contextmanager
def deadline(seconds: float) -> Iterator[Deadline]:
    """For so long connections may last. Raises `FeedFailed` where they did not."""
    kept = Deadline()
    timer = threading.Timer(seconds, kept.end)
    timer.daemon = True
    timer.start()
    try:
        yield kept
    except Exception as error:
        if kept.is_over:
            raise FeedFailed(
                f"The server did not send everything within {seconds:.0f} seconds.", passes=True
            ) from error
        raise
    finally:
        timer.cancel()
        kept.let_go()


def connect(host: str, port: int, *, network: Network, until: Deadline) -> socket.socket:
    """A connection to one of the host's addresses, all of which may be reached. Raises `FeedFailed`."""
    problem: OSError | None = None
    for family, address in _addresses(host, port, network):
        line = socket.socket(family, socket.SOCK_STREAM)
        line.settimeout(STEP_TIMEOUT_S)
        try:
            line.connect(address)
        except OSError as error:
            line.close()
            problem = error
            continue
        until.watch(line)
        return line
    why = problem.strerror if problem is not None and problem.strerror else "no answer in time"
    raise FeedFailed(f"{host}:{port} can't be reached ({why}).", passes=True) from problem


def _addresses(
    host: str, port: int, network: Network
) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FeedFailed(f"There is no host {host}: check the address.", passes=True) from error
    for *_, address in found:
        reached = ip_address(str(address[0]).partition("%")[0])
        if not network.may_reach(reached):
            raise FeedFailed(
                f"{host} is at {reached}, which is not an address on the public internet: feeds can be "
                "read from public addresses only."
            )
    return [(family, tuple(address)) for family, _, _, _, address in found]
