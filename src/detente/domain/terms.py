"""What an understanding says beyond minima: who signs, who must be told, how early, at what level, and what happens when nobody answers.

Durations are whole seconds. A rule without an activity, sender or recipient speaks of any; the most particular rule holds, and
of equally particular ones the stricter: the longer lead time, the shorter deadline, the lower release.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from detente.domain.errors import InvalidVolume
from detente.domain.notice import Activity
from detente.domain.party import Post, Signatory
from detente.domain.receipt import ReceiptStage
from detente.domain.recording import Recording
from detente.domain.release import ReleaseLevel
from detente.domain.template import SHIPPED, Template

MOST_SECONDS: Final = 366 * 86_400
MOST_TEMPLATES: Final = 200
MOST_ANSWER_TICK_MS: Final = 5_000  # whoever asks waits that long at most


def _check_seconds(what: str, value_s: int, least: int = 1) -> None:
    if not least <= value_s <= MOST_SECONDS:
        raise InvalidVolume(
            f"{what} {value_s} s is not between {least} and {MOST_SECONDS} s", hint="give it in seconds"
        )


@dataclass(frozen=True, slots=True)
class LeadTime:
    """How long before it begins an activity has to be notified."""

    lead_s: int
    activity: Activity | None = None

    def __post_init__(self) -> None:
        _check_seconds("lead time", self.lead_s)


@dataclass(frozen=True, slots=True)
class ReleaseRule:
    """The level at which one party's notices are released to another unless the sender says otherwise."""

    level: ReleaseLevel
    sender: str | None = None
    recipient: str | None = None
    activity: Activity | None = None


@dataclass(frozen=True, slots=True)
class RequiredRecipient:
    """Somebody who has to be told of an activity, at least that it exists."""

    recipient: str
    activity: Activity | None = None


@dataclass(frozen=True, slots=True)
class Deadline:
    """How long after the channel received a notice a stage has to be reached."""

    stage: ReceiptStage
    within_s: int
    activity: Activity | None = None

    def __post_init__(self) -> None:
        _check_seconds("deadline", self.within_s)


class Rung(Enum):
    """What is done when a deadline has passed; the ladder says in which order and how long after it."""

    ALTERNATES = "alternates"  # the duty officer's alternates are called
    NEXT_LEVEL = "next_level"  # the level above
    ALL_OFFICERS = "all_officers"  # every officer of the party
    SENDER_TOLD = "sender_told"  # the sender reads that nobody answered


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of the escalation ladder, so many seconds after the deadline."""

    rung: Rung
    after_s: int

    def __post_init__(self) -> None:
        _check_seconds("escalation step", self.after_s, least=0)


@dataclass(frozen=True, slots=True)
class AlertBudget:
    """The one bit that a meeting exists at full precision: how many of them a pair of parties may spend in a period, and the tick."""

    bits: int
    period_s: int
    tick_s: int

    def __post_init__(self) -> None:
        if self.bits < 0:
            raise InvalidVolume(f"an alert budget of {self.bits} bits is negative", hint="0 allows none")
        _check_seconds("alert period", self.period_s)
        _check_seconds("alert tick", self.tick_s)


@dataclass(frozen=True, slots=True)
class Quota:
    """How much of the arena one party may hold at once."""

    active_volumes: int = 100_000
    volume_hours: int = 2_000_000

    def __post_init__(self) -> None:
        if self.active_volumes < 1 or self.volume_hours < 1:
            raise InvalidVolume("a quota below 1 lets nobody say anything", hint="leave it out for the default")


@dataclass(frozen=True, slots=True)
class ReleaseGrids:
    """The agreed grids of `general` views, and the coarsest one, of `existence` views.

    Attributes:
        general_levels: S2 levels; the finest that keeps a view small is used.
        layer_m: thickness of an altitude layer; None tells no altitude.
        slot_s: length of a time slot.
        existence_level: the S2 level of the coarsest grid.
    """

    general_levels: tuple[int, ...] = (9, 8, 7, 6, 5)  # cells of about 16 km and more
    layer_m: float | None = 1524.0  # 5,000 ft
    slot_s: int = 3600
    existence_level: int = 5  # cells of about 260 km

    def __post_init__(self) -> None:
        if not self.general_levels or not all(self.existence_level <= level <= 16 for level in self.general_levels):
            raise InvalidVolume(
                f"general levels {self.general_levels} are not between the existence level {self.existence_level} and 16",
                hint="a general view must not be coarser than an existence view",
            )
        if not self.existence_level >= 3:
            raise InvalidVolume(f"existence level {self.existence_level} is below 3", hint="use 3 to 16")
        if self.layer_m is not None and not 1.0 <= self.layer_m <= 1_000_000.0:
            raise InvalidVolume(f"altitude layers of {self.layer_m} m are not between 1 and 1,000,000 m thick")
        _check_seconds("time slot", self.slot_s)


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything of an understanding that is not minima or arena."""

    parties: tuple[Signatory, ...] = ()
    lead_times: tuple[LeadTime, ...] = ()
    releases: tuple[ReleaseRule, ...] = ()
    required: tuple[RequiredRecipient, ...] = ()
    deadlines: tuple[Deadline, ...] = (
        Deadline(ReceiptStage.DELIVERED, 120),
        Deadline(ReceiptStage.ACKNOWLEDGED, 600),
    )
    ladder: tuple[Step, ...] = (
        Step(Rung.ALTERNATES, 0),
        Step(Rung.ALL_OFFICERS, 300),
        Step(Rung.SENDER_TOLD, 300),
    )
    stop_within_s: int = 60  # how soon somebody has to have read a STOP
    dead_man_s: int | None = None  # a party whose sign of life has not come for so long is dark; None: nobody looks
    templates: tuple[Template, ...] = ()  # phrases of their own, beside the shipped ones, or in their place
    alert: AlertBudget | None = None
    quota: Quota = Quota()
    grids: ReleaseGrids = ReleaseGrids()
    tick_s: int = 1  # postings leave at whole multiples of this
    record: Recording | None = None  # who vouches for the log; None: the host alone
    answer_tick_ms: int = 100  # and so do answers, so that how long one took does not tell what others hold; 0: at once

    def __post_init__(self) -> None:
        names = [party.name for party in self.parties]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise InvalidVolume(f"party {min(twice)} is named twice", hint="name each party once")
        spoken_of = {r.recipient for r in self.required} | {n for r in self.releases for n in (r.sender, r.recipient)}
        spoken_of |= {witness.party or None for witness in self.record.witnesses} if self.record else set()
        strangers = spoken_of - {None} - set(names)
        if strangers:
            raise InvalidVolume(
                f"{min(str(s) for s in strangers)} is in a rule and is not a party", hint="add it to the parties"
            )
        if [step.after_s for step in self.ladder] != sorted(step.after_s for step in self.ladder):
            raise InvalidVolume("the steps of the ladder are not in the order of their times", hint="sort them")
        phrases = [template.name for template in self.templates]
        if len(set(phrases)) < len(phrases) or len(phrases) > MOST_TEMPLATES:
            raise InvalidVolume(f"a phrase twice, or more than {MOST_TEMPLATES}", hint="name each once")
        _check_seconds("tick", self.tick_s)
        _check_seconds("time to acknowledge a STOP", self.stop_within_s)
        if self.dead_man_s is not None:
            _check_seconds("time without a sign of life", self.dead_man_s)
        if not 0 <= self.answer_tick_ms <= MOST_ANSWER_TICK_MS:
            raise InvalidVolume(
                f"answer tick {self.answer_tick_ms} ms is not between 0 and {MOST_ANSWER_TICK_MS} ms",
                hint="give it in milliseconds; 0 lets answers leave at once",
            )

    def lead_s(self, activity: Activity) -> int | None:
        """How early this activity has to be notified; None where nothing was agreed."""
        applying = [r for r in self.lead_times if r.activity in (None, activity) or activity is Activity.UNSTATED]
        particular = [r for r in applying if r.activity is not None] or applying
        return max((r.lead_s for r in particular), default=None)

    def level(self, sender: str, recipient: str, activity: Activity) -> ReleaseLevel:
        """The level agreed for a notice of this kind; NONE where nothing was agreed."""

        def speaks(rule: ReleaseRule) -> bool:
            return (
                rule.sender in (None, sender)
                and rule.recipient in (None, recipient)
                and rule.activity in (None, activity)
            )

        def particular(rule: ReleaseRule) -> int:
            return sum(part is not None for part in (rule.sender, rule.recipient, rule.activity))

        applying = sorted((particular(r), -r.level.rank) for r in self.releases if speaks(r))
        if not applying:
            return ReleaseLevel.NONE
        return next(level for level in ReleaseLevel if level.rank == -applying[-1][1])

    def required_recipients(self, sender: str, activity: Activity) -> tuple[str, ...]:
        """Who has to be told of an activity of the sender's, in order of name."""
        names = {r.recipient for r in self.required if r.activity in (None, activity) or activity is Activity.UNSTATED}
        return tuple(sorted(names - {sender}))

    def within_s(self, stage: ReceiptStage, activity: Activity) -> int | None:
        """How soon a stage has to be reached; None where no deadline was agreed."""
        applying = [r for r in self.deadlines if r.stage is stage and r.activity in (None, activity)]
        particular = [r for r in applying if r.activity is not None] or applying
        return min((r.within_s for r in particular), default=None)

    def to_call(self, party: str, step: int) -> tuple[Post, ...]:
        """The posts of a party that a step of the ladder calls, by level: whom its own officers call, or the sender itself.

        Alternates stand in at the lowest level there is; each `next_level` of the ladder is one level more.
        """
        posts = sorted(self.posts_of(party), key=lambda post: post.level)
        levels = sorted({post.level for post in posts})
        match self.ladder[step].rung:
            case Rung.ALTERNATES:
                return tuple(post for post in posts if post.is_alternate and post.level == levels[0])
            case Rung.NEXT_LEVEL:
                up = sum(each.rung is Rung.NEXT_LEVEL for each in self.ladder[: step + 1])
                return tuple(post for post in posts if post.level in levels[up : up + 1])
            case Rung.ALL_OFFICERS | Rung.SENDER_TOLD:
                return tuple(posts)

    @property
    def phrases(self) -> tuple[Template, ...]:
        """The phrases there are, by name: the parties' own, and of the shipped ones those that they have not replaced."""
        named = {template.name: template for template in (*SHIPPED, *self.templates)}
        return tuple(named[name] for name in sorted(named))

    def template(self, name: str) -> Template | None:
        """The phrase of a name."""
        return next((template for template in self.phrases if template.name == name), None)

    def posts_of(self, party: str) -> tuple[Post, ...]:
        """The posts of a party, as the understanding names them."""
        return next((each.posts for each in self.parties if each.name == party), ())


NO_TERMS: Final = Terms()
