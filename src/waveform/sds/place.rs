//! Where an archive lies, and how its files are named.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::disk::Disk;
use super::layout::Layout;
use super::no_folder;
use super::objects::Objects;
use super::storage::Storage;
use crate::bucket::{Bucket, Traffic, is_url};
use crate::error::{Result, fail};

/// Where an archive lies: a folder on a disk, or a prefix of a bucket (`s3://bucket/prefix`); and how its files are
/// named.
#[derive(Debug, Clone)]
pub struct Place {
    pub(super) root: PathBuf,
    pub(super) layout: Layout,
    anonymous: bool,
    bucket: Option<Arc<Bucket>>,
}

impl<P: AsRef<Path>> From<P> for Place {
    /// A folder in the SDS layout.
    fn from(root: P) -> Self {
        Self {
            root: root.as_ref().into(),
            layout: Layout::Sds,
            anonymous: false,
            bucket: None,
        }
    }
}

impl Place {
    /// A folder, or the address of a prefix: `s3://`, `gs://`, `az://`, or `https://` of a server with WebDAV.
    ///
    /// Access to a bucket comes from the environment (`AWS_ACCESS_KEY_ID`, `AWS_REGION`, `AWS_ENDPOINT_URL`, ...); an
    /// `anonymous` reader sends no key. No request is sent yet.
    ///
    /// # Errors
    /// [`crate::Error::Storage`] where it looks like an address, and is none that can be read;
    /// [`crate::Error::Waveform`] where there is no such folder.
    pub fn of(root: impl AsRef<Path>, layout: Layout, anonymous: bool) -> Result<Self> {
        let root = root.as_ref();
        if !is_url(root) {
            if !root.is_dir() {
                return Err(no_folder(root));
            }
            return Ok(Self {
                layout,
                ..root.into()
            });
        }
        let bucket = Bucket::open(&root.to_string_lossy(), anonymous)?;
        Ok(Self {
            root: bucket.url().into(),
            layout,
            anonymous,
            bucket: Some(Arc::new(bucket)),
        })
    }

    /// The folder, or the address without a slash at its end.
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Whether it is read without a key.
    pub fn is_anonymous(&self) -> bool {
        self.anonymous
    }

    /// Whether it lies in a bucket, or on a web server.
    pub fn is_remote(&self) -> bool {
        self.bucket.is_some()
    }

    /// Requests and bytes so far, of an archive in a bucket.
    pub fn traffic(&self) -> Option<Traffic> {
        self.bucket.as_ref().map(|bucket| bucket.traffic())
    }

    /// The same place by its whole path.
    ///
    /// # Errors
    /// [`crate::Error::Io`] where a folder is not there any more; [`crate::Error::Plan`] where its path is not UTF-8.
    pub(crate) fn absolute(&self) -> Result<Self> {
        if self.is_remote() {
            return Ok(self.clone());
        }
        let root = self.root.canonicalize();
        let root = root.map_err(crate::Error::io(&self.root))?;
        if root.to_str().is_none() {
            let what = "a path that is not UTF-8, which no plan can hold";
            let remedy = "Give the archive's folder, and those above it, another name";
            return Err(fail!(Plan, root.display(), what, remedy));
        }
        Ok(Self {
            root,
            ..self.clone()
        })
    }

    /// What reads its files.
    pub(crate) fn storage(&self) -> Arc<dyn Storage> {
        match &self.bucket {
            Some(bucket) => Arc::new(Objects::of(&self.root, bucket.clone())),
            None => Arc::new(Disk::of(&self.root)),
        }
    }
}
