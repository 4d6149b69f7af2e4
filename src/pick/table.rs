//! Picks as tables that other programs read.

use std::path::Path;

use chrono::{DateTime, Utc};
use polars::prelude::*;

use super::Pick;
use crate::atomic_file;
use crate::error::{Result, fail};
use crate::tables;
use crate::time::{self, Time};
use crate::xml::escaped;

/// Whose names the columns have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Columns {
    /// `id,timestamp,prob,type`: GaMMA and QuakeFlow. An `id` is `CX.PB01..HH`, a type `p` or `s`.
    #[default]
    Gamma,
    /// `station_id,phase_time,phase_type,phase_score`, and where the pick begins and ends: PhaseNet.
    PhaseNet,
    /// `station,time,start_time,end_time,probability,phase`: SeisBench's `PickList.to_dataframe`. A station is `CX.PB01.`.
    SeisBench,
}

/// Picks of any stations.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PickTable {
    pub picks: Vec<Pick>,
    pub simulated: bool,
}

/// A column of the table.
enum Cells {
    Text(Vec<String>),
    Times(Vec<Time>),
    Numbers(Vec<f32>),
}

impl PickTable {
    /// By time, then by station and phase.
    pub fn sort(&mut self) {
        self.picks.sort_by(|a, b| {
            (a.time, &a.station, &a.band, a.phase).cmp(&(b.time, &b.station, &b.band, b.phase))
        });
    }

    fn columns(&self, columns: Columns) -> Vec<(&'static str, Cells)> {
        let text = |of: &dyn Fn(&Pick) -> String| Cells::Text(self.picks.iter().map(of).collect());
        let times = |of: &dyn Fn(&Pick) -> Time| Cells::Times(self.picks.iter().map(of).collect());
        let of_band = |pick: &Pick| format!("{}.{}", pick.station, pick.band);
        let (start, end) = (times(&|pick| pick.start), times(&|pick| pick.end));
        let time = times(&|pick| pick.time);
        let probability = Cells::Numbers(self.picks.iter().map(|pick| pick.probability).collect());
        let phase = text(&|pick| pick.phase.to_string());
        match columns {
            Columns::Gamma => vec![
                ("id", text(&of_band)),
                ("timestamp", time),
                ("prob", probability),
                ("type", text(&|pick| pick.phase.to_string().to_lowercase())),
            ],
            Columns::PhaseNet => vec![
                ("station_id", text(&of_band)),
                ("begin_time", start),
                ("end_time", end),
                ("phase_time", time),
                ("phase_score", probability),
                ("phase_type", phase),
            ],
            Columns::SeisBench => vec![
                ("station", text(&|pick| pick.station.clone())),
                ("time", time),
                ("start_time", start),
                ("end_time", end),
                ("probability", probability),
                ("phase", phase),
            ],
        }
    }

    /// A row a pick; times in UTC to the microsecond, `2014-05-01T00:00:06.878393`, without a zone, as these programs write them.
    pub fn to_csv(&self, columns: Columns) -> String {
        let columns = self.columns(columns);
        let cell = |cells: &Cells, i: usize| match cells {
            Cells::Text(all) => all[i].clone(),
            Cells::Times(all) => all[i].format("%Y-%m-%dT%H:%M:%S%.6f").to_string(),
            Cells::Numbers(all) => all[i].to_string(),
        };
        let row = |i: usize| columns.iter().map(|(_, cells)| cell(cells, i)).collect();
        let names: Vec<String> = columns
            .iter()
            .map(|(name, _)| (*name).to_string())
            .collect();
        tables::rows_as_csv(std::iter::once(names).chain((0..self.picks.len()).map(row)))
    }

    /// The same as Parquet, compressed by zstd; times in microseconds without a zone.
    pub fn to_parquet(&self, columns: Columns) -> Vec<u8> {
        let columns = self
            .columns(columns)
            .into_iter()
            .map(|(name, cells)| match cells {
                Cells::Text(all) => Column::new(name.into(), all),
                Cells::Numbers(all) => Column::new(name.into(), all),
                Cells::Times(all) => {
                    let all = all.iter().map(DateTime::<Utc>::timestamp_micros).collect();
                    let column = Int64Chunked::from_vec(name.into(), all);
                    column
                        .into_datetime(TimeUnit::Microseconds, None)
                        .into_column()
                }
            });
        let mut frame = DataFrame::new_infer_height(columns.collect())
            .expect("the columns have one length and different names");
        let mut bytes = Vec::new();
        let written = ParquetWriter::new(&mut bytes).finish(&mut frame);
        written.expect("memory takes a table of plain columns");
        bytes
    }

    /// QuakeML 1.2: all picks in one event, for which of them belong together nobody has said yet. Each pick's comment has its
    /// probability.
    pub fn to_quakeml(&self) -> String {
        let picks: String = self.picks.iter().map(quakeml_pick).collect();
        let simulated = if self.simulated { "simulated; " } else { "" };
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <q:quakeml xmlns:q=\"http://quakeml.org/xmlns/quakeml/1.2\" xmlns=\"http://quakeml.org/xmlns/bed/1.2\">\n\
             <eventParameters publicID=\"smi:quakebook/picks\"><event publicID=\"smi:quakebook/picks/all\">\
             <description><text>{simulated}picks that are not associated</text></description>\n\
             {picks}<type>not reported</type></event></eventParameters>\n</q:quakeml>\n"
        )
    }

    /// Writes a file: QuakeML where its name ends in `.xml`, Parquet where it ends in `.parquet`, else CSV.
    ///
    /// # Errors
    /// [`crate::Error::Io`]; [`crate::Error::Pick`] where QuakeML is asked for in the columns of another program.
    pub fn write(&self, path: &Path, columns: Option<Columns>) -> Result<()> {
        let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
        let of = columns.unwrap_or_default();
        let bytes = match ending.to_str() {
            Some("xml") if columns.is_some() => {
                let what = "columns of a table were asked for, and QuakeML has none";
                return Err(fail!(
                    Pick,
                    path.display(),
                    what,
                    "Ask for .csv or .parquet, or for no columns"
                ));
            }
            Some("xml") => self.to_quakeml().into_bytes(),
            Some("parquet") => self.to_parquet(of),
            _ => self.to_csv(of).into_bytes(),
        };
        atomic_file::write_result(path, bytes)
    }
}

fn quakeml_pick(pick: &Pick) -> String {
    let codes: Vec<_> = pick.station.split('.').map(escaped).collect();
    let location = match codes.get(2) {
        Some(code) if !code.is_empty() => format!(" locationCode=\"{code}\""),
        _ => String::new(),
    };
    let network = codes.first().map(ToString::to_string).unwrap_or_default();
    let station = codes.get(1).map(ToString::to_string).unwrap_or_default();
    // The vertical component sees P, and a horizontal one S: of either the band is known.
    let band = escaped(&pick.band);
    let public = format!(
        "smi:quakebook/pick/{network}.{station}.{band}.{}.{}",
        pick.phase,
        pick.time.format("%Y%m%dT%H%M%S%.6f")
    );
    format!(
        "<pick publicID=\"{public}\"><time><value>{}</value></time>\
         <waveformID networkCode=\"{network}\" stationCode=\"{station}\"{location} channelCode=\"{band}\"/>\
         <phaseHint>{}</phaseHint><evaluationMode>automatic</evaluationMode>\
         <comment><text>{{\"probability\":{},\"n_components\":{}}}</text></comment></pick>\n",
        time::iso(pick.time),
        pick.phase,
        pick.probability,
        pick.n_components,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pick::PickedPhase;

    fn table() -> PickTable {
        let at = |text: &str| time::parse(text).unwrap();
        let pick = |station: &str, phase, text: &str| Pick {
            station: station.into(),
            band: "HH".into(),
            phase,
            time: at(text),
            start: at(text) - time::seconds(0.1),
            end: at(text) + time::seconds(0.25),
            probability: 0.75,
            n_components: 3,
        };
        let mut table = PickTable {
            picks: vec![
                pick("CX.PB01.", PickedPhase::S, "2014-05-01T00:00:10"),
                pick("CX.PB01.00", PickedPhase::P, "2014-05-01T00:00:06.878393"),
            ],
            simulated: false,
        };
        table.sort();
        table
    }

    #[test]
    fn columns_are_those_of_the_programs() {
        assert_eq!(
            table().to_csv(Columns::Gamma),
            "id,timestamp,prob,type\n\
             CX.PB01.00.HH,2014-05-01T00:00:06.878393,0.75,p\n\
             CX.PB01..HH,2014-05-01T00:00:10.000000,0.75,s\n"
        );
        assert_eq!(
            table().to_csv(Columns::SeisBench).lines().nth(1).unwrap(),
            "CX.PB01.00,2014-05-01T00:00:06.878393,2014-05-01T00:00:06.778393,2014-05-01T00:00:07.128393,0.75,P"
        );
        assert_eq!(
            table().to_csv(Columns::PhaseNet).lines().next().unwrap(),
            "station_id,begin_time,end_time,phase_time,phase_score,phase_type"
        );
        assert_eq!(
            PickTable::default().to_csv(Columns::Gamma),
            "id,timestamp,prob,type\n"
        );
    }

    #[test]
    fn parquet_holds_what_csv_holds() {
        for columns in [Columns::Gamma, Columns::PhaseNet, Columns::SeisBench] {
            let bytes = table().to_parquet(columns);
            let frame = ParquetReader::new(std::io::Cursor::new(bytes))
                .finish()
                .unwrap();
            let csv = table().to_csv(columns);
            let names = csv.lines().next().unwrap().split(',');
            assert!(frame.get_column_names().into_iter().eq(names));
            assert_eq!(frame.height(), 2);
            let times = frame
                .columns()
                .iter()
                .find(|column| column.dtype().is_temporal());
            let first = times.unwrap().datetime().unwrap().physical().get(0);
            assert!(first.is_some_and(|us| us / 1_000_000 == 1_398_902_406));
        }
        assert!(!PickTable::default().to_parquet(Columns::Gamma).is_empty());
    }

    #[test]
    fn quakeml_holds_each_pick() {
        let text = table().to_quakeml();
        assert_eq!(text.matches("<pick ").count(), 2);
        assert!(text.contains("locationCode=\"00\"") && text.contains("<phaseHint>S</phaseHint>"));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("picks.xml");
        assert!(table().write(&path, Some(Columns::Gamma)).is_err());
        table().write(&path, None).unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap(), text);
    }
}
