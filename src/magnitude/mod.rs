//! Sizes of earthquakes: local magnitudes, which are what a Wood-Anderson seismograph would have drawn, and moment magnitudes.
//!
//! | Step | What it gives |
//! |---|---|
//! | [`wood_anderson`] | a record as that seismograph would have drawn it, by the channel's response |
//! | [`horizontal_amplitude`] | the largest amplitude of an earthquake on both horizontal components, if it stands above the noise |
//! | [`Arrivals`] | when the waves of an earthquake and of others reach a station, so that no window holds those of two |
//! | [`peak`] | the largest amplitude in a window, and how far it stands above the noise before |
//! | [`LocalScale::iaspei`] | magnitude from amplitude and distance, as IASPEI has it for Southern California's attenuation |
//! | [`LocalScale::calibrated`] | the same for a region of one's own, with the stations' corrections, from events whose magnitudes are known |
//! | [`LocalScale::event`] | the magnitude of an event: the mean of its stations, without those that are far off |
//! | [`s_spectrum`] | the displacement spectrum of S at one station, where it stands above the noise |
//! | [`BruneFit::of`] | its plateau, its corner, and what the way took |
//! | [`MomentParams::moment_n_m`], [`moment_magnitude`] | the seismic moment of a plateau, and its magnitude |
//!
//! Amplitudes are metres on a seismograph that magnifies once: the real one magnified 2080 times (Uhrhammer & Collins 1990,
//! *BSSA* 80, 702-716).
//!
//! ```
//! use quakebook::magnitude::LocalScale;
//! // By Richter's definition a millimetre on paper at 100 km is magnitude 3.
//! let scale = LocalScale::iaspei();
//! assert!((scale.station("XX.A", 1e-3 / 2080.0, 100.0) - 3.0).abs() < 0.01);
//! ```

mod amplitude;
mod arrivals;
mod moment;
mod no_amplitude;
mod scale;
mod simulate;
mod spectrum;

pub use amplitude::{AmplitudeParams, horizontal_amplitude};
pub use arrivals::Arrivals;
pub use moment::{BruneFit, Ground, MomentParams, moment_magnitude};
pub use no_amplitude::NoAmplitude;
pub(crate) use scale::median;
pub use scale::{Amplitude, EventMagnitude, LocalScale, MagnitudeKind, StationMagnitude};
pub use simulate::{Peak, SimulateParams, peak, wood_anderson};
pub use spectrum::{Spectrum, SpectrumParams, s_spectrum};
