//! What a notebook needs, by one line: `use quakebook::prelude::*;`.
//!
//! Types come by their own names; functions by their module's, so that a cell says where they
//! belong: `plot::epicentres(..)`, `window::cut(..)`, `store::catalog(..)`.

pub use crate::associate::{self, AssociateParams};
pub use crate::book;
pub use crate::bulletin::{self, Bulletin};
pub use crate::catalog::{Catalog, Event};
pub use crate::classroom::{self, Classroom, Truth};
pub use crate::cluster::{
    self, ClusterParams, Clusters, Metric, Space, adjusted_rand_index, choose_k,
};
pub use crate::data_centre;
pub use crate::dataset::{
    self, AddedNoise, Augment, Crop, Dataset, Split, Variation, augment, vary,
};
pub use crate::detect::{
    self, Detections, MatchedDetections, Matches, MergeParams, ReferenceEvents, Scan, ScanParams,
    Scanner,
};
pub use crate::display::{Markdown, Table};
pub use crate::evaluate::{
    self, Calibration, ConfusionMatrix, Counts, OperatingPoint, PrecisionRecallCurve, Rate, Score,
    Spread,
};
pub use crate::fdsn::{self, Client, Provider, Station};
pub use crate::geo::{self, Point, Region};
pub use crate::locate::{self, LocateParams, Locator, PhasePick, Sites, VelocityModel};
pub use crate::magnitude;
pub use crate::method::{self, Detector};
pub use crate::network::{self, Classify, ConvNet, Network, Perceptron};
pub use crate::pick::{self, PickedPhase, Picker};
pub use crate::plan::{self, Plan};
pub use crate::plot::{self, Figure};
pub use crate::provenance;
pub use crate::server::ServedArchive;
pub use crate::station::Inventory;
pub use crate::store::{self, Store};
pub use crate::study::{self, Study};
pub use crate::time::{self, Time, TimeSpan};
pub use crate::train::{self, Run, TrainParams};
pub use crate::travel::{self, LayeredModel, Phase};
pub use crate::waveform::filter::{Filter, Pass};
pub use crate::waveform::{self, Archive, Record3C, Trace, WaveformSource, mseed, spectrum};
pub use crate::window::{self, NoiseRule, Normalisation, StartRule, Window, Windows};
pub use polars::prelude::DataFrame;
pub use tch::{self, Tensor};
