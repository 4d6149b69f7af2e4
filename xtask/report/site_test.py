"""Opens each page of a site in a headless Chromium, wide and narrow, and tries what answers to the reader.

    site_test.py FOLDER

Without Chromium the test says so and passes: it is no part of the set-up.
"""

import sys
from pathlib import Path

import browser

WIDE, NARROW = 1300, 400
FIGURES = """Promise.all([...document.querySelectorAll('main img')].map(async (img) => {
  img.loading = 'eager'; await img.decode().catch(() => {}); return img.naturalWidth > 0 ? '' : img.src; })).then(all => all.filter(Boolean))"""
# What is broader than the page without a bar of its own: it would make all of the page move sideways.
TOO_BROAD = """[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1
  && !e.closest('pre, .table, table, math, svg')).map(e => e.tagName + ' ' + e.textContent.slice(0, 40))"""
SIDEWAYS = "document.scrollingElement.scrollWidth > document.scrollingElement.clientWidth"
# Moves each slider of a piece to its other end and back, and tells whose drawing does not follow.
STILL = """[...document.querySelectorAll('.quakebook-interactive')].flatMap((piece) =>
  [...piece.querySelectorAll('input[type=range]')].filter((slider) => {
    const [before, value] = [piece.querySelector('svg').outerHTML, slider.value];
    const put = (to) => { slider.value = to; slider.dispatchEvent(new Event('input', { bubbles: true })); return piece.querySelector('svg').outerHTML; };
    const after = put(+value === +slider.max ? slider.min : slider.max);
    return after === before || put(value) === after;
  }).map((slider) => piece.dataset.kind + ': ' + slider.name))"""

# Sounds that cannot be played.
MUTE = """Promise.all([...document.querySelectorAll('.quakebook-interactive audio')].map((sound) => new Promise((done) => {
  const tell = () => done(sound.duration > 0.1 ? '' : 'a sound of ' + sound.duration + ' s');
  sound.addEventListener('loadedmetadata', tell); sound.addEventListener('error', () => done('a sound that is none'));
  sound.preload = 'metadata'; sound.load();
}))).then(all => all.filter(Boolean))"""
# What the filter makes of a sine of so many Hz at 100 Hz, from 2 to 15 Hz: the largest value in its middle.
GAIN = """((hz) => Math.max(...quakebookPieces.bandpass(Array.from({ length: 4000 }, (_, i) => Math.sin(2 * Math.PI * hz * i / 100)), 100, 2, 15, true)
  .slice(1500, 2500).map(Math.abs)))"""


def faults_of_page(page, path):
    name = path.name
    for width in [WIDE, NARROW]:
        page.open(path.as_uri(), width)
        yield from (f"{name}: no figure {source}" for source in page.run(FIGURES))
        if width == NARROW and page.run(SIDEWAYS):
            yield f"{name}: broader than {width} px: {page.run(TOO_BROAD)[:3]}"
        yield from (f"{name}: a caption is cut at {width} px: {words}" for words in page.run(CUT))
        yield from (f"{name}: at {width} px the slider moves nothing: {piece}" for piece in page.run(STILL))
    yield from (f"{name}: {sound}" for sound in page.run(MUTE))
    empty = "[...document.querySelectorAll('.quakebook-interactive')].filter(e => !e.querySelector('svg')).length"
    if page.run(empty):
        yield f"{name}: a piece that draws nothing"


# Captions that reach out of the screen. A table may: it has a bar of its own.
CUT = """[...document.querySelectorAll('caption span, figcaption')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.textContent.slice(0, 40))"""
# Pieces of text that the search shows, whose ends divide a word.
DIVIDED = """[...found.querySelectorAll('a > span')].map(e => e.textContent).filter(t => {
  const text = t.replace(/^… | …$/g, ''), section = SECTIONS.find(s => s.text.includes(text)), at = section.text.indexOf(text);
  return withinWord(section.text, at) || withinWord(section.text, at + text.length); })"""
SEARCH = "field.value = {0!r}; field.dispatchEvent(new Event('input')); found.querySelectorAll('a').length"


def faults_of_search(page, site):
    for width in [WIDE, NARROW]:
        page.open((site / "index.html").as_uri(), width)
        for words in ["aftershock", "the", "Zürich ["]:
            page.run(SEARCH.format(words))
            yield from (f"the search for `{words}` divides a word: {text}" for text in page.run(DIVIDED))
        if width == NARROW and page.run("found.scrollWidth > found.clientWidth || found.getBoundingClientRect().left < 0"):
            yield "the list of the search is broader than the screen"
    if page.run(SEARCH.format("over-fitting")) != page.run(SEARCH.format("overfitting")):
        yield "the search for `overfitting` finds less than that for `over-fitting`"
    page.open((site / "index.html").as_uri(), WIDE)
    page.run("field.value = 'aftershock'; field.dispatchEvent(new Event('input'))")
    links = page.run("[...found.querySelectorAll('a')].map(a => a.href)")
    if not links:
        yield "the search for `aftershock` finds nothing"
        return
    page.open(links[0], WIDE)
    anchor = links[0].partition("#")[2]
    if anchor and not page.run(f"document.getElementById({anchor!r}) !== null"):
        yield f"the search leads to {links[0]}, where there is no such place"


def faults_of_zoom(page, site):
    """A figure opens over the page, larger than there; it grows under the wheel, and moves with the pointer."""
    with_figure = next(path for path in sorted(site.glob("0*.html")) if "<figure" in path.read_text(encoding="utf-8"))
    for width in [NARROW, WIDE]:
        page.open(with_figure.as_uri(), width)
        on_page = page.run("document.querySelector('figure img').clientWidth")
        page.run("document.querySelector('figure .zoom').click(); new Promise(done => setTimeout(done, 300))")
        if page.run("picture.getBoundingClientRect().width") < 1.4 * on_page:
            yield f"{with_figure.name}: at {width} px the enlarged figure is hardly larger than on the page"
    shown = "large.open && picture.getBoundingClientRect().width"
    at_first = page.run(shown)
    if not at_first:
        yield f"{with_figure.name}: a figure that does not open"
        return
    page.call("Input.dispatchMouseEvent", type="mouseWheel", x=600, y=400, deltaX=0, deltaY=-400)
    page.run("new Promise(done => setTimeout(done, 300))")
    if not page.run(shown) > 1.5 * at_first:
        yield f"{with_figure.name}: the wheel does not enlarge the figure"
    left = page.run("picture.getBoundingClientRect().left")
    for kind, x in [("mousePressed", 600), ("mouseMoved", 700), ("mouseReleased", 700)]:
        page.call("Input.dispatchMouseEvent", type=kind, x=x, y=400, button="left", buttons=1, clickCount=1)
    if abs(page.run("picture.getBoundingClientRect().left") - left - 100) > 2:
        yield f"{with_figure.name}: the figure does not follow the pointer"


def faults_of_filter(page, site):
    """In the band all passes, at a corner half (it runs twice), far outside of it next to nothing."""
    page.open((site / "index.html").as_uri(), WIDE)
    for hz, low, high in [(6, 0.98, 1.02), (2, 0.48, 0.52), (15, 0.48, 0.52), (0.5, 0, 0.001), (40, 0, 0.001)]:
        gain = page.run(f"{GAIN}({hz})")
        if not low <= gain <= high:
            yield f"the pieces' filter has a gain of {gain} at {hz} Hz, expected {low} to {high}"


def faults(program, site):
    with browser.Browser(program) as page:
        pages = sorted(site.glob("*.html"))
        for path in pages:
            yield from faults_of_page(page, path)
        yield from faults_of_search(page, site)
        yield from faults_of_zoom(page, site)
        yield from faults_of_filter(page, site)
        yield from (f"the console says: {complaint}" for complaint in page.complaints)
        outside = {url for url in page.requests if not url.startswith(("file:", "data:", "about:", "blob:"))}
        yield from (f"a page asks for {url}" for url in outside)
        print(f"       {len(pages)} pages in {program}, {len(page.requests)} files read")


def main(folder):
    program = browser.find()
    if program is None:
        print("       the site was not opened: no Chromium on the path (QUAKEBOOK_CHROMIUM names one)")
        return
    found = list(faults(program, Path(folder).resolve()))
    if found:
        sys.exit("\n".join([*found, f"{len(found)} faults of the site: they stand above"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
