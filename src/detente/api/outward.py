"""Which addresses this host may be sent to by somebody else: those that anybody on the Internet reaches, and no others."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

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
