//! How a network is built, and how it learnt.

use plotters::prelude::*;

use super::Figure;
use super::axes::{Axis, Frame, chart};
use super::marks::{Mark, dashed, legend};
use super::style::{BLUE, GREEN, INK, LARGE, SKY, SMALL, VERMILLION, check, figure, line, px};
use super::text::{Align, text};
use crate::error::Result;
use crate::network::Layer;
use crate::train::Run;

/// Loss of training and validation and the validation's accuracy after each epoch, with the epoch
/// whose weights were kept: Figure 6 of the paper.
///
/// # Errors
/// [`crate::Error::Plot`] where the run has no epoch, or a loss is not finite.
pub fn training(run: &Run) -> Result<Figure> {
    let of = |value: fn(&crate::train::Epoch) -> f64| {
        run.epochs
            .iter()
            .map(move |e| (e.epoch as f64, value(e)))
            .collect::<Vec<_>>()
    };
    let (train, validation) = (of(|e| e.train_loss), of(|e| e.validation_loss));
    let accuracy = of(|e| 100.0 * e.validation_accuracy);
    let values = |points: &[(f64, f64)]| points.iter().map(|p| p.1).collect::<Vec<_>>();
    check("training loss", values(&train))?;
    check("validation loss", values(&validation))?;
    check("validation accuracy", values(&accuracy))?;

    let n_epochs = run.epochs.len() as f64;
    let best = run.best_epoch as f64;
    let caption = format!(
        "Training of the {}: {} epochs, weights kept of epoch {}.",
        run.network,
        run.epochs.len(),
        run.best_epoch
    );
    figure(caption, (680, 460), |canvas| {
        let entries = [
            ("training loss".to_string(), Mark::Line, BLUE),
            ("validation loss".into(), Mark::Line, VERMILLION),
            ("validation accuracy".into(), Mark::Line, GREEN),
            (format!("best epoch, {best}"), Mark::Dashed, INK),
        ];
        let frame = Frame::default();
        let below = legend(canvas, frame.left, &entries)?;
        let (upper, lower) = below.split_vertically(below.dim_in_pixel().1 * 11 / 20);
        let x = Axis::linear("epoch", 1.0, n_epochs.max(2.0), 10);
        let losses = values(&train).into_iter().chain(values(&validation));
        let y = Axis::around("cross-entropy", losses.chain([0.0]), 5);
        let mut loss = chart(&upper, Frame { bottom: 8, ..frame }, &x.clone().bare(), &y)?;
        loss.draw_series(LineSeries::new(train.clone(), line(BLUE, 20)))?;
        loss.draw_series(LineSeries::new(validation.clone(), line(VERMILLION, 20)))?;
        dashed(&mut loss, (best, y.low), (best, y.high), INK)?;
        let y = Axis::linear("accuracy (%)", 0.0, 100.0, 5);
        let mut share = chart(&lower, frame, &x, &y)?;
        share.draw_series(LineSeries::new(accuracy.clone(), line(GREEN, 20)))?;
        dashed(&mut share, (best, y.low), (best, y.high), INK)
    })
}

/// A network as the blocks that leave its layers, `input` being the shape of a window: as high as
/// the logarithm of the samples, as wide as that of the channels. Figure 5 of the paper.
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
    figure(caption, (760, 330), |canvas| {
        let (width, _) = canvas.dim_in_pixel();
        let pitch = (width - px(20)) as i32 / blocks.len() as i32;
        let middle = px(150) as i32;
        let mut before: Option<i32> = None;
        for (i, (name, shape, n_weights)) in blocks.iter().enumerate() {
            let x = px(10) as i32 + pitch * i as i32 + pitch / 2;
            // A vector of units is a column one channel wide.
            let (n_channels, n_high) = match shape.as_slice() {
                [channels, samples] => (*channels, *samples),
                other => (1, other.iter().product()),
            };
            let log = |n: usize| ((n + 1) as f64).log2();
            let half_w = ((px(2) as f64 * log(n_channels)) as i32 + px(2) as i32).min(pitch / 3);
            let half_h = (px(9) as f64 * log(n_high)) as i32 + px(3) as i32;
            let colour = if i == 0 { SKY } else { BLUE };
            let corners = [(x - half_w, middle - half_h), (x + half_w, middle + half_h)];
            canvas.draw(&Rectangle::new(corners, colour.mix(0.5).filled()))?;
            canvas.draw(&Rectangle::new(corners, line(INK, 10)))?;
            if let Some(from) = before {
                let (start, tip) = (from + px(3) as i32, x - half_w - px(3) as i32);
                canvas.draw(&PathElement::new(
                    [(start, middle), (tip, middle)],
                    line(INK, 10),
                ))?;
                let (back, half) = (tip - px(5) as i32, px(3) as i32);
                let head = [(tip, middle), (back, middle - half), (back, middle + half)];
                canvas.draw(&Polygon::new(head, INK.filled()))?;
            }
            before = Some(x + half_w);
            let style = |height| text(height, INK, Align::Centre);
            let size: Vec<String> = shape.iter().map(usize::to_string).collect();
            let rows = [
                (name.clone(), SMALL),
                (size.join(" x "), SMALL),
                (n_weights.to_string(), SMALL),
            ];
            for (row, (label, height)) in rows.iter().enumerate() {
                if row == 2 && i == 0 {
                    continue;
                }
                let y = px(268 + 20 * row as u32) as i32;
                style(*height).draw(canvas, label, (x, y))?;
            }
        }
        let style = text(LARGE, INK, Align::Left);
        let heading = "Name, shape, parameters";
        style.draw(canvas, heading, (px(10) as i32, px(12) as i32))?;
        Ok(())
    })
}
