//! A figure as SVG, written along while it is drawn as a bitmap.
//!
//! Letters are outlines of the figure's own font, so that a page, a PDF and a browser show the same ones; they lie on top of all
//! else. What follows one another in one style is one path: a record of thousands of samples stays small.

use std::collections::BTreeMap;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use plotters_backend::{BackendColor, BackendCoord};

use super::letters::Words;

/// What was drawn so far.
#[derive(Default)]
pub(super) struct Drawing {
    body: String,
    /// How things look, as CSS; an element names its style by the place in this list.
    styles: Vec<String>,
    /// The path that goes on: its style and its data.
    open: Option<(usize, String)>,
    /// A circle that shines through: its outline may follow, and makes one element with it.
    held: Option<(BackendCoord, u32, BackendColor)>,
    words: Vec<Words>,
}

impl Drawing {
    /// A line through points.
    pub fn line(
        &mut self,
        points: impl IntoIterator<Item = BackendCoord>,
        colour: BackendColor,
        width: u32,
    ) {
        let style = format!("fill:none;stroke-width:{width};{}", paint("stroke", colour));
        self.path(style, colour, path(points));
    }

    /// An area within points.
    pub fn area(&mut self, points: impl IntoIterator<Item = BackendCoord>, colour: BackendColor) {
        self.path(paint("fill", colour), colour, path(points) + "z");
    }

    /// An area between two corners.
    pub fn block(&mut self, (x0, y0): BackendCoord, (x1, y1): BackendCoord, colour: BackendColor) {
        let (width, height) = (x1 - x0, y1 - y0);
        let data = format!("M{x0} {y0}h{width}v{height}h{}z", -width);
        self.path(paint("fill", colour), colour, data);
    }

    /// A dot.
    pub fn dot(&mut self, (x, y): BackendCoord, radius: u32, colour: BackendColor) {
        if colour.alpha < 1.0 {
            self.close();
            self.held = Some(((x, y), radius, colour));
            return;
        }
        // The round ends of a line of hardly any length (of none, Typst drops it): dots of one style are one path.
        let (width, stroke) = (2 * radius, paint("stroke", colour));
        let style = format!("stroke-linecap:round;stroke-width:{width};{stroke}");
        self.path(style, colour, format!("M{x} {y}h.1"));
    }

    /// A line around a circle.
    pub fn ring(&mut self, at: BackendCoord, radius: u32, colour: BackendColor, width: u32) {
        let fill = match self.held.take_if(|held| (held.0, held.1) == (at, radius)) {
            Some((_, _, colour)) => paint("fill", colour),
            None => "fill:none".into(),
        };
        let stroke = paint("stroke", colour);
        self.circle(format!("{fill};stroke-width:{width};{stroke}"), at, radius);
    }

    /// Words on top of all else.
    pub fn write(&mut self, words: Words) {
        self.words.push(words);
    }

    /// All words so far.
    pub fn words(&self) -> &[Words] {
        &self.words
    }

    /// The whole picture: `pixels` wide and high, shown at the nominal size.
    pub fn finish(&mut self, pixels: (u32, u32), size: (u32, u32)) -> String {
        self.close();
        let styles = self.styles.iter().enumerate();
        let styles: String = styles.map(|(i, css)| format!(".s{i}{{{css}}}")).collect();
        let style = format!("<style>path{{stroke-linejoin:round}}{styles}</style>");
        self.page(&style, &self.body, pixels, size)
    }

    /// The words as they are, over a PNG of all else.
    pub fn over(&self, png: &[u8], pixels: (u32, u32), size: (u32, u32)) -> String {
        let picture = format!(
            "<image width=\"{}\" height=\"{}\" href=\"data:image/png;base64,{}\"/>",
            pixels.0,
            pixels.1,
            STANDARD.encode(png)
        );
        self.page("", &picture, pixels, size)
    }

    fn page(&self, style: &str, body: &str, pixels: (u32, u32), size: (u32, u32)) -> String {
        let mut outlines = BTreeMap::new();
        let words: String = (self.words.iter().map(|words| words.group(&mut outlines))).collect();
        let used = outlines.iter().filter(|(_, data)| !data.is_empty());
        let letters: String = used
            .map(|(id, data)| format!("<path id=\"g{id}\" d=\"{data}\"/>"))
            .collect();
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {} {}\">\
             {style}<defs>{letters}</defs><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>{body}{words}</svg>",
            size.0, size.1, pixels.0, pixels.1
        )
    }

    /// Goes on with the open path where the style is the same. What shines through is an element of its own: in one path
    /// overlaps would not add up.
    fn path(&mut self, style: String, colour: BackendColor, data: String) {
        let style = self.style(style);
        match &mut self.open {
            Some((of, before)) if *of == style && colour.alpha >= 1.0 => *before += &data,
            _ => {
                self.close();
                self.open = Some((style, data));
            }
        }
    }

    fn circle(&mut self, style: String, (x, y): BackendCoord, radius: u32) {
        self.close();
        let style = self.style(style);
        let _ = write!(
            self.body,
            "<circle class=\"s{style}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>"
        );
    }

    /// The place of a style in the list.
    fn style(&mut self, css: String) -> usize {
        let known = self.styles.iter().position(|style| *style == css);
        known.unwrap_or_else(|| {
            self.styles.push(css);
            self.styles.len() - 1
        })
    }

    /// Writes what was to go on.
    fn close(&mut self) {
        if let Some((style, data)) = self.open.take() {
            let _ = write!(self.body, "<path class=\"s{style}\" d=\"{data}\"/>");
        }
        if let Some((at, radius, colour)) = self.held.take() {
            self.circle(paint("fill", colour), at, radius);
        }
    }
}

/// `fill:#rrggbb`, with its opacity where something shines through.
fn paint(what: &str, colour: BackendColor) -> String {
    let (r, g, b) = colour.rgb;
    let opacity = match colour.alpha < 1.0 {
        true => format!(";{what}-opacity:{:.2}", colour.alpha),
        false => String::new(),
    };
    format!("{what}:#{r:02x}{g:02x}{b:02x}{opacity}")
}

/// `M1 2 3 4`: the later points are those of lines.
fn path(points: impl IntoIterator<Item = BackendCoord>) -> String {
    let mut data = String::new();
    for (x, y) in points {
        let before = if data.is_empty() { "M" } else { " " };
        let _ = write!(data, "{before}{x} {y}");
    }
    data
}

#[cfg(test)]
mod tests {
    use plotters_backend::text_anchor::HPos;

    use super::*;

    const BLACK: BackendColor = BackendColor {
        alpha: 1.0,
        rgb: (0, 0, 0),
    };

    #[test]
    fn one_style_is_one_path() {
        let mut drawing = Drawing::default();
        drawing.line([(1, 2), (3, 4)], BLACK, 2);
        drawing.line([(5, 6), (7, 8)], BLACK, 2);
        drawing.line([(5, 6), (7, 8)], BLACK, 3);
        let svg = drawing.finish((20, 10), (10, 5));
        assert!(svg.contains("d=\"M1 2 3 4M5 6 7 8\"/>"), "{svg}");
        assert_eq!(svg.matches("<path class").count(), 2);
        assert!(svg.starts_with("<svg ") && svg.contains("width=\"10\" height=\"5\""));
    }

    #[test]
    fn dots_that_shine_through_stay_apart() {
        let dots = |colour| {
            let mut drawing = Drawing::default();
            for x in 0..3 {
                drawing.dot((x, 1), 4, colour);
            }
            let svg = drawing.finish((9, 9), (9, 9));
            [
                svg.matches("<path ").count(),
                svg.matches("<circle ").count(),
            ]
        };
        assert_eq!([dots(BLACK), dots(BLACK.mix(0.5))], [[1, 0], [0, 3]]);
    }

    #[test]
    fn a_dot_and_its_outline_are_one_element() {
        let mut drawing = Drawing::default();
        for x in [1, 20] {
            drawing.dot((x, 1), 4, BLACK.mix(0.5));
            drawing.ring((x, 1), 4, BLACK, 1);
        }
        let svg = drawing.finish((9, 9), (9, 9));
        assert_eq!(svg.matches("<circle ").count(), 2);
        assert!(
            svg.contains("fill-opacity:0.50;stroke-width:1;stroke:#000000"),
            "{svg}"
        );
    }

    fn words(text: &str) -> Words {
        Words {
            text: text.into(),
            at: (1, 2),
            anchor: HPos::Left,
            height: 28.0,
            upward: false,
            colour: BLACK,
        }
    }

    #[test]
    fn letters_are_outlines_written_once_on_top() {
        let mut drawing = Drawing::default();
        drawing.write(words("aa a"));
        drawing.line([(1, 2), (3, 4)], BLACK, 2);
        let svg = drawing.finish((9, 9), (9, 9));
        assert_eq!(svg.matches("<use ").count(), 3);
        assert_eq!(svg.matches("<path id=").count(), 1);
        assert!(svg.find("data-text") > svg.find("M1 2 3 4"), "{svg}");
    }

    #[test]
    fn over_a_bitmap_stand_the_words_alone() {
        let mut drawing = Drawing::default();
        drawing.line([(1, 2), (3, 4)], BLACK, 2);
        drawing.write(words("a"));
        let svg = drawing.over(b"PNG", (9, 8), (9, 8));
        assert!(
            svg.contains("<image width=\"9\" height=\"8\" href=\"data:image/png;base64,UE5H\"/>"),
            "{svg}"
        );
        assert!(
            svg.find("data-text") > svg.find("<image") && !svg.contains("M1 2 3 4"),
            "{svg}"
        );
    }
}
