//! Values as a notebook shows them.

mod common;

use polars::prelude::*;
use quakebook::catalog::Catalog;
use quakebook::display::Table;
use quakebook::plot::Figure;
use quakebook::time;
use quakebook::waveform::Record3C;

fn figure() -> Figure {
    Figure {
        number: String::new(),
        caption: "Depth < 5 km.".into(),
        source: String::new(),
        png: vec![0x89, b'P', b'N', b'G'],
        svg: None,
        size: (720, 480),
        interactive: None,
    }
}

#[test]
fn a_figures_plain_text_is_one_line_with_number_caption_and_source() {
    let figure = figure().numbered("Figure 2.1").sourced("classroom", true);
    assert_eq!(
        figure.full_caption(),
        "Figure 2.1. Depth < 5 km. Simulated data: classroom."
    );
}

#[test]
fn a_figures_html_holds_the_picture_and_the_escaped_caption() {
    let html = figure().to_html();
    // base64 of 89 50 4E 47, by hand: iVBORw==
    assert!(
        html.contains("src=\"data:image/png;base64,iVBORw==\""),
        "{html}"
    );
    assert!(
        html.contains("<figcaption>Depth &lt; 5 km.</figcaption>"),
        "{html}"
    );
    assert!(html.contains("width=\"720\""));
    assert!(!html.contains('\n'));
}

#[test]
fn html_prefers_the_drawing_to_the_bitmap() {
    let drawn = Figure {
        svg: Some("<svg/>".into()),
        ..figure()
    };
    // base64 of `<svg/>`, by hand: PHN2Zy8+
    assert!(
        drawn
            .to_html()
            .contains("src=\"data:image/svg+xml;base64,PHN2Zy8+\"")
    );
}

#[test]
fn numbers_stand_to_the_right_and_words_to_the_left() {
    let table = Table::new("Counts", &["Class", "Windows", "Share"])
        .row(["1", "2", "0.1 %"])
        .row(["noise", "3591", "99.8 %"])
        .noted("Simulated.");
    let expected = "Counts\n\
                    Class  Windows   Share\n\
                    -----  -------  ------\n\
                    1            2   0.1 %\n\
                    noise     3591  99.8 %\n\
                    Simulated.";
    assert_eq!(table.to_string(), expected);
    let html = table.to_html();
    assert!(
        html.contains("<td style=\"text-align:left\">1</td>"),
        "{html}"
    );
    assert!(
        html.contains("<td style=\"text-align:right\">3591</td>"),
        "{html}"
    );
}

#[test]
fn a_short_row_is_filled_and_markup_is_literal() {
    let html = Table::new("<b>", &["a & b", "c"]).row(["x"]).to_html();
    assert!(html.contains("<caption>&lt;b&gt;</caption>"));
    assert!(html.contains("a &amp; b"));
    assert_eq!(html.matches("<td ").count(), 2);
}

#[test]
fn a_frame_shows_its_first_rows_and_counts_the_rest() {
    let frame = df!("name" => ["a", "b", "c"], "size" => [1, 2, 3]).unwrap();
    let table = Table::from_frame("A frame", &frame, 2);
    assert_eq!(table.rows, [["a", "1"], ["b", "2"]]);
    assert_eq!(table.note, "First 2 of 3 rows.");
}

#[test]
fn a_catalog_says_how_many_and_that_it_is_simulated() {
    let first = time::parse("2014-02-16T01:28:31.32").unwrap();
    let event = |i: i64| common::event(&i.to_string(), first + time::seconds(i as f64));
    let table = Catalog::new("classroom", true, (0..20).map(event).collect()).table();
    assert_eq!(table.caption, "20 events");
    assert_eq!(table.rows[0][0], "2014-02-16 01:28:31.320");
    assert_eq!(
        table.note,
        "First 12 of 20 rows. Simulated data: classroom."
    );
    assert!(Catalog::new("empty", false, vec![]).table().rows.is_empty());
}

#[test]
fn a_record_counts_what_is_missing() {
    let record = Record3C {
        station: "GS.OK029.00".into(),
        channels: ["HH1", "HH2", "HHZ"].map(String::from),
        start: time::parse("2014-02-16").unwrap(),
        sampling_rate_hz: 100.0,
        data: [vec![1.0, f32::NAN, 3.0], vec![f32::NAN; 3], vec![0.0; 3]],
        simulated: false,
    };
    let table = record.table();
    assert_eq!(table.rows[0], ["HH1", "3", "1", "1.0", "2.0", "3.0"]);
    assert_eq!(table.rows[1], ["HH2", "3", "3", "-", "-", "-"]);
    assert_eq!(table.note, "Data: GS.OK029.00.");
}
