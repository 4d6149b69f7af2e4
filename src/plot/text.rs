//! Text in DejaVu Sans, which the crate `dejavu` brings along: no font of the system is needed.
//!
//! plotters 0.3.7 can set registered fonts too, but puts letters at whole pixels without their side
//! bearings, which pulls words apart.

use ab_glyph::{Font, FontRef, Glyph, OutlinedGlyph, PxScale, ScaleFont, point};
use plotters::prelude::*;

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
        self.set(words).1.ceil() as i32
    }

    /// Draws `words` at a pixel of the canvas.
    pub fn draw(&self, canvas: &Canvas, words: &str, at: (i32, i32)) -> Painted<()> {
        let (letters, width) = self.set(words);
        let left = match self.align {
            Align::Left => 0.0,
            Align::Centre => -width / 2.0,
            Align::Right => -width,
        };
        // Capitals of DejaVu Sans are 1493 units high, from ascent to descent it is 2384.
        let baseline = 0.5 * 1493.0 / 2384.0 * px(self.height) as f32;
        for letter in letters {
            let bounds = letter.px_bounds();
            let (x0, y0) = (bounds.min.x + left, bounds.min.y + baseline);
            let mut result = Ok(());
            letter.draw(|x, y, cover| {
                let (x, y) = (
                    (x0 + x as f32).round() as i32,
                    (y0 + y as f32).round() as i32,
                );
                let pixel = match self.upward {
                    true => (at.0 + y, at.1 - x),
                    false => (at.0 + x, at.1 + y),
                };
                if result.is_ok() && cover > 0.0 {
                    result = canvas.draw_pixel(pixel, &self.colour.mix(f64::from(cover.min(1.0))));
                }
            });
            result?;
        }
        Ok(())
    }

    /// The letters from pixel 0 on, and where the next one would stand.
    fn set(&self, words: &str) -> (Vec<OutlinedGlyph>, f32) {
        let font = FontRef::try_from_slice(dejavu::sans::regular())
            .expect("the font in the crate dejavu is a font");
        let scale = PxScale::from(px(self.height) as f32);
        let scaled = font.as_scaled(scale);
        let (mut caret, mut letters) = (0.0, Vec::new());
        let mut before = None;
        for letter in words.chars() {
            let id = font.glyph_id(letter);
            caret += before.map_or(0.0, |before| scaled.kern(before, id));
            before = Some(id);
            let glyph: Glyph = id.with_scale_and_position(scale, point(caret, 0.0));
            letters.extend(font.outline_glyph(glyph));
            caret += scaled.h_advance(id);
        }
        (letters, caret)
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
