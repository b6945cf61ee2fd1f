"""What each party says happened, beside what the others say. Nothing here weighs one against another, and nothing is a finding."""

from detente.accounts.feasibility import Leg, Speeds, legs, speeds
from detente.accounts.known import Known, known_by
from detente.accounts.ledger import Ledger, Topic, Versions, ledger

__all__ = ["Known", "Ledger", "Leg", "Speeds", "Topic", "Versions", "known_by", "ledger", "legs", "speeds"]
