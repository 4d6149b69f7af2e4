"""Puts words of another language into figures, and into the pieces that answer to the reader.

The library writes each string of an SVG as a group of outlines that tells its text, size and place
(`src/plot/letters.rs`). Here the group becomes a text of the same size at the same place, in a font that has the
language's letters: the PDF embeds it, and so does the site where the reader has none (`webfont.py`).
"""

import base64
import html
import json
import re

MIME = "application/vnd.quakebook.interactive+json"
WORDS = re.compile(r'<g (fill="[^"]*") data-text="([^"]*)" (text-anchor="\w+" font-size="[\d.]+" transform="[^"]*?) scale\([^)]*\)">.*?</g>')
SET = re.compile(r"<text [^>]*>([^<]*)</text>")
PICTURE = re.compile(r'(?<=src="data:image/svg\+xml;base64,)[^"]*')
DATA = re.compile(r'(?<=<script type="application/json">).*?(?=</script>)', re.S)
# What `interactive.js` says: the string that follows `word(`, and the titles that `interactive.rs` gives.
SAID = re.compile(r'\bword\("([^"]*)"|"(Try it: [^"]*)"')
FONTS = "'Noto Sans CJK SC','Noto Sans SC','Source Han Sans SC','PingFang SC','Hiragino Sans GB','Microsoft YaHei',sans-serif"


def texts(svg):
    """All words of a figure, in English or as they were set."""
    return [html.unescape(text) for text in [*(found[1] for found in WORDS.findall(svg)), *SET.findall(svg)]]


def lettered(svg, word):
    """The figure with each of its words as the function `word` gives it; as it is where none changes."""
    changed = [text for text in texts(svg) if word(text) != text]
    if not changed:
        return svg
    put = lambda found: f'<text {found[1]} {found[3]}">{html.escape(word(html.unescape(found[2])), quote=False)}</text>'
    svg = re.sub("<defs>.*?</defs>", "", WORDS.sub(put, svg))
    return svg.replace("<svg ", f'<svg font-family="{FONTS}" ', 1)


def answering(data, word, line, pieces):
    """The data of a piece in another language, as JSON: its names by `word`, its source by `line`; `pieces` has what the script says."""
    data = json.loads(data) if isinstance(data, str) else data
    data |= {"words": pieces, "title": pieces.get(data["title"], data["title"]), "source": line(data["source"])}
    for detector in data.get("detectors", []):
        detector["name"] = word(detector["name"])
    if "marks" in data:
        data["marks"] = [[time_s, word(name)] for time_s, name in data["marks"]]
    # No name may end the script that the data stand in.
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")


def in_html(text, svg, piece):
    """The HTML of an output, with another picture and other data."""
    if svg:
        text = PICTURE.sub(base64.b64encode(svg.encode()).decode(), text)
    return DATA.sub(lambda _: piece, text) if piece else text
