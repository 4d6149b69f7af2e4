//! Text in figures. The backend sets it by [`super::letters`].

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::letters::Line;
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
