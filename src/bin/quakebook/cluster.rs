//! `quakebook cluster`

use std::path::PathBuf;

use clap::ValueEnum;
use quakebook::catalog::Catalog;
use quakebook::cluster::{self, ClusterParams, Clusters};
use serde::Serialize;

use crate::output::{self, Outcome, Result};

/// Cluster the epicentres of a catalog
#[derive(clap::Args)]
#[command(after_help = "\
The sum is that of the distances of all events to their centroids, in degrees or kilometres; for the
Euclidean metric the sum of their squares. Replicates start from different places: the best is kept,
and a clustering is judged by its sum.

Examples:
  quakebook cluster catalog.csv
  quakebook cluster catalog.xml --k 4 --space km --replicates 100
  quakebook cluster cat.txt --json")]
pub struct Args {
    /// ComCat CSV, FDSN text, QuakeML, or the paper's listing; a regular file of at most 4 GiB
    catalog: PathBuf,
    /// The number of clusters
    #[arg(long, default_value_t = 3)]
    k: usize,
    #[arg(long, value_enum, default_value = "cityblock")]
    metric: Metric,
    #[arg(long, value_enum, default_value = "degrees")]
    space: Space,
    /// Starts; the one with the smallest sum is kept
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    replicates: u32,
    /// Where the starts come from: the same seed gives the same clusters
    #[arg(long, default_value_t = 2019)]
    seed: u64,
    /// One object: sum, sizes, and centroids as [longitude, latitude]
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Metric {
    /// |dx| + |dy|: centroids are medians, as in the paper
    Cityblock,
    /// Centroids are means
    Euclidean,
}

#[derive(Clone, Copy, ValueEnum)]
enum Space {
    /// Longitude and latitude as they are, as in the paper
    Degrees,
    /// East and north from the mean epicentre
    Km,
}

#[derive(Serialize)]
struct Report<'a> {
    sum: f64,
    sizes: &'a [usize],
    /// Longitude and latitude.
    centroids: Vec<[f64; 2]>,
}

pub fn run(args: &Args) -> Result {
    let catalog = Catalog::read(&args.catalog)?;
    output::tell_left_out(&catalog);
    let catalog = output::with_places(&catalog);
    let clusters = ClusterParams::new(args.k)
        .metric(match args.metric {
            Metric::Cityblock => cluster::Metric::Cityblock,
            Metric::Euclidean => cluster::Metric::Euclidean,
        })
        .space(match args.space {
            Space::Degrees => cluster::Space::Degrees,
            Space::Km => cluster::Space::Kilometres,
        })
        .n_replicates(args.replicates as usize)
        .seed(args.seed)
        .fit(&catalog)?;
    let best = clusters.minima()[0].n_replicates;
    output::progress(format!(
        "{} events; {best} of {} replicates ended at the smallest sum",
        catalog.len(),
        args.replicates
    ));
    match args.json {
        true => output::print_json(&report(&clusters))?,
        false => output::print(table(&clusters))?,
    }
    Ok(Outcome::Done)
}

fn report(clusters: &Clusters) -> Report<'_> {
    let centroids = clusters.centroids.iter();
    Report {
        sum: clusters.sum,
        sizes: &clusters.sizes,
        centroids: centroids
            .map(|c| [c.longitude_deg, c.latitude_deg])
            .collect(),
    }
}

fn table(clusters: &Clusters) -> String {
    let mut text = format!("sum {:.4} {}\n", clusters.sum, clusters.sum_unit());
    text += "cluster  events  longitude  latitude\n";
    for (i, (size, centroid)) in clusters.sizes.iter().zip(&clusters.centroids).enumerate() {
        text += &format!(
            "{:>7}  {size:>6}  {:>9.4}  {:>8.4}\n",
            i + 1,
            centroid.longitude_deg,
            centroid.latitude_deg
        );
    }
    text
}
