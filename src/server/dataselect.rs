//! The waveform service: miniSEED 2, by address or by a list in the body.

use super::query::{self, COMMON, Kind, Known, Query, STREAM, TIMES, shown};
use super::refusal::Refusal;
use super::{Answer, DataCentre, Selection};
use crate::code_pattern::NslcPattern;

/// Beside the common ones. There is one quality, and no segment is left out for its length.
const OWN: [Known; 3] = [
    ("quality", "quality", Kind::Word),
    ("minimumlength", "minimumlength", Kind::Number),
    ("longestonly", "longestonly", Kind::Flag),
];

/// What a line of a body names.
const FIELDS: &str = "network, station, location, channel, start and end";

pub(super) fn known() -> impl Iterator<Item = Known> + Clone {
    TIMES.into_iter().chain(STREAM).chain(options())
}

/// Those that a body may hold beside its lines of streams.
fn options() -> impl Iterator<Item = Known> + Clone {
    COMMON.into_iter().chain(OWN)
}

pub(super) fn query(centre: &dyn DataCentre, text: &str) -> Result<Answer, Refusal> {
    let query = Query::parse(text, known())?;
    let needed = |name: &str| {
        let time = query.time(name);
        time.ok_or_else(|| Refusal::bad(format!("{name} is needed")))
    };
    let selection = Selection {
        streams: query.streams(),
        start: needed("starttime")?,
        end: needed("endtime")?,
    };
    answer(centre, &query, vec![selection.checked()?])
}

/// A body of lines `name=value` and of lines `network station location channel start end`.
pub(super) fn bulk(centre: &dyn DataCentre, body: &str) -> Result<Answer, Refusal> {
    let (mut given, mut selections) = (Vec::new(), Vec::new());
    let lines = body.lines().map(str::trim).enumerate();
    for (number, line) in lines.filter(|(_, line)| !line.is_empty()) {
        match line.split_once('=') {
            Some((name, value)) => given.push((name.trim(), value)),
            None => selections.push(selection(line).map_err(|what| {
                Refusal::bad(format!("line {}, {}: {what}", number + 1, shown(line)))
            })?),
        }
    }
    let query = Query::of(given.into_iter(), options())?;
    if selections.is_empty() {
        return Err(Refusal::bad(format!("a line of {FIELDS} was expected")));
    }
    answer(centre, &query, selections)
}

fn selection(line: &str) -> Result<Selection, String> {
    let fields: Vec<&str> = line.split_whitespace().take(7).collect();
    let [network, station, location, channel, start, end] = fields[..] else {
        return Err(format!("{FIELDS} were expected"));
    };
    let streams = NslcPattern::new(network, station, location, channel);
    let time = |text| query::time(text).map_err(|what| format!("not {what}"));
    let selection = Selection {
        streams: streams.map_err(|bad| bad.to_string())?,
        start: time(start)?,
        end: time(end)?,
    };
    selection.checked().map_err(|_| Selection::BACKWARDS.into())
}

impl Selection {
    const BACKWARDS: &str = "the end is before the start";

    fn checked(self) -> Result<Self, Refusal> {
        match self.start <= self.end {
            true => Ok(self),
            false => Err(Refusal::bad(Self::BACKWARDS)),
        }
    }
}

fn answer(
    centre: &dyn DataCentre,
    query: &Query,
    selections: Vec<Selection>,
) -> Result<Answer, Refusal> {
    match query.word("format").unwrap_or("miniseed") {
        "miniseed" | "miniseed2" => {}
        other => {
            let what = format!("format={}: miniseed is served", shown(other));
            return Err(Refusal::bad(what));
        }
    }
    if query.number("minimumlength").is_some_and(|s| s != 0.0)
        || query.flag("longestonly") == Some(true)
    {
        return Err(Refusal::bad("minimumlength and longestonly are not served"));
    }
    Ok(Answer::Waveforms {
        portions: centre.waveforms(selections).map_err(Refusal::fault)?,
        nothing: query.nothing("nothing was recorded of these streams in this time"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_line(line: &str) -> bool {
        selection(line).is_ok()
    }

    #[test]
    fn a_line_names_a_stream_and_a_span() {
        assert!(is_line("XX A -- HHZ 2014-02-16T00:00:00 2014-02-17"));
        assert!(is_line("* * * * 1900-01-01 2599-12-31T23:59:59"));
        for line in [
            "XX A -- HHZ 2014-02-16T00:00:00",
            "XX A -- HHZ 2014-02-16 2014-02-17 more",
            "XX A -- HHZ 2014-02-17 2014-02-16",
            "XX A -- HHZ +262142-12-31 2014-02-16",
            "XX ../A -- HHZ 2014-02-16 2014-02-17",
            "XX A -- HHZ yesterday today",
        ] {
            assert!(!is_line(line), "{line}");
        }
    }
}
