"""A report as a page of sections, written once as Markdown (for the UIs) and once as HTML (to read, print, send)."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Table:
    """Rows of text below a header; the first column is set left, numbers right. ``**best**`` is set bold."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """As GitHub, Dagster and MLflow read it."""
        rule = ["---", *["---:"] * (len(self.header) - 1)]
        lines = [self.header, rule, *[[cell.replace("|", "\\|") for cell in row] for row in self.rows]]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)

    def html(self) -> str:
        """As a ``<table>`` that scrolls sideways on its own where the screen is narrow."""
        head = "".join(f"<th>{_inline(cell)}</th>" for cell in self.header)
        body = "\n".join("<tr>" + "".join(f"<td>{_inline(cell)}</td>" for cell in row) + "</tr>" for row in self.rows)
        return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>'


@dataclass(frozen=True)
class Figure:
    """A picture: the file beside the report, its PNG bytes, and what it shows."""

    name: str
    png: bytes
    caption: str


@dataclass(frozen=True)
class Section:
    """A heading, what to know before, tables and figures, notes after."""

    title: str
    text: str = ""
    tables: Sequence[Table] = ()
    figures: Sequence[Figure] = ()
    notes: Sequence[str] = field(default=())


@dataclass(frozen=True)
class Page:
    """The whole report."""

    title: str
    lead: str
    sections: Sequence[Section]

    @property
    def figures(self) -> list[Figure]:
        """All pictures, in order."""
        return [figure for section in self.sections for figure in section.figures]

    def markdown(self) -> str:
        """The page with links to the pictures beside it."""
        parts = [f"# {self.title}", self.lead]
        for section in self.sections:
            parts += [f"## {section.title}", section.text, *(table.markdown() for table in section.tables)]
            parts += [f"![{figure.caption}]({figure.name})\n\n*{figure.caption}*" for figure in section.figures]
            parts.append("\n".join(f"- {note}" for note in section.notes))
        return "\n\n".join(part for part in parts if part) + "\n"

    def html(self) -> str:
        """The page as one file that carries its pictures and needs no network."""
        body = "\n".join(_section(section) for section in self.sections)
        title, lead = html.escape(self.title), _inline(self.lead)
        return (
            f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title>\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{_STYLE}</style></head>\n'
            f'<body><main>\n<h1>{title}</h1>\n<p class="lead">{lead}</p>\n{body}\n</main></body>\n</html>\n'
        )

    def write(self, folder: Path, stem: str) -> None:
        """Write ``stem.md``, ``stem.html`` and the pictures into ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{stem}.md").write_text(self.markdown())
        (folder / f"{stem}.html").write_text(self.html())
        for figure in self.figures:
            (folder / figure.name).write_bytes(figure.png)


def _section(section: Section) -> str:
    parts = [f"<section>\n<h2>{html.escape(section.title)}</h2>"]
    parts += [f"<p>{_inline(section.text)}</p>"] if section.text else []
    parts += [table.html() for table in section.tables]
    for figure in section.figures:
        data, caption = base64.b64encode(figure.png).decode(), html.escape(figure.caption)
        source = f"data:image/png;base64,{data}"
        parts.append(f'<figure><img alt="{caption}" src="{source}"><figcaption>{caption}</figcaption></figure>')
    notes = "".join(f"<li>{_inline(note)}</li>" for note in section.notes)
    parts += [f"<ul>{notes}</ul>"] if notes else []
    return "\n".join([*parts, "</section>"])


def _inline(text: str) -> str:
    """Escape ``text`` and set ``**bold**`` and `` `code` ``."""
    bold = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html.escape(text))
    return re.sub(r"`(.+?)`", r"<code>\1</code>", bold)


_STYLE = """
:root { color-scheme: light dark; --ink: #2a241d; --paper: #faf7f1; --rule: #d9cfbf; }
:root { --quiet: #7a6c58; --best: #8a4b12; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e9e1d3; --paper: #1d1a16; --rule: #453d31; --quiet: #a8977d; --best: #e9a860; }
}
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 Georgia, "Iowan Old Style", serif; }
main { max-width: 76rem; margin: 0 auto; padding: 2.5rem 1.25rem 5rem; }
h1 { font-weight: normal; font-size: 2.2rem; margin: 0 0 .5rem; }
h2 { font-weight: normal; font-size: 1.4rem; margin: 3rem 0 .5rem; padding-top: 1rem; }
h2 { border-top: 1px solid var(--rule); }
.lead, p { max-width: 46rem; }
.lead, figcaption, li { color: var(--quiet); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font: 14px/1.4 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
th, td { padding: .45rem .8rem; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th { font-weight: 600; vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
tbody tr:hover { background: color-mix(in srgb, var(--rule) 35%, transparent); }
strong { color: var(--best); }
figure { margin: 1.25rem 0; }
img { max-width: 100%; height: auto; border: 1px solid var(--rule); border-radius: 3px; }
li, figcaption { font: 14px/1.5 system-ui, sans-serif; }
@media print { section { break-inside: avoid; } }
"""
