//! Text in DejaVu Sans, which the crate `dejavu` brings along: no font of the system is needed.
//!
//! plotters 0.3.7 can set registered fonts too, but puts letters at whole pixels without their side
//! bearings, which pulls words apart. [`super::backend`] sets them as they are here.

use ab_glyph::{Font, FontRef, Glyph, GlyphId, PxScale, ScaleFont, point};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::style::{Canvas, Painted, px};

/// Which part of the text lies at its point; upright, it is always the middle of the capitals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Align {
    Left,
    Centre,
    Right,
}

/// How text looks: its nominal height in pixels, its colour and place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text {
    pub height: u32,
    pub colour: RGBColor,
    pub align: Align,
    /// Whether it reads upwards.
    pub upward: bool,
}

pub(super) fn text(height: u32, colour: RGBColor, align: Align) -> Text {
    Text {
        height,
        colour,
        align,
        upward: false,
    }
}

impl Text {
    /// The same text, reading upwards.
    pub fn upward(self) -> Self {
        Self {
            upward: true,
            ..self
        }
    }

    /// Width of `words` in pixels of the picture.
    pub fn width(&self, words: &str) -> i32 {
        Line::set(words, px(self.height) as f32).width.ceil() as i32
    }

    /// Draws `words` at a pixel of the canvas.
    pub fn draw(&self, canvas: &Canvas, words: &str, at: (i32, i32)) -> Painted<()> {
        let transform = match self.upward {
            true => FontTransform::Rotate270,
            false => FontTransform::None,
        };
        let h_pos = match self.align {
            Align::Left => HPos::Left,
            Align::Centre => HPos::Center,
            Align::Right => HPos::Right,
        };
        // The backend sets it in the one font of all figures, whatever the family is called.
        let style = TextStyle {
            font: (FontFamily::SansSerif, f64::from(px(self.height)))
                .into_font()
                .transform(transform),
            color: self.colour.to_backend_color(),
            pos: Pos::new(h_pos, VPos::Center),
        };
        canvas.draw_text(words, &style, at)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_grow_with_words_and_height() {
        let small = text(14, BLACK, Align::Left);
        assert_eq!(small.width(""), 0);
        assert!(small.width("mm") > small.width("ii"));
        // Two letters without a kerning pair are twice as wide as one.
        assert!((small.width("mmmm") - 2 * small.width("mm")).abs() <= 1);
        let large = text(28, BLACK, Align::Left);
        assert!((large.width("mm") - 2 * small.width("mm")).abs() <= 1);
    }
}
