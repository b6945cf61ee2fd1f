"""Receipts: how far a notice has got with one recipient. Receipt is not acknowledgement, and acknowledgement is not action."""

from enum import Enum


class ReceiptStage(Enum):
    """The stages, in order. Each is stated by somebody: the server, the recipient's client, a named duty officer."""

    RECEIVED = "received"  # the channel has it, and it is in the record
    RELAYED = "relayed"  # passed on to where the recipient listens
    DELIVERED = "delivered"  # the recipient's own client has fetched and verified it
    ACKNOWLEDGED = "acknowledged"  # a named duty officer has read it and says so
    CONFIRMED_DOWN = "confirmed_down"  # it has reached an echelon below, which is named

    @property
    def rank(self) -> int:
        return list(ReceiptStage).index(self)


class SideState(Enum):
    """What can happen beside the stages."""

    QUERIED = "queried"
    OBJECTED = "objected"
    UNANSWERED = "unanswered"
    EXPIRED = "expired"


class ResponseKind(Enum):
    """An answer to the plan itself, where an understanding asks for one. Notification is not permission: silence is none of these."""

    COORDINATED = "coordinated"
    OBJECTED = "objected"
    QUERIED = "queried"
