//! How a network learnt.

use plotters::prelude::*;

use super::Figure;
use super::axes::{Axis, Chart, Frame, chart};
use super::marks::{Mark, dashed, legend};
use super::style::{BLUE, Canvas, GREEN, INK, ORANGE, PURPLE, VERMILLION, check, figure, line, px};
use crate::error::Result;
use crate::train::{Epoch, Run};

/// Nominal heights of the panels; the lowest has the axis of all.
const LOSS: u32 = 200;
const PANEL: u32 = 110;
const FOOT: u32 = 46;

/// What MATLAB shows of a training, Figure 6 of the paper: losses, the length of the gradient, the validation
/// checks and the validation's accuracy after each epoch; dashed: the epoch whose weights were kept.
///
/// A run that was kept before gradients were has no such panel.
///
/// # Errors
/// [`crate::Error::Plot`] where the run has no epoch, or a number is not finite.
pub fn training(run: &Run) -> Result<Figure> {
    let of = |value: &dyn Fn(&Epoch) -> f64| -> Vec<(f64, f64)> {
        let at = |e: &Epoch| (e.epoch as f64, value(e));
        run.epochs.iter().map(at).collect()
    };
    let (train, validation) = (of(&|e| e.train_loss), of(&|e| e.validation_loss));
    let accuracy = of(&|e| 100.0 * e.validation_accuracy);
    let known: Option<Vec<f64>> = run.epochs.iter().map(|e| e.gradient).collect();
    let gradient: Option<Vec<(f64, f64)>> =
        known.map(|lengths| (1..).map(f64::from).zip(lengths).collect());
    let checks = run.validation_checks().into_iter().map(|n| n as f64);
    let checks: Vec<(f64, f64)> = (1..).map(f64::from).zip(checks).collect();
    let values = |points: &[(f64, f64)]| points.iter().map(|p| p.1).collect::<Vec<_>>();
    check("training loss", values(&train))?;
    check("validation loss", values(&validation))?;
    check("validation accuracy", values(&accuracy))?;
    if let Some(gradient) = &gradient {
        check("gradient", values(gradient))?;
    }

    let (n_epochs, best) = (run.epochs.len() as f64, run.best_epoch as f64);
    let caption = format!(
        "Training of the {}: {} epochs, weights kept of epoch {}.",
        run.network,
        run.epochs.len(),
        run.best_epoch
    );
    let n_panels = 2 + u32::from(gradient.is_some());
    let height = 56 + LOSS + n_panels * PANEL + FOOT;
    figure(caption, (680, height), |canvas| {
        let entries = [
            ("training loss".to_string(), Mark::Line, BLUE),
            ("validation loss".into(), Mark::Line, VERMILLION),
            (format!("best epoch, {best}"), Mark::Dashed, INK),
        ];
        let body = legend(canvas, Frame::default().left, &entries)?;
        let (loss, rest) = body.split_vertically(px(LOSS));
        let x = Axis::linear("epoch", 1.0, n_epochs.max(2.0), 10);
        let bare = x.clone().bare();
        let above = Frame {
            bottom: 8,
            ..Frame::default()
        };
        let losses = values(&train).into_iter().chain(values(&validation));
        let y = Axis::around("cross-entropy", losses.chain([0.0]), 5);
        let mut upper = chart(&loss, above, &bare, &y)?;
        upper.draw_series(LineSeries::new(train.clone(), line(BLUE, 20)))?;
        upper.draw_series(LineSeries::new(validation.clone(), line(VERMILLION, 20)))?;
        dashed(&mut upper, (best, y.low), (best, y.high), INK)?;

        let panel = |canvas: &Canvas, frame, x: &Axis, y: &Axis, of: &[(f64, f64)], colour| {
            let mut chart: Chart = chart(canvas, frame, x, y)?;
            chart.draw_series(LineSeries::new(of.to_vec(), line(colour, 20)))?;
            dashed(&mut chart, (best, y.low), (best, y.high), INK)
        };
        let mut rest = rest;
        if let Some(gradient) = &gradient {
            let (this, below) = rest.split_vertically(px(PANEL));
            let lengths = || gradient.iter().map(|p| p.1.max(1e-12));
            let (low, high) = lengths().fold((f64::MAX, 0.0_f64), |a, v| (a.0.min(v), a.1.max(v)));
            let y = Axis::log10("gradient", low / 1.5, high * 1.5);
            let on_log: Vec<(f64, f64)> = gradient
                .iter()
                .map(|p| (p.0, p.1.max(1e-12).log10()))
                .collect();
            panel(&this, above, &bare, &y, &on_log, ORANGE)?;
            rest = below;
        }
        let (middle, lowest) = rest.split_vertically(px(PANEL));
        let most = checks.iter().map(|p| p.1).fold(1.0, f64::max);
        let y = Axis::linear("checks", 0.0, most * 1.1, 3);
        panel(&middle, above, &bare, &y, &checks, PURPLE)?;
        let y = Axis::linear("right (%)", 0.0, 104.0, 3);
        panel(&lowest, Frame::default(), &x, &y, &accuracy, GREEN)
    })
}
