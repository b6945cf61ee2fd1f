"""A party's own side of the channel: it makes and signs here what it sends, and verifies here what it is told. A stranger to the server."""

from detente.client.desk import Desk
from detente.client.explained import InWords
from detente.client.folder import Membership, PartyFolder
from detente.client.link import Link, Refused, check_server
from detente.client.release import (
    Prepared,
    Sent,
    agreed_levels,
    as_screened,
    cancellation,
    notice_in,
    prepare,
    submission_id,
)
from detente.client.signer import Signer
from detente.client.stick import Stick
from detente.client.told import Told, read_announcement, read_posting

__all__ = [
    "Desk",
    "InWords",
    "Link",
    "Membership",
    "PartyFolder",
    "Prepared",
    "Refused",
    "Sent",
    "Signer",
    "Stick",
    "Told",
    "agreed_levels",
    "as_screened",
    "cancellation",
    "check_server",
    "notice_in",
    "prepare",
    "read_announcement",
    "read_posting",
    "submission_id",
]
