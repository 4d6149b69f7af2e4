//! Onsets of P and S waves in continuous records, as PhaseNet picks them.
//!
//! | Step | What it gives |
//! |---|---|
//! | [`Picker::read`] | a network with published weights, and the [`PickParams`] that their description asks for |
//! | [`PickerFiles`] | the files of these weights as they are, to be copied and compared |
//! | [`Picker::curves`] | [`Curves`]: for each sample of a record the probabilities of P and of S, as SeisBench's `annotate` |
//! | [`Curves::picks`] | [`Pick`]s: where a probability rises above its threshold, as SeisBench's `classify` |
//! | [`Picker::pick`] | the picks of a source of any length, piece by piece |
//! | [`PickTable`] | the picks as CSV, QuakeML and Parquet, in the columns of other programs |
//! | [`stations`], [`Components`] | what an archive holds, also of stations with one or two components |
//! | [`classical_onsets`] | what STA/LTA finds and Akaike's criterion times: the classical picker, and its arithmetic, [`aic_onset`] |
//!
//! # Where windows lie
//! The network sees 30 s at a time. SeisBench's first window begins with the record, so where a record is read from changes every
//! pick a little. Here windows begin at whole multiples of their distance since 1970, and one more begins, or ends, where recording
//! begins or ends. So days that are picked one by one give the picks of all of them together, bit for bit. [`Picker::curves`] takes
//! either way: see [`Origin`].
//!
//! ```no_run
//! use quakebook::pick::{Origin, Picker};
//! # fn picks(record: &quakebook::waveform::Record3C) -> quakebook::Result<()> {
//! let picker = Picker::read("weights/stead.pt.v2")?; // and stead.json.v2 beside it
//! let curves = picker.curves(record, Origin::Record)?;
//! for pick in curves.picks(picker.params()) {
//!     println!("{:?} {} {:.2}", pick.phase, quakebook::time::iso(pick.time), pick.probability);
//! }
//! # Ok(()) }
//! ```

mod aic;
mod classical;
mod curves;
mod described;
mod files;
mod picker;
mod picks;
mod prepared;
mod scan;
mod stations;
mod table;
#[cfg(test)]
mod tests;

use crate::error::Result;
use crate::waveform::Record3C;

pub use aic::{aic_curve, aic_onset};
pub use classical::classical_onsets;
pub use curves::{Curves, Origin};
pub use described::{PickNormalisation, PickParams, Stacking};
pub use files::{PickerFiles, WeightsForm};
pub use picker::Picker;
pub use picks::{Pick, PickedPhase};
pub use scan::{NO_SAMPLE, Picked};
pub use stations::{Components, stations};
pub use table::{Columns, PickTable};

/// The components of a record as windows are cut from it: in the network's order, at its rate, filtered as it asks; NaN where nothing
/// was recorded.
///
/// # Errors
/// As [`Picker::curves`].
pub(crate) fn prepared_rows(record: &Record3C, params: &PickParams) -> Result<[Vec<f32>; 3]> {
    Ok(prepared::Prepared::whole(record, params)?.rows)
}

pub(crate) use curves::scale as scale_window;
