//! A network that goes down to few samples and up again: a U.

use plotters::prelude::*;

use super::Figure;
use super::style::{
    BLUE, Canvas, GREY, INK, Painted, SKY, SMALL, VERMILLION, check, figure, line, px,
};
use super::text::{Align, text};
use crate::error::Result;

const WIDTH: u32 = 700;
/// The first level, and from a level to the next.
const TOP: u32 = 58;
const PITCH: u32 = 62;
const FOOT: u32 = 34;
/// What a level's middle lies from the picture's edge, at the top.
const EDGE: u32 = 140;
/// The widest bar.
const WIDEST: u32 = 180;

/// A U-Net by its levels, rows and samples of each from the top down, between `input` and `output`; each step keeps one sample of
/// `stride`.
///
/// A bar is as long as the logarithm of its samples and as thick as that of its rows.
///
/// # Errors
/// [`crate::Error::Plot`] where there is no level.
pub fn unet(levels: &[[usize; 2]], stride: usize, input: &str, output: &str) -> Result<Figure> {
    check("levels", levels.iter().map(|level| level[1] as f64))?;
    let n_steps = levels.len() as u32 - 1;
    let caption = format!(
        "A U-Net: {n_steps} steps down, each of which keeps one sample of {stride}, and {n_steps} steps up. Numbers: rows x samples."
    );
    let size = (WIDTH, TOP + n_steps * PITCH + FOOT + 30);
    figure(caption, size, |canvas| {
        let bars: Vec<[Bar; 2]> = (0..levels.len()).map(|i| bars(levels, i)).collect();
        for (i, [left, right]) in bars.iter().enumerate() {
            if let Some([next_left, next_right]) = bars.get(i + 1) {
                arrow(canvas, left.foot(), next_left.head(), INK)?;
                arrow(canvas, next_right.head(), right.foot(), INK)?;
                arrow(canvas, left.end(), right.begin(), VERMILLION)?;
                let middle = (left.x + next_left.x) / 2 - px(12) as i32;
                let label = text(SMALL, GREY, Align::Right);
                let at = (middle, (left.y + next_left.y) / 2);
                label.draw(canvas, &format!("1 of {stride}"), at)?;
                right.draw(canvas, BLUE)?;
            }
            left.draw(canvas, if i == 0 { SKY } else { BLUE })?;
            // Arrows pass on the inner side: the numbers stand on the outer one.
            let name = format!("{} x {}", levels[i][0], levels[i][1]);
            for (bar, align, side) in [(left, Align::Right, -1), (right, Align::Left, 1)] {
                let below = bar.y + bar.half_high + px(11) as i32;
                let at = (bar.x + side * px(8) as i32, below);
                let is_deepest = i + 1 == bars.len();
                match (is_deepest, side) {
                    (true, 1) => {}
                    (true, _) => {
                        text(SMALL, INK, Align::Centre).draw(canvas, &name, (bar.x, below))?
                    }
                    (false, _) => text(SMALL, INK, align).draw(canvas, &name, at)?,
                }
            }
        }
        let words = text(SMALL, INK, Align::Centre);
        for (bar, what) in bars[0].iter().zip([input, output]) {
            words.draw(canvas, what, (bar.x, px(18) as i32))?;
        }
        let [left, right] = &bars[0];
        let above = |bar: &Bar| (bar.x, px(28) as i32);
        arrow(canvas, above(left), left.head(), INK)?;
        arrow(canvas, right.head(), above(right), INK)?;
        let key = text(SMALL, VERMILLION, Align::Centre);
        let middle = ((left.x + right.x) / 2, left.y - px(12) as i32);
        key.draw(canvas, "what the step down saw", middle)
    })
}

/// A level on its way down or up, in pixels.
struct Bar {
    x: i32,
    y: i32,
    half_long: i32,
    half_high: i32,
}

/// The two bars of a level; the deepest level is one.
fn bars(levels: &[[usize; 2]], i: usize) -> [Bar; 2] {
    let n_steps = (levels.len() - 1).max(1) as f64;
    let log = |n: usize| ((n + 1) as f64).ln();
    let [rows, samples] = levels[i];
    let inward = f64::from(WIDTH / 2 - EDGE) * i as f64 / n_steps;
    let long = f64::from(WIDEST) * log(samples) / log(levels[0][1]);
    let bar = |x: f64| Bar {
        x: px(x.round() as u32) as i32,
        y: px(TOP + PITCH * i as u32) as i32,
        half_long: px((long / 2.0) as u32) as i32,
        half_high: px((2.0 * log(rows)) as u32) as i32,
    };
    let left = f64::from(EDGE) + inward;
    [bar(left), bar(f64::from(WIDTH) - left)]
}

impl Bar {
    fn head(&self) -> (i32, i32) {
        (self.x, self.y - self.half_high)
    }

    fn foot(&self) -> (i32, i32) {
        (self.x, self.y + self.half_high)
    }

    fn begin(&self) -> (i32, i32) {
        (self.x - self.half_long, self.y)
    }

    fn end(&self) -> (i32, i32) {
        (self.x + self.half_long, self.y)
    }

    fn draw(&self, canvas: &Canvas, colour: RGBColor) -> Painted<()> {
        let corners = [
            (self.x - self.half_long, self.y - self.half_high),
            (self.x + self.half_long, self.y + self.half_high),
        ];
        canvas.draw(&Rectangle::new(corners, WHITE.filled()))?;
        canvas.draw(&Rectangle::new(corners, colour.mix(0.5).filled()))?;
        canvas.draw(&Rectangle::new(corners, line(INK, 10)))
    }
}

/// A line with a head at its end, a little short of both ends.
fn arrow(canvas: &Canvas, from: (i32, i32), to: (i32, i32), colour: RGBColor) -> Painted<()> {
    let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
    let length = dx.hypot(dy);
    let (short, head) = (f64::from(px(3)), f64::from(px(7)));
    if length < 2.0 * short + head {
        return Ok(());
    }
    let (ux, uy) = (dx / length, dy / length);
    let at = |along: f64, across: f64| {
        let (x, y) = (
            f64::from(from.0) + along * ux - across * uy,
            f64::from(from.1) + along * uy + across * ux,
        );
        (x.round() as i32, y.round() as i32)
    };
    let tip = length - short;
    let shaft = [at(short, 0.0), at(tip - head, 0.0)];
    canvas.draw(&PathElement::new(shaft, line(colour, 14)))?;
    let corners = [
        at(tip, 0.0),
        at(tip - head, head / 2.0),
        at(tip - head, -head / 2.0),
    ];
    canvas.draw(&Polygon::new(corners, colour.filled()))
}
