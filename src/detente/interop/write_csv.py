"""The answer as CSV (RFC 4180): one row a conflict, for spreadsheets.

Text that a spreadsheet would run as a formula is given an apostrophe before it, at the start of a cell and after anything
that is a separator or quote elsewhere, should the file be opened with the wrong one. Control characters become spaces.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import datetime
from math import ceil, floor, isfinite
from typing import Any, Final

from detente.domain import Conflict, DetenteError, MeetingArea, ScreeningAnswer, Separation, Unmeasured, VolumeRef
from detente.interop import answer_words as words
from detente.interop.answer_meetings import in_order
from detente.interop.withheld import told

COLUMNS: Final = (
    *("answer", "a_party", "a_reference", "a_volume_index", "a_activity", "a_title"),
    *("b_party", "b_reference", "b_volume_index", "b_activity", "b_title"),
    *("time_start", "time_end", "dtg_start", "dtg_end", "altitude_lower", "altitude_upper"),
    *("latitude_deg", "longitude_deg", "mgrs"),
    *("lateral_stated_m", "lateral_least_m", "lateral_minimum_m"),
    *("vertical_stated_m", "vertical_least_m", "vertical_minimum_m"),
    *("time_stated_s", "time_least_s", "time_minimum_s"),
    *("rule", "reasons", "proposals"),
)
# OWASP, CSV Injection: = + - @ and their full-width forms
_FORMULA: Final = re.compile(r"(^|[,;|\"'])(\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")


def answer_csv(
    answer: ScreeningAnswer,
    *,
    readings: Sequence[words.ReadingNote] = (),  # noqa: ARG001  # one signature for all outputs; a table of conflicts has no room for it
    problems: Sequence[DetenteError] = (),  # noqa: ARG001
    generated_utc: datetime | None = None,  # noqa: ARG001
) -> str:
    """One header row and one row a conflict, in the order of the table, then what a crowd left unmeasured. Readings and problems are not in it: show them elsewhere."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    answer = told(answer)
    rows = [_row(answer, conflict) for conflict in in_order(answer.conflicts)]
    for row in (*rows, *map(_unmeasured, answer.unmeasured)):
        writer.writerow([_guarded(row.get(column, "")) for column in COLUMNS])
    return words.storable(text.getvalue())


def _row(answer: ScreeningAnswer, conflict: Conflict) -> dict[str, Any]:
    return {
        "answer": conflict.answer.name,
        **_side("a", conflict.a),
        **_side("b", conflict.b),
        **_where_and_when(conflict.area),
        **_apart("lateral", "m", conflict.lateral_m, conflict.minima.lateral_m),
        **_apart("vertical", "m", conflict.vertical_m, conflict.minima.vertical_m),
        **_apart("time", "s", conflict.time_s, conflict.minima.time_s),
        "rule": conflict.rule,
        "reasons": "; ".join(conflict.reasons),
        "proposals": "; ".join(words.would_clear(answer, (conflict.a.notice, conflict.b.notice))),
    }


def _unmeasured(pair: Unmeasured) -> dict[str, Any]:
    return {
        "answer": pair.answer.name,
        **_side("a", pair.a),
        **_side("b", pair.b),
        "reasons": "one of too many to measure",
    }


def _side(name: str, ref: VolumeRef) -> dict[str, Any]:
    return {
        f"{name}_party": ref.notice.party,
        f"{name}_reference": ref.notice.reference,
        f"{name}_volume_index": ref.volume_index,
        f"{name}_activity": ref.notice.activity.value,
        f"{name}_title": ref.notice.title,
    }


def _where_and_when(area: MeetingArea | None) -> dict[str, Any]:
    if area is None:
        return {}
    centre = words.centre(area.footprint) if area.footprint else None
    return {
        "time_start": words.iso(area.start_us) or "",
        "time_end": words.iso(area.end_us) or "",
        "dtg_start": words.dtg(area.start_us) or "",
        "dtg_end": words.dtg_end(area.end_us) or "",
        "altitude_lower": area.lower,
        "altitude_upper": area.upper,
        "latitude_deg": f"{centre.latitude_deg:.5f}" if centre else "",
        "longitude_deg": f"{centre.longitude_deg:.5f}" if centre else "",
        "mgrs": words.mgrs(centre) if centre else "",
    }


def _apart(name: str, unit: str, apart: Separation, minimum: float) -> dict[str, Any]:
    return {
        f"{name}_stated_{unit}": _number(apart.stated, floor),
        f"{name}_least_{unit}": _number(apart.least, floor),
        f"{name}_minimum_{unit}": _number(minimum, ceil),
    }


def _number(value: float, whole: words.Whole) -> str:
    """To a thousandth, so that a spreadsheet compares least and minimum as screening did; empty where nothing is known."""
    if not isfinite(value):
        return ""
    return f"{words.rounded(value, 3, whole):.3f}".rstrip("0").rstrip(".")


def _guarded(cell: Any) -> str:
    text = str(cell)
    if _NUMBER.fullmatch(text):
        return text
    one_line = "".join(c if c.isprintable() else " " for c in text)
    return _FORMULA.sub(r"\1'\2", one_line)
