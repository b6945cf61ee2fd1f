"""What is claimed of the answer for a pair, and which claims an answer breaks. For `make test` and `make soak` alike."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from detente.domain import Activity, AltitudeBand, Answer, Minima, Notice, TimeWindow, Uncertainty, Volume4D, amsl
from detente.screening import lateral_distance_m, screen, separation
from hard_pairs import Pair, Random
from hard_volumes import EVENING_US
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


CROWD_MINIMA = Minima(1000.0, 0.0, 0.0)
PAIRS_AN_HOUR = 20
HOUR = TimeWindow(EVENING_US, EVENING_US + 3_599_000_000)


def wrong_in_a_crowd(rng: Random, measured: list[tuple[Pair, float]]) -> list[Pair]:
    """The pairs that are told something wrong when all are screened at once, twenty in the same hour.

    Args:
        measured: pairs and how far apart the oracle found them.
    """
    notices: list[Notice] = []
    allowed = []
    for k, (pair, lateral_m) in enumerate(measured):
        # the position uncertainty brings the pair to within a few metres of being POSSIBLE
        beyond_m = rng.choice([-3.0, -1.0, -0.3, 0.0, 0.3, 1.0, 3.0])
        sure = Uncertainty(position_m=max(0.0, lateral_m - CROWD_MINIMA.lateral_m + beyond_m))
        band, hour = AltitudeBand(amsl(0.0), amsl(1000.0)), HOUR.shifted(3600 * (k // PAIRS_AN_HOUR))
        a, b = Volume4D(pair.a, band, hour, sure), Volume4D(pair.b, band, hour)
        notices += [Notice(f"{k}", party, Activity.AIR_OPERATION, (volume,)) for party, volume in (("A", a), ("B", b))]
        allowed.append(allowed_answers(a, b, CROWD_MINIMA, lateral_m))
    found = screen(notices, minima=CROWD_MINIMA, explain=False, propose_most=0)
    told = {
        int(c.a.notice.reference): c.answer for c in found.conflicts if c.a.notice.reference == c.b.notice.reference
    }
    return [
        pair
        for k, (pair, _) in enumerate(measured)
        if not allowed[k].least <= told.get(k, Answer.CLEAR) <= allowed[k].most
    ]
