"""Connections to where somebody else says: which addresses those may be, and one moment by which all of an attempt is over.

What has a deadline never waits beyond it, whoever drips: looking a name up, connecting, the handshake, each read and each write get
what time is left. A lookup cannot be called back. It has a thread of its own, which nobody waits for, and which whoever asks for the
same name joins: there is one for each name, however long it hangs.
"""

from __future__ import annotations

import io
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

_AT_ONCE_BYTES: Final = 8_192  # a write; under TLS one record, whose time limit is then that of the whole write
_MOST_ADDRESSES: Final = 4  # of a name that are tried
# All that IANA has set aside for a special purpose, also where it can be reached from everywhere (192.31.196.0/24 and others like it):
# nobody is told anything there. Written out, since what `ipaddress` calls global changes with its version.
# Source: IANA IPv4 Special-Purpose Address Registry, with RFC 5771 for multicast.
_SPECIAL_4: Final = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
            "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
            "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        ),
    )
)  # fmt: skip
# Source: IANA IPv6 Address Space, which gives out 2000::/3 alone, and within it the IPv6 Special-Purpose Address Registry.
_GIVEN_OUT_6: Final = IPv6Network("2000::/3")
_SPECIAL_6: Final = tuple(
    map(ip_network, ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"))
)


def is_public(address: str) -> bool:
    """Whether an IP address may be told something: one that anybody on the Internet reaches, however it is written."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        return ip.scope_id is None and ip in _GIVEN_OUT_6 and not any(ip in each for each in _SPECIAL_6)
    return not any(ip in each for each in _SPECIAL_4)


class Deadline:
    """A moment by which an attempt is over, told by a clock that nobody sets."""

    def __init__(self, within_s: float, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s, self._until_s = clock_s, clock_s() + within_s

    def left_s(self) -> float:
        """How long it still is, more than 0.

        Raises:
            TimeoutError: it has passed.
        """
        left_s = self._until_s - self._clock_s()
        if left_s <= 0:
            raise TimeoutError("the time for it is over")
        return left_s


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────

_Asked = tuple[str, int]
_lookups: Final[dict[_Asked, Future[list[str]]]] = {}  # under way, of this process
_lookups_lock: Final = threading.Lock()


def looked_up(host: str, port: int, deadline: Deadline) -> list[str]:
    """The addresses a name leads to now, each once, the system's favourite first.

    Raises:
        OSError: it leads nowhere, or nobody said where in time.
    """
    asked = host, port
    with _lookups_lock:
        found = _lookups.get(asked)
        if found is None:
            found = _lookups[asked] = Future()
            threading.Thread(target=_look_up, args=(asked, found), name="lookup", daemon=True).start()
    return found.result(deadline.left_s())


def _look_up(asked: _Asked, found: Future[list[str]]) -> None:
    try:
        answers = socket.getaddrinfo(*asked, type=socket.SOCK_STREAM)
        found.set_result(list(dict.fromkeys(str(answer[4][0]) for answer in answers)))
    except OSError as error:
        found.set_exception(error)
    except UnicodeError as error:
        found.set_exception(OSError(str(error)))
    finally:
        with _lookups_lock:
            del _lookups[asked]


# ── connections ──────────────────────────────────────────────────────────────────────────────────────────────────────


def connected(addresses: Sequence[str], port: int, deadline: Deadline) -> socket.socket:
    """A connection to the first of these IP addresses that takes one; no name is looked up. Each has an even share of what time is left.

    Raises:
        OSError: none took one in time.
    """
    tried = addresses[:_MOST_ADDRESSES]
    failed = OSError("there is no address")
    for index, address in enumerate(tried):
        line = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        try:
            line.settimeout(deadline.left_s() / (len(tried) - index))
            line.connect((address, port))
        except OSError as error:
            line.close()
            failed = error
        else:
            return line
    raise failed


def under_tls(line: socket.socket, host: str, context: ssl.SSLContext, deadline: Deadline) -> ssl.SSLSocket:
    """The same connection under TLS with a host whose certificate holds.

    Raises:
        OSError: it has none, or the handshake failed, or took too long.
    """
    secured = context.wrap_socket(line, server_hostname=host, do_handshake_on_connect=False)
    try:
        secured.settimeout(deadline.left_s())
        secured.do_handshake()
    except OSError:
        secured.close()
        raise
    return secured


class Reader(io.RawIOBase):
    """What comes over a connection until the deadline, however slowly."""

    def __init__(self, line: socket.socket, deadline: Deadline) -> None:
        super().__init__()
        self._line, self._deadline = line, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        self._line.settimeout(self._deadline.left_s())
        return self._line.recv_into(buffer)


class Line:
    """A connection as `http.client` uses one, every read and write of which is over by the deadline."""

    def __init__(self, line: socket.socket, deadline: Deadline) -> None:
        self._line, self._deadline = line, deadline

    def sendall(self, data: ReadableBuffer) -> None:
        """Sends all of it."""
        view = memoryview(data)
        for start in range(0, len(view), _AT_ONCE_BYTES):
            self._line.settimeout(self._deadline.left_s())
            self._line.sendall(view[start : start + _AT_ONCE_BYTES])

    def makefile(self, mode: str) -> io.BufferedReader:
        """What comes, to be read."""
        assert mode == "rb"
        return io.BufferedReader(Reader(self._line, self._deadline))

    def close(self) -> None:
        """Hangs up."""
        self._line.close()
