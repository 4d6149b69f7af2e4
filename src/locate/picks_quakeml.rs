//! Picks in QuakeML.

use std::collections::{BTreeMap, BTreeSet};

use super::picks::{PhasePick, PickFile, wave_of};
use crate::catalog::QUAKEML_NAMESPACES;
use crate::error::{Error, Result, fail};
use crate::time;
use crate::travel::Wave;
use crate::xml::{self, Broken, Element, Part, Shape};

const SHAPE: Shape = Shape {
    root: "quakeml",
    namespaces: QUAKEML_NAMESPACES,
    containers: &["quakeml", "eventParameters"],
    wanted: &[
        "event",
        "pick",
        "time",
        "value",
        "uncertainty",
        "waveformID",
        "phaseHint",
        "evaluationStatus",
        "comment",
        "text",
        "origin",
        "arrival",
        "pickID",
        "phase",
        "timeWeight",
        "preferredOriginID",
    ],
    once: &[
        "time",
        "value",
        "uncertainty",
        "waveformID",
        "phaseHint",
        "evaluationStatus",
        "pickID",
        "phase",
        "timeWeight",
        "preferredOriginID",
    ],
    attributes: &[
        "publicID",
        "networkCode",
        "stationCode",
        "locationCode",
        "channelCode",
    ],
    foreign_attributes: &[],
};

/// `quakebook pick` puts its picks into one event of this name, for QuakeML has no other place for them.
const NOT_ASSOCIATED: &str = "smi:quakebook/picks/all";

/// The status of a pick that an analyst has thrown away.
const REJECTED: &str = "rejected";

/// A pick without a phase.
const NO_PHASE: &str = "none";

impl PickFile {
    /// Picks of QuakeML, each of the event that it stands in. Those that `quakebook pick` writes are of none.
    ///
    /// Where an event has an origin that was made of arrivals, its picks are those that the preferred one names with a weight other than 0, or else
    /// the last: an analyst's picks stand beside those of a program, and only an arrival says which of them count. The others are of no event. A
    /// pick's phase is that of its arrival, or its hint; Pg, Pn, Pb and the same of S count as P and S, and other
    /// phases and picks whose status is rejected are passed over. Its probability is that of a comment `{"probability":0.75}`, or 1; its error the uncertainty of its
    /// time.
    ///
    /// # Errors
    /// [`crate::Error::Locate`] where the text is not whole XML, where a pick has no time or station, where two events have one
    /// name, or where there is no pick of P or S.
    pub fn from_quakeml(text: &str, name: &str) -> Result<Self> {
        let (mut file, mut names) = (Self::default(), BTreeSet::new());
        let walked = xml::walk(text.as_bytes(), &SHAPE, |part| match part {
            Part::Whole(element) if element.name == "event" => {
                file.add(element, &mut names, name).map_err(Stop::Event)
            }
            _ => Ok(()),
        });
        match walked {
            Err(Stop::Event(error)) => return Err(error),
            Err(Stop::Broken(broken)) => {
                let remedy = "Give a whole document of QuakeML 1";
                let place = format!("{name}, byte {}", broken.byte);
                return Err(fail!(Locate, place, broken.what, remedy));
            }
            Ok(()) => {}
        }
        if file.picks.is_empty() {
            let others: Vec<&str> = file.passed_over.keys().map(String::as_str).collect();
            let what = match others.is_empty() {
                true => "no pick".to_string(),
                false => format!("no pick of P or S; there are {}", others.join(", ")),
            };
            return Err(fail!(Locate, name, what, "Give QuakeML with picks"));
        }
        Ok(file)
    }

    fn add(&mut self, element: &Element, names: &mut BTreeSet<String>, name: &str) -> Result<()> {
        let public = element.attribute("publicID").unwrap_or_default();
        let place = format!("{name}, event {public}");
        if !names.insert(public.to_string()) {
            let what = "a second event of this name";
            let remedy = "Give each event a publicID of its own";
            return Err(fail!(Locate, place, what, remedy));
        }
        let event = (public != NOT_ASSOCIATED).then(|| public.to_string());
        let arrivals = arrivals(element);
        for pick in element.children("pick") {
            let id = pick.attribute("publicID").unwrap_or_default();
            let hint = pick.text_at("phaseHint").filter(|hint| !hint.is_empty());
            let is_rejected = pick.text_at("evaluationStatus") == Some(REJECTED);
            let arrival = arrivals.get(id);
            let phase = arrival
                .and_then(|arrival| arrival.text_at("phase"))
                .or(hint)
                .unwrap_or(NO_PHASE);
            let phase = if is_rejected { REJECTED } else { phase };
            let counts = match arrival {
                None => arrivals.is_empty(),
                Some(arrival) => !has_no_weight(arrival),
            };
            let event = event.clone().filter(|_| counts);
            match wave_of(phase) {
                Some(wave) => self.picks.push((event, pick_of(pick, wave, &place)?)),
                None => *self.passed_over.entry(phase.to_string()).or_default() += 1,
            }
        }
        Ok(())
    }
}

/// The arrivals of an event's preferred origin, or of the last that has some, by the picks that they name.
fn arrivals(event: &Element) -> BTreeMap<&str, &Element> {
    let preferred = event.text_at("preferredOriginID");
    let is_preferred = |origin: &&Element| preferred == origin.attribute("publicID");
    let mut origins: Vec<&Element> = event
        .children("origin")
        .filter(|origin| origin.child("arrival").is_some())
        .collect();
    // The preferred one last.
    origins.sort_by_key(is_preferred);
    let arrivals = origins.last().into_iter();
    let arrivals = arrivals.flat_map(|origin| origin.children("arrival"));
    arrivals
        .filter_map(|arrival| Some((arrival.text_at("pickID")?, arrival)))
        .collect()
}

fn has_no_weight(arrival: &Element) -> bool {
    let weight = arrival.text_at("timeWeight").map(str::parse::<f64>);
    weight.is_some_and(|weight| weight == Ok(0.0))
}

fn pick_of(pick: &Element, wave: Wave, event: &str) -> Result<PhasePick> {
    let id = pick.attribute("publicID").unwrap_or_default();
    let wrong = |what: String| {
        let remedy = "Correct this pick, or take it out";
        fail!(Locate, format!("{event}, pick {id}"), what, remedy)
    };
    let text = pick.text_at("time/value").unwrap_or_default();
    let at = time::read(text).filter(|t| t.timestamp_nanos_opt().is_some());
    let stream = pick.child("waveformID");
    let code = |name| {
        stream
            .and_then(|stream| stream.attribute(name))
            .unwrap_or_default()
    };
    let station = code("stationCode");
    if station.is_empty() {
        return Err(wrong("no station".into()));
    }
    let codes = [
        code("networkCode"),
        station,
        code("locationCode"),
        code("channelCode"),
    ];
    let error_s = match pick.text_at("time/uncertainty") {
        None | Some("") => f64::NAN,
        Some(text) => match text.parse() {
            // ObsPy writes an error of nothing where none is known.
            Ok(0.0) => f64::NAN,
            Ok(s) if s > 0.0 && s < f64::INFINITY => s,
            _ => {
                return Err(wrong(format!(
                    "an uncertainty of {text:?}, expected seconds"
                )));
            }
        },
    };
    let comments = pick
        .children("comment")
        .filter_map(|comment| comment.text_at("text"));
    let probability = comments.filter_map(probability_of).next().unwrap_or(1.0);
    if !(0.0..=1.0).contains(&probability) {
        return Err(wrong(format!(
            "a probability of {probability}, expected 0 to 1"
        )));
    }
    Ok(PhasePick {
        // A station that is told without its network stands for itself.
        station: codes
            .join(".")
            .trim_start_matches('.')
            .trim_end_matches('.')
            .to_string(),
        wave,
        time: at.ok_or_else(|| wrong(format!("the time {text:?}, expected one in UTC")))?,
        probability,
        error_s,
    })
}

/// The number behind `"probability":` in a comment.
fn probability_of(text: &str) -> Option<f64> {
    let (_, after) = text.split_once("\"probability\"")?;
    let after = after.trim_start().strip_prefix(':')?;
    let end = after.find([',', '}']).unwrap_or(after.len());
    after[..end].trim().parse().ok()
}

/// Why reading stopped.
enum Stop {
    Broken(Broken),
    Event(Error),
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = "<quakeml><eventParameters><event publicID=\"smi:a/1\">\
        <pick publicID=\"p1\"><time><value>2014-05-01T00:00:06Z</value><uncertainty>0.05</uncertainty></time>\
        <waveformID networkCode=\"CX\" stationCode=\"PB01\" channelCode=\"HHZ\"/><phaseHint>Pg</phaseHint>\
        <comment><text>{\"n\": 3, \"probability\": 0.5}</text></comment></pick>\
        <pick publicID=\"p2\"><time><value>2014-05-01T00:00:09Z</value></time><waveformID stationCode=\"PB02\"/></pick>\
        <pick publicID=\"p3\"><time><value>2014-05-01T00:00:10Z</value></time><waveformID stationCode=\"PB02\"/>\
        <phaseHint>IAML</phaseHint></pick>\
        <origin publicID=\"o\"><arrival><pickID>p2</pickID><phase>S</phase></arrival></origin>\
        </event></eventParameters></quakeml>";

    #[test]
    fn picks_have_their_event_error_and_probability() {
        let file = PickFile::from_quakeml(EVENT, "e").unwrap();
        let at = |text: &str| time::parse(text).unwrap();
        let expected = PhasePick {
            station: "CX.PB01..HHZ".into(),
            wave: Wave::P,
            time: at("2014-05-01T00:00:06"),
            probability: 0.5,
            error_s: 0.05,
        };
        // The origin was made without it.
        assert_eq!(file.picks[0], (None, expected));
        // The second has its phase from an arrival.
        let (event, second) = &file.picks[1];
        assert_eq!((second.station.as_str(), second.wave), ("PB02", Wave::S));
        assert_eq!(event.as_deref(), Some("smi:a/1"));
        assert!(second.error_s.is_nan() && second.probability == 1.0);
        assert_eq!(file.passed_over, BTreeMap::from([("IAML".to_string(), 1)]));
    }

    #[test]
    fn the_preferred_origin_says_which_picks_count() {
        let origins = |preferred: &str, weight: &str| {
            let origins = format!(
                "<preferredOriginID>{preferred}</preferredOriginID>\
                 <origin publicID=\"o1\"><arrival><pickID>p1</pickID><phase>P</phase></arrival></origin>\
                 <origin publicID=\"o2\"><arrival><pickID>p2</pickID><phase>S</phase><timeWeight>{weight}</timeWeight></arrival></origin>\
                 <origin publicID=\"o3\"/></event>"
            );
            let text = EVENT.replace("</event>", &origins);
            let file = PickFile::from_quakeml(&text, "e").unwrap();
            let counts = file.picks.iter().map(|(event, _)| event.is_some());
            counts.collect::<Vec<bool>>()
        };
        // The phase of the second is known by the fixture's own origin alone, which is not asked here.
        assert_eq!(origins("o1", "1"), [true]);
        assert_eq!(origins("o2", "1"), [false, true]);
        assert_eq!(origins("o2", "0.0"), [false, false]);
        // The last that has arrivals.
        assert_eq!(origins("o3", "1"), [false, true]);
    }

    #[test]
    fn a_rejected_pick_is_passed_over() {
        let status = "<phaseHint>Pg</phaseHint><evaluationStatus>rejected</evaluationStatus>";
        let text = EVENT.replace("<phaseHint>Pg</phaseHint>", status);
        let file = PickFile::from_quakeml(&text, "e").unwrap();
        assert_eq!(file.picks.len(), 1);
        assert_eq!(file.passed_over.get(REJECTED), Some(&1));
        let kept = PickFile::from_quakeml(&text.replace("rejected", "confirmed"), "e").unwrap();
        assert_eq!(kept.picks.len(), 2);
    }

    #[test]
    fn what_is_picked_is_of_no_event() {
        let text = EVENT.replace("smi:a/1", NOT_ASSOCIATED);
        let file = PickFile::from_quakeml(&text, "e").unwrap();
        assert!(file.picks.iter().all(|(event, _)| event.is_none()));
        assert!(file.by_event("e").is_err());
    }

    #[test]
    fn broken_events_are_refused() {
        let (head, tail) = ("<quakeml><eventParameters>", "</eventParameters></quakeml>");
        let event = &EVENT[head.len()..EVENT.len() - tail.len()];
        let twice = format!("{head}{event}{event}{tail}");
        for (text, expected) in [
            (twice, "a second event of this name"),
            (EVENT.replace("stationCode=\"PB01\"", ""), "no station"),
            (
                EVENT.replace("2014-05-01T00:00:06Z", "yesterday"),
                "yesterday",
            ),
            (EVENT.replace(">0.05<", ">-1<"), "-1"),
            (EVENT.replace("0.5}", "1.5}"), "1.5"),
            (EVENT.replace("Pg", "Lg").replace(">S<", ">Lg<"), "IAML, Lg"),
            (format!("{head}{tail}"), "no pick"),
            (EVENT[..EVENT.len() - 5].to_string(), "byte"),
        ] {
            let refused = PickFile::from_quakeml(&text, "e").unwrap_err();
            assert!(matches!(refused, Error::Locate { .. }));
            assert!(refused.to_string().contains(expected), "{refused}");
        }
    }
}
