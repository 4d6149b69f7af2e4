"""Tests the paper and the site, without running a notebook.

    forms_test.py FOLDER

The paper of the clone finds all that it names in the notebooks as committed; a name that is wrong is told. A page of the
site has all of its notebook. `site_test.py` opens the pages.
"""

import base64
import io
import re
import struct
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

import nbformat
from fontTools.ttLib import TTFont
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import figures
import paper
import webfont
import website
from outputs import Book, Missing, matches
from paper import Paper, loose_numbers, out_of_the_book

TABLE = """<table><caption>Table 3.1. Recall of 158 events</caption><thead><tr><th>Detector</th><th>1 an hour</th></tr></thead>
<tbody><tr><td>A &amp; B</td><td>81 % [72, 91]</td></tr><tr><td>C</td><td>7 %</td></tr></tbody></table>
<p><small>Brackets: 95 %. Simulated data.</small></p>"""
PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s2I", 13, b"IHDR", 1400, 600)
PICTURE = {"image/png": base64.b64encode(PNG).decode(), "text/plain": "Figure 3.1. Waves of 4 events. Simulated data: here."}


def a_book(folder):
    """One chapter with a table, a figure and a line of text."""
    outputs = [
        new_output("stream", text="model finds 94 % at 1 alarm\nmodel finds 12 in all\n"),
        new_output("display_data", {"text/html": TABLE, "text/plain": "..."}),
        new_output("display_data", PICTURE),
    ]
    nbformat.write(new_notebook(cells=[new_code_cell("", outputs=[o]) for o in outputs]), folder / "03-waves.ipynb")
    return Book([folder / "03-waves.ipynb"])


def fault_of(book, folder, text):
    try:
        Paper(book, folder).fill(text)
    except Missing as missing:
        return str(missing)
    raise AssertionError(f"not refused: {text}")


def test_names(folder):
    book = a_book(folder)
    fill = lambda text: Paper(book, folder).fill(text)
    assert fill("x {{waves | table 1 | A & B | 1 an hour}} y") == "x 81 % &#91;72, 91&#93; y"
    assert fill("x {{waves | table 1 | A & B | 1 an hour | &#91;? *}}".replace("&#91;", "[")) == "x 72"
    assert fill("x {{waves | model finds ? % at}}") == "x 94"
    assert fill("x {{waves | table Recall | caption | of ? events}}") == "x 158"
    placed = fill("See {{waves | figure 1}} and {{waves | table 1}}.\n\n{{waves | figure Waves}}\n\n{{waves | table 1}}\n")
    assert placed.startswith("See Figure 1 and Table 1.") and "![**Figure 1.** Waves of 4 events." in placed
    worded = fill("x\n\n{{waves | table 1 | words | Our words | rows | C}}\n")
    assert "Our words. Simulated data." in worded and "Brackets" not in worded and "81" not in worded

    for text, said in [
        ("x {{wave | table 1}}", "chapter wave"),
        ("x {{waves | table 2 | A | 1 an hour}}", "waves, table 2"),
        ("x {{waves | table 1 | D | 1 an hour}}", "waves, table 1, row D"),
        ("x {{waves | table 1 | C | 2 an hour}}", "column 2 an hour"),
        ("x {{waves | model loses ? %}}", "model loses"),
        ("x {{waves | model finds ?}}", "found 2"),
        ("x {{waves | figure 1}}", "not placed"),
        ("x\n\n{{waves | figure 1 | words | 7 waves}}\n", "a number among words"),
        ("x\n\n{{waves | figure 1}}\n\n{{waves | figure 1}}\n", "twice"),
    ]:
        assert said in fault_of(book, folder, text), (said, fault_of(book, folder, text))


def test_columns_of_numbers():
    """They stand to the right, with the space before the sign as in English and without it as in Chinese."""
    for cells in [["81 %", "-"], ["81%", "7"]]:
        assert 'text-align:right">81' in paper.table_block("1", "x", ["a"], [[cell] for cell in cells])
    assert 'text-align:left">81' in paper.table_block("1", "x", ["a"], [["81 % [72, 91]"]])


def test_chapters():
    """A paper has none: what a caption says of them is left out, or told."""
    assert out_of_the_book("Simulated data, of one world; real records: chapter 11. Brackets: a; b.") == "Simulated data, of one world. Brackets: a; b."
    assert out_of_the_book("clusters on kilometres (chapter 2)") == "clusters on kilometres"
    for text in ["As in chapter 4.", "At the thresholds of Table 9.6."]:
        try:
            out_of_the_book(text)
        except Missing as missing:
            assert text in str(missing)
        else:
            raise AssertionError(f"not refused: {text}")


def test_numbers():
    assert matches("b ? c", "a b 1 2 c") == ["1 2"] and matches("? c", "a 1 c") == ["1"] and matches("b ?", "b 1, 2") == ["1"]
    assert not loose_numbers("Station CX.PB01 (Allen 1978; Brune (1970)) has {{waves | 7}} and [94.8 %]{.cited}, `x1`.")
    for text in ["It finds 94 % of them.", "In 2014 it was.", "**7** of them", "x\n# A\n12 h"]:
        assert loose_numbers(text), text


def test_site(folder):
    """A page has all of its notebook: texts, links, code, figures and tables, solutions folded."""
    cells = [
        new_markdown_cell("# 3. Waves\n\n**Goal.** See [them](01-catalog.ipynb#Glossary)."),
        new_markdown_cell("## Noise & more\n\n$x^2$"),
        new_code_cell("let a = 1;", outputs=[new_output("stream", text="a < b\n"), new_output("display_data", {"text/html": TABLE})]),
        new_code_cell("plot()", outputs=[new_output("display_data", PICTURE | {figures.MIME: '{"kind": "</script>"}'})]),
        new_code_cell("let secret = 2;", metadata={"tags": ["solution"]}),
        new_code_cell("hidden()", metadata={"tags": ["hide-source"]}),
    ]
    nbformat.write(new_notebook(cells=cells), folder / "03-waves.ipynb")
    website.main(folder / "site", folder / "03-waves.ipynb")
    page = (folder / "site/03-waves.html").read_text(encoding="utf-8")
    for part in [
        '<a href="01-catalog.html#glossary">', '<h2 id="noise-more">', "<math", "a &lt; b", '<div class="table"><table>', '<figure id="figure-3.1">',
        'src="figures/03-waves-1.png" width="700" height="300"', "<b>Figure 3.1.</b> Waves", '{"kind": "<\\/script>"}', "<details>", "secret",
    ]:
        assert part in page, part
    assert "hidden()" not in page.replace("</span>", "").replace('<span class="fu">', "")
    assert (folder / "site/figures/03-waves-1.png").read_bytes() == PNG
    sections = (folder / "site/sections.js").read_text(encoding="utf-8")
    assert '"address": "03-waves.html#noise-more"' in sections and "paper.pdf" not in (folder / "site/index.html").read_text()


def characters(text):
    """Those of the font that stands in a style sheet or a figure, which tells its licence."""
    font = TTFont(io.BytesIO(base64.b64decode(re.search(r"data:font/woff;base64,([^\"]+)", text)[1])))
    assert "SIL Open Font License" in font["name"].getDebugName(13)
    return set(map(chr, font.getBestCmap()))


def test_font(folder):
    """A site brings the Chinese characters that it uses, a figure its own; the fonts of the reader go before them."""
    svg = '<svg width="9" height="9" xmlns="http://www.w3.org/2000/svg"><text x="1">{}</text></svg>'
    files = {"a.html": "<p>地震，a</p>", "sections.js": "图", "figures/a.svg": svg.format("震 &lt; 7"), "figures/b.svg": svg.format("7"), "site.css": "p {}\n"}
    (folder / "figures").mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    webfont.bring(folder)
    after = {name: (folder / name).read_text(encoding="utf-8") for name in files}
    assert after["site.css"].startswith("p {}\n@font-face") and after["site.css"].index("local(") < after["site.css"].index("url(")
    assert characters(after["site.css"]) == set("地震，图") and characters(after["figures/a.svg"]) == {"震"}
    assert ElementTree.fromstring(after["figures/a.svg"])[1].text == "震 < 7"
    assert [name for name in files if after[name] != files[name]] == ["figures/a.svg", "site.css"]
    for name in ["a.html", "sections.js", "figures/a.svg"]:
        (folder / name).write_text("“a”", encoding="utf-8")
    webfont.bring(folder)
    assert (folder / "site.css").read_text(encoding="utf-8") == after["site.css"]


def test_of_the_clone(root):
    """It finds all that it names, and keeps to its pages: `paper.typ` counts them."""
    with TemporaryDirectory() as folder:
        paper.main(Path(folder) / "paper.pdf", root / "notebooks/paper.md", *sorted((root / "notebooks").glob("*.ipynb")))


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        test_names(Path(folder))
        test_site(Path(folder))
        test_font(Path(folder) / "chinese")
    test_columns_of_numbers()
    test_chapters()
    test_numbers()
    test_of_the_clone(Path(sys.argv[1]))
