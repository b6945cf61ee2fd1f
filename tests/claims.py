"""What is claimed of the answer for a pair, and which claims an answer breaks. For `make test` and `make soak` alike."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np

from detente.domain import (
    WORLD,
    Activity,
    AltitudeBand,
    Answer,
    Minima,
    Notice,
    TimeWindow,
    Uncertainty,
    Volume4D,
    amsl,
)
from detente.screening import engine, lateral_distance_m, screen, separation
from detente.screening.pair import prepare
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


def wrong_in_a_crowd(rng: Random, measured: list[tuple[Pair, float]]) -> list[str]:
    """The pairs that are told something wrong when all are screened at once, twenty in the same hour; by whom, and which.

    Args:
        measured: pairs and how far apart the oracle found them.
    """
    volumes, allowed = [], []
    for k, (pair, lateral_m) in enumerate(measured):
        # the position uncertainty brings the pair to within a few metres of being POSSIBLE, or just not near enough
        beyond_m = rng.choice([-3.0, -1.0, -0.3, 0.0, 0.3, 1.0, 3.0, -0.01 * lateral_m - 3.0])
        sure = Uncertainty(position_m=max(0.0, lateral_m - CROWD_MINIMA.lateral_m + beyond_m))
        band, hour = AltitudeBand(amsl(0.0), amsl(1000.0)), HOUR.shifted(3600 * (k // PAIRS_AN_HOUR))
        volumes += [Volume4D(pair.a, band, hour, sure), Volume4D(pair.b, band, hour)]
        allowed.append(allowed_answers(*volumes[-2:], CROWD_MINIMA, lateral_m))
    return [
        f"{teller}: {measured[k][1]} m, {measured[k][0]}"
        for teller, told in (("screen", _told_by_screen(volumes)), ("engine", _told_by_engine(volumes)))
        for k in range(len(measured))
        if k not in told.undecided and not allowed[k].least <= told.answers.get(k, Answer.CLEAR) <= allowed[k].most
    ]


@dataclass(frozen=True)
class _Told:
    """What was told of each pair, the (2k)-th volume and the next; nothing of those left undecided."""

    answers: dict[int, Answer]
    undecided: set[int]


def _told_by_screen(volumes: list[Volume4D]) -> _Told:
    notices = [Notice(f"{k // 2}", "AB"[k % 2], Activity.AIR_OPERATION, (v,)) for k, v in enumerate(volumes)]
    found = screen(notices, minima=CROWD_MINIMA, explain=False, measure_most=len(notices) ** 2, propose_most=0)
    own = (c for c in found.conflicts if c.a.notice.reference == c.b.notice.reference)
    return _Told({int(c.a.notice.reference): c.answer for c in own}, set())


def _told_by_engine(volumes: list[Volume4D]) -> _Told:
    """The compiled kernels' own answers; below the engine's threshold `screen` does without them."""
    count = len(volumes)
    rows, owner = engine.arrays_of([prepare(v) for v in volumes], [k % 2 for k in range(count)], [0] * count, WORLD)
    undecided: set[int] = set()

    def left_open(i: int, j: int) -> Answer:
        if owner[i] // 2 == owner[j] // 2:
            undecided.add(int(owner[i]) // 2)
        return Answer.POSSIBLE

    minima = np.array([[(CROWD_MINIMA.lateral_m, CROWD_MINIMA.vertical_m, CROWD_MINIMA.time_s)]])
    found = engine.find_meetings(rows, minima, left_open)
    answers: dict[int, Answer] = {}
    for (i, j), answer in zip(owner[found.pairs].tolist(), found.answers.tolist(), strict=True):
        if i // 2 == j // 2:
            answers[i // 2] = max(answers.get(i // 2, Answer.CLEAR), Answer(answer))
    return _Told(answers, undecided - {k for k, answer in answers.items() if answer is Answer.CONFLICT})
