//! What all figures share: paper, ink, colours, and the way from a canvas to a PNG.

use plotters::coord::Shift;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::*;

use super::Figure;
use super::backend::Both;
use super::letters::Words;
use super::vector::Drawing;
use crate::error::{Error, Result, fail};

/// Pixels of the picture for each nominal one, so that print is sharp.
pub(super) const SCALE: u32 = 2;

/// Where an SVG would have more bytes, a bitmap takes the place of all but its words.
const MAX_SVG_BYTES: usize = 96 << 10;

pub(super) type Backend<'a> = Both<'a>;
pub(super) type Canvas<'a> = DrawingArea<Backend<'a>, Shift>;
/// What drawing on a canvas gives; [`figure`] makes our own error of the backend's.
pub(super) type Painted<T> =
    std::result::Result<T, DrawingAreaErrorKind<<Backend<'static> as DrawingBackend>::ErrorType>>;

// The palette that people with any colour vision tell apart: Okabe & Ito (2008), Color Universal
// Design, https://jfly.uni-koeln.de/color/
pub(super) const ORANGE: RGBColor = RGBColor(230, 159, 0);
pub(super) const SKY: RGBColor = RGBColor(86, 180, 233);
pub(super) const GREEN: RGBColor = RGBColor(0, 158, 115);
pub(super) const BLUE: RGBColor = RGBColor(0, 114, 178);
pub(super) const VERMILLION: RGBColor = RGBColor(213, 94, 0);
pub(super) const PURPLE: RGBColor = RGBColor(204, 121, 167);
pub(super) const INK: RGBColor = RGBColor(30, 30, 30);
pub(super) const GREY: RGBColor = RGBColor(130, 130, 130);
pub(super) const FAINT: RGBColor = RGBColor(225, 225, 225);

// An eighth of their palette, yellow, vanishes on paper; these are of Tol (2021), Colour Schemes,
// SRON/EPS/TN/09-002, "muted".
const INDIGO: RGBColor = RGBColor(51, 34, 136);
const WINE: RGBColor = RGBColor(136, 34, 85);
const OLIVE: RGBColor = RGBColor(153, 153, 51);
const SAND: RGBColor = RGBColor(221, 204, 119);

/// Colours of clusters in turn; noise is [`GREY`].
const CLASSES: [RGBColor; 10] = [
    BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, INDIGO, WINE, OLIVE, SAND,
];

/// Nominal height of tick labels and legends; axis names and panel titles are a little larger.
pub(super) const SMALL: u32 = 14;
pub(super) const LARGE: u32 = 16;

/// The colour of class `class` of `n_classes`; the last class is noise.
pub(super) fn class_colour(class: usize, n_classes: usize) -> RGBColor {
    match class + 1 == n_classes {
        true => GREY,
        false => CLASSES[class % CLASSES.len()],
    }
}

/// The name of class `class` of `n_classes` as the paper counts: `1, 2, 3, noise`.
pub(crate) fn class_name(class: usize, n_classes: usize) -> String {
    match class + 1 == n_classes {
        true => "noise".into(),
        false => (class + 1).to_string(),
    }
}

/// Nominal pixels to pixels of the picture.
pub(super) fn px(nominal: u32) -> u32 {
    nominal * SCALE
}

/// A line of the colour and nominal width in tenths of a pixel.
pub(super) fn line(colour: impl Color, tenths: u32) -> ShapeStyle {
    colour.stroke_width((tenths * SCALE).div_ceil(10))
}

/// Paints a white canvas of the nominal size with `paint` and makes it a figure.
pub(super) fn figure(
    caption: impl Into<String>,
    size: (u32, u32),
    paint: impl FnOnce(&Canvas) -> Painted<()>,
) -> Result<Figure> {
    let (width, height) = (px(size.0), px(size.1));
    let mut pixels = vec![255; (width * height * 3) as usize];
    let mut drawing = Drawing::default();
    {
        let both = Both::new(&mut pixels, (width, height), &mut drawing);
        let canvas = both.into_drawing_area();
        paint(&canvas).map_err(refused)?;
    }
    let mut svg = drawing.finish((width, height), size);
    if svg.len() > MAX_SVG_BYTES {
        let wordless = encode(&pixels, width, height)?;
        svg = drawing.over(&wordless, (width, height), size);
    }
    write(drawing.words(), &mut pixels, (width, height))?;
    Ok(Figure {
        number: String::new(),
        caption: caption.into(),
        source: String::new(),
        png: encode(&pixels, width, height)?,
        svg: Some(svg),
        size,
        interactive: None,
    })
}

/// Writes words on a bitmap.
fn write(words: &[Words], pixels: &mut [u8], size: (u32, u32)) -> Result<()> {
    let mut bitmap = BitMapBackend::with_buffer(pixels, size);
    let mut written = Ok(());
    for words in words {
        words.pixels(|at, colour| {
            if written.is_ok() {
                written = bitmap.draw_pixel(at, colour);
            }
        });
    }
    written.map_err(refused)
}

fn refused(error: impl std::fmt::Display) -> Error {
    fail!(
        Plot,
        "drawing",
        error,
        "Report this with the data of the figure"
    )
}

/// PNG with a palette where 256 colours are enough (after rounding each channel to steps of 5, or
/// of 17, which no eye sees in a drawing), else with full colour. A third of the bytes, and a
/// notebook keeps every figure twice.
fn encode(rgb: &[u8], width: u32, height: u32) -> Result<Vec<u8>> {
    let (pixels, _) = rgb.as_chunks::<3>();
    let indexed = [5, 17]
        .into_iter()
        .find_map(|step| with_palette(pixels, step));
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_compression(png::Compression::Best);
    encoder.set_depth(png::BitDepth::Eight);
    let written = match &indexed {
        Some((palette, indices)) => {
            encoder.set_color(png::ColorType::Indexed);
            encoder.set_palette(palette.as_flattened());
            encoder
                .write_header()
                .and_then(|mut writer| writer.write_image_data(indices))
        }
        None => {
            encoder.set_color(png::ColorType::Rgb);
            encoder
                .write_header()
                .and_then(|mut writer| writer.write_image_data(rgb))
        }
    };
    written.map_err(|error| {
        fail!(
            Plot,
            "PNG",
            error,
            "Report this with the data of the figure"
        )
    })?;
    Ok(bytes)
}

/// The distinct colours after rounding to multiples of `step`, and each pixel's index among them.
fn with_palette(pixels: &[[u8; 3]], step: u8) -> Option<(Vec<[u8; 3]>, Vec<u8>)> {
    let round = |channel: u8| (channel + step.min(255 - channel) / 2) / step * step;
    let mut palette: Vec<[u8; 3]> = Vec::new();
    let mut index_of = std::collections::HashMap::new();
    let mut indices = Vec::with_capacity(pixels.len());
    for pixel in pixels {
        let colour = pixel.map(round);
        let index = *index_of.entry(colour).or_insert_with(|| {
            palette.push(colour);
            palette.len() - 1
        });
        indices.push(u8::try_from(index).ok()?);
    }
    Some((palette, indices))
}

/// Refuses an empty list and values that are not finite.
pub(super) fn check(place: &str, values: impl IntoIterator<Item = f64>) -> Result<()> {
    let mut n = 0;
    for value in values {
        if !value.is_finite() {
            return Err(fail!(
                Plot,
                place,
                format!("value {n} is {value}"),
                "Leave out or repair what is not a finite number"
            ));
        }
        n += 1;
    }
    match n {
        0 => Err(fail!(
            Plot,
            place,
            "nothing to draw",
            "Give at least one value"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_and_black_survive_the_palette() {
        for step in [5, 17] {
            let (palette, indices) = with_palette(&[[255; 3], [0; 3], [255; 3]], step).unwrap();
            assert_eq!(palette, [[255; 3], [0; 3]]);
            assert_eq!(indices, [0, 1, 0]);
        }
    }

    #[test]
    fn more_colours_than_a_palette_holds_are_kept() {
        let pixels: Vec<[u8; 3]> = (0..=255).flat_map(|r| [[r, 0, 0], [0, r, 0]]).collect();
        assert!(with_palette(&pixels, 1).is_none());
        assert!(with_palette(&pixels, 17).is_some());
    }

    #[test]
    fn noise_is_the_last_class() {
        assert_eq!(
            [0, 2, 3].map(|class| class_name(class, 4)),
            ["1", "3", "noise"]
        );
        assert_eq!(class_colour(3, 4), GREY);
    }

    #[test]
    fn values_that_cannot_be_drawn_are_named() {
        let error = check("loss", [1.0, f64::NAN]).unwrap_err().to_string();
        assert!(
            error.contains("loss") && error.contains("value 1"),
            "{error}"
        );
        assert!(check("loss", []).is_err());
    }
}
