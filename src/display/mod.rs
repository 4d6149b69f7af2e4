//! How values look in a notebook: the only module that knows one.
//!
//! evcxr calls `evcxr_display(&self)` on the last expression of a cell and collects what it prints
//! between `EVCXR_BEGIN_CONTENT` and `EVCXR_END_CONTENT`: one output for each MIME type, the last
//! of two of the same type (evcxr 0.22, `eval_context.rs`). So a cell ends with one figure or table:
//!
//! | Value | `text/html` | `image/svg+xml` or `image/png` | `text/plain` |
//! |---|---|---|---|
//! | [`Figure`](crate::plot::Figure) | picture and caption | picture | `Figure 2.1. caption` |
//! | [`Table`] | table with caption | | aligned columns |
//! | [`Markdown`] | | | its text, also as `text/markdown` |
//! | `Catalog`, `Scan`, `Clusters`, ... | the table of their `table()` | | the same |
//!
//! JupyterLab, nbconvert and GitHub take the HTML, which is the only form with a caption under the
//! picture; the report takes the SVG (the PNG of a figure that was kept as one), and sets the caption from the plain text. The picture is
//! therefore in the notebook twice, which is why figures are stored with a small palette. A figure with an
//! [`Interactive`](crate::plot::Interactive) has its data too, in the HTML with the script that draws them, and as JSON of a type of our
//! own, by which the site finds them.
//!
//! ```
//! use quakebook::display::Table;
//! let table = Table::new("Windows of each class", &["Class", "Windows"])
//!     .row(["1", "2"])
//!     .row(["noise", "3591"])
//!     .numbered("Table 5.1");
//! assert!(table.to_html().contains("<caption>Table 5.1. Windows of each class</caption>"));
//! assert!(table.to_string().contains("noise     3591"));
//! ```

mod comparison;
mod figure;
mod results;
mod table;
mod text;
mod values;

pub use table::Table;
pub use text::Markdown;

use std::io::Write;

/// Prints `contents`, pairs of MIME type and text, as outputs of the running cell.
fn emit(contents: &[(&str, &str)]) {
    let mut text = String::new();
    for (mime, content) in contents {
        text += &format!("EVCXR_BEGIN_CONTENT {mime}\n{content}\nEVCXR_END_CONTENT\n");
    }
    // In one piece, so that no other thread's line falls into it; a notebook that has gone away is
    // no reason to panic.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

/// `evcxr_display` by way of `table`.
macro_rules! shows_its_table {
    ($($type:ty),* $(,)?) => { $(
        impl $type {
            /// Shows the table as a cell's result.
            pub fn evcxr_display(&self) {
                self.table().evcxr_display();
            }
        }
    )* };
}

shows_its_table!(
    crate::catalog::Catalog,
    crate::cluster::Clusters,
    crate::cluster::KChoice,
    crate::dataset::Leak,
    crate::detect::MatchedDetections,
    crate::detect::Comparison,
    crate::detect::DataQuality,
    crate::detect::Detections,
    crate::detect::Matches,
    crate::detect::Scan,
    crate::evaluate::ConfusionMatrix,
    crate::fdsn::Station,
    crate::network::ConvNet,
    crate::network::Perceptron,
    crate::study::Study,
    crate::train::Run,
    crate::waveform::Record3C,
    crate::window::RejectionLog,
    crate::window::Windows,
);

/// `evcxr_display` of values that are one line of text.
macro_rules! shows_its_text {
    ($($type:ty),* $(,)?) => { $(
        impl $type {
            /// Shows the text as a cell's result.
            pub fn evcxr_display(&self) {
                emit(&[("text/plain", &self.to_string())]);
            }
        }
    )* };
}

shows_its_text!(
    crate::evaluate::Average,
    crate::evaluate::Interval,
    crate::evaluate::Rate,
    crate::evaluate::Score,
);

/// Text as HTML shows it literally.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// `Figure 2.1. caption`, or the caption alone where there is no number yet.
fn numbered(number: &str, caption: &str) -> String {
    match (number.is_empty(), caption.is_empty()) {
        (true, _) => caption.to_string(),
        (false, true) => format!("{number}."),
        (false, false) => format!("{number}. {caption}"),
    }
}
