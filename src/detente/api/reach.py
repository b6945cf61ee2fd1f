"""Who can reach an address, and whether what is sent there would go to another machine in the clear."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from detente.domain import NotUnderstood


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own; a name that is not `localhost` is not taken to be."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def check_worker_address(url: str) -> str:
    """An address at which other workers reach this one, without a slash at its end.

    Raises:
        NotUnderstood: it is none, or what parties submit would go to another machine in the clear.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise NotUnderstood(f"{url!r:.80} is no address of a server", hint="such as https://worker-2.example.org:8642")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise NotUnderstood(
            f"{url!r:.80} has no TLS: what parties submit would go in the clear", hint="advertise https://…"
        )
    return url.rstrip("/")
