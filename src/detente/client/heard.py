"""What is said by voice: made of a desk's own acts and views, signed where it is asked for; heard, matched with the arena, verified.

A script by itself speaks for nobody. With its signature it is proved whose officer's key said it, to whom and when; still it is no
act, and takes no place in a sequence: what it says counts once the act itself arrives. What its hearer enters is its own report.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from detente.channel.acts import MOST_TEXT
from detente.channel.registry import Registry
from detente.channel.views import View
from detente.channel.voice import (
    SCRIPT_TYPE,
    Acknowledgement,
    Flash,
    Line,
    Said,
    Signed,
    Stop,
    flash,
    read_script,
    script,
    whole_minute,
    words_of,
)
from detente.channel.world import with_defaults
from detente.domain import (
    Circle,
    Footprint,
    NotAuthentic,
    Notice,
    NotUnderstood,
    Position,
    ScreeningAnswer,
    StaleVersion,
    TimeWindow,
    Understanding,
    Volume4D,
    at,
)
from detente.domain.altitude import UNSTATED_BAND
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.domain.window import OPEN_END_US, OPEN_START_US
from detente.geodesy import wgs84
from detente.geodesy.outline import outline
from detente.record.envelope import Envelope, Signature, sign, verify
from detente.record.holder import Role
from detente.record.keys import SigningKey

FRESH_US: Final = 15 * 60 * MICROSECONDS_PER_SECOND  # a script said longer ago was kept by somebody, and read again
_OUTWARD: Final = 1.002  # an outline's straight edges stray from the geodesic by less


# ── said ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def as_said(text: str) -> str:
    """A name or text as it is said: in capitals, single spaces. What cannot be said is refused by the script."""
    return " ".join(text.upper().split())


def check_words_of(typed: str) -> str:
    """Check words as they stand in a script, however they were spaced."""
    plain = "".join(typed.split()).upper()
    return f"{plain[:5]} {plain[5:]}"


def flash_of(view: View, *, arena: str, party: str, now_us: int) -> Flash:
    """A view as a flash notice for its recipient: no more than that is released to it.

    Raises:
        NotUnderstood: it has no volume, begins at no stated time, or is too large to be said as one circle.

    Errs: outward. One circle holds all footprints, one window all windows; altitudes are not said, and so may be any.
    """
    if not view.volumes:
        raise NotUnderstood("the view has no volume", hint="nothing can be said of where it is")
    start_us = min(volume.window.start_us for volume in view.volumes)
    end_us = max(volume.window.end_us for volume in view.volumes)
    if start_us <= OPEN_START_US:
        raise NotUnderstood("when it begins is not stated, and cannot be said", hint="amend it with a start")
    centre, radius_m = _round_all([volume.footprint for volume in view.volumes])
    ends_us = None if end_us >= OPEN_END_US else end_us
    return flash(
        as_said(arena),
        as_said(party),
        as_said(view.recipient),
        now_us,
        view.activity,
        centre,
        radius_m,
        start_us,
        ends_us,
    )


def _round_all(footprints: Sequence[Footprint]) -> tuple[Position, float]:
    """A circle round footprints: their own, where it is one circle."""
    first = footprints[0]
    if isinstance(first, Circle) and all(each == first for each in footprints):
        return first.centre, first.radius_m
    corners = [corner for each in footprints for polygon in outline(each) for corner in polygon.shell]
    lat, lon = [corner.latitude_deg for corner in corners], [corner.longitude_deg for corner in corners]
    if max(lon) - min(lon) > 180.0:  # over the antimeridian
        lon = [each % 360.0 for each in lon]
    middle_lon = (min(lon) + max(lon)) / 2
    centre = Position((min(lat) + max(lat)) / 2, middle_lon - 360.0 if middle_lon > 180.0 else middle_lon)
    _, distances_m = wgs84.inverse(
        [centre.latitude_deg] * len(lat), [centre.longitude_deg] * len(lat), lat, [c.longitude_deg for c in corners]
    )
    return centre, float(distances_m.max()) * _OUTWARD


def signature_of(said: Said, key: SigningKey) -> Signed:
    """The signature of a script, to be read after it."""
    signed = sign(_payload(said), SCRIPT_TYPE, key).signatures[0]
    return Signed(said.arena, said.party, said.to, said.said_us, words_of(said), signed.sig)


def _payload(said: Said) -> bytes:
    return "\n".join(line.written for line in script(said)).encode()


# ── heard ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Heard:
    """A script that was typed down, and whose it is.

    Attributes:
        sender: the party it says it is from, as the arena names it. signer: whose key signed it; empty where nobody's did.
        signed: the signature, where it has one.
    """

    said: Flash | Stop | Acknowledgement
    sender: str
    signer: str
    signed: Signed | None

    @property
    def lines(self) -> tuple[Line, ...]:
        return script(self.said)

    @property
    def words(self) -> str:
        """Its check words."""
        return words_of(self.said)

    @property
    def call_id(self) -> str:
        """The id of the call in which it was heard: the same for the same script."""
        return sha256(_payload(self.said)).hexdigest()[:32]

    @property
    def report(self) -> str:
        """What its hearer signs of it: word for word, with the signature, by which anybody can prove it; of a long one, its check words."""
        proof = f"signed by {self.signer}" if self.signer else "not signed"
        scripts = [script(self.said), *([script(self.signed)] if self.signed else [])]
        typed = "; ".join(line.written for each in scripts for line in each)  # no script has a semicolon
        whole = f"heard by voice, {proof}: {typed}"
        return whole if len(whole) <= MOST_TEXT else f"heard by voice, {proof}, {len(self.lines)} lines, {self.words}"


def read_heard(typed: str, registry: Registry, *, arena: str, party: str, now_us: int) -> Heard:
    """A script that was typed down, with its signature after it where it has one.

    Raises:
        NotUnderstood: a line does not check; or it is for another arena or party, or from nobody here.
        NotAuthentic: its signature is another script's, or by no officer's key of that party that may sign now.
        StaleVersion: it was said too long ago, or not yet.
    """
    first, *rest = _scripts(typed)
    said = read_script(first)
    if isinstance(said, Signed):
        raise NotUnderstood("a signature, and nothing before it", hint="type down the script itself first")
    if said.arena != as_said(arena):
        raise NotUnderstood(f"a script for arena {said.arena}, not {arena}", hint="nothing said there counts here")
    if said.to != as_said(party):
        raise NotUnderstood(f"a script for {said.to}, not for {party}", hint="it was read to the wrong party")
    others = [name for name in registry.agreements.members if name != party and as_said(name) == said.party]
    if len(others) != 1:
        raise NotUnderstood(f"{said.party} is nobody in this arena", hint="ask who is speaking")
    if abs(whole_minute(now_us) - said.said_us) > FRESH_US:
        raise StaleVersion(
            "the script was said more than 15 minutes ago, or is yet to be said, by this machine's clock",
            hint="an old one read again? ask for a new one",
        )
    if len(rest) > 1:
        raise NotUnderstood(f"{len(rest) + 1} scripts", hint="take them one by one, each with its signature")
    if not rest:
        return Heard(said, others[0], "", None)
    with at("signature"):
        signed = read_script(rest[0])
        if not isinstance(signed, Signed) or _head(signed) != _head(said) or signed.about != words_of(said):
            raise NotAuthentic("what follows is not the signature of this script", hint="ask for its lines again")
        return Heard(said, others[0], _signer(said, signed, registry, others[0], now_us), signed)


def _scripts(typed: str) -> list[str]:
    """The scripts of a text: each begins with a line 1."""
    found: list[list[str]] = []
    for line in typed.strip().splitlines():
        if line.strip().upper().startswith("1 DETENTE") or not found:
            found.append([])
        if line.strip():
            found[-1].append(" ".join(line.split()))
    if not found:
        raise NotUnderstood("nothing was typed down", hint="each line as it was read, with its number and check digits")
    return ["\n".join(lines) for lines in found]


def _signer(said: Said, signed: Signed, registry: Registry, party: str, now_us: int) -> str:
    may = [
        key
        for key in registry.keys.values()
        if key.holder.party == party and key.holder.role is Role.OFFICER and key.is_valid_at(now_us)
    ]
    envelope = Envelope(_payload(said), SCRIPT_TYPE, (Signature("", signed.signature),))
    signer, *_ = verify(envelope, [key.public for key in may], payload_type=SCRIPT_TYPE)
    return str(registry.keys[signer.id].holder)


def _head(said: Said) -> tuple[str, str, str, int]:
    return said.arena, said.party, said.to, said.said_us


def screened(said: Flash, sender: str, own: Iterable[Notice], understanding: Understanding) -> ScreeningAnswer:
    """A flash notice against our own notices, here and now: before its act arrives, nobody else screens it.

    Raises:
        InvalidVolume: an own notice cannot be.
    """
    from detente.screening.screen import screen

    end_us = OPEN_END_US if said.end_us is None else said.end_us
    window = TimeWindow(said.start_us, end_us, end_stated=said.end_us is not None)
    volume = Volume4D(Circle(said.position, said.radius_m), UNSTATED_BAND, window)
    heard = Notice(f"HEARD {words_of(said)}", sender, said.activity, (volume,))
    return screen([heard, *own], understanding=with_defaults(understanding), explain=False, propose_most=0)
