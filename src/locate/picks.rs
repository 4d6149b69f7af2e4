//! Picks as they come from any picker.

use std::collections::BTreeMap;

use super::columns::Columns;
use super::sites::Sites;
use crate::error::{Result, fail};
use crate::time::{self, Time, between_s};
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
            let what = "a table of detections, which have no phase";
            let remedy = "Give picks: of `quakebook pick`, or of a plan with a picker";
            return Err(table.refuse(what, remedy));
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
    /// Looks whether all picks can be of one event whose waves take at most `longest_s` to a station: S comes after P at each station,
    /// and no pick comes later after the first than waves could take twice.
    ///
    /// # Errors
    /// [`crate::Error::Locate`] naming the station or the time between.
    pub fn check_one_event(&self, sites: &Sites, longest_s: f64) -> Result<()> {
        // First, for of two events under one name the S of one may come before the P of the other.
        if let [(_, first), .., (_, last)] = &self.picks[..] {
            let apart_s = between_s(first.time, last.time);
            if apart_s > 2.0 * longest_s {
                let what = format!(
                    "picks {apart_s:.1} s apart, where waves take at most {longest_s:.1} s from the grid to a station"
                );
                let remedy = "These are two events under one name: give each a name of its own";
                return Err(fail!(Locate, "picks", what, remedy));
            }
        }
        let mut first_p = BTreeMap::<usize, Time>::new();
        for (site, pick) in self.picks.iter().filter(|(_, pick)| pick.wave == Wave::P) {
            let first = first_p.entry(*site).or_insert(pick.time);
            *first = pick.time.min(*first);
        }
        for (site, pick) in self.picks.iter().filter(|(_, pick)| pick.wave == Wave::S) {
            if let Some(p) = first_p.get(site).filter(|p| pick.time < **p) {
                let what = format!(
                    "S at {} is {:.2} s before its P",
                    sites.all()[*site].id,
                    between_s(pick.time, *p)
                );
                let remedy = "Exchange their phases, take out the one that is wrong, or give each of two events a name of its own";
                return Err(fail!(Locate, "picks", what, remedy));
            }
        }
        Ok(())
    }

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
    fn picks_that_cannot_be_of_one_event_are_refused() {
        let sites = "id,latitude,longitude\nXX.A,1,1\nXX.B,1,1.1\n";
        let sites = Sites::from_csv(sites, "sites").unwrap();
        let check = |rows: &str| {
            let text = format!("station,phase,time\n{rows}");
            let picks = PhasePick::from_csv(&text, "picks").unwrap();
            let checked = Sorted::new(picks, &sites)
                .unwrap()
                .check_one_event(&sites, 10.0);
            checked.map_err(|error| error.to_string())
        };
        assert_eq!(
            check("A,P,2014-05-01T00:00:06\nA,S,2014-05-01T00:00:09\nB,P,2014-05-01T00:00:26\n"),
            Ok(())
        );
        let swapped =
            check("A,S,2014-05-01T00:00:06\nA,P,2014-05-01T00:00:09\nB,P,2014-05-01T00:00:07\n");
        assert!(
            swapped
                .unwrap_err()
                .contains("S at XX.A is 3.00 s before its P")
        );
        let two = check("A,P,2014-05-01T00:00:06\nB,P,2014-05-01T00:00:26.5\n");
        assert!(two.unwrap_err().contains("20.5 s apart"));
        let two = check("A,S,2014-05-01T00:00:06\nA,P,2014-05-01T00:00:26.5\n");
        assert!(two.unwrap_err().contains("20.5 s apart"));
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
