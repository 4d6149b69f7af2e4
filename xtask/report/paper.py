"""Makes the paper: `notebooks/paper.md`, with what it names taken from the outputs of executed notebooks.

    paper.py PDF PAPER NOTEBOOK…

In the text stands, in double braces and with ` | ` between the parts (names as `outputs.py` explains them):

    {{real-records | table 4 | STA/LTA | 1 an hour}}           the cell of that row and column
    {{real-records | table 4 | STA/LTA | 1 an hour | ? %}}     of it what stands in place of the `?`
    {{real-records | Recall of ? reference events}}            what stands there in any text output
    {{real-records | table 4 | caption | Recall of ? ref}}     what stands there in caption and note
    {{real-records | figure 2}}                                alone in a paragraph: the figure with its caption
    {{real-records | table 4}}                                 the table; with `| columns | A; B` these columns
                                                               alone, with `| rows | A; B` these rows
    {{what-we-found | table twelve | words | Known faults}}    these words for caption and note, which keep what they
                                                               say of the data (`Simulated data.`); what either
                                                               says of chapters is left out
    {{sources | Allen}}                                        the reference that begins so
    {{section | limits}}                                       the number of the section with that heading

In another language the text is that of its own `paper.md`, which names the same outputs by their English words; figures, tables
and cells are those of the notebooks that it was joined to.

A figure or a table that is named within a sentence gives its number in the paper. A name that no output has, or
more than one, is an error that gives the chapter and the name. So is a number in the prose that stands in no
output, unless it is marked as of a cited work: `[94.8 %]{.cited}`.
"""

import html
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from languages import KINDS, Labels
from outputs import Book, Missing, matches, places
from typeset import CAPTION, fence, literal, print_width, to_pdf

# Per cent of the line that a figure takes, as in the template.
WIDEST = 88
PLACEHOLDER = re.compile(r"\{\{(.+?)\}\}", re.S)
ALONE = re.compile(r"(?:\A|\n\n)\s*\{\{([^{}]+)\}\}\s*(?=\n\n|\Z)")
NUMBER = re.compile(r"[-+]?[\d.]+( ?%)?|-?")
# What a caption or a note says of its data: it stays whatever words the paper gives the caption.
OF_DATA = re.compile(r"Simulated|Data:|STORED|Computed from|模拟|数据：|已存储|于 .* 由记录算出")
# A paper has no chapters: `(chapter 2)`, `; real records: chapter 11`. And what is left of the book's numbers then.
TO_CHAPTER = re.compile(r" \(chapter \d+[a-z]?\)|; [^;.]*\bchapter \d+[a-z]?|（第 \d+[a-z]? 章）|；[^；。]*第 \d+[a-z]? 章")
OF_BOOK = re.compile(r"\bchapters? \d+|\b(?:Figure|Table) \d+[a-z]?\.\d+|第 \d+[a-z]? 章|[图表] \d+[a-z]?\.\d+")
CITED = re.compile(r"\[([^\]]*)\]\{\.cited\}")
# In prose these hold digits and are no numbers: codes and names, years of references, headings' marks, addresses.
NO_NUMBER = re.compile(r"`[^`]*`|\bdoi:\S+|https?://\S+|\b[A-Z][\w.]*\d[\w.]*|\(?\b(?:19|20)\d\d\b[a-z]?\)?(?=[);,）；，])|\]\(#\S+\)")


def parts_of(placeholder):
    return [" ".join(part.split()) for part in placeholder.split("|")]


def kind_and_name(part):
    """("table", "4") of `table 4`, None of other text."""
    kind, _, name = part.partition(" ")
    return (kind, name) if kind in ("figure", "table") and name else None


class Paper:
    """Fills in one text from the notebooks' outputs."""

    def __init__(self, book, media):
        self.book, self.media = book, media
        # What was placed, as ("table", caption in its notebook) in the order of the paper.
        self.placed, self.faults = [], []
        # A value that has words (`15 minutes`) in the language of the paper, as Markdown.
        line = Labels.read(book.language).line if book.language in KINDS else str
        self.worded = lambda value: literal(line(value))

    def fill(self, text):
        for found in ALONE.finditer(text):
            self._try(self._place, found)
        text = ALONE.sub(lambda found: "\n\n" + self._try(self._block, found), text)
        text = PLACEHOLDER.sub(lambda found: self._try(self._value, found), text)
        if self.faults:
            raise Missing("\n".join(self.faults))
        return text

    def _try(self, way, found):
        """What the placeholder stands for; a fault is kept, so that all are told together."""
        try:
            return way(parts_of(found[1]))
        except Missing as missing:
            self.faults.append(str(missing))
            return ""

    def _place(self, parts):
        if len(parts) > 1 and kind_and_name(parts[1]):
            kind, one = self._find(parts)
            if (kind, one.caption) in self.placed:
                raise Missing(f"{parts[0]}, {parts[1]}: stands in the paper twice")
            self.placed.append((kind, one.caption))
        return ""

    def _find(self, parts):
        kind, name = kind_and_name(parts[1])
        return kind, getattr(self.book[parts[0]], kind)(name)

    def _number(self, kind, one, parts):
        if (kind, one.caption) not in self.placed:
            raise Missing(f"{parts[0]}, {parts[1]}: named in the text, but not placed in the paper")
        same = [caption for placed, caption in self.placed if placed == kind]
        kind = KINDS.get(self.book.language, {}).get(kind.title(), kind.title())
        return f"{kind} {same.index(one.caption) + 1}"

    def _block(self, parts):
        if len(parts) < 2 or not kind_and_name(parts[1]):
            return self._value(parts)
        kind, one = self._find(parts)
        number, shown = self._number(kind, one, parts), self.book[parts[0]].shown(one)
        options = self._options(parts)
        words = sentences(CAPTION.sub("", shown.caption), getattr(shown, "note", ""))
        if "words" in options:
            words = sentences(options["words"], *(s for s in words if OF_DATA.match(s)))
        number, words = (f"{number}.", " ".join(words)) if number.isascii() else (number, "".join(words))
        if kind == "table":
            headers, rows = self._part_of(one, shown, options, parts)
            return table_block(number, words, headers, [[out_of_the_book(cell) for cell in row] for row in rows])
        path = self.media / f"figure-{number.strip('.').split()[-1]}.{shown.kind}"
        path.write_bytes(shown.data)
        return f"![**{number}** {literal(words)}]({path}){print_width(shown.data, shown.kind, WIDEST)}"

    def _options(self, parts):
        options = dict(zip(parts[2::2], parts[3::2]))
        if set(options) - {"columns", "rows", "words"} or len(parts) % 2:
            raise Missing(f"{', '.join(parts)}: expected `columns`, `rows` or `words`, and what they are")
        if re.search(r"\d", options.get("words", "")):
            raise Missing(f"{', '.join(parts)}: a number among words of our own")
        return options

    def _part_of(self, table, shown, options, parts):
        """Headers and rows as they are shown: those that are named."""
        columns = self._chosen(table.headers, options.get("columns"), parts)
        rows = self._chosen(table.names(), options.get("rows"), parts)
        return [shown.headers[j] for j in columns], [[shown.rows[i][j] for j in columns] for i in rows]

    def _chosen(self, texts, names, parts):
        if not names:
            return range(len(texts))
        chosen = [places(texts, name.strip()) for name in names.split(";")]
        if any(len(found) != 1 for found in chosen):
            raise Missing(f"{', '.join(parts)}: expected each of {names} once, among {'; '.join(texts)}")
        return [found[0] for found in chosen]

    def _value(self, parts):
        if parts[0] == "sources" and len(parts) == 2:
            return self.book.source(parts[1])
        if parts[0] == "section" and len(parts) == 2:
            return f"`#ref(<{parts[1]}>)`{{=typst}}"
        if len(parts) < 2:
            raise Missing(f"{parts[0]}: expected a chapter and a name, with ` | ` between")
        if not kind_and_name(parts[1]):
            return self.worded(self.book[parts[0]].text(parts[1]))
        kind, one = self._find(parts)
        if len(parts) == 2:
            return self._number(kind, one, parts)
        if parts[2] == "caption":
            return self._within(f"{one.caption}. {getattr(one, 'note', '')}", parts)
        if len(parts) not in (4, 5) or kind != "table":
            raise Missing(f"{', '.join(parts)}: expected a row and a column of a table")
        text = self.book[parts[0]].cell(parts[1].partition(" ")[2], *parts[2:4], shown=len(parts) == 4)
        return self._within(text, parts) if len(parts) == 5 else literal(text)

    def _within(self, text, parts):
        found = matches(parts[-1], text)
        if len(set(found)) != 1:
            raise Missing(f"{', '.join(parts)}: expected the last part once in `{text}`, found {len(found)}")
        return self.worded(found[0])


def out_of_the_book(text):
    """A caption, a note or a cell without what it says of chapters."""
    text = TO_CHAPTER.sub("", text)
    if OF_BOOK.search(text):
        raise Missing(f"`{text}` names a number of the book: give the caption other `words`")
    return text


def sentences(*texts):
    ended = lambda s: s if s.endswith((".", "。")) else s + ("。" if re.search("[一-鿿]", s) else ".")
    split = lambda text: re.split(r"(?<=\.)\s+(?=[A-Z])|(?<=。)(?=.)", out_of_the_book(text).strip())
    return [ended(s) for text in texts if text for s in split(text)]


def table_block(number, words, headers, rows):
    """The table as HTML, as `book.lua` reads it."""
    caption = f"<b>{number}</b> {html.escape(words)}"
    aligns = ["right" if all(NUMBER.fullmatch(row[i]) for row in rows) else "left" for i in range(len(headers))]
    cell = lambda tag, i, text: f'<{tag} style="text-align:{aligns[i]}">{html.escape(text)}</{tag}>'
    line = lambda tag, cells: "".join(["<tr>", *(cell(tag, i, text) for i, text in enumerate(cells)), "</tr>"])
    body = "".join(line("td", row) for row in rows)
    return fence("{=html}", f"<table><caption>{caption}</caption><thead>{line('th', headers)}</thead><tbody>{body}</tbody></table>")


def loose_numbers(text):
    """Numbers in the paper's prose that come from no output and are not marked as cited."""
    prose = re.split(r"^# .*\{-\}$", text, flags=re.M)[0]
    prose = re.sub(r"\A---\n.*?\n---\n", "", prose, flags=re.S)
    prose = NO_NUMBER.sub(" ", CITED.sub(" ", PLACEHOLDER.sub(" ", prose)))
    return [" ".join(found.group().split()) for found in re.finditer(r".{0,30}\b\d[\d.,]*.{0,20}", prose)]


def make(paper, notebooks, folder):
    """The paper as Markdown; its pictures are written to `folder`."""
    text = Path(paper).read_text(encoding="utf-8")
    loose = loose_numbers(text)
    if loose:
        raise Missing("numbers of no output, which no `.cited` marks:\n" + "\n".join(loose))
    return CITED.sub(r"\1", Paper(Book([Path(path) for path in notebooks]), folder).fill(text))


def main(pdf, paper, *notebooks):
    with TemporaryDirectory() as folder:
        folder = Path(folder)
        try:
            text = make(paper, notebooks, folder)
        except Missing as missing:
            sys.exit(f"{missing}\n{paper}: correct the names above there, or the cells that should have them")
        to_pdf(text, "paper.typ", folder, pdf)


if __name__ == "__main__":
    main(*sys.argv[1:])
