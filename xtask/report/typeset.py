"""From Markdown to a PDF, by pandoc and Typst, and what forms of the notebooks' outputs need for it."""

import re
from pathlib import Path

import noto_cjk_sans_otc
import pypandoc
import typst

HERE = Path(__file__).parent
READER = "markdown+tex_math_single_backslash-citations-smart"
CAPTION = re.compile(r"^(Figure|Table|图|表) ([\w.]+?)\.? ", re.S)
BACK_QUOTED = re.compile("`([^`<>]+)`")


def literal(text):
    """Text on one line, with no character that Markdown would take. `\\[` would begin a formula."""
    text = re.sub(r"([\\`*_{}<>$#~^|@])", r"\\\1", " ".join(text.split()))
    return text.replace("[", "&#91;").replace("]", "&#93;")


def caption(text):
    """`Figure 1.2. Words` with the number in bold; in Chinese no point stands behind it."""
    return CAPTION.sub(lambda found: f"**{numbered(found)}** ", literal(text))


def with_code(html):
    """A table as HTML, in whose note words between back quotes are code."""
    return BACK_QUOTED.sub(r"<code>\1</code>", html)


def numbered(found):
    """The number of a caption that `CAPTION` has found."""
    return f"{found[1]} {found[2]}" + ("." if found[1].isascii() else "")


def size_of(picture, kind):
    """Width and height in pixels of the screen; a PNG has two of its own for each."""
    if kind == "svg":
        return [int(n) for n in re.search(rb'<svg [^>]*?width="(\d+)" height="(\d+)"', picture).groups()]
    return [int.from_bytes(picture[i : i + 4], "big") // 2 for i in (16, 20)]


def print_width(picture, kind, widest):
    """As pandoc's attribute: a bitmap has 300 of its pixels an inch; a wide drawing takes `widest` per cent of the line, and a
    narrow one less, so that the words of all figures are about as large."""
    width = size_of(picture, kind)[0]
    return f"{{width={2 * width / 300:.2f}in}}" if kind == "png" else f"{{width={round(widest * min(1, width / 660))}%}}"


def fence(kind, text):
    """A block of code, output or raw text; `kind` is a class, or a format in braces."""
    kind = kind if kind.startswith("{") else "{." + kind + "}"
    marks = "`" * max(3, 1 + max((len(m) for m in re.findall("`+", text)), default=0))
    return f"{marks} {kind}\n{text}\n{marks}"


def to_pdf(text, template, folder, pdf, variables={}):
    """Sets Markdown whose pictures lie in `folder` with the Typst template of that name and its variables."""
    pdf = Path(pdf).resolve()
    pdf.parent.mkdir(parents=True, exist_ok=True)
    # Typst takes paths from its own root.
    text = text.replace(f"]({folder}/", "](")
    source = pypandoc.convert_text(
        text,
        "typst",
        format=READER,
        extra_args=[f"--lua-filter={HERE / 'book.lua'}", f"--template={HERE / template}", "--wrap=none"]
        + [f"--variable={name}={value}" for name, value in variables.items()],
    )
    written = folder / template
    written.write_text(source, encoding="utf-8")
    fonts = Path(noto_cjk_sans_otc.__file__).parent
    typst.compile(str(written), output=str(pdf), root=str(folder), font_paths=[str(fonts)], ignore_system_fonts=True)
