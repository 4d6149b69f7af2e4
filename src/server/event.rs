//! The event service.

use axum::extract::State;

use super::query::{BOX, COMMON, Known, Query, QueryError};
use super::{Centre, Parameters, QueryResult, text, xml};
use crate::catalog::{self, Event};

/// Beside the common ones and the box.
const OWN: [Known; 13] = [
    ("minmagnitude", "minmag", "xs:double"),
    ("maxmagnitude", "maxmag", "xs:double"),
    ("mindepth", "mindepth", "xs:double"),
    ("maxdepth", "maxdepth", "xs:double"),
    ("magnitudetype", "magtype", "xs:string"),
    ("orderby", "orderby", "xs:string"),
    ("limit", "limit", "xs:int"),
    ("offset", "offset", "xs:int"),
    ("eventid", "eventid", "xs:string"),
    ("catalog", "catalog", "xs:string"),
    // An event here has one origin and one magnitude: all of them are included anyhow.
    ("includeallorigins", "includeallorigins", "xs:boolean"),
    ("includeallmagnitudes", "includeallmagnitudes", "xs:boolean"),
    ("includearrivals", "includearrivals", "xs:boolean"),
];

pub(super) fn known() -> impl Iterator<Item = Known> + Clone {
    COMMON.into_iter().chain(BOX).chain(OWN)
}

pub(super) async fn query(State(centre): State<Centre>, parameters: Parameters) -> QueryResult {
    let query = Query::new(&parameters.0, known())?;
    let catalogs = centre.catalogs();
    let found = match query.text("catalog") {
        None => catalogs.first(),
        Some(name) => catalogs.iter().find(|(known, _)| *known == name),
    };
    let Some((_, catalog)) = found else {
        let names: Vec<&str> = catalogs.iter().map(|(name, _)| *name).collect();
        return Err(QueryError::bad(match query.text("catalog") {
            Some(name) => format!("catalog={name}: served are [{}]", names.join(", ")),
            None => "there is no catalog here".to_string(),
        }));
    };
    let events = select(catalog.events(), &query)?;
    if events.is_empty() {
        return Err(query.nothing());
    }
    match query.text("format").unwrap_or("xml") {
        "xml" | "quakeml" => Ok(xml(catalog::quakeml(&events, catalog.simulated))),
        "text" => Ok(text(catalog::fdsn_text(&events, catalog.simulated))),
        other => Err(QueryError::bad(format!(
            "format={other}: xml and text are served"
        ))),
    }
}

pub(super) async fn catalogs(State(centre): State<Centre>) -> axum::response::Response {
    let names: String = centre
        .catalogs()
        .iter()
        .map(|(name, _)| format!("<Catalog>{name}</Catalog>"))
        .collect();
    xml(format!("<Catalogs>{names}</Catalogs>"))
}

/// The events that a query asks for, in its order: newest first where it says nothing.
fn select<'a>(events: &'a [Event], query: &Query) -> Result<Vec<&'a Event>, QueryError> {
    let start = query.time("starttime")?;
    let end = query.time("endtime")?;
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
        limits.push((of, query.number(least)?, query.number(most)?));
    }
    let mut chosen: Vec<&Event> = events
        .iter()
        .filter(|event| {
            start.is_none_or(|start| start <= event.origin_time)
                && end.is_none_or(|end| event.origin_time <= end)
                && query
                    .text("eventid")
                    .is_none_or(|ids| ids.split(',').any(|id| id == event.id))
                && query
                    .text("magnitudetype")
                    .is_none_or(|kind| kind.eq_ignore_ascii_case(&event.magnitude_type))
                && limits.iter().all(|(of, least, most)| {
                    // A value that is not known passes no limit.
                    least.is_none_or(|least| of(event).is_some_and(|value| least <= value))
                        && most.is_none_or(|most| of(event).is_some_and(|value| value <= most))
                })
        })
        .collect();
    match query.text("orderby").unwrap_or("time") {
        "time" => chosen.reverse(),
        "time-asc" => {}
        "magnitude" => chosen.sort_by(|a, b| b.magnitude.total_cmp(&a.magnitude)),
        "magnitude-asc" => chosen.sort_by(|a, b| a.magnitude.total_cmp(&b.magnitude)),
        other => return Err(QueryError::bad(format!("orderby={other}: not an order"))),
    }
    // FDSN counts from 1.
    let n_skipped = query.count("offset")?.unwrap_or(1).saturating_sub(1);
    let n_most = query.count("limit")?.unwrap_or(usize::MAX);
    Ok(chosen.into_iter().skip(n_skipped).take(n_most).collect())
}
