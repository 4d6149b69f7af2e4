"""Tests what the notebooks say, without running them.

    chapters_test.py FOLDER

In every chapter: what is linked to the glossary is there, each figure and table that a text names exists, has the
chapter's next number and is named in its text, cells and lines are short, each section has a question with a folded
answer, the minutes to read fit what there is to read and the README gives the same, and each work that a text names by
author and year stands in the list of sources, or among the paper's references.
"""

import json
import re
import sys
from pathlib import Path

MAX_LINES = 12
MAX_LENGTH = 100
GLOSSARY = "00-before-you-start.ipynb#Glossary"
# A chapter's number may have a letter: 3b stands between 3 and 4, and the paper has no such part.
NUMBERED = re.compile(r'numbered\("(Figure|Table) (\d+[a-z]?)\.(\d+)"\)')
NUMBER = re.compile(r"\d+[a-z]?\.\d+")
NAMED = re.compile(rf"\b(Figure|Table)s? {NUMBER.pattern}(?:(?: and |, | to ){NUMBER.pattern})*")
# Words, lines of code, figures and rows of tables that a reader takes in within a minute.
A_MINUTE = {"words": 150, "lines": 20, "figures": 1, "rows": 20}
# `Yoon, O'Reilly, Bergen & Beroza 2015`, `Perol, Gharbi and Denolle (2018)`, `Guo and others 2017`, `Aki, 1965`.
NAME = r"[A-Z][\w'-]*[a-zø]"
CITED = re.compile(rf"\b({NAME})((?:(?:, (?:and )?| and | & ){NAME})*)( and others)?,? \(?((?:19|20)\d\d)\b")
REFERENCE = re.compile(r"^- (?:\{\{sources \| )?([^.,|}]+).*$", re.M)
# What stands before a year and is no author.
NO_AUTHOR = "January February March April May June July August September October November December In Since".split()
LISTS = re.compile(r"\n## (?:Glossary|Sources)\n.*?(?=\n## |\Z)", re.S)
# What draws: a cell with one of these must number its figure.
DRAWS = re.compile(r"\bplot::\w+\(")


def cells(path, kind):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


def shown_cells(path):
    """The code that is not folded away as a solution, and what its outputs hold."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    is_shown = lambda cell: cell["cell_type"] == "code" and "solution" not in cell["metadata"].get("tags", [])
    shown = [cell for cell in notebook["cells"] if is_shown(cell)]
    return ["".join(cell["source"]) for cell in shown], [o.get("data", {}) for cell in shown for o in cell["outputs"]]


def glossary(text):
    """The terms of the glossary: the first column, each word that stands between commas."""
    rows = re.findall(r"^\| ([^|]+) \|", text.partition("## Glossary")[2].partition("\n## ")[0], re.M)
    return {term.strip().lower() for row in rows for term in row.split(",")}


def is_in(term, terms):
    term = term.lower()
    return any(form in terms for form in (term, term.removesuffix("s"), term.removesuffix("es")))


def numbers(texts):
    """What is numbered, in its order: ("Figure", chapter, number)."""
    return [(kind, c, int(n)) for text in texts for kind, c, n in NUMBERED.findall(text)]


def named(text):
    """Figures and tables that a text names: ("Figure", "2.1")."""
    found = set()
    for match in NAMED.finditer(text):
        found |= {(match[1], number) for number in NUMBER.findall(match[0])}
    return found


def chapter(name):
    """The chapter's number as its figures have it: `3b` of `03b-how-a-network-learns`."""
    return name.partition("-")[0].lstrip("0") or "0"


def faults_of_links(chapters, terms):
    for name, (prose, _) in chapters.items():
        for term in re.findall(r"\[([^\]]+)\]\(" + re.escape(GLOSSARY) + r"\)", prose):
            if not is_in(term, terms):
                yield f"{name}: `{term}` is linked to the glossary, which does not have it"


def faults_of_names(chapters):
    exist = {(kind, f"{c}.{n}") for _, code in chapters.values() for kind, c, n in numbers(code)}
    written = {chapter(name) for name in chapters}
    for name, (prose, _) in chapters.items():
        for kind, number in sorted(named(prose) - exist):
            if number.partition(".")[0] in written:
                yield f"{name}: its text names {kind} {number}, which no cell has"


def faults_of_numbers(name, prose, code):
    for kind in ["Figure", "Table"]:
        found = [(c, n) for k, c, n in numbers(code) if k == kind]
        expected = [(chapter(name), i + 1) for i in range(len(found))]
        if found != expected:
            yield f"{name}: {kind}s are numbered {found}, expected {expected}"
        for c, n in found:
            if (kind, f"{c}.{n}") not in named(prose):
                yield f"{name}: no text names {kind} {c}.{n}"
    for text in code:
        if DRAWS.search(text) and not NUMBERED.search(text):
            yield f"{name}: a figure without a number: {text.splitlines()[0]}"


def faults_of_length(name, code):
    for text in code:
        lines = text.split("\n")
        if len(lines) > MAX_LINES:
            yield f"{name}: a cell of {len(lines)} lines, at most {MAX_LINES}: {lines[0]}"
        for line in lines:
            if len(line) > MAX_LENGTH:
                yield f"{name}: a line of {len(line)} characters, at most {MAX_LENGTH}: {line}"


def faults_of_questions(name, prose):
    """Each section ends with a question and its folded answer."""
    for section in prose.split("\n## ")[1:]:
        title, _, text = section.partition("\n")
        if title in ("Summary", "Exercises", "Glossary", "Sources"):
            continue
        if "**Question.**" not in text or "<details><summary>Answer</summary>" not in text:
            yield f"{name}: the section `{title}` has no question with a folded answer"
    asked, answered = [prose.count(words) for words in ("**Question.**", "<details><summary>Answer</summary>")]
    if asked != answered:
        yield f"{name}: {asked} questions, {answered} folded answers"


def minutes_of(prose, code, outputs):
    """How long a chapter takes to read. Lists to look something up in are not read through, solutions are optional."""
    prose = LISTS.sub("", prose)
    shown = [data for data in outputs if "image/svg+xml" in data or "image/png" in data]
    tables = ["".join(data.get("text/html", "")) for data in outputs if data not in shown]
    found = {
        "words": len(re.findall(r"\w+", re.sub(r"\]\([^)]*\)", "", prose))),
        "lines": sum(len(text.split("\n")) for text in code),
        "figures": len(shown),
        "rows": sum(table.count("<tr") for table in tables),
    }
    return sum(n / A_MINUTE[kind] for kind, n in found.items())


def faults_of_minutes(name, prose, readme, needed=None):
    here = re.search(r"\*\*Minutes\.\*\* (\d+) to read", prose)
    there = re.search(re.escape(name) + r"\.ipynb\) \|[^|]*\| (\d+) min", readme)
    if not here or not there or here[1] != there[1]:
        found = [m[1] if m else "none" for m in (here, there)]
        yield f"{name}: minutes to read: {found[0]} in the notebook, {found[1]} in the README"
    elif needed and not 0.75 < int(here[1]) / needed < 1.35:
        yield f"{name}: {here[1]} minutes to read, about {needed:.0f} by its words, code, figures and tables"


def cited(text):
    """(first author, year) of the works that a text names; of the paper's placeholders nothing is one."""
    text = " ".join(re.sub(r"\{\{[^{}]*\}\}|`[^`]*`", " ", text).split())
    return {(first.removesuffix("'s"), year) for first, *_, year in CITED.findall(text) if first not in NO_AUTHOR}


def faults_of_sources(name, text, references):
    for author, year in sorted(cited(text)):
        if not any(line.startswith(f"- {author}, ") and f"({year})" in line for line in references):
            yield f"{name}: names {author} {year}, which is not in the list of sources"


def references_of(paper, sources):
    """The paper's references, those of `{{sources | Allen}}` written out."""
    written = []
    for found in REFERENCE.finditer(paper.partition("# References")[2]):
        same = [line for line in sources if line.startswith(f"- {found[1].strip()},")]
        written += same if "{{" in found[0] else [found[0]]
    return written


def faults(folder):
    readme = (folder / "README.md").read_text(encoding="utf-8")
    chapters = {}
    for path in sorted((folder / "notebooks").glob("*.ipynb")):
        chapters[path.stem] = ("\n".join(cells(path, "markdown")), cells(path, "code"))
    terms = glossary(next(prose for name, (prose, _) in chapters.items() if name.startswith("00")))
    yield from faults_of_links(chapters, terms)
    yield from faults_of_names(chapters)
    for name, (prose, code) in chapters.items():
        yield from faults_of_numbers(name, prose, code)
        yield from faults_of_length(name, code)
        yield from faults_of_questions(name, prose)
        needed = minutes_of(prose, *shown_cells(folder / f"notebooks/{name}.ipynb"))
        yield from faults_of_minutes(name, prose, readme, needed)
    sources = [line for prose, _ in chapters.values() for list_ in LISTS.findall(prose) for line in list_.split("\n")]
    for name, (prose, _) in chapters.items():
        yield from faults_of_sources(name, LISTS.sub("", prose), sources)
    paper = (folder / "notebooks/paper.md").read_text(encoding="utf-8")
    yield from faults_of_sources("paper.md", paper.partition("# References")[0], references_of(paper, sources))


def test_of_the_test():
    """Each check finds what it is for."""
    assert glossary("## Glossary\n\n| a | b |\n|---|---|\n| P wave, S wave | 波 | x |\n## Next") >= {"p wave", "s wave"}
    assert named("Figures 4.4 and 4.5, Table 1.1") == {("Figure", "4.4"), ("Figure", "4.5"), ("Table", "1.1")}
    assert named("Figures 3b.1 and 3b.2") == {("Figure", "3b.1"), ("Figure", "3b.2")}
    assert chapter("03b-x") == "3b" and chapter("00-x") == "0" and chapter("10-x") == "10"
    assert not list(faults_of_numbers("03b-x", "Figure 3b.1", ['plot::x(1)?.numbered("Figure 3b.1")']))
    link = f"[unheard]({GLOSSARY})"
    assert list(faults_of_links({"01-x": (link, [])}, {"heard"}))
    assert not list(faults_of_links({"01-x": (link, [])}, {"unheard"}))
    assert list(faults_of_names({"01-x": ("Figure 1.7", [])}))
    assert list(faults_of_numbers("01-x", "", ['x.numbered("Figure 1.1")']))
    assert list(faults_of_numbers("01-x", "Figure 1.2", ['x.numbered("Figure 1.2")']))
    assert not list(faults_of_numbers("01-x", "Figure 1.1", ['plot::x(1)?.numbered("Figure 1.1")']))
    assert list(faults_of_numbers("01-x", "", ["plot::x(1)?"]))
    assert list(faults_of_length("01-x", ["\n" * MAX_LINES])) and list(faults_of_length("01-x", ["x" * 101]))
    assert list(faults_of_questions("01-x", "# 1\n## A\ntext\n## Summary\n- x"))
    assert not list(faults_of_questions("01-x", "# 1\n## A\n**Question.** x\n<details><summary>Answer</summary>"))
    assert list(faults_of_minutes("01-x", "**Minutes.** 20 to read", "(n/01-x.ipynb) | Q | 30 min |"))
    there = "(n/01-x.ipynb) | Q | 30 min |"
    assert not list(faults_of_minutes("01-x", "**Minutes.** 30 to read", there))
    assert not list(faults_of_minutes("01-x", "**Minutes.** 30 to read", there, 28.0))
    assert list(faults_of_minutes("01-x", "**Minutes.** 30 to read", there, 60.0))
    figure, table = {"image/png": "x", "text/html": "<tr>"}, {"text/html": ["<tr>" * 10, "<tr>" * 10]}
    assert minutes_of("word " * 300 + "\n## Sources\n" + "word " * 300, ["x\n" * 19], [figure, table]) == 5
    assert list(faults_of_questions("01-x", "**Question.** x\n**Question.** x\n<details><summary>Answer</summary>"))
    text = "As Yoon, O'Reilly, Bergen & Beroza 2015, (Guo and others\n2017), Wilson's (1927) and Aki, 1965 in May 2014, {{a | Holm 1979}}."
    assert cited(text) == {("Yoon", "2015"), ("Guo", "2017"), ("Wilson", "1927"), ("Aki", "1965")}
    sources = ["- Guo, C., and Sun, Y. (2017). On.", "- Aki, K. (1964). Maximum."]
    assert [fault.split()[2] for fault in faults_of_sources("x", "Guo and others 2017; Aki, 1965", sources)] == ["Aki"]
    assert references_of("# References {-}\n\n- {{sources | Guo}}\n- Holm, S. (1979). A.", sources) == [sources[0], "- Holm, S. (1979). A."]


if __name__ == "__main__":
    test_of_the_test()
    found = list(faults(Path(sys.argv[1])))
    print("\n".join(found))
    sys.exit(f"{len(found)} faults in the notebooks' texts: they stand above" if found else 0)
