"""Gives a site the Chinese characters that its pages use, for readers who have no Chinese font.

A reader's own fonts go before it. It is the font of the PDFs, Noto Sans CJK SC, with as many of its glyphs as the site has
characters; its licence, the SIL Open Font License 1.1, stands in it. It is written into the style sheet: a page that was opened from the disk
may not read a font beside it. A figure is a picture of its own, which sees no font of the page, so each figure brings its few characters.
"""

import base64
import io
import re
from pathlib import Path

import noto_cjk_sans_otc
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

import figures

FONT = Path(noto_cjk_sans_otc.__file__).parent / "NotoSansCJK-Regular.ttc"
FAMILY = "Noto Sans CJK SC"
# In the collection: Simplified Chinese.
NUMBER = 2
# Characters, full-width forms, and the marks that Chinese sets in its own way.
CHINESE = re.compile("[\u2014\u2018-\u201d\u2026\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
# What the reader may have under the same or another name.
LOCAL = [FAMILY, "Noto Sans SC", "Source Han Sans SC", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei"]


def part(font, characters):
    """A font with these characters alone, as WOFF, which needs no library beyond Python's."""
    options = Options(flavor="woff", hinting=False, desubroutinize=True, layout_features=[])
    options.name_IDs = [0, 1, 2, 4, 6, 13, 14]  # With the licence.
    options.drop_tables += ["BASE", "VORG", "vhea", "vmtx"]
    subsetter = Subsetter(options)
    subsetter.populate(text=characters)
    subsetter.subset(font)
    font.flavor, written = "woff", io.BytesIO()
    font.save(written)
    return written.getvalue()


def face(font):
    """The rule of a style sheet that knows the font under its usual name."""
    own = ", ".join(f'local("{name}")' for name in LOCAL)
    data = base64.b64encode(font).decode()
    return f'@font-face {{ font-family: "{FAMILY}"; src: {own}, url("data:font/woff;base64,{data}") format("woff"); }}\n'


def bring(site):
    """Adds the font to the site's style sheet and to its figures. A site without Chinese stays as it is."""
    files = [path for ending in ["*.html", "*.js", "figures/*.svg"] for path in sorted(site.glob(ending))]
    used = set(CHINESE.findall("".join(path.read_text(encoding="utf-8") for path in files)))
    if not any("\u4e00" <= character <= "\u9fff" for character in used):
        return
    whole = part(TTFont(FONT, fontNumber=NUMBER, lazy=True), "".join(sorted(used)))
    with (site / "site.css").open("a", encoding="utf-8") as style:
        style.write(face(whole))
    for path in sorted(site.glob("figures/*.svg")):
        svg = path.read_text(encoding="utf-8")
        of_figure = sorted(set(CHINESE.findall("".join(figures.SET.findall(svg)))))
        if of_figure:
            own = face(part(TTFont(io.BytesIO(whole)), "".join(of_figure)))
            path.write_text(re.sub("(<svg [^>]*>)", lambda found: f"{found[1]}<style>{own}</style>", svg, count=1), encoding="utf-8")
