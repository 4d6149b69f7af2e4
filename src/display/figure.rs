//! Figures as picture, HTML and plain text, and as a piece that answers to the reader.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{emit, escape, numbered};
use crate::plot::{Figure, INTERACTIVE_MIME};

/// Draws the pieces that answer to the reader; the site has the same file.
const SCRIPT: &str = include_str!("interactive.js");

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
        let (kind, picture) = match &self.svg {
            Some(svg) => ("svg+xml", svg.as_bytes()),
            None => ("png", self.png.as_slice()),
        };
        format!(
            "<figure style=\"margin:0\"><img alt=\"{caption}\" width=\"{}\" \
             src=\"data:image/{kind};base64,{}\"><figcaption>{caption}</figcaption></figure>",
            self.size.0,
            STANDARD.encode(picture)
        )
    }

    /// The data for a page that answers to the reader, as JSON on one line with a title and the source.
    fn answer(&self) -> Option<String> {
        let piece = self.interactive.as_ref()?;
        let mut json = serde_json::to_value(piece).expect("numbers and names are plain JSON");
        json["title"] = piece.title().into();
        json["source"] = self.source.as_str().into();
        // No name may end the script that the data stand in.
        Some(json.to_string().replace('<', "\\u003c"))
    }

    /// Shows the figure as a cell's result.
    pub fn evcxr_display(&self) {
        let png = STANDARD.encode(&self.png);
        let (mut html, caption) = (self.to_html(), self.full_caption());
        let answer = self.answer();
        if let Some(json) = &answer {
            html += &format!(
                "<div class=\"quakebook-interactive\"><script type=\"application/json\">{json}</script></div>\
                 <script>\n{SCRIPT}</script>"
            );
        }
        let picture = match &self.svg {
            Some(svg) => ("image/svg+xml", svg.as_str()),
            None => ("image/png", png.as_str()),
        };
        let mut contents = vec![
            ("text/html", html.as_str()),
            picture,
            ("text/plain", caption.as_str()),
        ];
        contents.extend(answer.as_deref().map(|json| (INTERACTIVE_MIME, json)));
        emit(&contents);
    }
}
