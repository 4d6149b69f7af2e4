//! A scan of a whole archive, in shards that any engine can run: planned, worked, counted and collected.
//!
//! A plan is a folder. What it says never changes; who works adds files to it, each written whole:
//!
//! | What | Where | Module |
//! |---|---|---|
//! | what is scanned, by which detector or picker | `plan.toml`, `model/` | `folder`, `finder` |
//! | the shards, one a line | `shards.jsonl` | `shard`, from what the archive holds: `held` |
//! | what could not be planned | `left_out.txt` | `held` |
//! | a shard's detections or picks | `results/NNN/INDEX-HASH.csv` | `work`, `table` |
//! | how they came about | `manifests/NNN/INDEX.json` | `manifest` |
//! | who works on it now | `running/NNN/INDEX.json` | `progress` |
//! | why it failed | `failed/NNN/INDEX.json` | `progress` |
//!
//! A shard that has a manifest is done. Events belong to the shard in which they begin, picks to that in which their sample lies, and
//! the records before and after it are read as far as that needs, so shards of any size give the same table, bit for bit
//! ([`Detector::scan`](crate::method::Detector::scan), [`Picker::pick`](crate::pick::Picker::pick)).

mod collect;
mod finder;
mod folder;
mod held;
mod manifest;
mod parquet;
mod processor;
mod progress;
mod quakeml;
mod shard;
mod status;
mod table;
mod tally;
mod watched;
mod work;

pub use collect::{Collected, collect};
pub use finder::Finder;
pub use folder::{Plan, Wanted};
pub use held::LeftOut;
pub use manifest::{Inputs, Manifest};
pub use progress::{Failed, Running};
pub use shard::{Shard, ShardSize};
pub use status::Status;
pub use table::Row;
pub use tally::{Makes, Tally};
pub use work::{Worked, Worker};
