//! What only the chapters need: their experiments, tables and figures. Nothing in the library imports it.
//!
//! | Chapter | Experiment | File |
//! |---|---|---|
//! | 5 | thresholds tried, detections of the scanned hours | `detection` |
//! | 7 | copies before and after the division | `leakage` |
//! | 7 | window length, step, augmentation, place of P, number of events | `ablations` |
//! | 8 | whole days, scanned and judged | `days` |
//! | 9 | hours and templates for the classical detectors | `comparison` |
//! | 10 | windows changed on purpose | `blackbox` |
//! | 11 | real records, folds of stations, triggers | `real`, `crossval`, `triggers` |
//!
//! What an experiment gives is kept in [`crate::study::Study::derived_dir`], as the method's own products are.

mod ablations;
mod blackbox;
mod comparison;
mod crossval;
mod days;
mod detection;
mod leakage;
mod real;
mod triggers;

pub use ablations::{
    BEARABLE_SHARE, N_EVENTS_OF_TRIAL, N_SEEDS, Trial, augmentation_trials, hop_trials,
    learning_curve, place_trials, spread, sweep_points, window_length_trials,
};
pub use blackbox::{Arrivals, Change, Changed, arrivals, changed_decisions};
pub use comparison::{
    comparison_hours, templates, test_record, training_events, validation_record,
};
pub use crossval::{
    Evaluation, N_FOLDS, RealScores, TrainingData, fine_tuned, n_real_seeds, real_scores,
    taught_by_classroom, verdicts,
};
pub use days::{
    FEWEST_WINDOWS, FINE_THRESHOLDS, N_HELD_OUT_DAYS, N_VALIDATION_DAYS, PlainWindows, ScannedDays,
    VISIBLE_RATIO, best_point, held_out_days, held_out_scan, scan_spans, validation_days,
    validation_scan, validation_scan_alone,
};
pub use detection::{
    BEARABLE_PER_HOUR, N_TRIAL_NIGHTS, OperatingPoint, TOLERANCE_S, detections, detections_path,
    match_at, merge_params, merge_params_at, operating_points, scan_params, trial_records,
};
pub use leakage::{LeakageRun, Way, leakage_runs, leakage_spread};
pub use real::{
    Character, Cut, Picked, REAL_WINDOW_SAMPLES, fetch_picked, read_picked, real_data_dir,
    slice_spectra, windows_of,
};
pub use triggers::{
    Trigger, TriggerScore, beside_figure, beside_triggers, iquique_record, read_triggers,
    trigger_scores,
};
