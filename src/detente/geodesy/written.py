"""Text before it is read: of bounded length, with plain digits and single spaces. What the words mean is for the readers."""

from __future__ import annotations

import unicodedata
from typing import Final

from detente.domain import NotUnderstood

LONGEST_TEXT: Final = 200  # no coordinate, altitude or time is longer; patterns below need not fear a megabyte


def plainly(text: str, kind: str) -> str:
    """The text with the digits of any script as 0 to 9, the minus sign as a hyphen, and single spaces.

    Raises:
        NotUnderstood: it is longer than anything of that kind.
    """
    if len(text) > LONGEST_TEXT:
        raise NotUnderstood(
            f"{text[:40]!r}… of {len(text)} characters is not {kind}",
            hint=f"nothing of more than {LONGEST_TEXT} characters is read as one",
        )
    return " ".join("".join(_plain_sign(sign) for sign in text).split())


def _plain_sign(sign: str) -> str:
    if sign.isascii():
        return sign
    return {"−": "-", "‐": "-", "‑": "-", "–": "-", "٫": "."}.get(sign) or str(unicodedata.decimal(sign, sign))
