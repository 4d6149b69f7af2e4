//! What can be kept: anything that is written to a path and read from it.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::atomic_file::write_whole;
use crate::catalog::Catalog;
use crate::cluster::Clusters;
use crate::detect::{Detections, Scan};
use crate::error::{Error, Result, fail};
use crate::window::Windows;

/// A value that the store keeps as a file or a folder.
pub trait Product: Sized {
    /// # Errors
    /// [`Error::Io`] where it cannot be read, others where it is damaged.
    fn read(path: &Path) -> Result<Self>;

    /// # Errors
    /// [`Error::Io`] where it cannot be written.
    fn write(&self, path: &Path) -> Result<()>;
}

/// A plain value as TOML, whose root must be a table.
#[derive(Debug, Serialize, Deserialize)]
pub struct Table<T> {
    pub kept: T,
}

impl<T: Serialize + DeserializeOwned> Product for Table<T> {
    fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
        toml::from_str(&text).map_err(|error| {
            fail!(
                Evaluate,
                path.display(),
                error.to_string().trim(),
                "Delete the file; it is made anew"
            )
        })
    }

    fn write(&self, path: &Path) -> Result<()> {
        write_whole(
            path,
            toml::to_string(self).expect("what is kept so is plain TOML"),
        )
    }
}

impl Product for Catalog {
    fn read(path: &Path) -> Result<Self> {
        Self::read(path)
    }

    fn write(&self, path: &Path) -> Result<()> {
        write_whole(path, self.to_quakeml())
    }
}

impl Product for Clusters {
    fn read(path: &Path) -> Result<Self> {
        Self::read(path)
    }

    fn write(&self, path: &Path) -> Result<()> {
        Self::write(self, path)
    }
}

impl Product for Detections {
    fn read(path: &Path) -> Result<Self> {
        Self::read(path)
    }

    fn write(&self, path: &Path) -> Result<()> {
        write_whole(path, self.to_csv())
    }
}

impl Product for Windows {
    fn read(path: &Path) -> Result<Self> {
        Self::read(path)
    }

    fn write(&self, path: &Path) -> Result<()> {
        Self::write(self, path)
    }
}

impl Product for Scan {
    fn read(path: &Path) -> Result<Self> {
        Self::read(path)
    }

    fn write(&self, path: &Path) -> Result<()> {
        Self::write(self, path)
    }
}
