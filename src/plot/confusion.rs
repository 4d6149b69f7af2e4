//! Confusion matrices, laid out as MATLAB's `plotconfusion` does.

use plotters::prelude::*;

use super::Figure;
use super::style::{
    BLUE, Canvas, FAINT, GREY, INK, LARGE, Painted, SMALL, VERMILLION, check, class_name, figure,
    line, px,
};
use super::text::{Align, text};
use crate::error::Result;
use crate::evaluate::{ConfusionMatrix, Score};

/// Nominal size of one matrix.
const SIDE: u32 = 400;

/// Named matrices side by side, two in a row: Figures 7, 10 and 11 of the paper. A row is an output
/// class, a column a target class; each cell has its count and its percent of all windows. The
/// last column holds the precision of each output, the last row the recall of each target, the
/// corner the accuracy, each with the percent that is wrong below it.
///
/// # Errors
/// [`crate::Error::Plot`] where there is no matrix.
pub fn confusion_matrices(matrices: &[(&str, &ConfusionMatrix)]) -> Result<Figure> {
    check("matrices", matrices.iter().map(|m| m.1.n() as f64))?;
    let n_columns = matrices.len().min(2) as u32;
    let n_rows = (matrices.len() as u32).div_ceil(2);
    let caption = "Confusion matrices: rows are outputs, columns targets; last column precision, \
                   last row recall, corner accuracy.";
    let size = (n_columns * SIDE, n_rows * SIDE);
    figure(caption, size, |canvas| {
        let areas = canvas.split_evenly((n_rows as usize, n_columns as usize));
        for ((name, matrix), area) in matrices.iter().zip(&areas) {
            draw(area, name, matrix)?;
        }
        Ok(())
    })
}

fn draw(area: &Canvas, name: &str, matrix: &ConfusionMatrix) -> Painted<()> {
    let n = matrix.n_classes();
    let (left, top, edge) = (px(84) as i32, px(34) as i32, px(SIDE - 84 - 12) as i32);
    let cell = edge / (n as i32 + 1);
    let centred = |height, colour| text(height, colour, Align::Centre);
    let middle = left + cell * (n as i32 + 1) / 2;
    let title = format!("{name} ({} windows)", matrix.n());
    centred(LARGE, INK).draw(area, &title, (middle, px(16) as i32))?;

    for output in 0..=n {
        for target in 0..=n {
            let corner = (left + target as i32 * cell, top + output as i32 * cell);
            let box_ = [corner, (corner.0 + cell, corner.1 + cell)];
            let (ground, lines) = content(matrix, output, target);
            area.draw(&Rectangle::new(box_, ground.filled()))?;
            area.draw(&Rectangle::new(box_, line(GREY, 10)))?;
            for ((label, colour), shift) in lines.iter().zip([-9, 9]) {
                let at = (
                    corner.0 + cell / 2,
                    corner.1 + cell / 2 + px(1) as i32 * shift,
                );
                let height = if n > 5 { SMALL - 3 } else { SMALL };
                centred(height, *colour).draw(area, label, at)?;
            }
        }
    }
    for class in 0..n {
        let at = class as i32 * cell + cell / 2;
        let label = class_name(class, n);
        let below = top + (n as i32 + 1) * cell + px(12) as i32;
        centred(SMALL, INK).draw(area, &label, (left + at, below))?;
        let style = text(SMALL, INK, Align::Right);
        style.draw(area, &label, (left - px(8) as i32, top + at))?;
    }
    let foot = top + (n as i32 + 1) * cell + px(32) as i32;
    centred(LARGE, INK).draw(area, "target class", (middle, foot))?;
    let side = (px(18) as i32, top + cell * (n as i32 + 1) / 2);
    text(LARGE, INK, Align::Centre)
        .upward()
        .draw(area, "output class", side)?;
    Ok(())
}

type Lines = [(String, RGBColor); 2];

/// Ground and two lines of text of a cell; index `n_classes` is the margin.
fn content(matrix: &ConfusionMatrix, output: usize, target: usize) -> (RGBColor, Lines) {
    let n = matrix.n_classes();
    let share = |score: Score| {
        let lines = match score.n {
            0 => ["-".into(), String::new()],
            _ => [
                percent(100.0 * score.value),
                percent(100.0 - 100.0 * score.value),
            ],
        };
        let [right, wrong] = lines;
        (FAINT, [(right, BLUE), (wrong, VERMILLION)])
    };
    match (output == n, target == n) {
        (true, true) => share(matrix.accuracy()),
        (false, true) => share(matrix.precision(output)),
        (true, false) => share(matrix.recall(target)),
        (false, false) => {
            let ground = match output == target {
                true => tint(BLUE),
                false => tint(VERMILLION),
            };
            let part = match matrix.n() {
                0 => "-".into(),
                _ => percent(matrix.percent(output, target)),
            };
            let count = matrix.count(output, target).to_string();
            (ground, [(count, INK), (part, INK)])
        }
    }
}

fn percent(value: f64) -> String {
    format!("{value:.1} %")
}

/// A colour thinned with white, so that black text is legible on it.
fn tint(colour: RGBColor) -> RGBColor {
    let thin = |channel: u8| 255 - (255 - channel) / 4;
    RGBColor(thin(colour.0), thin(colour.1), thin(colour.2))
}
