//! What only the chapters need: their experiments, tables and figures. Nothing in the library imports it.
//!
//! | Chapter | Experiment | File |
//! |---|---|---|
//! | 3, 4 | the paper's windows, its random split, its network | `paper` |
//! | 5 | detections of the scanned hours | `detection` |
//! | 7 | copies before and after the division; families of events | `leakage`, `families` |
//! | 7 | window length, step, augmentation, place of P, number of events | `ablations`, `ablation_scan` |
//! | 8 | whole days, scanned and judged; several networks | `days`, `mistakes`, `plain_windows`, `ensemble` |
//! | 9 | hours and templates for the classical detectors | `comparison` |
//! | 10 | windows changed on purpose | `blackbox` |
//! | 11 | real records and their spectra; networks trained on them; folds of stations; triggers | `real`, `spectra`, `transfer`, `crossval`, `triggers`, `real_scores` |
//!
//! Chapters 5, 8 and 9 judge one detector, [`crate::store::detector`]: one network with one threshold.
//! What an experiment gives is kept in the [`crate::store`], as the method's own products are.

mod ablation_scan;
mod ablations;
mod blackbox;
mod comparison;
mod crossval;
mod days;
mod detection;
mod ensemble;
mod families;
mod leakage;
mod mistakes;
mod paper;
mod plain_windows;
mod real;
mod real_scores;
mod spectra;
mod transfer;
mod triggers;

pub use ablation_scan::MAX_FALSE_ALARM_SHARE;
pub use ablations::{
    AblationRun, N_EVENTS_OF_RUN, N_SEEDS, augmentation_ablation, hop_ablation, learning_curve,
    place_ablation, spread, sweep_points, window_length_ablation,
};
pub use blackbox::{Arrivals, Change, Changed, arrivals, changed_decisions};
pub use comparison::{
    comparison_hours, templates, test_record, training_events, validation_record,
};
pub use crossval::{Evaluation, N_FOLDS, TrainingData, evaluations};
pub use days::{
    N_HELD_OUT_DAYS, ScannedDays, VISIBLE_RATIO, held_out_days, held_out_scan, validation_days,
    validation_scan, validation_scan_by_ensemble,
};
pub use detection::detections;
use ensemble::trained_convnet;
pub use ensemble::{N_MEMBERS, leak_free_ensemble};
pub use families::families;
pub use leakage::{LeakageRun, SplitOrder, leakage_runs, leakage_spread};
pub use paper::{
    BEFORE_P_S, PAPER_NORMALISATION, paper_network, paper_split, trained, windows_as_the_paper,
    windows_at_arrivals,
};
pub use plain_windows::PlainWindows;
pub use real::{
    Cut, Picked, REAL_WINDOW_SAMPLES, fetch_picked, iquique_dir, picked_dir, read_picked,
    windows_of,
};
pub use real_scores::{RealScores, n_real_seeds, real_scores};
pub use spectra::{Character, slice_spectra};
pub use transfer::{fine_tuned, pretrained};
pub use triggers::{
    Trigger, TriggerScore, beside_figure, beside_triggers, iquique_record, read_triggers,
    trigger_scores,
};
