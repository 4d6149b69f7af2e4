"""Makes one PDF of notebooks that hold their outputs: Markdown, then pandoc, then Typst.

    book.py PDF NOTEBOOK…

What a notebook does for the book, by the tags of its cells:

- `abstract`, `glossary`, `sources`, `provenance`: the cell goes to that place of the book instead of
  its chapter; of a code cell only the outputs. So the abstract's numbers are those of a run. `lead`: the abstract begins
  with this cell, whatever its chapter.
- `hide-source`: of this code cell only the outputs are printed.
- `no-book`: the cell is not printed.

Outputs: a figure is `image/svg+xml` or `image/png` with its caption in `text/plain`; a table is HTML; `text/markdown` is
set as text; anything else as it stands. A folded cell is a solution, and gets a box of its own.
"""

import base64
import html
import json
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat

from languages import words
from typeset import CAPTION, caption, fence, print_width, size_of, to_pdf, with_code

# In the book's order; the abstract stands before the contents.
PLACES = ["lead", "abstract", "glossary", "sources", "provenance"]
# What the template prints itself.
PRINTED = {
    "lang": "en",
    "subtitle": "Induced earthquakes and a neural network,",
    "subtitle-2": "a paper redone as a notebook in Rust",
    "abstract-title": "Abstract",
    "list-title": "Figures and tables",
}
MAX_TITLE = 160
PICTURES = {"image/svg+xml": "svg", "image/png": "png"}
# Per cent of the line that a figure takes, and its caption in the template.
WIDEST = 92
# A figure that is taller than this share of its width may move to the head or the foot of a page: where it did not fit, it
# would leave a third of the page white.
TALL = 0.5
# On paper the glossary is a section of the same book: a term stands as it is.
TO_GLOSSARY = re.compile(r"\[([^\]]+)\]\(00-before-you-start\.ipynb#Glossary\)")


def markdown(notebooks, media, word=str):
    """The book as pandoc's Markdown; figures are written to the folder `media`. `word` gives words of the book itself."""
    chapters, apart = [], {place: [] for place in PLACES}
    for path in notebooks:
        for number, cell in enumerate(nbformat.read(path, as_version=4).cells):
            tags = cell.metadata.get("tags", [])
            if "no-book" in tags:
                continue
            place = next((tag for tag in tags if tag in apart), None)
            hidden = place is not None or "hide-source" in tags
            name = f"{path.stem}-{number}"
            text = blocks(cell, hidden, media / name, word)
            (apart[place] if place else chapters).extend(text)
    text = [div("abstract", apart["lead"] + apart["abstract"])] + chapters
    text += [div(place, apart[place]) for place in PLACES[2:]]
    return "\n\n".join(text)


def blocks(cell, hidden, image, word):
    if cell.cell_type == "markdown":
        return [TO_GLOSSARY.sub(r"\1", cell.source)]
    if cell.cell_type != "code":
        return []
    source = [] if hidden or not cell.source.strip() else [fence("rust", cell.source)]
    is_solution = "jupyter" in cell.metadata or "solution" in cell.metadata.get("tags", [])
    # Nothing moves out of the box of a solution.
    outputs = [output_block(o, image.with_name(f"{image.name}-{i}"), not is_solution) for i, o in enumerate(cell.outputs)]
    printed = source + [block for block in outputs if block]
    if not is_solution:
        return printed
    # Folded away on the screen; on paper a box of its own.
    return [fence("{=typst}", f"#solution[#summary[{word('Solution')}]"), *printed, fence("{=typst}", "]")]


def output_block(output, image, may_move=False):
    """An output as Markdown; what has a number is named for the list of figures and tables."""
    data = output.get("data", {})
    kind = next((kind for kind in PICTURES if kind in data), None)
    if kind:
        return figure_block(data, kind, image.with_suffix(f".{PICTURES[kind]}"), may_move)
    block, named = bare_output_block(output), html_caption(data.get("text/html", ""))
    if not block or not CAPTION.match(named):
        return block
    return fence("{=typst}", listed(named)) + "\n\n" + block


def listed(named):
    """The first sentence of a caption, for the list of figures and tables; a long one ends with a whole word."""
    title = re.split(r"(?<=[^\d.])\. |(?<=\))\. |\.$|。", " ".join(named.split()))[0]
    if len(title) > MAX_TITLE:
        title = re.match(rf".{{100,{MAX_TITLE}}}(?= )|.{{{MAX_TITLE}}}", title)[0] + " …"
    return f"#listed({json.dumps(title, ensure_ascii=False)})"


def figure_block(data, kind, image, may_move):
    """A figure, named in its caption, so that the list has the page that it moves to."""
    suffix = PICTURES[kind]
    picture = data[kind].encode() if suffix == "svg" else base64.b64decode(data[kind])
    image.write_bytes(picture)
    plain = data.get("text/plain", "")
    named = f"``{listed(plain)}``{{=typst}}" if CAPTION.match(plain) else ""
    block = f"![{named}{caption(plain)}]({image}){print_width(picture, suffix, WIDEST)}"
    width, height = size_of(picture, suffix)
    if not may_move or height < TALL * width:
        return block
    return "\n\n".join([fence("{=typst}", "#moving["), block, fence("{=typst}", "]")])


def html_caption(text):
    found = re.search("<caption[^>]*>(.*?)</caption>", text, re.S)
    return html.unescape(re.sub("<[^>]*>", "", found[1])) if found else ""


def bare_output_block(output):
    if output.output_type == "stream":
        return fence("output", output.text.rstrip("\n"))
    data = output.get("data", {})
    plain = data.get("text/plain", "")
    if "text/markdown" in data:
        return data["text/markdown"]
    if "<table" in data.get("text/html", ""):
        return table_block(data["text/html"])
    return fence("output", plain) if plain else None


def table_block(text):
    """A table, and the note below it, which stays with it."""
    table, has_note, note = with_code(text).partition("<p><small>")
    if not has_note:
        return fence("{=html}", table)
    note = fence("{=html}", f"<p>{note.replace('</small>', '')}")
    begin, between, end = (fence("{=typst}", mark) for mark in ("#noted[", "][", "]"))
    return "\n\n".join([begin, fence("{=html}", table), between, note, end])


def div(name, texts):
    return "\n\n".join([f":::::: {{.{name}}}", *texts, "::::::"]) if texts else ""


def main(pdf, *notebooks):
    with TemporaryDirectory() as folder:
        folder, word = Path(folder), words(notebooks)
        variables = {name: word(english) for name, english in PRINTED.items()}
        to_pdf(markdown([Path(path) for path in notebooks], folder, word), "book.typ", folder, pdf, variables)


if __name__ == "__main__":
    main(*sys.argv[1:])
