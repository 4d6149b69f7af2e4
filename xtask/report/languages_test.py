"""Tests the translations beside the notebooks, without running them.

    languages_test.py FOLDER

Both editions have the same cells, numbers, figures and tables, links, code and formulas; every term of `terms.toml`
has its word; labels keep their numbers, and so does each output that they are put into, figures too. Cells whose English has
changed since (stale) and cells without a translation are listed; they fail in the chapters of `FINISHED` alone. Words of
outputs and figures without a label are listed.
"""

import re
import sys
from base64 import b64encode
from collections import Counter
from copy import deepcopy
from json import loads
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat

import figures
from languages import FENCED, HOLE, KINDS, MARKS, NUMBER, Labels, Translation
from languages import anchored, digest, fill, join, join_paper, read_chapter, sections, state, tomllib
from paper import CITED, PLACEHOLDER, parts_of

# Chapters whose translation is kept complete, and the paper.
FINISHED = {
    "zh": [
        "00-before-you-start", "01-catalog", "02-clusters", "03-waveforms", "03b-how-a-network-learns", "04-networks", "05-detection",
        "06-what-we-found", "07-fair-tests", "08-how-good", "09-classical-detectors", "10-the-black-box", "11-real-records",
        "12-your-own-data", "13-from-a-day-to-an-archive", "14-phases", "15-a-catalog-of-ones-own", "paper",
    ]
}
FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$\n]+?\$", re.S)
CODE = re.compile(r"(`+)(.+?)\1", re.S)
LINK = re.compile(r"\]\(([^)\s]+)\)|<(https?://[^>]+)>")
MONTHS = "January February March April May June July August September October November December".split()
MONTH = re.compile(r"\b(?:{0})(?= \d)|(?<=\d )(?:{0})\b".format("|".join(MONTHS)))
NAMED = r"{0} {1}(?:(?:、| 和 | 和|，| 与 | 到 | 至 )(?:{0} )?{1})*"
N = r"\d+[a-z]?\.\d+"
# Of the HTML of a figure what holds no words: the picture, and the script with its data.
IN_CODE = re.compile(r'src="data:[^"]*"|<script.*?</script>', re.S)
ENGLISH_NAMED = re.compile(rf"\b(Figure|Table)s? {N}(?:(?: and |, | to ){N})*")


def code(text):
    """Inline code, without what stands in blocks."""
    return Counter(words for _, words in CODE.findall(FENCED.sub("", text)))


def commands(text):
    """The lines of blocks that are code, without comments; `text` is a drawing, whose words are translated."""
    blocks = [block.split("\n")[1:-1] for block in FENCED.findall(text) if not block.startswith("```text")]
    return [line.partition("#")[0].rstrip() for block in blocks for line in block]


def formulas(text):
    return Counter(" ".join(formula.split()) for formula in FORMULA.findall(CODE.sub("", FENCED.sub("", text))))


def links(text):
    return Counter(one or other for one, other in LINK.findall(text))


def numbers(text):
    """The numbers of the prose: a month in words before a number is one, too."""
    text = CODE.sub(" ", re.sub(r"^```.*$", "", text, flags=re.M))
    text = LINK.sub("]", FORMULA.sub(" ", text))
    return Counter(NUMBER.findall(MONTH.sub(lambda month: str(MONTHS.index(month[0]) + 1), text)))


def named(text, kinds):
    """The figures and tables that a text names, by the English kind."""
    found = set()
    for english, other in kinds.items():
        for match in re.finditer(NAMED.format(other, N), text):
            found |= {(english, number) for number in re.findall(N, match[0])}
    return found


def english_named(text):
    return {(match[1], number) for match in ENGLISH_NAMED.finditer(text) for number in re.findall(N, match[0])}


def faults_of_cell(name, english, text, kinds):
    for kind, of in [("code", code), ("formulas", formulas), ("links", links), ("numbers", numbers)]:
        here, there = of(english), of(text)
        if here != there:
            yield f"{name}: {kind}: only in the English {list((here - there).elements())}, only in the other {list((there - here).elements())}"
    if commands(english) != commands(text):
        yield f"{name}: a block of code is another than in the English"
    here, there = english_named(english), named(text, kinds)
    if here != there:
        yield f"{name}: figures and tables: the English names {sorted(here)}, the other {sorted(there)}"
    if len(re.findall("^#+ ", FENCED.sub("", english), re.M)) != len(re.findall("^#+ ", FENCED.sub("", text), re.M)):
        yield f"{name}: another number of headings"


def faults_of_terms(name, english, text, terms):
    # Names and code are no terms.
    english = LINK.sub("]", CODE.sub(" ", FENCED.sub(" ", english)))
    for term, found in terms.items():
        flags = 0 if found.get("lower") else re.I
        has_it = re.search(rf"\b{re.escape(term)}(?:s|es)?\b", english, flags)
        if has_it and not any(word in text for word in found["zh"]):
            yield f"{name}: `{term}` without {' or '.join(found['zh'])}"


def faults_of_labels(tables):
    for table, labels in tables.items():
        for english, label in labels.items():
            n = len(HOLE.findall(english))
            holes = HOLE.findall(label)
            expected = [""] * n if "" in holes or not holes else [str(i) for i in range(n)]
            if sorted(holes) != expected:
                yield f"labels, {table}: {english!r} has {n} numbers, its label {label!r} {len(holes)}"
            elif english.count("{station}") != label.count("{station}"):
                yield f"labels, {table}: {english!r} and its label {label!r} have not the same stations"
            elif NUMBER.findall(HOLE.sub("", label)) != NUMBER.findall(HOLE.sub("", english)):
                yield f"labels, {table}: {label!r} has a number that {english!r} has not"


def faults_of_glossary(text, terms):
    """What the glossary has in both languages is what `terms.toml` says."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|", text, re.M)
    for chinese, english in rows:
        for term in english.split(", "):
            words = terms.get(term, {}).get("zh")
            if words and not any(word in chinese for word in words):
                yield f"glossary: `{term}` is {chinese}, in terms.toml {words}"


def output_numbers(output):
    data = output.get("data", {})
    texts = [output.get("text", ""), data.get("text/plain", ""), data.get("text/markdown", "")]
    texts += [IN_CODE.sub("", data.get("text/html", "")), *figures.texts(data.get("image/svg+xml", ""))]
    return Counter(NUMBER.findall(" ".join(texts)))


def unsaid(root, pieces):
    """What the pieces that answer to the reader say, and `figures.toml` does not have."""
    for path in ["src/display/interactive.js", "src/plot/interactive.rs"]:
        for one, other in figures.SAID.findall((root / path).read_text(encoding="utf-8")):
            if (one or other) not in pieces:
                yield f"{path}: no label: {one or other}"


def faults_of_outputs(name, cells, labels):
    """Labels change words alone. (The cells' outputs are translated by this.)"""
    for cell in cells:
        for output in cell.get("outputs", []):
            before = output_numbers(output)
            labels.output(output)
            if output_numbers(output) != before:
                yield f"{name}, {cell.id}: an output has other numbers in the translation"


def check(folder, language, finished):
    """The faults, and the sentences on what is left to translate."""
    texts = folder / "notebooks" / language
    terms = tomllib.loads((texts / "terms.toml").read_text(encoding="utf-8"))
    labels = tomllib.loads((texts / "labels.toml").read_text(encoding="utf-8"))
    of_figures = tomllib.loads((texts / "figures.toml").read_text(encoding="utf-8"))
    faults = list(faults_of_labels(labels | {kind: of_figures.get(kind, {}) for kind in ["labels", "pieces"]}))
    left = list(unsaid(folder, of_figures.get("pieces", {})))
    stems = {path.stem for path in (folder / "notebooks").glob("*.ipynb")}
    faults += [f"{path.name}: no notebook has this name" for path in texts.glob("[0-9]*.md") if path.stem not in stems]
    for stem in sorted(stems):
        translations = read_chapter(texts / f"{stem}.md")
        cells = nbformat.read(folder / "notebooks" / f"{stem}.ipynb", as_version=4).cells
        code, cells = [c for c in cells if c.cell_type == "code"], {c.id: c for c in cells if c.cell_type == "markdown"}
        if not translations:
            left.append(f"{stem}: not translated")
            faults += [f"{stem}: not translated, but in FINISHED"] if stem in finished else []
            continue
        words = Labels(labels, language, stem, of_figures)
        faults += faults_of_outputs(stem, code, words)
        left += [f"{stem}: no label: {unknown}" for unknown in dict.fromkeys(words.unknown)]
        faults += [f"{stem}, {i}: the notebook has no such cell" for i in translations if i not in cells]
        for i, cell in cells.items():
            name, found = f"{stem}, {i}", state(cell.source, translations.get(i))
            if found != "ready":
                sentence = f"{name}: {found}, the hash of its English is {digest(cell.source)}"
                (faults if stem in finished else left).append(sentence)
                continue
            text = translations[i].text
            faults += faults_of_cell(name, cell.source, text, KINDS[language])
            if "sources" not in cell.metadata.get("tags", []):  # References keep their language.
                faults += faults_of_terms(name, cell.source, text, terms)
            if "glossary" in cell.metadata.get("tags", []):
                faults += faults_of_glossary(text, terms)
    english = (folder / "notebooks/paper.md").read_text(encoding="utf-8")
    found, of_paper = check_paper(english, read_chapter(texts / "paper.md"), KINDS[language], terms)
    return [*faults, *found, *(of_paper if "paper" in finished else [])], [*left, *(of_paper if "paper" not in finished else [])]


def check_paper(english, translations, kinds, terms):
    """The faults of the paper, and its sections that are left to translate."""
    found = sections(english)
    faults, left = [f"paper, {i}: the paper has no such section" for i in translations if i not in found], []
    for section, source in found.items():
        name, kind = f"paper, {section}", state(source, translations.get(section))
        if kind != "ready":
            left.append(f"{name}: {kind}, the hash of its English is {digest(source)}")
            continue
        text = translations[section].text
        here, there = placeholders(source), placeholders(text)
        if here != there:
            faults.append(f"{name}: named: only in the English {list((here - there).elements())}, only in the other {list((there - here).elements())}")
        source, text = PLACEHOLDER.sub(" ", source), PLACEHOLDER.sub(" ", text)
        faults += [*faults_of_cell(name, source, text, kinds), *faults_of_terms(name, source, text, terms)]
    return faults, left


def placeholders(text):
    """What the text names of outputs and cites, as often as it does; the words that it gives a caption are its own."""
    named = [parts_of(found) for found in PLACEHOLDER.findall(text)]
    named = [parts[: parts.index("words") + 1] if "words" in parts else parts for parts in named]
    return Counter([" | ".join(parts) for parts in named] + ["cited" for _ in CITED.findall(text)])


def test_of_the_test():
    """Each check finds what it is for, and nothing in what is right."""
    kinds, terms = KINDS["zh"], {"station": {"zh": ["台站"]}}
    cell = lambda english, text: list(faults_of_cell("x", english, text, kinds))
    assert not cell("Figures 1.1 and 1.2 of 16 November 2016, `a` 2", "2016 年 11 月 16 日的图 1.1 和 1.2，`a` 2")
    assert cell("5 of 7 events", "7 个事件中的 6 个") and cell("5", "5，5") and cell("5 and 5", "5")
    assert cell("Figure 1.1", "表 1.1") and cell("Table 1.1", "1.1")
    assert cell("`a`", "`b`") and cell("`a`", "a") and cell("$x$", "$y$") and cell("[a](b.ipynb)", "[a](c.ipynb)")
    assert cell("```sh\nls # 1\n```", "```sh\nrm # 1\n```") and not cell("```sh\nls # all\n```", "```sh\nls # 全部\n```")
    assert cell("## A", "A") and not cell("HH1", "HH1")
    assert list(faults_of_terms("x", "Two stations.", "两个车站。", terms))
    assert not list(faults_of_terms("x", "Two stations, `window`.", "两个台站。", terms | {"window": {"zh": ["窗"]}}))
    assert list(faults_of_labels({"t": {"{} of {}": "{}"}})) and list(faults_of_labels({"t": {"{}": "{} 2"}}))
    assert list(faults_of_labels({"t": {"{} of {}": "{1} {1}"}})) and not list(faults_of_labels({"t": {"{} of {}": "{1} 中的 {0}"}}))
    assert fill("{1} 中的 {0}", ["5", "7"]) == "7 中的 5"
    assert list(faults_of_glossary("| 车站 | station | x |", terms)) and not list(faults_of_glossary("| 台站 | station | x |", terms))
    assert state("new", Translation(digest("old"), "旧")) == "stale" and state("new", None) == "missing"
    assert state("new", Translation(digest("new"), "新")) == "ready"
    test_of_the_joining()
    test_of_figures()
    test_of_the_paper()
    with TemporaryDirectory() as folder:
        test_of_the_files(Path(folder))


def test_of_the_joining():
    labels = Labels({"t": {"{} of {} events.": "{1} 个事件中的 {0} 个。", "Simulated.": "模拟。", "Depth": "深度"}}, "zh")
    assert labels.line("Figure 3b.1. 5 of 7 events. Simulated.") == "图 3b.1 7 个事件中的 5 个。模拟。"
    assert labels.line("  Unheard of 5 events.") == "  Unheard of 5 events." and labels.unknown == ["Unheard of {} events."]
    assert [labels.line(text) for text in ["81 % [72, 91]", "[72, 91] %", "7"]] == ["81% [72, 91]", "[72, 91]%", "7"]
    # Words that numbers and commas part are a sentence, too; settings, paths and addresses are not.
    parted = Labels({}, "zh")
    parted.text("12 stations, 6 hours, 4 earthquakes\nformat=text\nname = \"oklahoma\"\nsds/2014/XX/S01\nhttps://a.gov/fdsnws/event/1/query")
    assert parted.unknown == ["{} stations, {} hours, {} earthquakes"], parted.unknown
    stations = Labels({"t": {"{station}..HH: {} events": "{station}..HH：{} 个事件", "at XX.S09": "在 XX.S09"}}, "zh")
    assert stations.line("XX.S12..HH: 5 events") == "XX.S12..HH：5 个事件" and stations.line("at XX.S09") == "在 XX.S09"
    assert list(faults_of_labels({"t": {"{station}": "台站"}}))
    table = '<table><thead><tr><th class="n">Depth</th></tr></thead><td>HH1<br>Depth</td></table>'
    assert labels.html(table) == '<table><thead><tr><th class="n">深度</th></tr></thead><td>HH1<br>深度</td></table>'
    chapters = {"t": {"Number": "数目"}, "chapter-13": {"Number": "编号"}, "chapter-14": {"Number": "号"}}
    assert [Labels(chapters, "zh", stem).line("Number") for stem in ["13-x", "14-y"]] == ["编号", "号"]
    wrong = Labels({"t": {"{} events": "{} 个事件，共 9"}}, "zh")
    cell = nbformat.v4.new_code_cell("", outputs=[nbformat.v4.new_output("stream", text="5 events")])
    assert list(faults_of_outputs("x", [cell], wrong))
    cell.outputs[0].text = "5 of 7 events."
    assert not list(faults_of_outputs("x", [cell], labels)) and cell.outputs[0].text == "7 个事件中的 5 个。"
    assert anchored("## 甲\n## 乙", "## A\n## The B", {"the-b"}) == "## 甲\n## 乙 {#the-b}"

    texts = [nbformat.v4.new_markdown_cell(source) for source in ["# One", "## Two", "three"]]
    one, two, three = (text.id for text in texts)
    notebook = nbformat.v4.new_notebook(cells=texts)
    translations = {one: Translation(digest("# One"), "# 一"), two: Translation(digest("## 2"), "## 二")}
    assert join(notebook, translations, labels, "zh") == [("stale", two), ("missing", three)]
    assert texts[0].source == "# 一" and texts[1].source.startswith("## Two\n\n" + MARKS["zh"]["stale"])
    assert texts[2].source == MARKS["zh"]["missing"] + "\n\nthree"


def test_of_the_paper():
    english = "---\ntitle: A\n---\n\n::: abstract\nB\n:::\n\n# The test {#exam}\n\nIt finds {{a | 1}} of [5]{.cited}.\n\n{{a | table 1 | words | X}}\n\n# References {-}\n"
    found = sections(english)
    assert list(found) == ["head", "exam", "references"]
    chinese = "# 考试\n\n在 [5]{.cited} 个中找到 {{a | 1}} 个。\n\n{{a | table 1 | words | 某}}"
    right = {"exam": Translation(digest(found["exam"]), chinese)}
    text, faults = join_paper(english, right, "zh")
    assert faults == [("missing", "head"), ("missing", "references")] and "# 考试 {#exam}\n" in text
    assert text.startswith("---\ntitle: A\n") and "::: abstract\n" + MARKS["zh"]["missing"] in text
    kinds = KINDS["zh"]
    assert check_paper(english, right, kinds, {})[0] == [] and len(check_paper(english, right, kinds, {})[1]) == 2
    for wrong in [chinese.replace("a | 1", "a | 2"), chinese.replace("{.cited}", ""), chinese.replace("[5]", "[6]")]:
        assert check_paper(english, {"exam": Translation(digest(found["exam"]), wrong)}, kinds, {})[0], wrong
    assert check_paper(english, {"exams": right["exam"]}, kinds, {})[0]


def svg(*words):
    """A figure with words as the library writes them."""
    group = '<g fill="#1e1e1e" data-text="{}" text-anchor="end" font-size="24.1" transform="translate(1 2) rotate(-90) scale(0.01 -0.01)"><use href="#g1"/></g>'
    return f'<svg xmlns="http://www.w3.org/2000/svg"><defs><path id="g1"/></defs>{"".join(map(group.format, words))}</svg>'


def test_of_figures():
    tables = {"labels": {"{} windows &": "{} 个时窗 &"}, "same": ["km"], "pieces": {"step": "步骤", "Try": "试"}}
    labels = Labels({"t": {"Recall": "召回率", "Depth": "深度"}}, "zh", "", tables)
    assert labels.in_figure("2.5 %") == "2.5%"
    set_anew = figures.lettered(svg("5 windows &amp;", "Recall", "2.5"), labels.in_figure)
    text = '<text fill="#1e1e1e" text-anchor="end" font-size="24.1" transform="translate(1 2) rotate(-90)">{}</text>'
    assert all(text.format(words) in set_anew for words in ["5 个时窗 &amp;", "召回率", "2.5"]) and "defs" not in set_anew, set_anew
    assert figures.texts(set_anew) == ["5 个时窗 &", "召回率", "2.5"] and not labels.unknown
    # Where no word has another, the figure is the same one; what no label has is told.
    assert figures.lettered(svg("7 km", "km", "Unheard of 5"), labels.in_figure) == svg("7 km", "km", "Unheard of 5")
    assert "in a figure: Unheard of {}" in labels.unknown

    piece = '{"kind": "wave", "title": "Try", "source": "Depth", "marks": [[1.5, "Recall"]]}'
    picture = lambda drawn: f'<img src="data:image/svg+xml;base64,{b64encode(drawn.encode()).decode()}">'
    page = lambda drawn, data: f'{picture(drawn)}<script type="application/json">{data}</script><script>let a = 7;</script>'
    data = {"image/svg+xml": svg("Recall 1", "2"), figures.MIME: piece, "text/html": page(svg("Recall 1", "2"), piece)}
    cell = nbformat.v4.new_code_cell("", outputs=[nbformat.v4.new_output("display_data", data)])
    wrong = Labels({"t": {"Recall {}": "召回率 {}3"}}, "zh")
    assert list(faults_of_outputs("x", [deepcopy(cell)], wrong))
    labels = Labels({"t": {"Recall {}": "召回率 {}", "Recall": "召回率", "Depth": "深度"}}, "zh", "", tables)
    assert not list(faults_of_outputs("x", [cell], labels))
    after = cell.outputs[0].data
    told = loads(after[figures.MIME])
    assert (told["title"], told["source"], told["marks"], told["words"]["step"]) == ("试", "深度", [[1.5, "召回率"]], "步骤")
    assert after["text/html"] == page(after["image/svg+xml"], after[figures.MIME]) and "召回率 1" in after["image/svg+xml"]
    bitmap = nbformat.v4.new_output("display_data", {"image/png": "", "text/plain": "Figure 3.1. Words"})
    labels.output(bitmap)
    assert "Figure 3.1." in labels.unknown[-1]


def test_of_the_files(folder):
    """A stale cell is listed, and fails in a finished chapter; a cell and a chapter that no notebook has fail."""
    (folder / "notebooks/zh").mkdir(parents=True)
    cell = nbformat.v4.new_markdown_cell("5 stations")
    cell.id = "01-a"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / "notebooks/01-x.ipynb")
    (folder / "notebooks/paper.md").write_text("Text", encoding="utf-8")
    (folder / "notebooks/zh/paper.md").write_text(f"<!-- head {digest('Text')} -->\n文", encoding="utf-8")
    (folder / "notebooks/zh/terms.toml").write_text('station = { zh = ["台站"], source = "" }\n', encoding="utf-8")
    (folder / "notebooks/zh/labels.toml").write_text("", encoding="utf-8")
    (folder / "notebooks/zh/figures.toml").write_text('[pieces]\nstep = "步骤"\n"Try it: x" = "试"\n', encoding="utf-8")
    for name, text in {"display/interactive.js": 'word("step")', "plot/interactive.rs": '"Try it: x"'}.items():
        (folder / "src" / name).parent.mkdir(parents=True)
        (folder / "src" / name).write_text(text, encoding="utf-8")

    def checked(text, finished=(), name="01-x"):
        for old in (folder / "notebooks/zh").glob("[0-9]*.md"):
            old.unlink()
        (folder / f"notebooks/zh/{name}.md").write_text(text, encoding="utf-8")
        return check(folder, "zh", finished)

    right, stale = f"<!-- 01-a {digest('5 stations')} -->\n5 个台站\n", "<!-- 01-a 00000000 -->\n6 个台站\n"
    assert checked(right, ["01-x"]) == ([], [])
    assert checked(right.replace("5 个", "6 个"))[0] and checked(right.replace("台站", "车站"))[0]
    faults, left = checked(stale)
    assert not faults and len(left) == 1 and digest("5 stations") in left[0]
    assert checked(stale, ["01-x"])[0] and checked(right + stale.replace("01-a", "01-b"))[0]
    (folder / "src/display/interactive.js").write_text('word("step"), word("{} steps", 2)', encoding="utf-8")
    assert checked(right) == ([], ["src/display/interactive.js: no label: {} steps"])
    assert checked(right, name="02-y")[0] and checked(right, ["01-x"], "01-y")[0]


if __name__ == "__main__":
    test_of_the_test()
    root = Path(sys.argv[1])
    n_faults = 0
    for language, finished in FINISHED.items():
        found, left = check(root, language, finished)
        print("\n".join([*found, *(f"({sentence})" for sentence in left)]))
        n_faults += len(found)
    sys.exit(f"{n_faults} faults in the translations: they stand above" if n_faults else 0)
