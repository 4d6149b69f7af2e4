//! The event service.

use std::sync::Arc;

use super::query::{BOX, COMMON, Kind, Known, Query, TIMES, shown};
use super::refusal::Refusal;
use super::{Answer, DataCentre};
use crate::catalog::{self, Catalog, Event};

/// Beside the common ones and the box.
const OWN: [Known; 13] = [
    ("minmagnitude", "minmag", Kind::Number),
    ("maxmagnitude", "maxmag", Kind::Number),
    ("mindepth", "mindepth", Kind::Number),
    ("maxdepth", "maxdepth", Kind::Number),
    ("magnitudetype", "magtype", Kind::Word),
    ("orderby", "orderby", Kind::Word),
    ("limit", "limit", Kind::Count),
    ("offset", "offset", Kind::Count),
    ("eventid", "eventid", Kind::Word),
    ("catalog", "catalog", Kind::Word),
    // An event here has one origin and one magnitude: all of them are included anyhow.
    ("includeallorigins", "includeallorigins", Kind::Flag),
    ("includeallmagnitudes", "includeallmagnitudes", Kind::Flag),
    ("includearrivals", "includearrivals", Kind::Flag),
];

const NO_CATALOG: &str = "there is no catalog here: put catalog.xml, .csv or .txt beside the archive's years, or name one by --catalog";

pub(super) fn known() -> impl Iterator<Item = Known> + Clone {
    COMMON.into_iter().chain(TIMES).chain(BOX).chain(OWN)
}

pub(super) fn query(centre: &dyn DataCentre, text: &str) -> Result<Answer, Refusal> {
    let query = Query::parse(text, known())?;
    let catalogs = centre.catalogs();
    let catalog = match query.word("catalog") {
        None => catalogs.first(),
        Some(name) => Some(named(name, &catalogs)?),
    };
    let Some((_, catalog)) = catalog else {
        return Err(query.nothing(NO_CATALOG));
    };
    let events = select(catalog.events(), &query)?;
    if events.is_empty() {
        return Err(query.nothing("no event matches the query"));
    }
    match query.word("format").unwrap_or("xml") {
        "xml" | "quakeml" => Ok(Answer::xml(catalog::quakeml(&events, catalog.simulated))),
        "text" => Ok(Answer::text(catalog::fdsn_text(&events, catalog.simulated))),
        other => Err(Refusal::bad(format!(
            "format={}: xml and text are served",
            shown(other)
        ))),
    }
}

type Named = (&'static str, Arc<Catalog>);

fn named<'a>(name: &str, catalogs: &'a [Named]) -> Result<&'a Named, Refusal> {
    let found = catalogs.iter().find(|(known, _)| *known == name);
    found.ok_or_else(|| {
        let names: Vec<&str> = catalogs.iter().map(|(name, _)| *name).collect();
        let what = format!("catalog={}: served are [{}]", shown(name), names.join(", "));
        Refusal::bad(what)
    })
}

pub(super) fn catalogs(centre: &dyn DataCentre, _: &str) -> Result<Answer, Refusal> {
    let names: String = centre
        .catalogs()
        .iter()
        .map(|(name, _)| format!("<Catalog>{name}</Catalog>"))
        .collect();
    Ok(Answer::xml(format!("<Catalogs>{names}</Catalogs>")))
}

/// The events that a query asks for, in its order: newest first where it says nothing.
fn select<'a>(events: &'a [Event], query: &Query) -> Result<Vec<&'a Event>, Refusal> {
    let (start, end) = (query.time("starttime"), query.time("endtime"));
    let mut limits = Vec::new();
    for (of, least, most) in [
        (
            (|event| Some(event.latitude_deg)) as fn(&Event) -> Option<f64>,
            "minlatitude",
            "maxlatitude",
        ),
        (
            |event| Some(event.longitude_deg),
            "minlongitude",
            "maxlongitude",
        ),
        (
            |event| Some(event.magnitude),
            "minmagnitude",
            "maxmagnitude",
        ),
        (|event| event.depth_km, "mindepth", "maxdepth"),
    ] {
        limits.push((of, query.number(least), query.number(most)));
    }
    let mut chosen: Vec<&Event> = events
        .iter()
        .filter(|event| {
            start.is_none_or(|start| start <= event.origin_time)
                && end.is_none_or(|end| event.origin_time <= end)
                && query
                    .word("eventid")
                    .is_none_or(|ids| ids.split(',').any(|id| id == event.id))
                && query
                    .word("magnitudetype")
                    .is_none_or(|kind| kind.eq_ignore_ascii_case(&event.magnitude_type))
                && limits.iter().all(|(of, least, most)| {
                    // A value that is not known passes no limit.
                    least.is_none_or(|least| of(event).is_some_and(|value| least <= value))
                        && most.is_none_or(|most| of(event).is_some_and(|value| value <= most))
                })
        })
        .collect();
    match query.word("orderby").unwrap_or("time") {
        "time" => chosen.reverse(),
        "time-asc" => {}
        "magnitude" => chosen.sort_by(|a, b| b.magnitude.total_cmp(&a.magnitude)),
        "magnitude-asc" => chosen.sort_by(|a, b| a.magnitude.total_cmp(&b.magnitude)),
        other => {
            let what = format!(
                "orderby={}: not an order: time, time-asc, magnitude or magnitude-asc",
                shown(other)
            );
            return Err(Refusal::bad(what));
        }
    }
    // FDSN counts from 1.
    let n_skipped = query.count("offset").unwrap_or(1).saturating_sub(1);
    let n_most = query.count("limit").unwrap_or(usize::MAX);
    Ok(chosen.into_iter().skip(n_skipped).take(n_most).collect())
}
