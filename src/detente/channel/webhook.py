"""The address of a webhook, read the same where an outlet is accepted and where it is told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

from detente.domain import NotUnderstood

_PARTS: Final = re.compile(r"(https?)://(\[[^\]/]*\]|[^:/\[\]?#@]*)(?::([^/@]*))?(/[!-\"$-~]*)?", re.ASCII)
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*", re.ASCII)
_PORT: Final = re.compile(r"[0-9]{1,5}", re.ASCII)
_MOST_NAME: Final = 253
_MOST_PORT: Final = 65_535
_HINT: Final = "https://host/path, or https://host:port/path"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a webhook is told.

    Attributes:
        host: a name or an IP address, without brackets. authority: host and port as they were written.
        target: path and query.
    """

    is_tls: bool
    host: str
    port: int
    authority: str
    target: str


def read_webhook(address: str) -> Webhook:
    """Reads an address.

    Raises:
        NotUnderstood: no http(s) address, or one whose host or port is none.
    """
    found = _PARTS.fullmatch(address)
    if found is None:
        raise NotUnderstood(f"{address[:60]!r} is no address of a webhook", hint=_HINT)
    scheme, host, port, target = found.groups()
    _check_host(host)
    if port is not None and not (_PORT.fullmatch(port) and 1 <= int(port) <= _MOST_PORT):
        raise NotUnderstood(f"{port[:20]!r} is no port from 1 to {_MOST_PORT}", hint=_HINT)
    authority = host if port is None else f"{host}:{port}"
    is_tls = scheme == "https"
    return Webhook(is_tls, host.strip("[]"), int(port or (443 if is_tls else 80)), authority, target or "/")


def _check_host(host: str) -> None:
    refusal = NotUnderstood(f"{host[:60]!r} is no host's name, nor an IP address", hint=_HINT)
    labels = host.split(".")
    try:
        if host.startswith("["):
            if IPv6Address(host[1:-1]).scope_id is not None:
                raise refusal
        elif _NUMBER.fullmatch(
            labels[-1]
        ):  # whoever looks it up would take it for an address, however odd: 127.1, 0x7f.1
            IPv4Address(host)
        elif len(host) > _MOST_NAME or not all(_LABEL.fullmatch(label) for label in labels):
            raise refusal
    except AddressValueError:
        raise refusal from None
