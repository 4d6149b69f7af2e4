//! What only the chapters need: their experiments, tables and figures. Nothing in the library imports it.
//!
//! | Chapter | Experiment | File |
//! |---|---|---|
//! | 3, 4 | the paper's windows, its random split, its network | `paper` |
//! | 3b | distances and arrival times to learn from | `learning` |
//! | 4 | the four confusion matrices of a training | `matrices` |
//! | 4 | from the paper's way to this book's, one change at a time | `ladder` |
//! | 5 | the scanned hours, their detections, and what each was; what a window cuts off | `hours`, `detection`, `energy` |
//! | 6 | what each fault of the paper costs; our numbers beside the paper's | `faults`, `beside` |
//! | 7 | copies before and after the division; families of events | `leakage`, `families` |
//! | 7 | window length, step, augmentation, place of P, number of events | `ablations`, `ablation_scan` |
//! | 8 | whole days, scanned and judged; several networks | `days`, `mistakes`, `plain_windows`, `ensemble` |
//! | 8 | how often the month was looked at; what the simulation's truth gave to the training | `month`, `oracle` |
//! | 9 | hours and templates for the classical detectors | `comparison` |
//! | 10 | windows changed on purpose; tests of the maps | `blackbox`, `explained` |
//! | 11 | four detectors that score any record, and how they are chosen on simulated worlds; four induced earthquakes in Bavaria | `rivals`, `tuned`, `features`, `unterhaching` |
//! | 11 | twelve hours of a real record beside another program's picks; what is shown without it | `continuous`, `continuous_scores`, `picks`, `triggers`, `stored` |
//! | 11 | single real records and their spectra, made harder; folds of stations | `real`, `own_noise`, `shares`, `halves`, `spectra`, `transfer`, `crossval`, `real_scores` |
//! | 13 | an archive of thirty stations, workers that are killed, and what a large archive takes | `many_stations`, `workers`, `throughput` |
//!
//! Chapters 5, 8 and 9 judge one detector, [`crate::store::detector`]: one network with one threshold.
//! What an experiment gives is kept in the [`crate::store`], as the method's own products are.

mod ablation_scan;
mod ablations;
mod beside;
mod blackbox;
mod comparison;
mod continuous;
mod continuous_scores;
mod crossval;
mod days;
mod detection;
mod energy;
mod ensemble;
mod explained;
mod families;
mod faults;
mod halves;
mod hours;
mod ladder;
mod leakage;
mod learning;
mod many_stations;
mod matrices;
mod mistakes;
mod month;
mod oracle;
mod own_noise;
mod paper;
mod picks;
mod plain_windows;
mod real;
mod real_scores;
mod rivals;
mod shares;
mod spectra;
mod stored;
mod throughput;
mod transfer;
mod triggers;
mod tuned;
mod unterhaching;
mod workers;

pub use ablation_scan::MAX_FALSE_ALARM_SHARE;
pub use ablations::{
    AblationRun, N_EVENTS_OF_RUN, N_SEEDS, augmentation_ablation, by_seed, hop_ablation,
    learning_curve, place_ablation, spread, sweep_points, window_length_ablation,
};
pub use beside::{abstract_text, beside_the_paper, made_with};
pub use blackbox::{Arrivals, Change, Changed, arrivals, changed_decisions};
pub use comparison::{
    N_TEMPLATES, RATES_PER_HOUR, TriedSetting, comparison_hours, fine_thresholds, templates,
    test_record, training_events, tried_sta_lta, validation_record,
};
pub use continuous::{alarms_page, continuous};
pub use continuous_scores::{Continuous, HOURLY_RATE, NOBODY, OnRecord, Sampled, Span};
pub use crossval::{Evaluation, N_FOLDS, TrainingData, evaluations};
pub use days::{
    N_HELD_OUT_DAYS, ScannedDays, VISIBLE_RATIO, held_out_days, held_out_scan, validation_days,
    validation_scan, validation_scan_by_ensemble,
};
pub use detection::detections;
pub use energy::{EnergyAfterP, energy_after_p};
use ensemble::trained_convnet;
pub use ensemble::{N_MEMBERS, leak_free_ensemble, leak_free_networks};
pub use explained::{
    Fill, Hidden, N_EXPLAINED, TwoScores, hidden, networks_of_shuffled_labels, small_networks,
    two_scores,
};
pub use families::{families, true_families};
pub use faults::Faults;
pub use halves::Halves;
pub use hours::{Hours, threshold_table};
pub use ladder::{Rung, Way, rungs, rungs_table};
pub use leakage::{LeakageRun, SplitOrder, leakage_runs, leakage_spread};
pub use learning::{convnetquake_without_p, s_minus_p};
pub use many_stations::{ManyStations, many_stations};
pub use matrices::FourMatrices;
pub use month::{Independence, MonthScore, month_scores};
pub use oracle::{OracleRun, OracleRuns, oracle_runs};
pub use paper::{
    BEFORE_P_S, PAPER_NORMALISATION, paper_network, paper_split, trained, windows_as_the_paper,
    windows_at_arrivals,
};
pub use picks::{PhasePick, known_of, read_phase_picks};
pub use plain_windows::PlainWindows;
pub use real::{
    Cut, Picked, REAL_WINDOW_SAMPLES, fetch_picked, iquique_dir, picked_dir, read_picked,
    windows_of,
};
pub use real_scores::{RealScores, real_scores};
pub use rivals::{Rival, Scorer, StaLta};
pub use shares::{FALSE_SHARE, Row, Shares, cuts, noisy};
pub use spectra::{Character, slice_spectra};
pub use throughput::{
    QUAKESCOPE_STATION_DAYS, QUAKESCOPE_VCPU_HOURS, hours_done, large_archive,
    seconds_a_station_day,
};
pub use transfer::{fine_tuned, pretrained};
pub use triggers::{Trigger, iquique_record, read_triggers};
pub use tuned::{ALARMS_PER_HOUR, RATES, Tuned, rivals, tuned};
pub use unterhaching::{Unterhaching, unterhaching};
pub use workers::{Shell, Workers};
