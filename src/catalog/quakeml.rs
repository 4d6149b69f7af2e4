//! QuakeML 1.2 (Schorlemmer et al. 2011; <https://quake.ethz.ch/quakeml>): of each event the
//! preferred origin and magnitude, or the first where none is preferred.

use quick_xml::escape::escape;

use super::row::{read_number, read_point, read_time};
use super::{Catalog, Event};
use crate::error::{Result, fail};
use crate::time;
use crate::xml::{self, Broken, Element};

/// Public identifiers of events that have none of their own in QuakeML's form.
const OWN_PREFIX: &str = "smi:quakebook/event/";

/// Stands in the description of simulated events.
const SIMULATED: &str = "simulated";

impl Catalog {
    /// Reads QuakeML; `name` is what errors call it.
    ///
    /// # Errors
    /// [`crate::Error::Catalog`] where the text is not whole XML (naming the byte), not QuakeML,
    /// or where an event has no origin or a value that is not a number (naming the event).
    pub fn from_quakeml(text: &str, name: &str) -> Result<Self> {
        let (mut events, mut simulated) = (Vec::new(), false);
        let root = xml::visit(text, &["event", "description"], |element| {
            match element.name.as_str() {
                "event" => events.push(event(&element, name).map_err(Stop::Event)?),
                _ => simulated |= element.text() == SIMULATED,
            }
            Ok(())
        });
        let complaint = match root {
            Ok(root) if root == "quakeml" => return Ok(Catalog::new(name, simulated, events)),
            Ok(root) => (
                name.to_string(),
                format!("<{root}> where <quakeml> was expected"),
            ),
            Err(Stop::Broken(broken)) => (format!("{name}, byte {}", broken.byte), broken.what),
            Err(Stop::Event(error)) => return Err(error),
        };
        Err(fail!(
            Catalog,
            complaint.0,
            complaint.1,
            "The answer was cut short or is none: fetch the catalog again"
        ))
    }

    /// The catalog as QuakeML 1.2, oldest first.
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

/// The event that an element `<event>` tells of.
fn event(element: &Element, name: &str) -> Result<Event> {
    let id = identifier(element);
    let place = format!("{name}, event {id}");
    let origin = preferred(element, "origin", "preferredOriginID").ok_or_else(|| {
        fail!(
            Catalog,
            place,
            "no origin",
            "Ask the data centre for events with their origins"
        )
    })?;
    let at = |path: &str| origin.text_at(path).unwrap_or("");
    let (longitude_deg, latitude_deg) =
        read_point(&place, at("longitude/value"), at("latitude/value"))?;
    let depth_m = read_number(&format!("{place}, depth"), at("depth/value"))?;
    let magnitude = preferred(element, "magnitude", "preferredMagnitudeID");
    let of_magnitude = |path: &str| magnitude.and_then(|m| m.text_at(path)).unwrap_or("");
    Ok(Event {
        origin_time: read_time(&format!("{place}, time"), at("time/value"))?,
        longitude_deg,
        latitude_deg,
        depth_km: depth_m.map(|metres| metres / 1000.0),
        magnitude: read_number(&format!("{place}, magnitude"), of_magnitude("mag/value"))?
            .unwrap_or(f64::NAN),
        magnitude_type: of_magnitude("type").to_string(),
        event_type: element.text_at("type").unwrap_or("").to_string(),
        id,
    })
}

/// The child that the event prefers, else the first of that name.
fn preferred<'a>(event: &'a Element, name: &'a str, reference: &str) -> Option<&'a Element> {
    let wanted = event.text_at(reference);
    event
        .children(name)
        .find(|child| wanted.is_some() && child.attribute("publicID") == wanted)
        .or_else(|| event.child(name))
}

/// The data centre's own identifier: ComCat's attributes, the `eventid` of an address, or else
/// the public identifier as it is.
fn identifier(event: &Element) -> String {
    if let (Some(source), Some(id)) = (event.attribute("eventsource"), event.attribute("eventid")) {
        return format!("{source}{id}");
    }
    let public = event.attribute("publicID").unwrap_or("");
    if let Some(own) = public.strip_prefix(OWN_PREFIX) {
        return own.to_string();
    }
    let asked = public.split(['?', '&', ';']).find_map(|part| {
        part.split_once('=')
            .filter(|(key, _)| key.eq_ignore_ascii_case("eventid"))
    });
    asked.map_or(public, |(_, id)| id).to_string()
}

fn element(event: &Event) -> String {
    let id = escape(&event.id);
    let public = match event.id.starts_with("smi:") || event.id.starts_with("quakeml:") {
        true => id.to_string(),
        false => format!("{OWN_PREFIX}{id}"),
    };
    let depth = event.depth_km.map_or(String::new(), |depth_km| {
        format!("<depth><value>{}</value></depth>", depth_km * 1000.0)
    });
    let magnitude = match event.magnitude {
        m if m.is_finite() => format!(
            "<magnitude publicID=\"{public}/magnitude\"><mag><value>{m}</value></mag>{}</magnitude>\n",
            optional("type", &event.magnitude_type)
        ),
        _ => String::new(),
    };
    format!(
        "<event publicID=\"{public}\">{}\n<origin publicID=\"{public}/origin\"><time><value>{}</value></time>\
         <latitude><value>{}</value></latitude><longitude><value>{}</value></longitude>{depth}</origin>\n\
         {magnitude}</event>\n",
        optional("type", &event.event_type),
        time::iso(event.origin_time),
        event.latitude_deg,
        event.longitude_deg,
    )
}

/// `<name>text</name>`, or nothing for an empty text.
fn optional(name: &str, text: &str) -> String {
    match text {
        "" => String::new(),
        text => format!("<{name}>{}</{name}>", escape(text)),
    }
}
