use quakebook::book::{self, Scorer};
use quakebook::evaluate::Known;
use quakebook::method::worlds::{Choosing, Hour, Recipe, model};
use quakebook::time::{Time, between_s};
use quakebook::waveform::Record3C;
use std::io::Write;

fn dump(
    out: &mut impl Write,
    name: &str,
    record: &Record3C,
    known: &Known,
    scorers: &[Scorer],
) -> quakebook::Result<()> {
    let s = |t: Time| between_s(record.start, t);
    let all: Vec<Vec<(f64, f64)>> = scorers
        .iter()
        .map(|one| {
            Ok(one
                .scores(record)?
                .into_iter()
                .map(|(t, v)| (s(t), v))
                .collect())
        })
        .collect::<quakebook::Result<_>>()?;
    let of = |ts: &[Time]| ts.iter().map(|t| s(*t)).collect::<Vec<f64>>();
    let line = serde_json::json!({"name": name, "n_s": record.n_samples() as f64 / 50.0, "events": of(&known.events), "busy": of(&known.busy), "scores": all});
    writeln!(out, "{line}").unwrap();
    Ok(())
}

fn main() -> quakebook::Result<()> {
    let recipe = Recipe::default();
    let dir = std::path::Path::new("/tmp/h/model4");
    let (detector, taught) = model::teach(&recipe, &Default::default())?;
    eprintln!("{taught}");
    detector.write(dir, None)?;
    let read = || quakebook::method::Detector::read(dir);
    let (mut one, mut two) = (read()?, read()?);
    (one.close_up, one.regression, two.regression) = (None, None, None);
    let scorers = [one, two, read()?].map(|d| Scorer::Model(Box::new(d)));
    let mut out = std::io::BufWriter::new(std::fs::File::create("/tmp/h/blend4.jsonl").unwrap());
    let dir = book::iquique_dir().expect("real data");
    let record = book::iquique_record(&dir)?;
    let known = book::known_of(&book::read_phase_picks(
        &dir.join("picks_phasenet_PB01.csv"),
    )?);
    dump(&mut out, "pb01", &record, &known, &scorers)?;
    for i in 0..40 {
        let hour = Hour::of(Choosing(i), &recipe)?;
        dump(
            &mut out,
            &format!("world {i}"),
            &hour.record,
            &hour.known,
            &scorers,
        )?;
    }
    Ok(())
}
