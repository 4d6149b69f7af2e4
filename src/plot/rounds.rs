//! The rounds of k-means as small pictures.

use super::axes::{Axis, Frame, chart};
use super::marks::{Mark, spot};
use super::style::{INK, SMALL, check, class_colour, figure, px};
use super::text::{Align, text};
use super::{Figure, Interactive};
use crate::error::{Result, fail};

/// Nominal size of one picture.
const SIDE: (u32, u32) = (232, 200);
const N_COLUMNS: usize = 3;

/// Each round of k-means, `(centroids, labels)`: the points in the colour of their label, and the centroids
/// to which they were assigned as crosses. The axes are named `x` and `y`.
///
/// # Errors
/// [`crate::Error::Plot`] where there is no point or round, a number is not finite, or a round has not one label
/// for each point.
pub fn rounds(points: &[[f64; 2]], rounds: &[(Vec<[f64; 2]>, Vec<usize>)]) -> Result<Figure> {
    let centroids = rounds.iter().flat_map(|round| &round.0);
    let all: Vec<[f64; 2]> = points.iter().chain(centroids).copied().collect();
    check("points", all.iter().flatten().copied())?;
    check("rounds", rounds.first().map(|_| 1.0))?;
    if let Some(round) = rounds.iter().find(|round| round.1.len() != points.len()) {
        return Err(fail!(
            Plot,
            "rounds",
            format!("{} labels for {} points", round.1.len(), points.len()),
            "Give one label for each point"
        ));
    }
    let n_rows = rounds.len().div_ceil(N_COLUMNS);
    let n_columns = rounds.len().min(N_COLUMNS);
    let size = (SIDE.0 * n_columns as u32, SIDE.1 * n_rows as u32);
    let x = Axis::around("x", all.iter().map(|p| p[0]), 4);
    let y = Axis::around("y", all.iter().map(|p| p[1]), 4);
    let caption = format!("{} rounds of k-means.", rounds.len());
    let figure = figure(caption, size, |canvas| {
        let pictures = canvas.split_evenly((n_rows, n_columns));
        for (i, (centroids, labels)) in rounds.iter().enumerate() {
            let (head, below) = pictures[i].split_vertically(px(22));
            let frame = Frame {
                left: 52,
                bottom: 44,
                top: 4,
                right: 12,
            };
            let title = format!("round {}", i + 1);
            let style = text(SMALL, INK, Align::Left);
            style.draw(&head, &title, (px(frame.left) as i32, px(13) as i32))?;
            let chart = chart(&below, frame, &x, &y)?;
            let k = centroids.len();
            for (point, label) in points.iter().zip(labels) {
                let colour = class_colour(*label, k + 1);
                spot(&chart, (point[0], point[1]), Mark::Dot, colour, 5)?;
            }
            for (c, centroid) in centroids.iter().enumerate() {
                let at = (centroid[0], centroid[1]);
                spot(&chart, at, Mark::Cross, INK, 8)?;
                spot(&chart, at, Mark::Dot, class_colour(c, k + 1), 3)?;
            }
        }
        Ok(())
    })?;
    Ok(figure.answering(Some(Interactive::rounds(points, rounds))))
}
