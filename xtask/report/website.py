"""Makes the site: a folder of HTML pages that open from the disk, from notebooks that hold their outputs.

    website.py FOLDER NOTEBOOK…

Beside the folder may lie the other forms, `paper.pdf` and `book.pdf`. One page a chapter, an index, a list of all sections for the search, each figure as a file. No page asks the
network for anything. Pieces that answer to the reader come from outputs of the type `figures.MIME`, which hold the
data; `interactive.js` draws them, here and in JupyterLab alike.
"""

import base64
import html
import json
import re
import shutil
import sys
from pathlib import Path

import nbformat
import pypandoc

import figures
import webfont
from languages import words
from outputs import Book
from paper import Paper
from typeset import CAPTION, READER, fence, numbered, size_of, with_code

HERE = Path(__file__).parent
WEB = HERE / "web"
SCRIPT = HERE.parents[1] / "src/display/interactive.js"
FORMS = {"paper": "the paper (PDF)", "book": "the book (PDF)"}
SUBTITLE = "Induced earthquakes and a neural network, a paper redone as a notebook in Rust."
# Words of `page.html`.
IN_TEMPLATE = ['lang="en"', "Nothing found.", "Search all chapters", "Enlarged figure", "Wheel or + and - to zoom, drag to move", ">Close<"]
TO_NOTEBOOK = re.compile(r"\]\((\d\d[a-z]?-[\w-]+)\.ipynb(#[^)]*)?\)")
CAPTION_OF_TABLE = re.compile(r"<caption([^>]*)>(.*?)</caption>", re.S)
SECTION = re.compile(r'<h([12]) id="([^"]+)"[^>]*>(.*?)</h\1>', re.S)


class Chapter:
    """A notebook as a page."""

    def __init__(self, path, folder, word=str):
        self.page = f"{path.stem}.html"
        self.folder, self.stem, self.word = folder, path.stem, word
        self.cells = nbformat.read(path, as_version=4).cells
        self.n_figures = 0
        self.body = to_html("\n\n".join(block for cell in self.cells for block in self._blocks(cell)))
        self.sections = [(level, anchor, plain(words)) for level, anchor, words in SECTION.findall(self.body)]
        self.title = self.sections[0][2] if self.sections else self.stem
        goal = re.search(rf"\*\*{self.word('Goal.')}\*\* ?(.*)", "".join(self.cells[0].source)) if self.cells else None
        self.goal = to_html(goal[1]) if goal else ""

    def _blocks(self, cell):
        if cell.cell_type == "markdown":
            return [TO_NOTEBOOK.sub(page_link, cell.source)]
        if cell.cell_type != "code":
            return []
        tags = cell.metadata.get("tags", [])
        hidden = {"hide-source", "abstract", "lead"} & set(tags) or not cell.source.strip()
        blocks = [] if hidden else [fence("rust", cell.source)]
        blocks += [block for output in cell.outputs if (block := self._output(output))]
        if "solution" in tags or "jupyter" in cell.metadata:
            return [raw(f"<details><summary>{self.word('Solution')}</summary>"), *blocks, raw("</details>")]
        return blocks

    def _output(self, output):
        if output.output_type == "stream":
            return fence("output", output.text.rstrip("\n"))
        data = output.get("data", {})
        words = data.get("text/plain", "")
        if "image/png" in data or "image/svg+xml" in data:
            return raw(self._figure(data, words))
        if "text/markdown" in data:
            return data["text/markdown"]
        if "<table" in data.get("text/html", ""):
            table = CAPTION_OF_TABLE.sub(r"<caption\1><span>\2</span></caption>", with_code(data["text/html"]))
            return raw(f'<div class="table">{table}</div>')
        return fence("output", words) if words else None

    def _figure(self, data, words):
        self.n_figures += 1
        kind = "svg" if "image/svg+xml" in data else "png"
        picture = data["image/svg+xml"].encode() if kind == "svg" else base64.b64decode(data["image/png"])
        name = f"figures/{self.stem}-{self.n_figures}.{kind}"
        (self.folder / name).write_bytes(picture)
        number = CAPTION.match(words)
        anchor = f' id="{number[1].lower()}-{number[2]}"' if number else ""
        caption = CAPTION.sub(lambda found: f"<b>{numbered(found)}</b> ", html.escape(" ".join(words.split())))
        width, height = size_of(picture, kind)
        enlarge = self.word("Enlarge")
        figure = (
            f'<figure{anchor}><button class="zoom" title="{enlarge}"><img src="{name}" width="{width}" height="{height}" '
            f'alt="{html.escape(words)}" loading="lazy"></button><figcaption>{caption}</figcaption></figure>'
        )
        if figures.MIME not in data:
            return figure
        # As text within a script no character ends it but `</`.
        piece = data[figures.MIME] if isinstance(data[figures.MIME], str) else json.dumps(data[figures.MIME])
        piece = piece.replace("</", "<\\/")
        return f'{figure}<div class="quakebook-interactive"><script type="application/json">{piece}</script></div>'

    def texts(self):
        """For the search: (title of the section, address, its text)."""
        parts = SECTION.split(self.body)
        for level, anchor, words, text in zip(*(parts[i::4] for i in (1, 2, 3, 4))):
            address = self.page if level == "1" else f"{self.page}#{anchor}"
            yield {"chapter": self.title, "section": plain(words), "address": address, "text": plain(text)}


def page_link(found):
    anchor = (found[2] or "").lower()
    return f"]({found[1]}.html{anchor})"


def raw(text):
    return fence("{=html}", text)


def plain(text):
    text = re.sub(r"<(script|style|annotation)[^>]*>.*?</\1>", " ", text, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def to_html(text):
    return pypandoc.convert_text(text, "html5", format=READER, extra_args=["--mathml", "--wrap=none"])


def page(template, title, chapters, here, body):
    """A whole page: the chapters on the left, of this one the sections too."""
    items = []
    for chapter in chapters:
        current = chapter is here
        inner = "".join(f'<li><a href="#{anchor}">{html.escape(words)}</a></li>' for level, anchor, words in chapter.sections if level == "2")
        inner = f"<ol>{inner}</ol>" if current and inner else ""
        mark = ' aria-current="page"' if current else ""
        items.append(f'<li><a href="{chapter.page}"{mark}>{html.escape(chapter.title)}</a>{inner}</li>')
    for key, value in {"TITLE": html.escape(title), "CHAPTERS": "".join(items), "BODY": body}.items():
        template = template.replace(f"<!-- {key} -->", value)
    return template


def worded(template, word):
    """The template's own words in the language of the notebooks; in English it stays as it is."""
    for english in IN_TEMPLATE:
        template = template.replace(english, word(english))
    return template


def neighbours(chapters, i):
    """Links to the chapter before and the one behind."""
    before = f'<a rel="prev" href="{chapters[i - 1].page}">← {html.escape(chapters[i - 1].title)}</a>' if i else "<span></span>"
    after = f'<a rel="next" href="{chapters[i + 1].page}">{html.escape(chapters[i + 1].title)} →</a>' if i + 1 < len(chapters) else ""
    return f'<nav class="neighbours">{before}{after}</nav>'


def abstract(chapters, notebooks, forms):
    """The paper's abstract with the numbers of these notebooks; where there is no paper, that of the cells tagged so."""
    if "paper" in forms:
        joined = notebooks[0].with_name("paper.md")
        paper = joined if joined.exists() else HERE.parents[1] / "notebooks/paper.md"
        text = re.search(r"^::: abstract\n(.*?)\n:::$", paper.read_text(encoding="utf-8"), re.S | re.M)[1]
        return Paper(Book(notebooks), None).fill(text)
    cells = [cell for chapter in chapters for cell in chapter.cells]
    tagged = [cell for tag in ["lead", "abstract"] for cell in cells if tag in cell.metadata.get("tags", [])]
    outputs = [output.get("data", {}) for cell in tagged for output in cell.get("outputs", [])]
    return "\n\n".join(data["text/markdown"] for data in outputs if "text/markdown" in data)


def front(chapters, abstract, forms, word=str):
    """The first page: the abstract, the other forms beside the site, the chapters."""
    rows = "".join(f'<li><a href="{c.page}">{html.escape(c.title)}</a>{c.goal}</li>' for c in chapters)
    others = word(" and ").join(f'<a href="../{form}.pdf">{word(name)}</a>' for form, name in forms.items())
    others = f"<p>{word('Beside this site: ')}{others}{word('.')}</p>" if others else ""
    return (
        f'<h1 id="quakebook">quakebook</h1><p>{word(SUBTITLE)}</p>'
        f'{others}{to_html(abstract)}<h2 id="chapters">{word("Chapters")}</h2><ul class="front">{rows}</ul>'
    )


def main(folder, *notebooks):
    folder, notebooks = Path(folder), [Path(path) for path in notebooks]
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    word = words(notebooks)
    chapters = [Chapter(path, folder, word) for path in notebooks]
    template = worded((WEB / "page.html").read_text(encoding="utf-8"), word)
    for i, chapter in enumerate(chapters):
        body = chapter.body + neighbours(chapters, i)
        (folder / chapter.page).write_text(page(template, chapter.title, chapters, chapter, body), encoding="utf-8")
    forms = {form: name for form, name in FORMS.items() if (folder.parent / f"{form}.pdf").exists()}
    body = front(chapters, abstract(chapters, notebooks, forms), forms, word)
    (folder / "index.html").write_text(page(template, "quakebook", chapters, None, body), encoding="utf-8")
    texts = [text for chapter in chapters for text in chapter.texts()]
    # A page that was opened from the disk may not read another file, but may run one.
    (folder / "sections.js").write_text(f"const SECTIONS = {json.dumps(texts, ensure_ascii=False)};\n", encoding="utf-8")
    for path in [WEB / "site.css", WEB / "site.js", SCRIPT]:
        if path.exists():
            shutil.copy(path, folder)
    webfont.bring(folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
