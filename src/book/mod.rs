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
//! | 7 | copies before and after the division; families of events | `leakage`, `leakage_tables`, `families` |
//! | 7 | window length, step, augmentation, place of P, number of events | `ablations`, `ablation_scan`, `ablation_tables` |
//! | 8 | whole days, scanned and judged; several networks | `days`, `month_tables`, `mistakes`, `plain_windows`, `calibrated`, `cut_in_two`, `ensemble` |
//! | 8 | how often the month was looked at; what the simulation's truth gave to the training | `month`, `oracle` |
//! | 9 | hours and templates for the classical detectors; what they see; their tables | `comparison`, `faint_hit`, `fingerprints`, `detector_tables` |
//! | 10 | windows changed on purpose; tests of the maps, and their tables | `blackbox`, `explained`, `map_tables`, `explained_tables` |
//! | 11 | four detectors that score any record, and how they are chosen on simulated worlds; four induced earthquakes in Bavaria | `rivals`, `tuned`, `features`, `unterhaching` |
//! | 11 | twelve hours of a real record beside another program's picks; what is shown without it | `continuous`, `continuous_scores`, `picks`, `triggers`, `stored` |
//! | 11 | single real records and their spectra, made harder; folds of stations | `real`, `own_noise`, `shares`, `halves`, `spectra`, `transfer`, `crossval`, `real_scores` |
//! | 11 | what is said of those scores in sentences and small tables | `real_tables` |
//! | 12 | hours to fetch, records that are compared, and tables | `own_data` |
//! | 13 | an archive of thirty stations, workers that are killed, and what a large archive takes | `many_stations`, `workers`, `throughput` |
//! | 14 | simulated records whose onsets are known; picks beside them, and beside an analyst's and other programs' | `known_onsets`, `residuals`, `onset_scores`, `onset_records` |
//! | 15 | a simulated swarm that twelve stations record, picks of it, and what a catalog of one's own is worth | `swarm`, `own_catalog` |
//!
//! Chapters 5, 8 and 9 judge one detector, [`crate::store::detector`]: one network with one threshold.
//! What an experiment gives is kept in the [`crate::store`], as the method's own products are.

mod ablation_scan;
mod ablation_tables;
mod ablations;
mod beside;
mod blackbox;
mod calibrated;
mod comparison;
mod continuous;
mod continuous_scores;
mod crossval;
mod cut_in_two;
mod days;
mod detection;
mod detector_tables;
mod energy;
mod ensemble;
mod explained;
mod explained_tables;
mod faint_hit;
mod families;
mod faults;
mod fingerprints;
mod halves;
mod hours;
mod known_onsets;
mod ladder;
mod leakage;
mod leakage_tables;
mod learning;
mod many_stations;
mod map_tables;
mod matrices;
mod mistakes;
mod month;
mod month_tables;
mod onset_records;
mod onset_scores;
mod oracle;
mod own_catalog;
mod own_data;
mod own_noise;
mod paper;
mod picks;
mod plain_windows;
mod real;
mod real_scores;
mod real_tables;
mod residuals;
mod rivals;
mod shares;
mod spectra;
mod stored;
mod swarm;
mod throughput;
mod transfer;
mod triggers;
mod tuned;
mod unterhaching;
mod workers;

pub use ablation_scan::MAX_FALSE_ALARM_SHARE;
pub use ablation_tables::{
    ablation_figure, ablation_table, compared_table, last_doubling_table, place_table,
};
pub use ablations::{
    AblationRun, N_EVENTS_OF_RUN, N_SEEDS, PLACE_RULES, augmentation_ablation, by_seed,
    hop_ablation, learning_curve, place_ablation, spread, sweep_points, window_length_ablation,
};
pub use beside::{abstract_text, beside_the_paper, made_with};
pub use blackbox::{Arrivals, Change, Changed, arrivals, changed_decisions};
pub use calibrated::{CalibrationErrors, calibration_errors};
pub use comparison::{
    N_TEMPLATES, RATES_PER_HOUR, TriedSetting, comparison_hours, fine_thresholds, templates,
    test_record, training_events, tried_sta_lta, validation_record,
};
pub use continuous::{alarms_page, continuous};
pub use continuous_scores::{Continuous, HOURLY_RATE, NOBODY, OnRecord, Sampled, Span};
pub use crossval::{Evaluation, N_FOLDS, TrainingData, evaluations};
pub use cut_in_two::{CutInTwo, cut_in_two};
pub use days::{
    N_HELD_OUT_DAYS, ScannedDays, VISIBLE_RATIO, held_out_days, held_out_scan, validation_days,
    validation_scan, validation_scan_by_ensemble,
};
pub use detection::detections;
pub use detector_tables::{
    causes_table, comparison_text, equal_rates_table, ratios_table, threshold_on, tried_table,
};
pub use energy::{EnergyAfterP, energy_after_p};
use ensemble::trained_convnet;
pub use ensemble::{N_MEMBERS, leak_free_ensemble, leak_free_networks};
pub use explained::{
    Fill, Hidden, N_EXPLAINED, TwoScores, hidden, networks_of_shuffled_labels, small_networks,
    two_scores,
};
pub use explained_tables::{
    OnsetExcess, changes_table, gains_table, lost, moved_taps, onset_table, two_scores_table,
    two_scores_verdict, untrained_networks,
};
pub use faint_hit::FaintHit;
pub use families::{families, true_families};
pub use faults::Faults;
pub use fingerprints::Fingerprints;
pub use halves::Halves;
pub use hours::{Hours, threshold_table};
pub use known_onsets::{KnownOnset, KnownRecord, LEAST_RATIO, known_records};
pub use ladder::{Rung, Way, rungs, rungs_table};
pub use leakage::{LeakageRun, SplitOrder, leakage_runs, leakage_spread};
pub use leakage_tables::{
    CLASSIFIERS, above_guessing, leakage_difference, leakage_ranking, leakage_table,
};
pub use learning::{convnetquake_without_p, s_minus_p};
pub use many_stations::{ManyStations, many_stations};
pub use map_tables::{NearArrivals, middling, near_arrivals_table, stretches_table, times_chance};
pub use matrices::FourMatrices;
pub use month::{Independence, MonthScore, month_scores};
pub use month_tables::{
    month_scores_table, named_points_table, openings_table, operating_table, rare_events_table,
    unscanned_table,
};
pub use onset_scores::{
    CLASSICAL, NETWORK, OnsetScores, known_residuals, onset_scores, shifted_table,
};
pub use oracle::{OracleRun, OracleRuns, oracle_runs};
pub use own_catalog::{
    MagnitudeLine, OwnScore, WITHIN_KM, WITHIN_S, account_table, b_values_table, clocks_table,
    magnitude_errors_table,
};
pub use own_data::{
    around_first_event, centres_table, n_equal, outcomes_table, reason, studies_table, two_hours,
};
pub use paper::{
    BEFORE_P_S, PAPER_NORMALISATION, paper_network, paper_split, trained, windows_as_the_paper,
    windows_at_arrivals,
};
pub use picks::{PhasePick, event_picks, known_of, read_phase_picks};
pub use plain_windows::PlainWindows;
pub use real::{
    Cut, Picked, REAL_WINDOW_SAMPLES, fetch_picked, iquique_dir, picked_dir, read_picked,
    windows_of,
};
pub use real_scores::{RealScores, real_scores};
pub use real_tables::{characters_table, window_scores};
pub use residuals::{NEAR_S, Onset, Residuals, ResidualsRow, residuals_table};
pub use rivals::{Rival, Scorer, StaLta};
pub use shares::{FALSE_SHARE, Row, Shares, cuts, noisy};
pub use spectra::{Character, slice_spectra};
pub use swarm::{SimulatedPicks, Swarm, swarm};
pub use throughput::{
    QUAKESCOPE_STATION_DAYS, QUAKESCOPE_VCPU_HOURS, hours_done, large_archive,
    seconds_a_station_day,
};
pub use transfer::{fine_tuned, pretrained};
pub use triggers::{Trigger, iquique_record, read_triggers};
pub use tuned::{ALARMS_PER_HOUR, RATES, Tuned, rivals, tuned};
pub use unterhaching::{Unterhaching, unterhaching};
pub use workers::{Shell, Workers};
