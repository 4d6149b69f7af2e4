//! The one backend of all figures: what is drawn goes to a bitmap and to an SVG at once; words wait until it is finished.

use plotters::prelude::{BitMapBackend, FontTransform};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};

use super::letters::Words;
use super::vector::Drawing;

/// A bitmap, and beside it the same as an SVG.
pub(super) struct Both<'a> {
    bitmap: BitMapBackend<'a>,
    drawing: &'a mut Drawing,
}

impl<'a> Both<'a> {
    /// Draws on `pixels`, three bytes each, and on `drawing`.
    pub fn new(pixels: &'a mut [u8], size: (u32, u32), drawing: &'a mut Drawing) -> Self {
        let bitmap = BitMapBackend::with_buffer(pixels, size);
        Self { bitmap, drawing }
    }
}

type Drawn<T> = std::result::Result<(), DrawingErrorKind<T>>;

impl<'a> DrawingBackend for Both<'a> {
    type ErrorType = <BitMapBackend<'a> as DrawingBackend>::ErrorType;

    fn get_size(&self) -> (u32, u32) {
        self.bitmap.get_size()
    }

    fn ensure_prepared(&mut self) -> Drawn<Self::ErrorType> {
        self.bitmap.ensure_prepared()
    }

    fn present(&mut self) -> Drawn<Self::ErrorType> {
        self.bitmap.present()
    }

    fn draw_pixel(&mut self, at: BackendCoord, colour: BackendColor) -> Drawn<Self::ErrorType> {
        self.drawing.block(at, (at.0 + 1, at.1 + 1), colour);
        self.bitmap.draw_pixel(at, colour)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn<Self::ErrorType> {
        self.drawing
            .line([from, to], style.color(), style.stroke_width());
        self.bitmap.draw_line(from, to, style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (x0, y0): BackendCoord,
        (x1, y1): BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn<Self::ErrorType> {
        match fill {
            true => self.drawing.block((x0, y0), (x1, y1), style.color()),
            false => {
                let corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)];
                self.drawing
                    .line(corners, style.color(), style.stroke_width());
            }
        }
        self.bitmap.draw_rect((x0, y0), (x1, y1), style, fill)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn<Self::ErrorType> {
        let points: Vec<BackendCoord> = path.into_iter().collect();
        self.drawing
            .line(points.iter().copied(), style.color(), style.stroke_width());
        self.bitmap.draw_path(points, style)
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        centre: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn<Self::ErrorType> {
        match fill {
            true => self.drawing.dot(centre, radius, style.color()),
            false => self
                .drawing
                .ring(centre, radius, style.color(), style.stroke_width()),
        }
        self.bitmap.draw_circle(centre, radius, style, fill)
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Drawn<Self::ErrorType> {
        let corners: Vec<BackendCoord> = corners.into_iter().collect();
        self.drawing.area(corners.iter().copied(), style.color());
        self.bitmap.fill_polygon(corners, style)
    }

    /// Keeps words, whose capitals have their middle at the point: they come on top of the finished picture.
    fn draw_text<T: BackendTextStyle>(
        &mut self,
        words: &str,
        style: &T,
        at: BackendCoord,
    ) -> Drawn<Self::ErrorType> {
        if words.is_empty() {
            return Ok(());
        }
        self.drawing.write(Words {
            text: words.into(),
            at,
            anchor: style.anchor().h_pos,
            height: style.size() as f32,
            upward: matches!(style.transform(), FontTransform::Rotate270),
            colour: style.color(),
        });
        Ok(())
    }
}
