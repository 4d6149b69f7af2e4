//! QuakeML 1.2 (Schorlemmer et al. 2011; <https://quake.ethz.ch/quakeml>): of each event the
//! preferred origin and magnitude, or the first where none is preferred. An event without an origin is
//! at the time of its first pick, and nowhere; one without picks too is left out, and counted
//! ([`Catalog::left_out`]), and so is one that prefers an origin or a magnitude that it does not have.
//!
//! Versions 1.0 to 1.2 are read, and documents without any namespace; an element of another namespace is
//! an extension, and passed over. A document is read event by event, and of an event its arrivals
//! and amplitudes are passed over: what is held in memory is the catalog, whatever the length of the file.

use std::io::BufRead;

use super::event::LeftOut;
use super::field::{self, MAGNITUDE, read_bounded, read_depth_m, read_point, read_time};
use super::{Catalog, Event};
use crate::error::{Result, fail};
use crate::time::{self, Time};
use crate::xml::{self, Broken, Element, Part, Shape, escaped, optional};

const SHAPE: Shape = Shape {
    root: "quakeml",
    namespaces: NAMESPACES,
    containers: &["quakeml", "eventParameters"],
    wanted: &[
        "event",
        "description",
        "type",
        "preferredOriginID",
        "preferredMagnitudeID",
        "origin",
        "time",
        "latitude",
        "longitude",
        "depth",
        "magnitude",
        "mag",
        "value",
        "comment",
        "text",
        "pick",
    ],
    once: &[
        "preferredOriginID",
        "preferredMagnitudeID",
        "time",
        "latitude",
        "longitude",
        "depth",
        "mag",
        "value",
        "type",
    ],
    attributes: &["publicID"],
    foreign_attributes: &[("eventsource", COMCAT), ("eventid", COMCAT)],
};

/// Of QuakeML and of its Basic Event Description; version 1.0 had one for both, `rt` is the form for
/// real-time systems.
pub(crate) const NAMESPACES: &[&str] = &[
    "http://quakeml.org/xmlns/quakeml/1.2",
    "http://quakeml.org/xmlns/bed/1.2",
    "http://quakeml.org/xmlns/quakeml/1.1",
    "http://quakeml.org/xmlns/bed/1.1",
    "http://quakeml.org/xmlns/quakeml/1.0",
    "http://quakeml.org/xmlns/bed/1.0",
    "http://quakeml.org/xmlns/quakeml-rt/1.2",
    "http://quakeml.org/xmlns/bed-rt/1.2",
];

/// Of the attributes that ComCat adds.
const COMCAT: &str = "http://anss.org/xmlns/catalog/0.1";

/// Begins the public identifier of an event whose own id does not have QuakeML's form.
const OWN_PREFIX: &str = "smi:quakebook/event/";

/// Stands in the description of simulated events.
const SIMULATED: &str = "simulated";

/// The types that QuakeML 1.2 has for events. Of any other a reader may leave out the whole event, as
/// ObsPy does.
const TYPES: [&str; 44] = [
    "not existing",
    "not reported",
    "earthquake",
    "anthropogenic event",
    "collapse",
    "cavity collapse",
    "mine collapse",
    "building collapse",
    "explosion",
    "accidental explosion",
    "chemical explosion",
    "controlled explosion",
    "experimental explosion",
    "industrial explosion",
    "mining explosion",
    "quarry blast",
    "road cut",
    "blasting levee",
    "nuclear explosion",
    "induced or triggered event",
    "rock burst",
    "reservoir loading",
    "fluid injection",
    "fluid extraction",
    "crash",
    "plane crash",
    "train crash",
    "boat crash",
    "other event",
    "atmospheric event",
    "sonic boom",
    "sonic blast",
    "acoustic noise",
    "thunder",
    "avalanche",
    "snow avalanche",
    "debris avalanche",
    "hydroacoustic event",
    "ice quake",
    "slide",
    "landslide",
    "rockslide",
    "meteorite",
    "volcanic eruption",
];

/// Begins the comment that holds any other type, beside `other event`.
const OTHER_TYPE: &str = "type: ";

impl Catalog {
    /// Reads QuakeML; `name` is what errors call it.
    ///
    /// # Errors
    /// [`crate::Error::Catalog`] where the text is not whole XML (naming the byte), not QuakeML,
    /// or where an event has a value that is not what it should be (naming the event).
    pub fn from_quakeml(text: &str, name: &str) -> Result<Self> {
        Self::stream_quakeml(text.as_bytes(), name)
    }

    /// Reads QuakeML from a file or an answer that need not be in memory.
    pub(super) fn stream_quakeml(source: impl BufRead, name: &str) -> Result<Self> {
        let (mut events, mut left_out, mut simulated) = (Vec::new(), LeftOut::default(), false);
        let walked = xml::walk(source, &SHAPE, |part| {
            match part {
                Part::Whole(element) if element.name == "event" => {
                    match event(element, name).map_err(Stop::Event)? {
                        Ok(event) => events.push(event),
                        Err(why) => left_out.add(|| {
                            let id = identifier(element);
                            format!("{name}, event {id}: {why}")
                        }),
                    }
                }
                Part::Whole(element) if element.name == "description" => {
                    simulated |= element.text() == SIMULATED;
                }
                _ => {}
            }
            Ok(())
        });
        match walked {
            Ok(()) => Ok(Catalog::new(name, simulated, events).without(left_out)),
            Err(Stop::Event(error)) => Err(error),
            Err(Stop::Broken(broken)) => Err(fail!(
                Catalog,
                format!("{name}, byte {}", broken.byte),
                broken.what,
                "Give a whole document of QuakeML 1; an answer that was cut short can be fetched again"
            )),
        }
    }

    /// The catalog as QuakeML 1.2, oldest first; times to the microsecond.
    pub fn to_quakeml(&self) -> String {
        quakeml(&self.events().iter().collect::<Vec<_>>(), self.simulated)
    }
}

/// Events as QuakeML 1.2, in the order given.
pub(crate) fn quakeml(events: &[&Event], simulated: bool) -> String {
    let description = if simulated { SIMULATED } else { "" };
    let elements: String = events.iter().map(|event| element(event)).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <q:quakeml xmlns:q=\"http://quakeml.org/xmlns/quakeml/1.2\" \
         xmlns=\"http://quakeml.org/xmlns/bed/1.2\">\n\
         <eventParameters publicID=\"smi:quakebook/catalog\">{}\n\
         {elements}</eventParameters>\n</q:quakeml>\n",
        optional("description", description)
    )
}

/// Why reading stopped.
enum Stop {
    Broken(Broken),
    Event(crate::Error),
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

/// The event that an element `<event>` tells of, or why it cannot be used.
fn event(element: &Element, name: &str) -> Result<std::result::Result<Event, String>> {
    let id = identifier(element);
    let place = format_args!("{name}, event {id}");
    let preferred = |name, reference| preferred(element, name, reference);
    let (origin, magnitude) = match (
        preferred("origin", "preferredOriginID"),
        preferred("magnitude", "preferredMagnitudeID"),
    ) {
        (Ok(origin), Ok(magnitude)) => (origin, magnitude),
        (Err(why), _) | (_, Err(why)) => return Ok(Err(why)),
    };
    let of = |parent: Option<&Element>, path: &str| -> String {
        let text = parent.and_then(|parent| parent.text_at(path));
        text.unwrap_or_default().to_string()
    };
    let origin_time = match of(origin, "time/value").as_str() {
        "" => first_pick(element, name, &id)?,
        text => Some(read_time(format_args!("{place}, time"), text)?),
    };
    let Some(origin_time) = origin_time else {
        return Ok(Err("neither an origin nor a pick with a time".into()));
    };
    let (longitude_deg, latitude_deg) = read_point(
        place,
        &of(origin, "longitude/value"),
        &of(origin, "latitude/value"),
    )?;
    let size = read_bounded(
        format_args!("{place}, magnitude"),
        &of(magnitude, "mag/value"),
        &MAGNITUDE,
    )?;
    let depth_km = read_depth_m(format_args!("{place}, depth"), &of(origin, "depth/value"))?;
    let event_type = other_type(element).or_else(|| element.text_at("type"));
    Ok(Ok(Event {
        id: match id.as_str() {
            "" => time::iso(origin_time),
            id => field::identifier(id),
        },
        origin_time,
        longitude_deg,
        latitude_deg,
        depth_km,
        magnitude: size.unwrap_or(f64::NAN),
        magnitude_type: of(magnitude, "type"),
        event_type: event_type.unwrap_or_default().to_string(),
    }))
}

/// The time of an event's first pick: a detector of one station knows no origin.
fn first_pick(event: &Element, name: &str, id: &str) -> Result<Option<Time>> {
    let texts = event
        .children("pick")
        .filter_map(|pick| pick.text_at("time/value"));
    let place = || format!("{name}, event {id}, pick");
    let times = texts.map(|text| read_time(place(), text));
    Ok(times.collect::<Result<Vec<_>>>()?.into_iter().min())
}

/// A type that QuakeML does not have, as [`element`] writes it.
fn other_type(event: &Element) -> Option<&str> {
    let mut comments = event.children("comment").filter_map(|c| c.text_at("text"));
    comments.find_map(|text| text.strip_prefix(OTHER_TYPE))
}

/// The child that the event prefers, or the first of that name where it says nothing.
///
/// # Errors
/// Where the event does not have what it prefers: another one would be taken for it.
fn preferred<'a>(
    event: &'a Element,
    name: &'a str,
    reference: &str,
) -> std::result::Result<Option<&'a Element>, String> {
    match event.text_at(reference).filter(|wanted| !wanted.is_empty()) {
        None => Ok(event.child(name)),
        Some(wanted) => {
            let is_wanted =
                |child: &&Element| child.attribute("publicID").map(str::trim) == Some(wanted);
            let found = event.children(name).find(is_wanted);
            found.map(Some).ok_or_else(|| {
                format!("its {reference} names the {name} {wanted:?}, which it does not have")
            })
        }
    }
}

/// The data centre's own identifier: ComCat's attributes, the `eventid` of an address, or else
/// the public identifier as it is.
fn identifier(event: &Element) -> String {
    if let (Some(source), Some(id)) = (event.attribute("eventsource"), event.attribute("eventid")) {
        return format!("{source}{id}");
    }
    let public = event.attribute("publicID").unwrap_or("");
    if let Some(own) = public.strip_prefix(OWN_PREFIX) {
        return unquoted(own);
    }
    let asked = public.split(['?', '&', ';']).find_map(|part| {
        part.split_once('=')
            .filter(|(key, _)| key.eq_ignore_ascii_case("eventid"))
    });
    asked.map_or(public, |(_, id)| id).to_string()
}

/// An identifier in the letters that QuakeML allows, every other byte as `~` and its hexadecimal.
fn quoted(id: &str) -> String {
    let letter = |byte: u8| match byte {
        b if b.is_ascii_alphanumeric() || b"-.*()_'".contains(&b) => char::from(b).to_string(),
        b => format!("~{b:02X}"),
    };
    id.bytes().map(letter).collect()
}

/// The inverse of [`quoted`].
fn unquoted(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [byte, tail @ ..] = rest {
        let code = match (byte, tail.get(..2).and_then(|d| str::from_utf8(d).ok())) {
            (b'~', Some(digits)) => u8::from_str_radix(digits, 16).ok(),
            _ => None,
        };
        bytes.push(code.unwrap_or(*byte));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn element(event: &Event) -> String {
    let public = match event.id.as_str() {
        id if id.starts_with("smi:") || id.starts_with("quakeml:") => escaped(id),
        "" => format!("{OWN_PREFIX}{}", quoted(&time::iso(event.origin_time))),
        id => format!("{OWN_PREFIX}{}", quoted(id)),
    };
    let depth = event.depth_km.map_or(String::new(), |depth_km| {
        format!("<depth><value>{}</value></depth>", depth_km * 1000.0)
    });
    let time = time::iso(event.origin_time);
    let (preferred_origin, origin, origin_id) = match event.has_place() {
        true => (
            format!("<preferredOriginID>{public}/origin</preferredOriginID>"),
            format!(
                "<origin publicID=\"{public}/origin\"><time><value>{time}</value></time>\
                 <latitude><value>{}</value></latitude><longitude><value>{}</value></longitude>{depth}</origin>",
                event.latitude_deg, event.longitude_deg,
            ),
            format!("<originID>{public}/origin</originID>"),
        ),
        // An origin must have a place; a pick has a stream, which a time alone does not tell.
        false => (
            String::new(),
            format!(
                "<pick publicID=\"{public}/pick\"><time><value>{time}</value></time>\
                 <waveformID networkCode=\"\" stationCode=\"\"/></pick>"
            ),
            String::new(),
        ),
    };
    let (preferred, magnitude) = match event.magnitude {
        m if m.is_finite() => (
            format!("<preferredMagnitudeID>{public}/magnitude</preferredMagnitudeID>"),
            format!(
                "<magnitude publicID=\"{public}/magnitude\"><mag><value>{m}</value></mag>{}\
                 {origin_id}</magnitude>\n",
                optional("type", &event.magnitude_type)
            ),
        ),
        _ => Default::default(),
    };
    let event_type = match event.event_type.as_str() {
        known if known.is_empty() || TYPES.contains(&known) => optional("type", known),
        other => format!(
            "<type>other event</type><comment><text>{OTHER_TYPE}{}</text></comment>",
            escaped(other)
        ),
    };
    format!(
        "<event publicID=\"{public}\">{preferred_origin}{preferred}{event_type}\n\
         {origin}\n{magnitude}</event>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::{quoted, unquoted};

    #[test]
    fn identifiers_come_back() {
        assert_eq!(quoted("us7000abcd"), "us7000abcd");
        assert_eq!(quoted("2014-02-16T01:51"), "2014-02-16T01~3A51");
        for id in ["a b~é|", "~", "~~4", "é", ""] {
            assert_eq!(unquoted(&quoted(id)), id);
        }
        assert_eq!(unquoted("~zé~4"), "~zé~4");
    }
}
