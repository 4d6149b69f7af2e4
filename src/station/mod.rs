//! Stations: where they stand, when they ran, which way their components point, and what they make
//! of ground motion.
//!
//! | Format | Read | Write |
//! |---|---|---|
//! | StationXML 1.0, 1.1 and 1.2, with responses, `.xml` | [`Inventory::from_stationxml`] | [`Inventory::to_stationxml`] |
//! | FDSN text `.txt` of level network, station or channel | [`Inventory::from_fdsn_text`] | [`Inventory::to_fdsn_text`] |
//! | either of these | [`Inventory::read`] | [`Inventory::write`] |
//!
//! Text is UTF-8, UTF-16 with its mark, or Latin-1; its lines end with LF, CR LF or CR. Of StationXML the
//! elements of its own namespace count, or those of none in a document without one.
//!
//! An [`Inventory`] is all that a data centre told: networks, their stations, the channels of each
//! location, and each of them with the [`Epoch`] in which it was so. What a study works with is one
//! [`Station`] at one time: [`Inventory::station`].
//!
//! ```
//! use quakebook::station::{Inventory, StationChoice};
//! let text = "#Network|Station|Location|Channel|Latitude|Longitude|Elevation|Depth|Azimuth|Dip|SensorDescription|Scale|ScaleFreq|ScaleUnits|SampleRate|StartTime|EndTime\n\
//!             AK|BWN||HH1|64.17|-149.3|356|0|12|0|T120|5E8|1|M/S|100|2010-07-23T00:00:00|2014-05-28T23:59:59\n\
//!             AK|BWN||HH1|64.17|-149.3|356|0|30|0|T120|5E8|1|M/S|100|2014-08-01T00:00:00|\n";
//! let inventory = Inventory::from_text(text, "an answer").unwrap();
//! let choice = StationChoice::new("AK", "BWN", "", "HH*").unwrap();
//! let at = |time| inventory.station(&choice, quakebook::time::parse(time).unwrap());
//! assert_eq!(at("2012-01-01").unwrap().channels[0].azimuth_deg, 12.0);
//! assert_eq!(at("2015-01-01").unwrap().channels[0].azimuth_deg, 30.0);
//! assert!(at("2014-07-01").is_err());
//! ```

mod chosen;
mod inventory;
mod motion;
mod response;
mod rotate;
mod stationxml;
mod text;
mod usable;

use std::io::{BufRead, BufReader};
use std::path::Path;

use crate::code::Code;
use crate::error::{Error, Result, fail};
use crate::{atomic_file, tables, time};

pub use crate::code_pattern::{CodePattern, NslcPattern, StationChoice};
pub use chosen::{Channel, Station};
pub use inventory::{ChannelEpoch, Epoch, Inventory, NetworkEpoch, StationEpoch};
pub use response::{
    Coefficients, Decimation, Filter, Fir, Gain, PolesZeros, Polynomial, Response, ResponseList,
    Sensitivity, Stage, Symmetry, TransferFunction, Units,
};
pub use text::Level;
pub use usable::{Contradiction, ResponseFault};

impl Inventory {
    /// Reads StationXML or FDSN text, by how the file begins. StationXML is read channel by
    /// channel, however long the file.
    ///
    /// # Errors
    /// [`Error::Io`] where the file cannot be read, [`Error::Station`] as
    /// [`Inventory::from_stationxml`] and [`Inventory::from_fdsn_text`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let name = path.as_ref().display().to_string();
        let mut file = BufReader::new(atomic_file::open_input(path.as_ref())?);
        let beginning = file.fill_buf().map_err(Error::io(&path))?;
        if is_xml(&String::from_utf8_lossy(beginning)) {
            return Self::stream_stationxml(file, &name);
        }
        let text = tables::text_of(atomic_file::read_input(path)?);
        let text = text.map_err(|what| fail!(Station, name, what, tables::NO_TEXT_REMEDY))?;
        Self::from_text(&text, &name)
    }

    /// As [`Inventory::read`], of text that is at hand; `name` is what errors call it.
    ///
    /// # Errors
    /// [`Error::Station`] as there.
    pub fn from_text(text: &str, name: &str) -> Result<Self> {
        match is_xml(text) {
            true => Self::from_stationxml(text, name),
            false => Self::from_fdsn_text(text, name),
        }
    }

    /// Writes the inventory in the format that the path's extension names: `.xml` StationXML 1.1,
    /// `.txt` FDSN text of the deepest level that there is. See
    /// [`atomic_file::write_result`](crate::atomic_file::write_result) for links and pipes.
    ///
    /// # Errors
    /// [`Error::Station`] for any other extension, or where a station without channels among
    /// others, or a network without stations, would be lost in text; [`Error::Io`] where the file
    /// cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        let text = match extension.as_deref() {
            Some("xml") => self.to_stationxml(),
            Some("txt") => self.to_fdsn_text(self.level(path)?),
            _ => {
                return Err(fail!(
                    Station,
                    path.display(),
                    "no format of stations belongs to this extension",
                    "Name the file .xml (StationXML) or .txt (FDSN text)"
                ));
            }
        };
        atomic_file::write_result(path, text)
    }

    /// The deepest level that has an entry, where its text holds everything.
    fn level(&self, path: &Path) -> Result<Level> {
        let stations = || self.networks.iter().flat_map(|network| &network.stations);
        let n_networks = self
            .networks
            .iter()
            .filter(|n| n.stations.is_empty())
            .count();
        let n_stations = stations().filter(|s| s.channels.is_empty()).count();
        let (level, n_lost) = if self.channels().next().is_some() {
            (Level::Channel, n_networks + n_stations)
        } else if stations().next().is_some() {
            (Level::Station, n_networks)
        } else {
            (Level::Network, 0)
        };
        if n_lost == 0 {
            return Ok(level);
        }
        Err(fail!(
            Station,
            path.display(),
            format!(
                "{n_lost} networks without stations, or stations without channels, have no row in text \
                 that has channels or stations"
            ),
            "Write StationXML (.xml), which holds all levels at once"
        ))
    }
}

fn is_xml(beginning: &str) -> bool {
    let blank = |c: char| c.is_whitespace() || c == tables::MARK;
    beginning.trim_start_matches(blank).starts_with('<')
}

/// A finite number, or nothing where the text is empty.
fn read_number(place: &str, text: &str) -> Result<Option<f64>> {
    match (text.trim(), text.trim().parse::<f64>()) {
        ("", _) => Ok(None),
        (_, Ok(number)) if number.is_finite() => Ok(Some(number)),
        _ => Err(unreadable(place, text, "a number")),
    }
}

/// A number that must be there.
fn need_number(place: &str, text: &str) -> Result<f64> {
    read_number(place, text)?.ok_or_else(|| unreadable(place, text, "a number"))
}

/// A time with or without `Z`, or nothing where the text is empty.
fn read_time(place: &str, text: &str) -> Result<Option<crate::time::Time>> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    match time::read(text.trim()) {
        None => Err(unreadable(place, text, "a time in UTC")),
        time => Ok(time),
    }
}

/// A latitude or longitude in degrees.
fn read_degrees(place: &str, text: &str, limit_deg: f64) -> Result<f64> {
    read_angle(place, text, limit_deg)?.ok_or_else(|| unreadable(place, text, "degrees"))
}

/// An angle in degrees, or nothing where the text is empty.
fn read_angle(place: &str, text: &str, limit_deg: f64) -> Result<Option<f64>> {
    let degrees = read_number(place, text)?;
    if degrees.is_some_and(|degrees| degrees.abs() > limit_deg) {
        let expected = format!("degrees from -{limit_deg} to {limit_deg}");
        return Err(unreadable(place, text, &expected));
    }
    Ok(degrees)
}

/// Sampling rates that an instrument can have: a sample in three years is the slowest that SEED can
/// express, and no digitiser of ground motion is faster than some megahertz.
const RATES_HZ: std::ops::RangeInclusive<f64> = 1e-8..=1e8;

/// A sampling rate in hertz, 0 for a channel of no regular samples; nothing where the text is empty.
fn read_rate(place: &str, text: &str) -> Result<Option<f64>> {
    match read_number(place, text)? {
        Some(rate_hz) if rate_hz != 0.0 && !RATES_HZ.contains(&rate_hz) => Err(unreadable(
            place,
            text,
            "a sampling rate of 0, or from 1e-8 to 1e8 Hz,",
        )),
        rate => Ok(rate),
    }
}

fn unreadable(place: &str, text: &str, expected: &str) -> Error {
    let shortened: String = text.chars().take(60).collect();
    fail!(
        Station,
        place,
        format!("{shortened:?} where {expected} was expected"),
        "Correct this value"
    )
}

/// The code of an empty location is written `--`, or as spaces.
fn location_code(place: &str, text: &str) -> Result<Code> {
    let code = text.trim().parse();
    code.map_err(|_| unreadable(place, text, "a code of at most 8 letters, digits or '-'"))
}

/// The code of a network, a station or a channel.
fn needed_code(place: &str, text: &str) -> Result<Code> {
    let code = Code::needed(text.trim());
    code.map_err(|_| unreadable(place, text, "a code of 1 to 8 letters, digits or '-'"))
}
