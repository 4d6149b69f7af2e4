//! Picks as they come from any picker.

use std::collections::BTreeMap;
use std::path::Path;

use super::columns::Columns;
use super::sites::Sites;
use crate::error::{Result, fail};
use crate::time::{self, Time};
use crate::travel::Wave;
use crate::{atomic_file, tables};

/// The onset of a wave at a station.
#[derive(Debug, Clone, PartialEq)]
pub struct PhasePick {
    /// `CX.PB01..HH`, as far as it is known.
    pub station: String,
    pub wave: Wave,
    pub time: Time,
    /// From 0 to 1; 1 where the picker gives none.
    pub probability: f64,
    /// The standard error of its time; NaN where it is not known.
    pub error_s: f64,
}

/// Picks whose station is known, and what could not be used.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sorted {
    /// Each pick with its station's index, oldest first.
    pub picks: Vec<(usize, PhasePick)>,
    /// Stations of picks that have no place, and how many picks they have.
    pub unknown: BTreeMap<String, usize>,
}

/// Names of the columns, as GaMMA, PhaseNet, SeisBench, PyOcto and QuakeMigrate write them.
const STATION: &[&str] = &["id", "station_id", "station"];
const TIME: &[&str] = &["timestamp", "phase_time", "time", "picktime"];
const PHASE: &[&str] = &["type", "phase_type", "phase"];
const PROBABILITY: &[&str] = &["prob", "phase_score", "probability"];
const EVENT: &[&str] = &["event", "event_id", "event_index", "event_idx"];
const ERROR: &[&str] = &["pickerror", "error_s"];

/// Stands for the time where QuakeMigrate has no pick.
const NO_PICK: &str = "-1";

impl PhasePick {
    /// Reads a table of picks; see [`PhasePick::from_csv`].
    ///
    /// # Errors
    /// [`crate::Error::Io`], and as there.
    pub fn read(path: impl AsRef<Path>) -> Result<Vec<Self>> {
        let (text, name) = text_of(path)?;
        Self::from_csv(&text, &name)
    }

    /// Reads the picks of events; see [`PhasePick::events_from_csv`].
    ///
    /// # Errors
    /// [`crate::Error::Io`], and as there.
    pub fn read_events(path: impl AsRef<Path>) -> Result<BTreeMap<String, Vec<Self>>> {
        let (text, name) = text_of(path)?;
        Self::events_from_csv(&text, &name)
    }

    /// Picks by CSV with the columns of GaMMA, PhaseNet or SeisBench, as `quakebook pick` writes them. A row of QuakeMigrate's whose
    /// time is -1 is a phase without a pick, and passed over.
    ///
    /// # Errors
    /// [`crate::Error::Locate`] where a column is missing, or a value is not what it should be.
    pub fn from_csv(text: &str, name: &str) -> Result<Vec<Self>> {
        Self::rows(&Columns::read(text, name)?)
    }

    /// The same of a table with a further column, `event`, `event_id`, `event_index` or `event_idx`: the picks of each event, in the
    /// order of their names. A pick whose event is empty or -1 is of none.
    ///
    /// # Errors
    /// As [`PhasePick::from_csv`].
    pub fn events_from_csv(text: &str, name: &str) -> Result<BTreeMap<String, Vec<Self>>> {
        let table = Columns::read(text, name)?;
        let (event, time) = (table.need(EVENT)?, table.need(TIME)?);
        let of: Vec<&str> = table
            .rows()
            .filter(|row| row.text(time) != NO_PICK)
            .map(|row| row.text(event))
            .collect();
        let mut events = BTreeMap::<String, Vec<Self>>::new();
        for (event, pick) in of.into_iter().zip(Self::rows(&table)?) {
            if !event.is_empty() && event != "-1" {
                events.entry(event.into()).or_default().push(pick);
            }
        }
        Ok(events)
    }

    fn rows(table: &Columns) -> Result<Vec<Self>> {
        let (station, phase) = (table.need(STATION)?, table.need(PHASE)?);
        let (time, probability) = (table.need(TIME)?, table.find(PROBABILITY));
        let error = table.find(ERROR);
        let mut picks = Vec::new();
        for row in table.rows().filter(|row| row.text(time) != NO_PICK) {
            let wave = match row.text(phase) {
                "P" | "p" => Wave::P,
                "S" | "s" => Wave::S,
                _ => return Err(row.wrong(phase, "P or S")),
            };
            let at = time::read(row.text(time)).filter(|t| t.timestamp_nanos_opt().is_some());
            let probability = probability.map_or(Ok(1.0), |column| {
                let p = row.number(column)?;
                match (0.0..=1.0).contains(&p) {
                    true => Ok(p),
                    false => Err(row.wrong(column, "a probability from 0 to 1")),
                }
            })?;
            let error = error.filter(|column| !row.text(*column).is_empty());
            let error_s = error.map_or(Ok(f64::NAN), |column| {
                let error_s = row.number(column)?;
                match error_s > 0.0 {
                    true => Ok(error_s),
                    false => Err(row.wrong(column, "a positive number of seconds")),
                }
            })?;
            picks.push(Self {
                station: row.text(station).into(),
                wave,
                time: at.ok_or_else(|| row.wrong(time, "a time in UTC"))?,
                probability,
                error_s,
            });
        }
        Ok(picks)
    }
}

/// A file's text, and what errors call it.
fn text_of(path: impl AsRef<Path>) -> Result<(String, String)> {
    let name = path.as_ref().display().to_string();
    let text = tables::text_of(atomic_file::read_input(path.as_ref())?)
        .map_err(|what| fail!(Locate, name, what, tables::NO_TEXT_REMEDY))?;
    Ok((text, name))
}

impl Sorted {
    /// # Errors
    /// [`crate::Error::Locate`] where no pick has a station with a place, or all picks have one time.
    pub fn new(picks: Vec<PhasePick>, sites: &Sites) -> Result<Self> {
        let n_picks = picks.len();
        let mut sorted = Self::default();
        for pick in picks {
            match sites.find(&pick.station) {
                Some(site) => sorted.picks.push((site, pick)),
                None => *sorted.unknown.entry(pick.station).or_default() += 1,
            }
        }
        sorted
            .picks
            .sort_by_key(|(site, pick)| (pick.time, *site, pick.wave == Wave::S));
        let wrong = |what: String, remedy: &str| Err(fail!(Locate, "picks", what, remedy));
        let (Some((_, first)), Some((_, last))) = (sorted.picks.first(), sorted.picks.last())
        else {
            let what = match sorted.unknown.first_key_value() {
                Some((station, _)) => {
                    format!("no station of {n_picks} picks has a place; the first is {station}")
                }
                None => "no pick".into(),
            };
            return wrong(
                what,
                "Give picks, and stations of the same codes with their coordinates",
            );
        };
        if sorted.picks.len() > 1 && first.time == last.time {
            let what = format!(
                "all {} picks have one time, {}",
                sorted.picks.len(),
                time::iso(first.time)
            );
            return wrong(what, "Give the time of each onset, not that of an event");
        }
        Ok(sorted)
    }
}

impl Sorted {
    /// Keeps of each wave at each station one pick, the most probable and of these the first, as is right where all picks are of
    /// one event. Returned is how many picks are dropped.
    pub fn drop_doubles(&mut self) -> usize {
        let n_picks = self.picks.len();
        let slot = |(site, pick): &(usize, PhasePick)| (*site, pick.wave == Wave::S);
        let mut best = BTreeMap::<(usize, bool), f64>::new();
        for one in &self.picks {
            let most = best.entry(slot(one)).or_insert(one.1.probability);
            *most = most.max(one.1.probability);
        }
        // What is taken out is kept, once.
        self.picks.retain(|one| {
            let is_best = best.get(&slot(one)) == Some(&one.1.probability);
            is_best && best.remove(&slot(one)).is_some()
        });
        n_picks - self.picks.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_of_several_programs_are_read() {
        let expected = |error_s, probability| PhasePick {
            station: "CX.PB01..HH".into(),
            wave: Wave::S,
            time: time::parse("2014-05-01T00:00:06.878393").unwrap(),
            probability,
            error_s,
        };
        for text in [
            "id,timestamp,prob,type\nCX.PB01..HH,2014-05-01T00:00:06.878393,0.75,s\n",
            "station_id,begin_time,end_time,phase_time,phase_score,phase_type\nCX.PB01..HH,,,2014-05-01T00:00:06.878393Z,0.75,S\n",
            "phase,station,time,probability\nS,CX.PB01..HH,2014-05-01 00:00:06.878393,0.75\n",
        ] {
            let picks = PhasePick::from_csv(text, "picks.csv").unwrap();
            // An unknown error is NaN, and equals nothing.
            assert_eq!(
                format!("{picks:?}"),
                format!("{:?}", [expected(f64::NAN, 0.75)]),
                "{text}"
            );
        }
        let text = "Station,Phase,ModelledTime,PickTime,PickError\nCX.PB01..HH,S,x,2014-05-01T00:00:06.878393Z,0.1\nA,P,x,-1,-1\n";
        assert_eq!(
            PhasePick::from_csv(text, "picks.csv").unwrap(),
            [expected(0.1, 1.0)]
        );
    }

    #[test]
    fn an_empty_error_is_none() {
        let text =
            "station,phase,time,error_s\nA,P,2014-05-01T00:00:06,\nA,S,2014-05-01T00:00:07,0.2\n";
        let picks = PhasePick::from_csv(text, "picks.csv").unwrap();
        assert!(picks[0].error_s.is_nan());
        assert_eq!(picks[1].error_s, 0.2);
    }

    #[test]
    fn a_wave_at_a_station_has_one_pick() {
        let text = "station,phase,time,probability\n\
            XX.A,P,2014-05-01T00:00:06,0.5\nA,P,2014-05-01T00:00:07,0.9\nXX.A..HH,P,2014-05-01T00:00:08,0.9\n\
            A,S,2014-05-01T00:00:09,0.2\n";
        let sites = Sites::from_csv("id,latitude,longitude\nXX.A,1,1\n", "sites").unwrap();
        let mut sorted = Sorted::new(PhasePick::from_csv(text, "picks").unwrap(), &sites).unwrap();
        assert_eq!(sorted.drop_doubles(), 2);
        let kept: Vec<_> = sorted
            .picks
            .iter()
            .map(|(_, pick)| time::iso(pick.time))
            .collect();
        assert!(
            kept[0].contains("00:07") && kept[1].contains("00:09"),
            "{kept:?}"
        );
    }

    #[test]
    fn picks_are_grouped_by_their_events() {
        let text = "event_index,station,phase,time\n7,A,P,2014-05-01T00:00:06\n-1,A,S,2014-05-01T00:00:07\n7,B,P,2014-05-01T00:00:08\n";
        let events = PhasePick::events_from_csv(text, "picks.csv").unwrap();
        assert_eq!(events.keys().collect::<Vec<_>>(), ["7"]);
        assert_eq!(
            events["7"]
                .iter()
                .map(|pick| pick.station.as_str())
                .collect::<Vec<_>>(),
            ["A", "B"]
        );
        assert!(
            PhasePick::events_from_csv("station,phase,time\nA,P,2014-05-01\n", "picks.csv")
                .is_err()
        );
    }

    #[test]
    fn what_is_no_pick_is_refused() {
        for text in [
            "station,time\nA,2014-05-01T00:00:06\n",
            "station,time,phase\nA,2014-05-01T00:00:06,Pn?\n",
            "station,time,phase\nA,yesterday,P\n",
            "station,time,phase,probability\nA,2014-05-01T00:00:06,P,1.5\n",
            "station,time,phase\nA,2014-05-01T00:00:06\n",
            "station,time,phase\n",
            "",
        ] {
            let refused = PhasePick::from_csv(text, "picks.csv").unwrap_err();
            assert!(matches!(refused, crate::Error::Locate { .. }), "{text:?}");
        }
    }
}
