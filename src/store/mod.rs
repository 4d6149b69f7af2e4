//! What is made for a study: made once, whole, by one process at a time, and kept.
//!
//! Every chapter can so be run alone. Products lie in `data/derived/NAME-STUDY-RECIPE`: the name, the
//! hash of the study's numbers that it is made from ([`crate::study::Stage`]), and the [`RECIPE`] of this library. Another number
//! makes anew what depends on it, and nothing else; a changed library makes all. Delete the folder to make everything anew.
//!
//! | Product | File | Made by |
//! |---|---|---|
//! | [`catalog`] | `catalog.xml`, and `cat.txt` in the paper's form | the event service |
//! | [`clusters`], [`leak_free_clusters`] | `clusters.toml`, `clusters-leak-free.toml` | [`crate::cluster`] |
//! | [`segments`] | `segments/` | [`crate::method::segments`] |
//! | [`detector`] | `runs/detector/` | [`crate::method::fit`] |
//! | what the chapters add | | `book` |
//!
//! ```no_run
//! use quakebook::{store, study::Study};
//! let study = Study::current().unwrap();
//! let catalog = store::catalog(&study).unwrap();
//! let clusters = store::clusters(&study).unwrap();
//! assert_eq!(clusters.labels.len(), catalog.len());
//! ```

mod marker;
mod parts;
mod product;
mod products;
mod reused;

use std::path::{Path, PathBuf};

use crate::atomic_file;
use crate::error::{Error, Result};
use crate::study::{Study, data_dir};

use marker::mark_as_ours;

pub(crate) use parts::Pace;
pub use product::{Product, Table};
pub use products::{
    catalog, clusters, clusters_path, continuous, detector, detector_dir, fitted, known_events,
    leak_free_clusters, listing_path, record, segment_split, segments, time_blocks, windows,
};

/// SHA-256 of the source files that products are computed by, the first 8 digits: where any of them
/// changes, products are made anew. Figures, tables and the program take no part.
pub const RECIPE: &str = env!("QUAKEBOOK_RECIPE");

/// The folder of a study's products.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
}

impl Store {
    pub fn of(study: &Study) -> Self {
        let name = format!("{}-{}-{RECIPE}", study.name, &study.hash()[..8]);
        Self {
            dir: data_dir().join("derived").join(name),
        }
    }

    /// Where a product lies, or will.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The folder of a training run. A run locks and resumes itself ([`crate::train`]).
    pub fn run_dir(&self, name: &str) -> PathBuf {
        self.path("runs").join(name)
    }

    /// The product of that name; where it is not there it is made and kept.
    ///
    /// Whoever comes second waits for the first and reads what that made, in another thread or process.
    /// What is kept is whole: a product that was interrupted is made from the start ([`Store::parts`] goes on). Where one of an
    /// earlier run is read, a line for the eyes alone says so, once.
    ///
    /// # Errors
    /// Those of `make`; [`Error::Io`] where the folder cannot be used; those of reading, where a kept
    /// product is damaged: its file is named, and may be deleted.
    pub fn get_or_make<P: Product>(
        &self,
        name: &str,
        make: impl FnOnce() -> Result<P>,
    ) -> Result<P> {
        let path = self.path(name);
        if path.exists() {
            reused::tell(&path);
            return P::read(&path);
        }
        mark_as_ours(self.dir.parent().unwrap_or(&self.dir))?;
        let _held = atomic_file::hold(&path.with_extension("lock"))?;
        if path.exists() {
            return P::read(&path);
        }
        let product = make()?;
        let partial = path.with_extension("partial");
        remove(&partial)?;
        product.write(&partial)?;
        std::fs::rename(&partial, &path).map_err(Error::io(&path))?;
        reused::remember(&path);
        Ok(product)
    }

    /// [`Store::get_or_make`] for a value that is plain TOML, in a file `NAME.toml`.
    ///
    /// # Errors
    /// As [`Store::get_or_make`].
    pub fn table<T>(&self, name: &str, make: impl FnOnce() -> Result<T>) -> Result<T>
    where
        Table<T>: Product,
    {
        let table = self.get_or_make(&format!("{name}.toml"), || Ok(Table { kept: make()? }))?;
        Ok(table.kept)
    }
}

fn remove(path: &Path) -> Result<()> {
    let removed = match path.is_dir() {
        true => std::fs::remove_dir_all(path),
        false if path.exists() => std::fs::remove_file(path),
        false => Ok(()),
    };
    removed.map_err(Error::io(path))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::error::fail;

    fn store(folder: &Path) -> Store {
        Store {
            dir: folder.join("derived/small-1-1"),
        }
    }

    #[test]
    fn who_comes_second_reads_what_was_made() {
        let folder = tempfile::tempdir().unwrap();
        let (store, n_made) = (store(folder.path()), AtomicUsize::new(0));
        let make = || {
            n_made.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(50));
            Ok(vec![1.5, f64::INFINITY])
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| store.table("numbers", make).unwrap()))
                .collect();
            for thread in threads {
                assert_eq!(thread.join().unwrap(), [1.5, f64::INFINITY]);
            }
        });
        assert_eq!(n_made.load(Ordering::SeqCst), 1);
        assert!(folder.path().join("derived/.quakebook").is_file());
    }

    #[test]
    fn a_failure_keeps_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let failed = store.table::<u32>("number", || Err(fail!(Study, "a", "b", "c")));
        assert!(matches!(failed, Err(Error::Study { .. })));
        assert_eq!(store.table("number", || Ok(7)).unwrap(), 7);
    }

    #[test]
    fn what_was_interrupted_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        std::fs::create_dir_all(store.path("number.partial")).unwrap();
        assert_eq!(store.table("number", || Ok(7)).unwrap(), 7);
    }

    #[test]
    fn a_damaged_product_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        std::fs::create_dir_all(&store.dir).unwrap();
        std::fs::write(store.path("number.toml"), "kept = [").unwrap();
        let error = store.table::<u32>("number", || Ok(7)).unwrap_err();
        assert!(error.to_string().contains("number.toml"), "{error}");
    }
}
