"""Bundles: what would go over a line, as a file for whoever can carry it.

Up go submissions. Nobody signs that file: each act in it carries its officer's signature and its place in the key's sequence, so
that who carries it can lose it, and nothing else. Handed in twice it is answered as it was before.

Down come a party's postings, with the public acts by which to verify them, or the answers to what was handed in. The host signs a
manifest with the digest of every text in the file, from which place to which it reaches: a text left out, put in, moved or changed
is found, and so is a file that does not go on from the last one read. What another party said in it carries that party's own signature.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Literal, TypeVar

from detente.channel.forms import Form, form_from, plain
from detente.domain import Malformed, NotAuthentic, NotUnderstood, TooLarge, at
from detente.record.canonical import canonical, read_canonical, read_strict
from detente.record.envelope import from_json, sign, to_json, verify
from detente.record.keys import PublicKey, SigningKey

T = TypeVar("T", bound=Form)
VERSION: Final = 1
MANIFEST_TYPE: Final = "application/vnd.detente.bundle+json"
MOST_SUBMISSIONS: Final = 256
MOST_UP_BYTES: Final = 8 << 20  # what the server takes at once
MOST_DOWN_BYTES: Final = 64 << 20
MOST_TEXTS: Final = 4_096  # of one kind in a file
MOST_ACTS: Final = 1_001  # of one submission, as over a line
_ID: Final = frozenset("0123456789abcdef")


class CarriedSubmission(Form, frozen=True):
    """Acts sent at once, under the id with which they would be sent again: each an envelope as JSON text."""

    submission: str
    acts: tuple[str, ...]


class SubmissionsBundle(Form, frozen=True):
    """What a party hands in, in the order in which it is to be decided.

    Attributes:
        after, announced_after: how far the party has read its inbox and the public acts, for who brings back what came since.
    """

    version: int
    kind: Literal["submissions"]
    arena: str
    party: str
    submissions: tuple[CarriedSubmission, ...]
    after: str | None = None
    announced_after: str | None = None


class CarriedAnswer(Form, frozen=True):
    """What became of one submission of a file.

    `answered` and `refused` carry what would be answered over a line, and are told to the party alone; to whoever else carries the
    file it is `handed_in`, and `refused` only where the file itself and the public acts show why. `not_now`: hand it in again.
    `spent`: refused, its acts have taken their places in their sequences all the same, so that what was signed after them holds.
    """

    submission: str
    outcome: Literal["answered", "refused", "handed_in", "not_now"]
    told: dict[str, Any] | None = None
    spent: bool = False


class Manifest(Form, frozen=True):
    """What the host signs of a file it gives out.

    Attributes:
        after, cursor: the places in the inbox after which it begins and with which it ends; null is the beginning.
        announced_after, announced: the same, among the public acts.
        more: there was more than one file holds; ask again after `cursor` and `announced`.
        sha256: of each text, by kind of text, in order.
    """

    version: int
    kind: Literal["postings", "answers"]
    arena: str
    party: str
    made_at_us: int
    after: str | None
    cursor: str | None
    announced_after: str | None
    announced: str | None
    more: bool
    sha256: dict[str, tuple[str, ...]]


class _Sealed(Form, frozen=True):
    manifest: str
    texts: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A file of the host's, verified: what it says of itself, and its texts, decoded. Acts in them are not opened yet."""

    manifest: Manifest
    texts: Mapping[str, tuple[Any, ...]]


# ── up ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def write_submissions(
    arena: str,
    party: str,
    submissions: Sequence[CarriedSubmission],
    *,
    after: str | None = None,
    announced_after: str | None = None,
) -> bytes:
    """The file of a party's submissions, canonical JSON; of none, it asks for what came since.

    Raises:
        TooLarge: more than one file may hold; divide them.
    """
    made = SubmissionsBundle(VERSION, "submissions", arena, party, tuple(submissions), after, announced_after)
    raw = canonical(plain(made))
    return canonical(plain(read_submissions(raw)))


def read_submissions(raw: bytes) -> SubmissionsBundle:
    """A file of submissions, their acts still sealed.

    Raises:
        TooLarge, Malformed, NotUnderstood: too much, not JSON, or not such a file.
    """
    bundle = _read(raw, SubmissionsBundle, MOST_UP_BYTES)
    _check_version(bundle.version)
    if len(bundle.submissions) > MOST_SUBMISSIONS:
        raise TooLarge(f"{len(bundle.submissions)} submissions; a bundle holds {MOST_SUBMISSIONS}", hint="divide it")
    for number, each in enumerate(bundle.submissions):
        with at(f"submissions[{number}]"):
            _check_submission(each)
    return bundle


def _check_submission(carried: CarriedSubmission) -> None:
    if len(carried.submission) != 32 or set(carried.submission) - _ID:
        raise NotUnderstood("the id is not 32 hex digits", hint="draw 16 random bytes", where="submission")
    if not carried.acts:
        raise NotUnderstood("there are no acts", hint="sign at least one", where="acts")
    if len(carried.acts) > MOST_ACTS:
        raise TooLarge(f"{len(carried.acts)} acts; the limit is {MOST_ACTS}", where="acts")


# ── down ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def write_bundle(
    kind: Literal["postings", "answers"],
    texts: Mapping[str, Sequence[bytes]],
    key: SigningKey,
    *,
    arena: str,
    party: str,
    made_at_us: int,
    after: str | None = None,
    cursor: str | None = None,
    announced_after: str | None = None,
    announced: str | None = None,
    more: bool = False,
) -> bytes:
    """A file of the host's for one party.

    Args:
        texts: canonical JSON texts by kind of text ("postings" and "announcements", or "answers"), in order.
        key: the host's.
    Raises:
        TooLarge: more texts than one file may hold.
    """
    for name, each in texts.items():
        if len(each) > MOST_TEXTS:
            raise TooLarge(f"{len(each)} {name}; a bundle holds {MOST_TEXTS}")
    digests = {name: tuple(sha256(text).hexdigest() for text in each) for name, each in texts.items()}
    manifest = Manifest(
        VERSION, kind, arena, party, made_at_us, after, cursor, announced_after, announced, more, digests
    )
    envelope = to_json(sign(canonical(plain(manifest)), MANIFEST_TYPE, key)).decode()
    written = {name: [text.decode() for text in each] for name, each in texts.items()}
    return canonical({"manifest": envelope, "texts": written})


def read_bundle(raw: bytes, host_key: PublicKey, *, arena: str, party: str) -> Bundle:
    """A file of the host's, verified whole; needs no line to anybody.

    Raises:
        NotAuthentic: not signed with the host's key, for another arena or party, or a text is missing, added, moved or changed.
        Malformed, NotUnderstood, TooLarge: not such a file.
    """
    sealed = _read(raw, _Sealed, MOST_DOWN_BYTES)
    with at("manifest"):
        envelope = from_json(sealed.manifest.encode("utf-8", "surrogatepass"))
        verify(envelope, [host_key], payload_type=MANIFEST_TYPE)
        manifest = form_from(read_canonical(envelope.payload), Manifest)
        _check_version(manifest.version)
        if (manifest.arena, manifest.party) != (arena, party):
            raise NotAuthentic(
                f"a bundle for {manifest.party} in {manifest.arena!r}, not for {party} in {arena!r}",
                hint="each party reads its own",
            )
    if sealed.texts.keys() != manifest.sha256.keys():
        raise NotAuthentic("the bundle holds other kinds of texts than its manifest names", hint="fetch it again")
    return Bundle(manifest, {name: _checked(name, sealed.texts[name], manifest.sha256[name]) for name in sealed.texts})


def _checked(name: str, texts: Sequence[str], digests: Sequence[str]) -> tuple[Any, ...]:
    if len(texts) != len(digests):
        raise NotAuthentic(f"{len(texts)} {name} where the manifest names {len(digests)}", hint="fetch it again")
    found = []
    for number, (text, digest) in enumerate(zip(texts, digests, strict=True)):
        with at(f"{name}[{number}]"):
            raw = text.encode("utf-8", "surrogatepass")
            if sha256(raw).hexdigest() != digest:
                raise NotAuthentic("not the text that was signed", hint="the file was damaged or changed on its way")
            found.append(read_canonical(raw))
    return tuple(found)


def _read(raw: bytes, kind: type[T], most_bytes: int) -> T:
    if len(raw) > most_bytes:
        raise TooLarge(f"a file of {len(raw)} bytes; the limit is {most_bytes}", hint="divide it")
    return form_from(read_strict(raw), kind)


def _check_version(version: int) -> None:
    if version != VERSION:
        raise Malformed(f"a bundle of version {version}; known: {VERSION}", hint="a newer détente may read it")
