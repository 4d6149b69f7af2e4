//! Letters of DejaVu Sans, which the crate `dejavu` brings along: no font of the system is needed.
//!
//! plotters 0.3.7 can set registered fonts too, but puts letters at whole pixels without their side
//! bearings, which pulls words apart.

use ab_glyph::{Font, FontRef, Glyph, GlyphId, PxScale, ScaleFont, point};

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
