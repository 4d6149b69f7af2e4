//! Figures as picture, HTML and plain text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{emit, escape, numbered};
use crate::plot::Figure;

impl Figure {
    /// Number, caption and source in one line: `Figure 2.1. Epicentres. Simulated data: classroom.`
    pub fn full_caption(&self) -> String {
        let text = [self.caption.as_str(), self.source.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        numbered(&self.number, &text).replace('\n', " ")
    }

    /// Picture and caption as one HTML element that needs no other file.
    pub fn to_html(&self) -> String {
        let caption = escape(&self.full_caption());
        format!(
            "<figure style=\"margin:0\"><img alt=\"{caption}\" width=\"{}\" \
             src=\"data:image/png;base64,{}\"><figcaption>{caption}</figcaption></figure>",
            self.size.0,
            STANDARD.encode(&self.png)
        )
    }

    /// Shows the figure as a cell's result.
    pub fn evcxr_display(&self) {
        emit(&[
            ("text/html", &self.to_html()),
            ("image/png", &STANDARD.encode(&self.png)),
            ("text/plain", &self.full_caption()),
        ]);
    }
}
