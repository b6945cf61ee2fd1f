"""Was each view honest? Given a full notice and its salt, the views that commit to it are made again, and compared.

The generaliser is a function: the same notice, level and grids give the same view, byte for byte. So a view that places, widens or
leaves out otherwise than was agreed does not come out again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from detente.channel.evidence import MOST_FULL_BYTES, FullNotice, Source, full_name, full_path, read_full
from detente.channel.examine import Examined
from detente.channel.forms import ViewForm, form_from, notice_of, plain, view_of
from detente.channel.verdict import Finding, Flaw, Outcome, ViewVerdict, false
from detente.channel.views import View, make_view
from detente.domain import DetenteError, Malformed, ReleaseGrids
from detente.record.act import read_act
from detente.record.canonical import canonical
from detente.record.commitment import commit

_VIEW_IN: Final = {"view": "view", "notice": "screening"}


class FullNotices:
    """Full notices by what views commit to."""

    def __init__(self, notices: Mapping[str, FullNotice]) -> None:
        self._by_commitment = dict(notices)
        self._by_name = {full_name(each.notice_id, each.version): key for key, each in notices.items()}
        self._used: set[str] = set()

    @classmethod
    def read(cls, names: Sequence[str], source: Source, tell: Callable[[Finding], None]) -> FullNotices:
        """Those of a file; what cannot be read is told."""
        found = {}
        for name in names:
            try:
                raw = source.read(full_path(name), MOST_FULL_BYTES)
                if raw is None:
                    raise Malformed("is missing", hint="evidence.json names it")
                full = read_full(raw)
                if full_name(full.notice_id, full.version) != name:
                    raise Malformed("holds another notice than its name says")
            except DetenteError as error:
                tell(false(Flaw.UNREADABLE, full_path(name), error))
                continue
            found[commitment_of(full)] = full
        return cls(found)

    @property
    def wanted(self) -> frozenset[str]:
        """Commitments, and ids of notices: what views to look at name."""
        return frozenset(self._by_commitment) | {each.notice_id for each in self._by_commitment.values()}

    def held_against(self, found: Examined, grids: Sequence[ReleaseGrids]) -> tuple[list[ViewVerdict], list[Finding]]:
        """What is to be said of a view, or of what the host was given to screen; nothing where no full notice is of it.

        Args:
            grids: those that were agreed when it was made, and before.
        """
        if found.payload is None or found.kind not in _VIEW_IN:
            return [], []
        where = f"entry {found.position}"
        try:
            view = view_of(form_from(read_act(found.payload).body[_VIEW_IN[found.kind]], ViewForm))
        except DetenteError as error:
            return [], [Finding(Flaw.NOT_RERUN, Outcome.INCOMPLETE, where, error.what, error.hint, found.position)]
        full = self._by_commitment.get(view.commitment)
        if full is None:
            return [], self._mismatched(found, view)
        self._used.add(view.commitment)
        honest, what = _rerun(full, view, grids)
        verdict = ViewVerdict(
            found.position, full.notice_id, full.version, found.party, view.recipient, view.level.value, honest, what
        )
        if honest:
            return [verdict], []
        flaw, outcome = (Flaw.NOT_RERUN, Outcome.INCOMPLETE) if honest is None else (Flaw.VIEW, Outcome.FALSE)
        return [verdict], [Finding(flaw, outcome, where, what, position=found.position)]

    def _mismatched(self, found: Examined, view: View) -> list[Finding]:
        """The host was given a version that is here in full, and commits to something else."""
        commitment = self._by_name.get(full_name(view.view_id, view.version))
        if found.kind != "notice" or commitment is None:
            return []
        self._used.add(commitment)
        what = f"commits to another notice than {full_path(full_name(view.view_id, view.version))}"
        hint = "the full notice or its salt is not what the views were made from"
        return [Finding(Flaw.VIEW, Outcome.FALSE, f"entry {found.position}", what, hint, found.position)]

    def unused(self) -> list[Finding]:
        """Full notices that no view in the file was made from."""
        left = [name for name, commitment in sorted(self._by_name.items()) if commitment not in self._used]
        what = "no view in the file commits to it: whether it was told as it was cannot be said"
        return [Finding(Flaw.NOT_RERUN, Outcome.INCOMPLETE, full_path(name), what) for name in left]


def commitment_of(full: FullNotice) -> str:
    """What the views of a full notice commit to, 64 hex digits."""
    return commit(bytes.fromhex(full.salt), canonical(plain(full.notice))).hex()


def _rerun(full: FullNotice, view: View, grids: Sequence[ReleaseGrids]) -> tuple[bool | None, str]:
    """Whether the view comes out again; None where that cannot be tried."""
    from detente.screening.generalise import GENERALISER_VERSION

    if view.generaliser not in (0, GENERALISER_VERSION):
        return None, f"made by generaliser {view.generaliser}; this is {GENERALISER_VERSION}, and cannot make it again"
    differ = "volumes"
    for grid in dict.fromkeys(grids):
        try:
            made = make_view(
                notice_of(full.notice), view.level, grid,
                recipient=view.recipient, view_id=view.view_id, version=view.version,
                commitment=view.commitment, marking=view.marking,
            )  # fmt: skip
        except DetenteError as error:
            return None, f"the full notice gives no view of level {view.level.value}: {error}"
        if made == view:
            return True, ""
        differ = ", ".join(_differences(made, view))
    return (
        False,
        f"not what the notice gives at level {view.level.value}: {differ} differ; its recipient was told something else",
    )


def _differences(made: View, view: View) -> list[str]:
    names: list[Any] = [each.name for each in fields(View)]
    return [name for name in names if getattr(made, name) != getattr(view, name)]
