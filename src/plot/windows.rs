//! Windows of ten seconds, in counts.

use super::Figure;
use super::axes::Axis;
use super::style::{INK, SMALL, check, figure, px};
use super::text::{Align, text};
use super::waveform::{
    FOOT, FRAME, PANEL, WIDTH, axis_name, draw_samples, extremes, finite, panels, stacked,
    stacked_on,
};
use crate::error::Result;
use crate::window::Window;

/// One component (0, 1 or 2) of windows under one another, each with its start: Figure 4 of the paper, where
/// they are consecutive windows of noise.
///
/// # Errors
/// [`crate::Error::Plot`] where there is no window, or a sample is not finite.
pub fn windows_of_component(
    windows: &[Window],
    component: usize,
    channel: &str,
    sampling_rate_hz: f64,
) -> Result<Figure> {
    let samples = |window: &Window| {
        let n = window.samples.len() / 3;
        let part = window.samples.chunks(n.max(1)).nth(component);
        part.unwrap_or_default().to_vec()
    };
    let samples: Vec<Vec<f32>> = windows.iter().map(samples).collect();
    let values = || samples.iter().flatten().map(|v| f64::from(*v));
    check("windows", values())?;
    let (low, high) = extremes(values());
    let n = samples.iter().map(Vec::len).max().unwrap_or(0);
    let x = Axis::linear(
        "time in the window (s)",
        0.0,
        n as f64 / sampling_rate_hz,
        10,
    );
    let y = Axis::around(&axis_name(channel), [low, high], 4);
    let height = windows.len() as u32 * (PANEL + 24) + FOOT;
    let caption = format!("Channel {channel} of {} windows.", windows.len());
    figure(caption, (WIDTH, height), |canvas| {
        let panels = panels(canvas, windows.len());
        for (i, (window, samples)) in windows.iter().zip(&samples).enumerate() {
            let (head, below) = panels[i].split_vertically(px(24));
            let title = window
                .start
                .format("from %Y-%m-%d %H:%M:%S%.3f")
                .to_string();
            let style = text(SMALL, INK, Align::Left);
            style.draw(&head, &title, (px(FRAME.left) as i32, px(13) as i32))?;
            let mut chart = stacked_on(&below, i + 1 == windows.len(), &x, &y)?;
            draw_samples(
                &mut chart,
                0.0,
                samples.len() as f64 / sampling_rate_hz,
                samples,
                INK,
            )?;
        }
        Ok(())
    })
}

/// One window on three axes.
///
/// # Errors
/// [`crate::Error::Plot`] where the window is empty, not of three components, or not finite.
pub fn window(window: &Window, channels: &[&str; 3], sampling_rate_hz: f64) -> Result<Figure> {
    let n = window.samples.len() / 3;
    check("window", window.samples.iter().map(|v| f64::from(*v)))?;
    let x = Axis::linear("time (s)", 0.0, n as f64 / sampling_rate_hz, 10);
    let caption = format!("Window from {}.", window.start.format("%Y-%m-%d %H:%M:%S"));
    figure(caption, (WIDTH, 3 * PANEL + FOOT), |canvas| {
        let panels = panels(canvas, 3);
        for (i, samples) in window.samples.chunks(n.max(1)).take(3).enumerate() {
            let y = Axis::around(channels[i], finite(samples), 4);
            let mut chart = stacked(&panels, i, &x, &y)?;
            draw_samples(&mut chart, 0.0, x.high, samples, INK)?;
        }
        Ok(())
    })
}
