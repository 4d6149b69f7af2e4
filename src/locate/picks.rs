//! Picks as they come from any picker.

use std::collections::BTreeMap;

use super::columns::Columns;
use super::sites::Sites;
use crate::error::{Result, fail};
use crate::time::{self, Time};
use crate::travel::Wave;

/// The onset of a wave at a station.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
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

/// A column of detections, as `quakebook collect` and `scan` write them.
const DETECTION: &[&str] = &["cluster"];

/// Stands for the time where QuakeMigrate has no pick, and for the event of a pick that GaMMA gives none.
const NO_PICK: &str = "-1";
const NO_EVENT: &str = "-1";

/// A direct wave or one along a layer counts as P or S, as it comes first.
pub(super) fn wave_of(phase: &str) -> Option<Wave> {
    match phase {
        "P" | "p" | "Pg" | "Pn" | "Pb" => Some(Wave::P),
        "S" | "s" | "Sg" | "Sn" | "Sb" => Some(Wave::S),
        _ => None,
    }
}

/// Picks as a file has them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PickFile {
    /// Each with the name of its event; none where it is of none.
    pub picks: Vec<(Option<String>, PhasePick)>,
    /// What QuakeML may have beside good picks of P and S, other phases and rejected picks, and how many of each were passed over.
    pub passed_over: BTreeMap<String, usize>,
}

impl PhasePick {
    /// Picks by CSV with the columns of GaMMA, PhaseNet or SeisBench, as `quakebook pick` writes them. A row of QuakeMigrate's whose
    /// time is -1 is a phase without a pick, and passed over.
    ///
    /// # Errors
    /// [`crate::Error::Locate`] where a column is missing, or a value is not what it should be.
    pub fn from_csv(text: &str, name: &str) -> Result<Vec<Self>> {
        Ok(PickFile::from_csv(text, name)?.all())
    }
}

impl PickFile {
    /// As [`PhasePick::from_csv`], and with the event of each pick where there is a column `event`, `event_id`, `event_index` or
    /// `event_idx`. A pick whose event is empty or -1 is of none.
    ///
    /// # Errors
    /// As [`PhasePick::from_csv`].
    pub fn from_csv(text: &str, name: &str) -> Result<Self> {
        Self::from_table(&Columns::read_any(text, name)?)
    }

    pub(super) fn from_table(table: &Columns) -> Result<Self> {
        if table.find(PHASE).is_none() && table.find(DETECTION).is_some() {
            let what = format!(
                "a table of detections, which have no phase; its columns are {}",
                table.header()
            );
            let remedy =
                "Give picks: `quakebook pick` makes them, and so does a plan with a picker";
            return Err(table.refuse(&what, remedy));
        }
        let (station, phase) = (table.need(STATION)?, table.need(PHASE)?);
        let (time, probability) = (table.need(TIME)?, table.find(PROBABILITY));
        let (error, event) = (table.find(ERROR), table.find(EVENT));
        let mut picks = Vec::new();
        for row in table.rows().filter(|row| row.text(time) != NO_PICK) {
            let wave = wave_of(row.text(phase));
            let wave = wave.ok_or_else(|| row.wrong(phase, "P or S"))?;
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
            let event = event.map(|column| row.text(column));
            let event = event.filter(|event| !event.is_empty() && *event != NO_EVENT);
            let pick = PhasePick {
                station: row.text(station).into(),
                wave,
                time: at.ok_or_else(|| row.wrong(time, "a time in UTC"))?,
                probability,
                error_s,
            };
            picks.push((event.map(String::from), pick));
        }
        Ok(Self {
            picks,
            passed_over: BTreeMap::new(),
        })
    }

    /// All picks, whatever their events.
    pub fn all(self) -> Vec<PhasePick> {
        self.picks.into_iter().map(|(_, pick)| pick).collect()
    }

    /// The picks of each event, in the order of their names; `name` is what errors call the file.
    ///
    /// # Errors
    /// [`crate::Error::Locate`] where no pick is of an event.
    pub fn by_event(self, name: &str) -> Result<BTreeMap<String, Vec<PhasePick>>> {
        let (n, mut events) = (self.picks.len(), BTreeMap::<String, Vec<PhasePick>>::new());
        for (event, pick) in self.picks {
            if let Some(event) = event {
                events.entry(event).or_default().push(pick);
            }
        }
        match events.is_empty() {
            true => Err(fail!(
                Locate,
                name,
                format!("{n} picks, none of an event"),
                "Give picks with a column event, event_id, event_index or event_idx, or in the events of QuakeML: `quakebook associate` finds events"
            )),
            false => Ok(events),
        }
    }
}

/// Oldest first, and of one time in the order of the stations, P before S.
pub(super) fn in_order((site, pick): &(usize, PhasePick)) -> (Time, usize, bool) {
    (pick.time, *site, pick.wave == Wave::S)
}

impl Sorted {
    /// A station that is told without its network has the picks of one network.
    fn check_networks(&self, sites: &Sites) -> Result<()> {
        let mut first = BTreeMap::<usize, &str>::new();
        for (site, pick) in &self.picks {
            let id = &sites.all()[*site].id;
            let Some((network, _)) = pick.station.split_once('.').filter(|_| !id.contains('.'))
            else {
                continue;
            };
            let known = *first.entry(*site).or_insert(network);
            if known != network {
                let what =
                    format!("picks of {known}.{id} and of {network}.{id}, and one place of {id}");
                let remedy = "Give the stations with their networks";
                return Err(fail!(Locate, "picks", what, remedy));
            }
        }
        Ok(())
    }

    /// # Errors
    /// [`crate::Error::Locate`] where no pick has a station with a place, where two networks' picks are of one station that is told without its
    /// network, or where all picks have one time.
    pub fn new(picks: Vec<PhasePick>, sites: &Sites) -> Result<Self> {
        let n_picks = picks.len();
        let mut sorted = Self::default();
        for pick in picks {
            match sites.find(&pick.station) {
                Some(site) => sorted.picks.push((site, pick)),
                None => *sorted.unknown.entry(pick.station).or_default() += 1,
            }
        }
        sorted.check_networks(sites)?;
        sorted.picks.sort_by_key(in_order);
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
            "phase,station,time,probability\nSg,CX.PB01..HH,2014-05-01 00:00:06.878393,0.75\n",
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
    fn picks_are_grouped_by_their_events() {
        let text = "event_index,station,phase,time\n7,A,P,2014-05-01T00:00:06\n-1,A,S,2014-05-01T00:00:07\n7,B,P,2014-05-01T00:00:08\n";
        let of = |text: &str| PickFile::from_csv(text, "picks.csv").unwrap();
        let events = of(text).by_event("picks.csv").unwrap();
        assert_eq!(events.keys().collect::<Vec<_>>(), ["7"]);
        assert_eq!(
            events["7"]
                .iter()
                .map(|pick| pick.station.as_str())
                .collect::<Vec<_>>(),
            ["A", "B"]
        );
        let of_none = "station,phase,time\nA,P,2014-05-01\n";
        assert!(of(of_none).by_event("picks.csv").is_err());
        let of_no_event = text.replace("\n7,", "\n-1,");
        assert!(of(&of_no_event).by_event("picks.csv").is_err());
    }

    #[test]
    fn a_code_of_two_networks_is_no_one_station() {
        let of = |stations: &str| {
            let sites = Sites::from_csv(stations, "sites").unwrap();
            let text =
                "station,phase,time\nXX.A,P,2014-05-01T00:00:06\nYY.A,P,2014-05-01T00:00:07\n";
            Sorted::new(PhasePick::from_csv(text, "picks").unwrap(), &sites)
        };
        assert!(of("id,latitude,longitude\nA,1,1\n").is_err());
        let both = of("id,latitude,longitude\nXX.A,1,1\nYY.A,1,2\n").unwrap();
        assert_eq!(both.picks.len(), 2);
    }

    #[test]
    fn a_header_alone_is_no_pick() {
        assert_eq!(
            PhasePick::from_csv("station,time,phase\n", "p").unwrap(),
            []
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
            "",
        ] {
            let refused = PhasePick::from_csv(text, "picks.csv").unwrap_err();
            assert!(matches!(refused, crate::Error::Locate { .. }), "{text:?}");
        }
    }
}
