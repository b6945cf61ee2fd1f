"""What is claimed of the answer for a pair, and which claims an answer breaks. For `make test` and `make soak` alike."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from detente.domain import Answer, Minima, Volume4D
from detente.screening import lateral_distance_m, separation
from oracle import allowed_answers

RIGHT_TO_M = 1.0  # what is promised
DOCUMENTED_M = 0.06  # what `lateral_distance_m` says of itself, 5 cm, and a little for the oracle


@dataclass(frozen=True)
class Finding:
    """The answer for one pair, how far its distance is from the oracle's, and the claims it breaks."""

    answer: Answer
    error_m: float
    broken: tuple[str, ...]


def judge(a: Volume4D, b: Volume4D, minima: Minima, lateral_m: float) -> Finding:
    """The answer for a pair whose footprints the oracle found `lateral_m` apart, judged."""
    found, swapped = separation(a, b, minima), separation(b, a, minima)
    allowed = allowed_answers(a, b, minima, lateral_m)
    measured_m = lateral_distance_m(a.footprint, b.footprint)
    slack_m = a.uncertainty.position_m + b.uncertainty.position_m
    claims = {
        "missed: CLEAR where they meet": found.answer is Answer.CLEAR < allowed.least,
        "missed: POSSIBLE where what was stated meets": found.answer is Answer.POSSIBLE < allowed.least,
        "cried wolf: CONFLICT where what was stated does not meet": found.answer is Answer.CONFLICT > allowed.most,
        "cried wolf: POSSIBLE where nothing brings them together": found.answer is Answer.POSSIBLE > allowed.most,
        "not symmetric": found.answer is not swapped.answer,
        "distance wrong": abs(measured_m - lateral_m) > DOCUMENTED_M,
        "reported distance wrong": found.answer is not Answer.CLEAR
        and abs(found.lateral_m.stated - lateral_m) > DOCUMENTED_M,
        "least separation not outward": isfinite(found.lateral_m.least)
        and found.lateral_m.least > max(0.0, lateral_m - slack_m) + 0.002,
        "POSSIBLE without a reason": (found.answer is Answer.POSSIBLE) != bool(found.reasons),
    }
    return Finding(
        found.answer, abs(measured_m - lateral_m), tuple(claim for claim, broken in claims.items() if broken)
    )
