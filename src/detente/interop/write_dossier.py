"""Writes a dossier as one HTML file, without script, or as a PDF. Both render `dossier_pages`, and no text of a party is ever markup.

HTML: everything is escaped, and the page's own policy allows no script, no frame and no network. PDF: typst is given the pages as data,
JSON beside its template, so that a text that looks like markup stays a text. It needs `pip install 'detente[pdf]'`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from typing import Final

from detente.channel.verdict import Outcome
from detente.domain import NotUnderstood
from detente.interop.answer_words import visible
from detente.interop.dossier_pages import Figure, Pages, Section, Table

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
_GRADES: Final = {Outcome.HOLDS: "holds", Outcome.INCOMPLETE: "incomplete", Outcome.FALSE: "false"}
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def dossier_html(pages: Pages) -> str:
    """The page."""
    style = files("detente.interop").joinpath("dossier", "style.css").read_text(encoding="utf-8")
    body = "\n".join(_body(pages))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{_text(pages.title)}</title>
<style>
{style}</style>
</head>
<body>
{body}
</body>
</html>
"""


def _body(pages: Pages) -> Iterator[str]:
    yield f"<header><h1>{_text(pages.title)}</h1>"
    first, *others = pages.under
    yield f"<p>{_text(first)}</p>"
    for line in others:
        is_verdict = pages.outcome is not None and line is pages.under[2]
        grade = "" if pages.outcome is None else _GRADES[pages.outcome]
        yield f'<p class="verdict {grade}">{_text(line)}</p>' if is_verdict else f"<p>{_text(line)}</p>"
    yield "</header><main>"
    for section in pages.sections:
        yield from _section(section)
    yield "</main>"


def _section(section: Section) -> Iterator[str]:
    tag = "h2" if section.level == 1 else "h3"
    yield f"<section><{tag}>{_text(section.title)}</{tag}>"
    for block in section.blocks:
        if isinstance(block, Table):
            yield from _table(block)
        elif isinstance(block, Figure):
            yield f'<figure role="img" aria-label="{_text(block.says)}">{block.svg}</figure>'
        elif block.startswith("— "):
            yield f'<p class="volume">{_text(block[2:])}</p>'
        else:
            yield f"<p>{_text(block)}</p>"
    yield "</section>"


def _table(table: Table) -> Iterator[str]:
    yield '<div class="table"><table><thead><tr>'
    yield "".join(f'<th scope="col">{_text(each)}</th>' for each in table.head)
    yield "</tr></thead><tbody>"
    for number, row in enumerate(table.rows):
        anchor = f' id="{escape(table.anchors[number])}"' if table.anchors else ""
        cells = [_cell(title, cell, is_link=not table.anchors) for title, cell in zip(table.head, row, strict=True)]
        yield f"<tr{anchor}>{''.join(cells)}</tr>"
    yield "</tbody></table></div>"


def _cell(title: str, cell: str, *, is_link: bool) -> str:
    if title == "entry" and cell.isdecimal():
        return (
            f'<td class="short"><a href="#entry-{cell}">{cell}</a></td>'
            if is_link
            else f'<td class="short">{cell}</td>'
        )
    kind = ' class="short"' if _MOMENT.fullmatch(cell) else ""
    return f'<td{kind} data-title="{_text(title)}">{_text(cell)}</td>'


def _text(text: str) -> str:
    """Escaped, with what would change how other text reads made visible; `dir=auto` is for whole paragraphs, in the style."""
    return escape(visible(text))


# ── PDF ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def dossier_pdf(pages: Pages) -> bytes:
    """The PDF.

    Raises:
        NotUnderstood: typst is not installed.
    """
    try:
        import typst
    except ModuleNotFoundError as error:
        raise NotUnderstood("typst is not installed", hint="pip install 'detente[pdf]', or write .html") from error
    template = files("detente.interop").joinpath("dossier", "dossier.typ").read_bytes()
    made = typst.compile(template, format="pdf", sys_inputs={"pages": json.dumps(_plain(pages))})
    assert isinstance(made, bytes)
    return made


def _plain(pages: Pages) -> dict[str, object]:
    sections = [
        {
            "title": visible(section.title),
            "level": section.level,
            "blocks": [_plain_block(block) for block in section.blocks],
        }
        for section in pages.sections
    ]
    return {"title": visible(pages.title), "under": [visible(each) for each in pages.under], "sections": sections}


def _plain_block(block: str | Table | Figure) -> object:
    if isinstance(block, Table):
        return {"head": [*block.head], "rows": [[visible(cell) for cell in row] for row in block.rows]}
    if isinstance(block, Figure):
        return {"svg": block.svg, "says": visible(block.says)}
    return visible(block)
