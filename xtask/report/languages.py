"""Joins the texts of another language into notebooks that hold their outputs.

    languages.py LANGUAGE FOLDER NOTEBOOK…

The joined copies go into FOLDER, and the paper with them. The code and the numbers are those of the notebook; its words come from the folder
of the language beside it, `notebooks/zh`:

- `<stem>.md`: the Markdown cells. Each begins with the line `<!-- CELL HASH -->`, the cell's id and the first 8 hex
  digits of the SHA-256 of its English source. Where the English has changed since, the hash is another: the cell then
  stays English, with a mark.
- `paper.md`: the paper in the same form; its cells are the sections of `notebooks/paper.md`, each named as a link would name
  it, and `head` is all before the first.
- `labels.toml`: captions, headers, notes and printed lines, English to the other language, in any tables; in its own
  chapter `chapter-N` goes before the others; `forms` has the words of the book and the site themselves. A number is `{}`; where their order changes, `{0}` is
  the first of the English, `{1}` the second. The code of any station may be `{station}`. What stands in a caption or a note in several sentences may be
  given sentence by sentence.
- `figures.toml`: `labels` within figures, in the same form, which go before those of `labels.toml`; `same` lists what
  needs no other word; `pieces` has what the pieces that answer to the reader say (`src/display/interactive.js`).
- `terms.toml`: the terms of the field, for who translates, and for `languages_test.py`.
"""

import hashlib
import html
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat

import figures
from typeset import CAPTION

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
HEAD = re.compile(r"^<!-- (\S+) ([0-9a-f]{8}) -->\n", re.M)
HEADING = re.compile(r"^(#+ )(.*)$", re.M)
# What pandoc is told of a heading: its name, or that it has no number.
TOLD = re.compile(r" \{(?:#([\w-]+)|-)\}$")
FENCED = re.compile(r"^```.*?^```", re.M | re.S)
# A digit behind a letter belongs to a name (HH1, OK029), unless it is the hour of a time (2014-02-16T01:28:31).
NUMBER = re.compile(r"(?:(?<![A-Za-z\d])|(?<=\dT))\d+(?:[.,:]\d+)*")
HOLE = re.compile(r"\{(\d*)\}")
STATION = re.compile(r"\b[A-Z][A-Z\d]\.[A-Z][A-Z\d]{1,4}\b")
# A word that is no part of a path, an address or a setting.
WORD = re.compile(r"(?<![\w.=/\"`\[-])[a-z]{3,}(?![\w.=/\":-]| = )")
# Of numbers without words, as `81 % [72, 91]`: Chinese has no space there.
BEFORE_PERCENT = re.compile(r"(?<=[\d\]]) (?=%)")
SENTENCE = re.compile(r"(?<=\.) +")
# The parts of a table or figure in HTML that hold words; the first group stays.
HTML_TEXT = re.compile(r"(<(caption|th|td|small|figcaption)(?: [^>]*)?>)(.*?)(?=</\2>)", re.S)
ALT = re.compile(r'(\balt=")([^"]*)(?=")')
KINDS = {"zh": {"Figure": "图", "Table": "表"}}
MARKS = {
    "zh": {
        "stale": "**〔本节英文已更新，译文待修订〕**",
        "missing": "**〔尚未翻译〕**",
        "chapter": "**〔本章尚未翻译，以下为英文原文〕**",
    }
}


def digest(source):
    """By which a translation knows the English that it was made from."""
    return hashlib.sha256(source.encode()).hexdigest()[:8]


@dataclass
class Translation:
    hash: str
    text: str


def read_chapter(path):
    """The translated cells of a chapter by their ids; none where there is no file."""
    if not path.exists():
        return {}
    before, *parts = HEAD.split(path.read_text(encoding="utf-8"))
    if before.strip():
        raise ValueError(f"{path}: expected `<!-- CELL HASH -->` on its first line, found {before.strip()[:60]!r}")
    ids, hashes, texts = parts[0::3], parts[1::3], parts[2::3]
    twice = {i for i in ids if ids.count(i) > 1}
    if twice:
        raise ValueError(f"{path}: expected each cell once, found more of {', '.join(sorted(twice))}")
    return {i: Translation(h, text.strip("\n")) for i, h, text in zip(ids, hashes, texts)}


def state(english, translation):
    """`ready`, `stale` where the English has changed since, or `missing`."""
    if translation is None:
        return "missing"
    return "ready" if translation.hash == digest(english) else "stale"


class Labels:
    """The words that the library prints, English to another language."""

    def __init__(self, tables, language, stem="", of_figures={}):
        self.forms = tables.get("forms", {})
        self.words = {key: value for name, table in tables.items() if name != "forms" for key, value in table.items()}
        self.words |= tables.get(f"chapter-{stem.partition('-')[0].lstrip('0') or '0'}", {})
        self.of_figures = self.words | of_figures.get("labels", {}) | {same: same for same in of_figures.get("same", [])}
        self.pieces = of_figures.get("pieces", {})
        self.kinds = KINDS[language]
        self.unknown = []

    @classmethod
    def read(cls, language, stem=""):
        read = lambda name: tomllib.loads((NOTEBOOKS / language / name).read_text(encoding="utf-8"))
        return cls(read("labels.toml"), language, stem, read("figures.toml"))

    def line(self, text):
        """A caption, a note, a header or a printed line; English where no label has it."""
        words = text.strip()
        number = CAPTION.match(words)
        if number:
            kind = self.kinds.get(number[1], number[1])
            return f"{kind} {number[2]} {self.line(words[number.end():])}"
        if not re.search("[A-Za-z]{2}", words):
            return BEFORE_PERCENT.sub("", text)
        found = self._label(words)
        if found is None:
            parts = [self._label(part) for part in SENTENCE.split(words)]
            found = "".join(parts) if len(parts) > 1 and None not in parts else None
        if found is None:
            if re.search("[a-z]{2} [a-z]{2}", words) or len(WORD.findall(words)) > 1:  # Otherwise a name, or code.
                self.unknown.append(NUMBER.sub("{}", words))
            return text
        return text.replace(words, found)

    def in_figure(self, words):
        """Words within a figure; English where no label has them."""
        if not re.search("[A-Za-z]{2}", words):
            return BEFORE_PERCENT.sub("", words)
        found = self._label(words, self.of_figures)
        if found is None:
            self.unknown.append(f"in a figure: {NUMBER.sub('{}', words)}")
        return found or words

    def _label(self, words, table=None):
        table, stations = self.words if table is None else table, iter(STATION.findall(words))
        for text in [words, STATION.sub("{station}", words)]:
            label = table.get(NUMBER.sub("{}", text))
            if label is not None:
                return re.sub(r"\{station\}", lambda _: next(stations), fill(label, NUMBER.findall(text)))
        return None

    def text(self, text):
        """A printed text: as one paragraph after another, or line by line."""
        whole = self._label(text.strip())
        return whole if whole is not None else "\n".join(self.line(line) for line in text.split("\n"))

    def html(self, text):
        def inner(found):
            # Words between the tags of a cell, such as a line break, are lines of their own.
            return found[1] + re.sub(r"[^<>]*[^<>\s][^<>]*", lambda part: self._escaped(part[0]), found[3])

        text = HTML_TEXT.sub(inner, text)
        return ALT.sub(lambda found: found[1] + self._escaped(found[2]), text)

    def _escaped(self, text):
        return html.escape(self.line(html.unescape(text)), quote=False)

    def output(self, output):
        """Replaces the words of an output."""
        if output.output_type == "stream":
            output.text = self.text(output.text)
        data = output.get("data", {})
        if "image/svg+xml" in data:
            data["image/svg+xml"] = figures.lettered(data["image/svg+xml"], self.in_figure)
        if {"image/svg+xml", "image/png"} & set(data) and not figures.texts(data.get("image/svg+xml", "")):
            self.unknown.append(f"in a figure: all that is written in {' '.join(data['text/plain'].split()[:2])} itself")
        if figures.MIME in data:
            data[figures.MIME] = figures.answering(data[figures.MIME], self.in_figure, self.line, self.pieces)
        if "text/html" in data:
            text = figures.in_html(data["text/html"], data.get("image/svg+xml"), data.get(figures.MIME))
            data["text/html"] = self.html(text)
        if "text/markdown" in data:
            data["text/markdown"] = "\n\n".join(map(self.line, data["text/markdown"].split("\n\n")))
        # The plain form of a table is shown nowhere.
        if "text/plain" in data and "<table" not in data.get("text/html", ""):
            data["text/plain"] = self.text(data["text/plain"])


def fill(label, numbers):
    """Puts the numbers of the English into a label's `{}`, or `{0}`, `{1}`."""
    order = iter(numbers)
    return HOLE.sub(lambda hole: numbers[int(hole[1])] if hole[1] else next(order), label)


def anchored(text, english, linked):
    """A heading that is linked keeps its English anchor, so that a link leads to one place in both editions."""
    rest = iter([anchor(words) for _, words in HEADING.findall(FENCED.sub("", english))])
    parts = re.split(f"({FENCED.pattern})", text, flags=re.M | re.S)
    add = lambda found: f"{found[0]} {{#{name}}}" if (name := next(rest, None)) in linked and not TOLD.search(found[0]) else found[0]
    return "".join(part if part.startswith("```") else HEADING.sub(add, part) for part in parts)


def linked_anchors(notebooks):
    texts = [cell.source for notebook in notebooks for cell in notebook.cells if cell.cell_type == "markdown"]
    return {name.lower() for text in texts for name in re.findall(r"\.ipynb#([^)\s]+)\)", text)}


def anchor(heading):
    """As pandoc makes it of a heading, or as the heading says."""
    told = TOLD.search(heading)
    if told and told[1]:
        return told[1]
    words = re.sub(r"[^\w\s.-]", "", TOLD.sub("", heading).lower())
    return re.sub(r"^[^a-z]+", "", re.sub(r"\s+", "-", words.strip()))


def marked(source, mark):
    """English text with a mark, below the heading where it begins with one."""
    first, _, rest = source.partition("\n")
    return f"{first}\n\n{mark}\n{rest}" if first.startswith("#") else f"{mark}\n\n{source}"


def join(notebook, translations, labels, language, linked=()):
    """Puts the language's words into the notebook. Returns the cells that are not ready: (state, cell)."""
    marks, faults, is_first = MARKS[language], [], True
    for cell in notebook.cells:
        if cell.cell_type == "code" and translations:
            for output in cell.outputs:
                labels.output(output)
        if cell.cell_type != "markdown":
            continue
        found = state(cell.source, translations.get(cell.id))
        if found == "ready":
            cell.source = anchored(translations[cell.id].text, cell.source, linked)
            continue
        faults.append((found, cell.id))
        if translations:
            cell.source = marked(cell.source, marks[found])
        elif is_first:
            cell.source = marked(cell.source, marks["chapter"])
        is_first = False
    notebook.metadata["language"] = language
    return faults


def sections(text):
    """The sections of the paper by the names of their headings; what stands before them is `head`."""
    head, *parts = re.split(r"^(?=#+ )", text, flags=re.M)
    return {"head": head.strip()} | {anchor(HEADING.match(part)[2]): part.strip() for part in parts}


def join_paper(text, translations, language):
    """The paper in another language, and its sections that are not ready: (state, name)."""
    found, faults, joined = sections(text), [], []
    for name, english in found.items():
        kind = state(english, translations.get(name))
        if kind == "ready":
            joined.append(anchored(translations[name].text, english, found))
            continue
        faults.append((kind, name))
        mark = MARKS[language][kind]
        joined.append(english.replace("::: abstract\n", f"::: abstract\n{mark}\n\n") if name == "head" else marked(english, mark))
    return "\n\n".join(joined) + "\n", faults


def words(notebooks):
    """The words of the book and the site in the language of the notebooks: a function of the English."""
    language = nbformat.read(notebooks[0], as_version=4).metadata.get("language") if notebooks else None
    forms = Labels.read(language).forms if language else {}
    return lambda english: forms.get(english, english)


def main(language, folder, *notebooks):
    if language not in MARKS:
        sys.exit(f"languages.py: expected one of the languages {', '.join(MARKS)}, found `{language}`")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    read = {Path(path): nbformat.read(path, as_version=4) for path in notebooks}
    linked = linked_anchors(read.values())
    for path, notebook in read.items():
        translations = read_chapter(NOTEBOOKS / language / f"{path.stem}.md")
        labels = Labels.read(language, path.stem)
        faults = join(notebook, translations, labels, language, linked)
        # There stand the English names of what the outputs hold.
        notebook.metadata["joined_from"] = str(path.resolve())
        nbformat.write(notebook, folder / path.name)
        tell(path.stem, faults)
        for words in dict.fromkeys(labels.unknown):
            print(f"{path.stem}: no label: {words}")
    translations = read_chapter(NOTEBOOKS / language / "paper.md")
    text, faults = join_paper((NOTEBOOKS / "paper.md").read_text(encoding="utf-8"), translations, language)
    (folder / "paper.md").write_text(text, encoding="utf-8")
    tell("paper", faults)


def tell(name, faults):
    for kind in ["stale", "missing"]:
        cells = [cell for found, cell in faults if found == kind]
        if cells:
            print(f"{name}: {len(cells)} cells {kind}: {', '.join(cells)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
