//! How a network is built.

use plotters::prelude::*;

use super::Figure;
use super::marks::mark;
use super::style::{
    BLUE, Canvas, GREY, INK, Painted, SKY, SMALL, VERMILLION, check, figure, line, px,
};
use super::text::{Align, text};
use crate::error::Result;
use crate::network::Layer;

/// Nominal size, and the row of the blocks' middle.
const SIZE: (u32, u32) = (760, 330);
const MIDDLE: u32 = 138;
/// What the names of the rows below take.
const LEFT: u32 = 84;
/// More units than this are drawn as a block.
const MOST_UNITS: usize = 16;

/// A network as what leaves its layers, `input` being the shape of a window: Figure 5 of the paper.
///
/// Samples of channels are a block, as high as the logarithm of the samples and as wide as that of the channels;
/// the small frame in a block is the filter of the layer after it, at one of its places. A few units are circles,
/// which see all that comes before.
///
/// # Errors
/// [`crate::Error::Plot`] where there is no layer.
pub fn layers(input: &[usize], layers: &[Layer]) -> Result<Figure> {
    check(
        "layers",
        layers.iter().map(|layer| layer.n_parameters as f64),
    )?;
    let n_parameters: usize = layers.iter().map(|layer| layer.n_parameters).sum();
    let caption = format!(
        "The network's {} layers and the shape that leaves each, channels x samples; \
         {n_parameters} parameters.",
        layers.len()
    );
    let mut blocks = vec![("input".to_string(), input.to_vec(), 0)];
    blocks.extend(
        layers
            .iter()
            .map(|layer| (layer.name.clone(), layer.shape.clone(), layer.n_parameters)),
    );
    figure(caption, SIZE, |canvas| {
        let pitch = px(SIZE.0 - LEFT - 10) as i32 / blocks.len() as i32;
        let drawn: Vec<Drawn> = blocks
            .iter()
            .enumerate()
            .map(|(i, block)| {
                let x = px(LEFT) as i32 + pitch * i as i32 + pitch / 2;
                Drawn::new(&block.1, x, pitch)
            })
            .collect();
        for pair in drawn.windows(2) {
            pair[0].connect(canvas, &pair[1])?;
        }
        for (i, block) in drawn.iter().enumerate() {
            block.draw(canvas, if i == 0 { SKY } else { BLUE })?;
        }
        for pair in drawn.windows(2) {
            if pair[1].units.is_empty() && pair[0].units.is_empty() {
                pair[0].filter(canvas, &pair[1])?;
            }
        }
        let style = |align| text(SMALL, INK, align);
        for (row, name) in ["layer", "shape", "weights"].iter().enumerate() {
            let y = px(268 + 20 * row as u32) as i32;
            style(Align::Left).draw(canvas, name, (px(10) as i32, y))?;
            for (block, drawn) in blocks.iter().zip(&drawn) {
                let size: Vec<String> = block.1.iter().map(usize::to_string).collect();
                let label = match row {
                    0 => block.0.clone(),
                    1 => size.join(" x "),
                    _ if block.2 == 0 => "-".to_string(),
                    _ => block.2.to_string(),
                };
                style(Align::Centre).draw(canvas, &label, (drawn.x, y))?;
            }
        }
        Ok(())
    })
}

/// Where a layer's output stands in the picture.
struct Drawn {
    x: i32,
    half_w: i32,
    half_h: i32,
    /// Rows of single units; none for a block.
    units: Vec<i32>,
}

impl Drawn {
    fn new(shape: &[usize], x: i32, pitch: i32) -> Self {
        // A vector of units is a column one channel wide.
        let (n_channels, n_high) = match shape {
            [channels, samples] => (*channels, *samples),
            other => (1, other.iter().product()),
        };
        let log = |n: usize| ((n + 1) as f64).log2();
        let half_w = ((px(2) as f64 * log(n_channels)) as i32 + px(2) as i32).min(pitch / 3);
        let half_h = (px(9) as f64 * log(n_high)) as i32 + px(3) as i32;
        let is_units = shape.len() == 1 && n_high <= MOST_UNITS;
        let between = px(19) as i32;
        let row = |i: usize| px(MIDDLE) as i32 + between * (2 * i as i32 - n_high as i32 + 1) / 2;
        Self {
            x,
            half_w,
            half_h,
            units: (0..if is_units { n_high } else { 0 }).map(row).collect(),
        }
    }

    fn draw(&self, canvas: &Canvas, colour: RGBColor) -> Painted<()> {
        for row in &self.units {
            canvas.draw(&Circle::new((self.x, *row), px(7) as i32, WHITE.filled()))?;
            canvas.draw(&Circle::new(
                (self.x, *row),
                px(7) as i32,
                colour.mix(0.5).filled(),
            ))?;
            canvas.draw(&Circle::new((self.x, *row), px(7) as i32, line(INK, 10)))?;
        }
        if !self.units.is_empty() {
            return Ok(());
        }
        let middle = px(MIDDLE) as i32;
        let corners = [
            (self.x - self.half_w, middle - self.half_h),
            (self.x + self.half_w, middle + self.half_h),
        ];
        canvas.draw(&Rectangle::new(corners, WHITE.filled()))?;
        canvas.draw(&Rectangle::new(corners, colour.mix(0.5).filled()))?;
        canvas.draw(&Rectangle::new(corners, line(INK, 10)))
    }

    /// Each unit of `next` sees everything here.
    fn connect(&self, canvas: &Canvas, next: &Self) -> Painted<()> {
        let from: Vec<i32> = match self.units.is_empty() {
            false => self.units.clone(),
            true => (-3..=3)
                .map(|i| px(MIDDLE) as i32 + i * self.half_h / 3)
                .collect(),
        };
        for to in &next.units {
            for from in &from {
                let ends = [
                    (self.x + self.half_w.min(px(14) as i32), *from),
                    (next.x, *to),
                ];
                canvas.draw(&PathElement::new(ends, line(GREY.mix(0.6), 8)))?;
            }
        }
        Ok(())
    }

    /// The filter that makes one sample of `next`, as a frame here and lines to that sample.
    fn filter(&self, canvas: &Canvas, next: &Self) -> Painted<()> {
        let middle = px(MIDDLE) as i32;
        let high = px(5) as i32;
        let top = middle - self.half_h / 3;
        let corners = [
            (self.x - self.half_w, top - high),
            (self.x + self.half_w, top + high),
        ];
        canvas.draw(&Rectangle::new(corners, line(VERMILLION, 15)))?;
        let tip = (next.x - next.half_w, middle - next.half_h / 3);
        for row in [top - high, top + high] {
            let ends = [(self.x + self.half_w, row), tip];
            canvas.draw(&PathElement::new(ends, line(VERMILLION, 10)))?;
        }
        mark(canvas, tip, super::marks::Mark::Dot, VERMILLION, 2)
    }
}
