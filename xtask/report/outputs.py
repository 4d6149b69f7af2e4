"""What the cells of executed notebooks have put out, found by chapter and name.

A chapter is named by its file without the number (`real-records`), so that a new chapter before it changes no
name. In a chapter a figure or a table is named by its number there (`4` for Table 11.4), or by words of its
caption; a value in a table by its column's header and by how its row begins (`perceptron / paper, 3 sets`: cells
with ` / ` between); any other value by the text around it, in whatever the chapter puts out. Where another language was joined to a notebook, the
names are still those of the English one, and figures and tables can be shown in the other language.
"""

import base64
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import nbformat

from typeset import CAPTION


class Missing(Exception):
    """A name that no output has, or that more than one has."""


@dataclass
class Table:
    caption: str = ""
    headers: list = field(default_factory=list)
    rows: list = field(default_factory=list)
    note: str = ""

    def names(self):
        """The rows by all their cells: a row's name is how it begins."""
        return [" / ".join(row) for row in self.rows]


@dataclass
class Figure:
    caption: str
    kind: str
    data: bytes


class TableReader(HTMLParser):
    """Reads the one table that the library writes as HTML."""

    def __init__(self):
        super().__init__()
        self.table, self.row, self.text = Table(), [], ""

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.row = []
        if tag in ("caption", "th", "td", "small"):
            self.text = ""

    def handle_data(self, data):
        self.text += data

    def handle_endtag(self, tag):
        text = " ".join(self.text.split())
        if tag == "caption":
            self.table.caption = text
        elif tag == "small":
            self.table.note = text
        elif tag == "th":
            self.table.headers.append(text)
        elif tag == "td":
            self.row.append(text)
        elif tag == "tr" and self.row:
            self.table.rows.append(self.row)


def read_table(html):
    reader = TableReader()
    reader.feed(html)
    return reader.table


class Chapter:
    """The outputs of one notebook."""

    def __init__(self, path):
        self.name = path.stem.partition("-")[2]
        self.figures, self.tables, self.lines, self.sources = [], [], [], []
        notebook = nbformat.read(path, as_version=4)
        self.language = notebook.metadata.get("language", "en")
        self._take_all(notebook.cells)
        self.of_language = [*self.figures, *self.tables]
        if "joined_from" in notebook.metadata:
            english = Chapter(Path(notebook.metadata.joined_from))
            self.figures, self.tables, self.lines, self.sources = english.figures, english.tables, english.lines, english.sources

    def shown(self, one):
        """A figure or a table of this chapter in the language of the notebook."""
        same = zip([*self.figures, *self.tables], self.of_language, strict=True)
        return next(other for english, other in same if english is one)

    def _take_all(self, cells):
        for cell in cells:
            if "sources" in cell.metadata.get("tags", []):
                self.sources += re.findall(r"^- (.*)", cell.source, re.M)
            for output in cell.get("outputs", []):
                self._take(output)

    def _take(self, output):
        if output.output_type == "stream":
            self._take_text(output.text)
            return
        data = output.get("data", {})
        plain = data.get("text/plain", "")
        if "image/png" in data or "image/svg+xml" in data:
            self._take_text(plain)
        if "image/svg+xml" in data:
            self.figures.append(Figure(plain, "svg", data["image/svg+xml"].encode()))
        elif "image/png" in data:
            self.figures.append(Figure(plain, "png", base64.b64decode(data["image/png"])))
        elif "<table" in data.get("text/html", ""):
            table = read_table(data["text/html"])
            self.tables.append(table)
            self._take_text("\n".join([table.caption, table.note, *sum(table.rows, [])]))
        else:
            self._take_text(data.get("text/markdown", plain))

    def _take_text(self, text):
        self.lines += [" ".join(line.split()) for line in text.splitlines() if line.strip()]

    def figure(self, name):
        return self._named("figure", self.figures, name)

    def table(self, name):
        return self._named("table", self.tables, name)

    def _named(self, kind, all_of_kind, name):
        """By its number in the chapter, or by words of its caption."""
        if name.isdigit():
            ends = re.compile(rf"^\w+ \d+[a-z]?\.{name}\. ")
            found = [one for one in all_of_kind if ends.match(one.caption)]
        else:
            found = [one for one in all_of_kind if name in CAPTION.sub("", one.caption)]
        return self._only(found, f"{kind} {name}")

    def cell(self, table, row, column, shown=False):
        """The text of a cell, or how it is shown. Row and column are named whole or by how they begin."""
        found, place = self.table(table), f"table {table}"
        i = self._only(places(found.names(), row), f"{place}, row {row}")
        j = self._only(places(found.headers, column), f"{place}, column {column}")
        return (self.shown(found) if shown else found).rows[i][j]

    def text(self, template):
        """What stands in place of the `?` of the template, on one line of the outputs; `*` is anything."""
        found = [match for line in self.lines for match in matches(template, line)]
        return self._only(sorted(set(found)), f"text `{template}`")

    def _only(self, found, name):
        if len(found) != 1:
            n = "none" if not found else f"{len(found)}: {', '.join(map(str, found[:5]))}"
            raise Missing(f"{self.name}, {name}: expected one in the chapter's outputs, found {n}")
        return found[0]


def places(texts, name):
    """Where the texts, or their first cells, are `name`, or else where they begin with it."""
    whole = [i for i, text in enumerate(texts) if text == name or text.startswith(f"{name} / ")]
    return whole or [i for i, text in enumerate(texts) if text.startswith(name)]


def matches(template, line):
    """What stands in place of `?` wherever the line holds the template: at an end of it a word, else the least."""
    parts = [part for part in re.split(r"([?*])", template) if part]
    holes = {"?": r"(.+?)", "*": r".*?"}
    at_ends = {i: r"(\S+)" for i in (0, len(parts) - 1) if parts[i] == "?"}
    pattern = "".join(at_ends.get(i) or holes.get(part) or re.escape(part) for i, part in enumerate(parts))
    return [value.rstrip(",;:.") for value in re.findall(pattern, line)]


class Book:
    """The chapters by name."""

    def __init__(self, paths):
        self.chapters = {chapter.name: chapter for chapter in map(Chapter, paths)}
        self.language = next((chapter.language for chapter in self.chapters.values()), "en")

    def __getitem__(self, name):
        if name not in self.chapters:
            raise Missing(f"chapter {name}: expected one of {', '.join(self.chapters)}")
        return self.chapters[name]

    def source(self, begins):
        """The reference that begins so, of all chapters."""
        found = [text for chapter in self.chapters.values() for text in chapter.sources if text.startswith(begins)]
        if len(found) != 1:
            raise Missing(f"sources, {begins}: expected one reference that begins so, found {len(found)}")
        return found[0]
