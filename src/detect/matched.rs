//! Detections on disk: CSV and QuakeML, each row with the event that it is taken for.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Detection, Detections, Matches};
use crate::atomic_file;
use crate::catalog::{Catalog, QUAKEML_NAMESPACES};
use crate::error::{Result, fail};
use crate::tables;
use crate::time::{self, Time, TimeSpan};
use crate::xml::{self, Broken, Element, Part, Shape, escaped};

/// Detections and, for each, the identifier of the catalog's event that it is taken for.
///
/// ```
/// use quakebook::detect::{MatchedDetections, Detections};
/// # use quakebook::{catalog::{Catalog, Event}, detect::Detection, time::TimeSpan, time};
/// # let at = |s| time::parse("2014-02-16").unwrap() + time::seconds(s);
/// # let item = Detection { start: at(20.0), end: at(30.0), time: at(25.0), class: 1, probability: 0.9, n_windows: 1 };
/// # let detections = Detections { station: "GS.OK029.00".into(), simulated: true, n_classes: 4,
/// #     scanned: vec![TimeSpan { start: at(0.0), end: at(60.0) }], items: vec![item] };
/// # let event = Event { id: "qp00001".into(), origin_time: at(22.0), longitude_deg: -97.4, latitude_deg: 35.8,
/// #     depth_km: None, magnitude: 2.2, magnitude_type: "ML".into(), event_type: "earthquake".into() };
/// # let catalog = Catalog::new("made up", true, vec![event]);
/// let matches = detections.match_(&catalog, |_| 3.0, 0.0)?;
/// let matched = MatchedDetections::new(&detections, &matches, &catalog);
/// assert_eq!(matched.events, [Some("qp00001".to_string())]);
/// assert_eq!(MatchedDetections::from_csv(&matched.to_csv())?, matched);
/// assert_eq!(MatchedDetections::from_quakeml(&matched.to_quakeml())?, matched);
/// # Ok::<(), quakebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MatchedDetections {
    pub detections: Detections,
    /// One for each detection; none where nothing in the catalog fits.
    pub events: Vec<Option<String>>,
}

/// What a file holds beside the rows.
#[derive(Serialize, Deserialize)]
struct Head {
    station: String,
    simulated: bool,
    n_classes: usize,
    scanned: Vec<TimeSpan>,
}

/// A detection as QuakeML's comment holds it: all that a pick has no place for.
#[derive(Serialize, Deserialize)]
struct Row {
    start: Time,
    end: Time,
    time: Time,
    /// From 1.
    cluster: usize,
    /// As text: a JSON number need not come back to the last bit.
    probability: String,
    n_windows: usize,
    event: Option<String>,
}

/// Where QuakeML holds them.
const SHAPE: Shape = Shape {
    root: "quakeml",
    namespaces: QUAKEML_NAMESPACES,
    containers: &["quakeml", "eventParameters"],
    wanted: &["event", "comment", "text"],
    once: &["text"],
    attributes: &["publicID"],
    foreign_attributes: &[],
};

const COLUMNS: [&str; 7] = [
    "start",
    "end",
    "time",
    "cluster",
    "probability",
    "n_windows",
    "event",
];

impl MatchedDetections {
    pub fn new(detections: &Detections, matches: &Matches, catalog: &Catalog) -> Self {
        let mut matched = Self::unmatched(detections);
        for found in &matches.found {
            let event = &catalog.events()[found.event];
            matched.events[found.detection] = Some(event.id.clone());
        }
        matched
    }

    pub(super) fn unmatched(detections: &Detections) -> Self {
        Self {
            detections: detections.clone(),
            events: vec![None; detections.len()],
        }
    }

    /// One row a detection, clusters from 1, after one comment line that holds the rest as JSON.
    pub fn to_csv(&self) -> String {
        let items = self.detections.items.iter();
        let rows = items.zip(&self.events).map(|(d, event)| {
            [
                nanoseconds(d.start),
                nanoseconds(d.end),
                nanoseconds(d.time),
                (d.class + 1).to_string(),
                d.probability.to_string(),
                d.n_windows.to_string(),
                event.clone().unwrap_or_default(),
            ]
        });
        format!("# {}\n{}", self.head(), tables::csv(COLUMNS, rows))
    }

    /// Reads what [`MatchedDetections::to_csv`] wrote.
    ///
    /// # Errors
    /// [`crate::Error::Detect`] naming the line.
    pub fn from_csv(text: &str) -> Result<Self> {
        let broken = |line: usize, what: &str| {
            fail!(
                Detect,
                format!("CSV line {line}"),
                what,
                "Give the CSV that a scan wrote, or scan again (quakebook scan --out found.csv)"
            )
        };
        let (head, table) = text.split_once(['\n', '\r']).unwrap_or((text, ""));
        let head: Head = json(head.strip_prefix("# "))
            .ok_or_else(|| broken(1, "expected a comment with station and scanned spans"))?;
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(table.as_bytes());
        // Text in memory is always read, and it is UTF-8.
        if !reader
            .headers()
            .is_ok_and(|columns| *columns == COLUMNS[..])
        {
            let columns = COLUMNS.join(",");
            return Err(broken(2, &format!("expected the columns {columns}")));
        }
        let n_classes = head.n_classes;
        let rows = reader.records().map(|record| {
            let record = record.map_err(|error| broken(2, &error.to_string()))?;
            let row = parse_row(&record).and_then(|row| row.detection(n_classes));
            row.ok_or_else(|| {
                let line = record.position().map_or(2, |position| position.line());
                let cells: Vec<&str> = record.iter().collect();
                // The comment is the file's first line.
                broken(line as usize + 1, &format!("not a detection: {cells:?}"))
            })
        });
        Self::from_rows(head, rows)
    }

    /// QuakeML 1.2: each detection is an event with a pick, and no origin, for one station cannot
    /// locate. The pick's time is the detection's; whatever else belongs to it is the event's comment,
    /// as JSON.
    pub fn to_quakeml(&self) -> String {
        let found = &self.detections;
        let mut codes = found.station.split('.').map(escaped);
        let mut code = || codes.next().unwrap_or_default().to_string();
        let mut stream = format!("networkCode=\"{}\" stationCode=\"{}\"", code(), code());
        match code() {
            empty if empty.is_empty() => {}
            location => stream += &format!(" locationCode=\"{location}\""),
        }
        let mut elements = String::new();
        for (d, event) in found.items.iter().zip(&self.events) {
            let row = Row::of(d, event.clone());
            let comment = serde_json::to_string(&row).expect("a row is plain JSON");
            // Where nothing else of the pick's instant differs, its microsecond tells picks apart.
            let public = format!(
                "smi:quakebook/detection/{}",
                d.time.format("%Y%m%dT%H%M%S%.6f")
            );
            elements += &format!(
                "<event publicID=\"{public}\"><comment><text>{}</text></comment>\n\
                 <pick publicID=\"{public}/pick\"><time><value>{}</value></time>\
                 <waveformID {stream}/><evaluationMode>automatic</evaluationMode></pick>\n\
                 <type>earthquake</type><typeCertainty>suspected</typeCertainty></event>\n",
                escaped(&comment),
                time::iso(d.time),
            );
        }
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <q:quakeml xmlns:q=\"http://quakeml.org/xmlns/quakeml/1.2\" \
             xmlns=\"http://quakeml.org/xmlns/bed/1.2\">\n\
             <eventParameters publicID=\"smi:quakebook/detections\"><description>{}</description>\
             <comment><text>{}</text></comment>\n{elements}</eventParameters>\n</q:quakeml>\n",
            if found.simulated { "simulated" } else { "" },
            escaped(&self.head())
        )
    }

    /// Reads what [`MatchedDetections::to_quakeml`] wrote.
    ///
    /// # Errors
    /// [`crate::Error::Detect`] naming the byte, or the event whose comment is no detection.
    pub fn from_quakeml(text: &str) -> Result<Self> {
        let broken = |place: String, what: String| {
            let remedy = "Give the QuakeML that a scan wrote (quakebook scan --out found.xml); the events of others are a catalog";
            fail!(Detect, place, what, remedy)
        };
        let (mut head, mut events) = (None, Vec::new());
        let walked = xml::walk(text.as_bytes(), &SHAPE, |part| {
            match part {
                Part::Whole(element) if element.name == "event" => events.push(element.clone()),
                Part::Whole(element) => head = json(element.text_at("text")),
                _ => {}
            }
            Ok::<(), Broken>(())
        });
        walked.map_err(|b| broken(format!("QuakeML, byte {}", b.byte), b.what))?;
        let head: Head = head.ok_or_else(|| {
            broken(
                "QuakeML".into(),
                "no comment with station and scanned spans".into(),
            )
        })?;
        let n_classes = head.n_classes;
        let rows = events.iter().map(|event: &Element| {
            let row = json(event.text_at("comment/text"));
            row.and_then(|row: Row| row.detection(n_classes))
                .ok_or_else(|| {
                    let id = event
                        .attribute("publicID")
                        .unwrap_or("without an identifier");
                    broken(format!("QuakeML, event {id}"), "no detection".into())
                })
        });
        Self::from_rows(head, rows)
    }

    /// Writes a file: QuakeML where its name ends in `.xml`, `.qml` or `.quakeml`, else CSV. See
    /// [`atomic_file::write_result`](crate::atomic_file::write_result) for links and pipes.
    ///
    /// # Errors
    /// [`crate::Error::Io`].
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let text = match is_quakeml(path.as_ref()) {
            true => self.to_quakeml(),
            false => self.to_csv(),
        };
        atomic_file::write_result(&path, text)
    }

    /// Reads a file of [`MatchedDetections::write`].
    ///
    /// # Errors
    /// [`crate::Error::Io`], and as [`MatchedDetections::from_csv`] or [`MatchedDetections::from_quakeml`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let name = path.as_ref().display();
        let text = tables::text_of(atomic_file::read_input(&path)?)
            .map_err(|what| fail!(Detect, name, what, tables::NO_TEXT_REMEDY))?;
        match is_quakeml(path.as_ref()) {
            true => Self::from_quakeml(&text),
            false => Self::from_csv(&text),
        }
    }

    fn head(&self) -> String {
        let head = Head {
            station: self.detections.station.clone(),
            simulated: self.detections.simulated,
            n_classes: self.detections.n_classes,
            scanned: self.detections.scanned.clone(),
        };
        serde_json::to_string(&head).expect("a head is plain JSON")
    }

    fn from_rows(
        head: Head,
        rows: impl Iterator<Item = Result<(Detection, Option<String>)>>,
    ) -> Result<Self> {
        let rows: Vec<_> = rows.collect::<Result<_>>()?;
        let (items, events) = rows.into_iter().unzip();
        Ok(Self {
            detections: Detections {
                station: head.station,
                simulated: head.simulated,
                n_classes: head.n_classes,
                scanned: head.scanned,
                items,
            },
            events,
        })
    }
}

impl Row {
    fn of(d: &Detection, event: Option<String>) -> Self {
        Self {
            start: d.start,
            end: d.end,
            time: d.time,
            cluster: d.class + 1,
            probability: d.probability.to_string(),
            n_windows: d.n_windows,
            event,
        }
    }

    /// None where the cluster is not one of the classes before noise, or a time is beyond the calendar.
    fn detection(self, n_classes: usize) -> Option<(Detection, Option<String>)> {
        (1..n_classes).contains(&self.cluster).then_some(())?;
        let [start, end, time] = [self.start, self.end, self.time].map(time::possible);
        let detection = Detection {
            start: start?,
            end: end?,
            time: time?,
            class: self.cluster - 1,
            probability: self.probability.parse().ok()?,
            n_windows: self.n_windows,
        };
        Some((detection, self.event))
    }
}

fn json<T: serde::de::DeserializeOwned>(text: Option<&str>) -> Option<T> {
    serde_json::from_str(text?).ok()
}

fn is_quakeml(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    ["xml", "qml", "quakeml"]
        .iter()
        .any(|xml| extension == *xml)
}

/// Nanoseconds, so that reading gives back the same instant.
fn nanoseconds(time: Time) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.9fZ").to_string()
}

fn parse_row(record: &csv::StringRecord) -> Option<Row> {
    let cells: Vec<&str> = record.iter().collect();
    let [start, end, time_, cluster, probability, n_windows, event] = cells[..] else {
        return None;
    };
    Some(Row {
        start: time::parse(start).ok()?,
        end: time::parse(end).ok()?,
        time: time::parse(time_).ok()?,
        cluster: cluster.parse().ok()?,
        probability: probability.to_string(),
        n_windows: n_windows.parse().ok()?,
        event: (!event.is_empty()).then(|| event.to_string()),
    })
}
