//! Letters of DejaVu Sans, which the crate `dejavu` brings along: no font of the system is needed.
//!
//! plotters 0.3.7 can set registered fonts too, but puts letters at whole pixels without their side
//! bearings, which pulls words apart.

use std::collections::BTreeMap;
use std::fmt::Write;

use ab_glyph::{Font, FontRef, Glyph, GlyphId, OutlineCurve, Point, PxScale, ScaleFont, point};
use plotters_backend::text_anchor::HPos;
use plotters_backend::{BackendColor, BackendCoord};

use crate::xml::escaped;

/// The font of all figures.
pub(super) fn font() -> FontRef<'static> {
    FontRef::try_from_slice(dejavu::sans::regular())
        .expect("the font in the crate dejavu is a font")
}

/// Words whose letters have their places.
pub(super) struct Line {
    /// Each letter, and how far right of the beginning it stands.
    pub letters: Vec<(GlyphId, f32)>,
    /// Where the next letter would stand.
    pub width: f32,
    /// From ascent to descent.
    height: f32,
}

impl Line {
    /// Sets `words` in a line of that height.
    pub fn set(words: &str, height: f32) -> Self {
        let font = font();
        let scaled = font.as_scaled(PxScale::from(height));
        let (mut width, mut letters, mut before) = (0.0, Vec::new(), None);
        for letter in words.chars() {
            let id = font.glyph_id(letter);
            width += before.map_or(0.0, |before| scaled.kern(before, id));
            before = Some(id);
            letters.push((id, width));
            width += scaled.h_advance(id);
        }
        Self {
            letters,
            width,
            height,
        }
    }

    /// How far the baseline lies below the middle of the capitals.
    pub fn baseline(&self) -> f32 {
        // Capitals of DejaVu Sans are 1493 units high, from ascent to descent it is 2384.
        0.5 * 1493.0 / 2384.0 * self.height
    }

    /// Pixels of a unit of the font.
    pub fn scale(&self) -> f32 {
        font()
            .as_scaled(PxScale::from(self.height))
            .scale_factor()
            .vertical
    }

    /// Each pixel that is covered, and how far, from the point on the middle of the capitals.
    pub fn pixels(&self, left: f32, mut paint: impl FnMut(i32, i32, f64)) {
        let (font, scale) = (font(), PxScale::from(self.height));
        for (id, at) in &self.letters {
            let glyph: Glyph = id.with_scale_and_position(scale, point(*at, 0.0));
            let Some(letter) = font.outline_glyph(glyph) else {
                continue;
            };
            let bounds = letter.px_bounds();
            let (x0, y0) = (bounds.min.x + left, bounds.min.y + self.baseline());
            letter.draw(|x, y, cover| {
                let (x, y) = (x0 + x as f32, y0 + y as f32);
                if cover > 0.0 {
                    paint(
                        x.round() as i32,
                        y.round() as i32,
                        f64::from(cover.min(1.0)),
                    );
                }
            });
        }
    }
}

/// Words at their place in a figure.
pub(super) struct Words {
    pub text: String,
    /// Where they are anchored, on the middle of the capitals.
    pub at: BackendCoord,
    pub anchor: HPos,
    /// Pixels from ascent to descent.
    pub height: f32,
    /// Whether they read upwards.
    pub upward: bool,
    pub colour: BackendColor,
}

impl Words {
    /// A group of outlines for an SVG; each outline that it uses goes to `outlines`, by its number in the font.
    ///
    /// The group tells its text, anchor and size, so that a report can set other words in its place.
    pub fn group(&self, outlines: &mut BTreeMap<u16, String>) -> String {
        let line = Line::set(&self.text, self.height);
        let (scale, baseline) = (line.scale(), line.baseline());
        let (x, y) = (self.at.0 as f32, self.at.1 as f32);
        let place = match self.upward {
            true => format!("translate({:.1} {y}) rotate(-90)", x + baseline),
            false => format!("translate({x} {:.1})", y + baseline),
        };
        let anchor = match self.anchor {
            HPos::Left => "start",
            HPos::Center => "middle",
            HPos::Right => "end",
        };
        let (r, g, b) = self.colour.rgb;
        let size = font().units_per_em().unwrap_or_default() * scale;
        let mut group = format!(
            "<g fill=\"#{r:02x}{g:02x}{b:02x}\" data-text=\"{}\" text-anchor=\"{anchor}\" font-size=\"{size:.1}\" \
             transform=\"{place} scale({scale:.5} -{scale:.5})\">",
            escaped(&self.text)
        );
        for (letter, at) in &line.letters {
            let outline = outlines.entry(letter.0);
            let outline = outline.or_insert_with(|| outlined(font(), *letter));
            if !outline.is_empty() {
                let x = (self.left(&line) + at) / scale;
                let _ = write!(group, "<use href=\"#g{}\" x=\"{x:.0}\"/>", letter.0);
            }
        }
        group + "</g>"
    }

    /// Each pixel that they cover, with its colour.
    pub fn pixels(&self, mut paint: impl FnMut(BackendCoord, BackendColor)) {
        let line = Line::set(&self.text, self.height);
        let (x, y) = self.at;
        line.pixels(self.left(&line), |right, down, cover| {
            let pixel = match self.upward {
                true => (x + down, y - right),
                false => (x + right, y + down),
            };
            paint(pixel, self.colour.mix(cover));
        });
    }

    /// Where the first letter begins, right of the anchor.
    fn left(&self, line: &Line) -> f32 {
        match self.anchor {
            HPos::Left => 0.0,
            HPos::Center => -line.width / 2.0,
            HPos::Right => -line.width,
        }
    }
}

/// The outline of a letter in units of the font, y upwards; empty for a space.
fn outlined(font: FontRef, letter: GlyphId) -> String {
    let mut data = String::new();
    let Some(outline) = font.outline(letter) else {
        return data;
    };
    let mut end = None;
    let mut curve = |command: &str, from: Point, points: &[Point]| {
        if end != Some(from) {
            let _ = write!(data, "M{:.0} {:.0}", from.x, from.y);
        }
        data += command;
        for (i, p) in points.iter().enumerate() {
            let _ = write!(
                data,
                "{}{:.0} {:.0}",
                if i > 0 { " " } else { "" },
                p.x,
                p.y
            );
        }
        end = points.last().copied();
    };
    for part in &outline.curves {
        match part {
            OutlineCurve::Line(a, b) => curve("L", *a, &[*b]),
            OutlineCurve::Quad(a, b, c) => curve("Q", *a, &[*b, *c]),
            OutlineCurve::Cubic(a, b, c, d) => curve("C", *a, &[*b, *c, *d]),
        }
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str, upward: bool) -> Words {
        Words {
            text: text.into(),
            at: (100, 50),
            anchor: HPos::Right,
            height: 28.0,
            upward,
            colour: BackendColor {
                alpha: 1.0,
                rgb: (0, 0, 0),
            },
        }
    }

    #[test]
    fn a_group_tells_its_text() {
        let mut outlines = BTreeMap::new();
        let group = words("a < \"b\"", false).group(&mut outlines);
        assert!(
            group.contains(
                " data-text=\"a &lt; &quot;b&quot;\" text-anchor=\"end\" font-size=\"24.1\""
            ),
            "{group}"
        );
        assert!(
            group.contains("<g fill=\"#000000\"") && !group.contains("rotate"),
            "{group}"
        );
        // A space has no outline to use.
        assert_eq!(group.matches("<use ").count(), 5);
        let upward = words("a", true).group(&mut outlines);
        assert!(upward.contains(" 50) rotate(-90) scale("), "{upward}");
    }

    #[test]
    fn letters_lie_before_an_anchor_at_their_end() {
        let (mut left, mut right) = (i32::MAX, i32::MIN);
        words("mm", false).pixels(|(x, _), _| (left, right) = (left.min(x), right.max(x)));
        assert!(
            left < 80 && (95..=100).contains(&right),
            "{left} to {right}"
        );
        let mut top = i32::MAX;
        words("mm", true).pixels(|(_, y), _| top = top.min(y));
        assert!((50..=55).contains(&top), "{top}");
    }
}
