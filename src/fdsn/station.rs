//! A station and its channels, read from the text form of FDSN station services.

use crate::error::Result;
use crate::geo::Point;

/// One station, with the channels that a study asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Station {
    pub network: String,
    pub station: String,
    pub location: String,
    pub longitude_deg: f64,
    pub latitude_deg: f64,
    /// Above sea level.
    pub elevation_m: f64,
    /// In the order of their codes.
    pub channels: Vec<Channel>,
    /// True for a simulated station.
    pub simulated: bool,
}

/// One component of a station.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    /// `HHZ`, `HH1`, ...
    pub code: String,
    /// Clockwise from north; of no meaning for a vertical.
    pub azimuth_deg: f64,
    /// Down from the horizontal: -90 is up.
    pub dip_deg: f64,
    pub sampling_rate_hz: f64,
    /// Counts for one metre a second, at the frequency that the data centre names.
    pub sensitivity_counts_per_m_s: f64,
}

impl Station {
    pub fn position(&self) -> Point {
        Point::new(self.longitude_deg, self.latitude_deg)
    }

    /// Reads text of level `channel` (17 columns, FDSN Web Service Specifications 1.2). Of
    /// several epochs of a channel the last one holds. `name` is what errors call the text.
    ///
    /// # Errors
    /// [`crate::Error::Request`] naming the line where the text is none of this form, where a
    /// field is not what it should be, or where it tells of several stations or locations.
    pub fn from_fdsn_text(text: &str, name: &str) -> Result<Self> {
        let mut rows = text
            .lines()
            .enumerate()
            .filter(|(_, row)| !row.trim().is_empty());
        let header = rows.next().map_or("", |(_, row)| row).to_lowercase();
        let columns: Vec<&str> = fields(header.trim_start_matches('#'));
        let mut channels: Vec<(String, Channel)> = Vec::new();
        let mut station: Option<Self> = None;
        for (line, row) in rows {
            let row = Row {
                place: format!("{name}, line {}", line + 1),
                columns: &columns,
                fields: fields(row),
            };
            row.check()?;
            let here = row.station()?;
            let known = station.get_or_insert_with(|| here.clone());
            if (&known.network, &known.station, &known.location)
                != (&here.network, &here.station, &here.location)
            {
                return Err(row.broken("one station and one location were expected"));
            }
            channels.push((row.text("starttime")?.to_string(), row.channel()?));
        }
        let mut station = station.ok_or_else(|| broken(name, "no channel".into()))?;
        // By code, then by the epoch's start: ISO times sort as text.
        channels.sort_by(|(a_start, a), (b_start, b)| (&a.code, a_start).cmp(&(&b.code, b_start)));
        for (_, channel) in channels {
            match station.channels.last_mut() {
                Some(last) if last.code == channel.code => *last = channel,
                _ => station.channels.push(channel),
            }
        }
        Ok(station)
    }
}

fn fields(row: &str) -> Vec<&str> {
    row.split('|').map(str::trim).collect()
}

/// One line under its header.
struct Row<'a> {
    place: String,
    columns: &'a [&'a str],
    fields: Vec<&'a str>,
}

impl Row<'_> {
    fn check(&self) -> Result<()> {
        if self.fields.len() == self.columns.len() {
            return Ok(());
        }
        Err(self.broken(&format!(
            "{} fields where the header has {}",
            self.fields.len(),
            self.columns.len()
        )))
    }

    fn station(&self) -> Result<Station> {
        Ok(Station {
            network: self.text("network")?.into(),
            station: self.text("station")?.into(),
            location: self.text("location")?.trim_matches('-').into(),
            longitude_deg: self.number("longitude")?,
            latitude_deg: self.number("latitude")?,
            elevation_m: self.number("elevation")?,
            channels: Vec::new(),
            simulated: false,
        })
    }

    fn channel(&self) -> Result<Channel> {
        Ok(Channel {
            code: self.text("channel")?.into(),
            azimuth_deg: self.number("azimuth")?,
            dip_deg: self.number("dip")?,
            sampling_rate_hz: self.number("samplerate")?,
            sensitivity_counts_per_m_s: self.number("scale")?,
        })
    }

    fn text(&self, column: &str) -> Result<&str> {
        let index = self.columns.iter().position(|name| *name == column);
        match index {
            Some(index) => Ok(self.fields[index]),
            None => Err(self.broken(&format!("no column {column:?} in the header"))),
        }
    }

    fn number(&self, column: &str) -> Result<f64> {
        let text = self.text(column)?;
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        number.ok_or_else(|| self.broken(&format!("{text:?} where the {column} was expected")))
    }

    fn broken(&self, what: &str) -> crate::Error {
        broken(&self.place, what.into())
    }
}

fn broken(place: &str, what: String) -> crate::Error {
    crate::Error::Request {
        url: place.into(),
        status: None,
        what,
        remedy: "Ask for one station, with level=channel and format=text".into(),
    }
}
