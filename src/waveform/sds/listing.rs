//! Which day files lie below a folder: read once, and then only where it has changed.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::FileType;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use super::folders::has_settled;
use super::layout::{DayFile, Layout};
use super::lock;
use crate::code_pattern::NslcPattern;
use crate::error::{Error, Result};
use crate::waveform::Nslc;

/// The day files below a folder, in memory.
#[derive(Debug)]
pub(crate) struct Listing {
    root: PathBuf,
    layout: Layout,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    root: Folder,
    held: Held,
}

/// The day files of an archive, and what in it is none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held {
    /// Stream by stream, each with one file at least.
    pub streams: Arc<Vec<DayFiles>>,
    /// Day files in the folder of another stream or time: they are not read.
    pub misplaced: Vec<DayFile>,
    /// What lies in the folders of day files and is none, by its name, or because it is a link, a pipe or a folder; and
    /// what lies in those above and is none of theirs.
    pub strange: Vec<Strange>,
}

impl Held {
    pub fn of(mut files: Vec<DayFile>, misplaced: Vec<DayFile>, strange: Vec<Strange>) -> Self {
        files.sort_by(|a, b| (&a.stream, a.day, &a.path).cmp(&(&b.stream, b.day, &b.path)));
        let streams = files.chunk_by(|a, b| a.stream == b.stream);
        Self {
            streams: Arc::new(streams.map(<[DayFile]>::to_vec).collect()),
            misplaced,
            strange,
        }
    }

    /// Of the streams that are usable those that a pattern admits, or all where there is no pattern; beside them the patterns
    /// that admit none.
    pub fn sought(
        &self,
        patterns: &[NslcPattern],
        is_usable: impl Fn(&Nslc) -> bool,
    ) -> (Vec<&DayFiles>, Vec<NslcPattern>) {
        let streams = self.streams.iter();
        let usable: Vec<&DayFiles> = streams
            .filter(|files| is_usable(&files[0].stream))
            .collect();
        let admits = |pattern: &NslcPattern, files: &DayFiles| pattern.admits(&files[0].stream);
        let is_sought = |files: &&DayFiles| {
            patterns.is_empty() || patterns.iter().any(|pattern| admits(pattern, files))
        };
        let in_vain = |pattern: &&NslcPattern| !usable.iter().any(|files| admits(pattern, files));
        let in_vain = patterns.iter().filter(in_vain).cloned().collect();
        (usable.into_iter().filter(is_sought).collect(), in_vain)
    }
}

/// What lies in a folder, does not belong there, and is not read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Strange {
    pub folder: PathBuf,
    pub kind: StrangeKind,
    pub n: usize,
    /// The first few by name.
    pub some: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StrangeKind {
    /// It lies among day files, and is none.
    NoDayFile,
    /// It lies among folders that are all of one kind, and is none of them.
    Elsewhere,
    /// Nobody can ask a bucket for it.
    Unreadable,
}

/// What is strange is named as an example, up to so many in a folder.
const N_EXAMPLES: usize = 3;

impl Strange {
    pub fn none(folder: &Path, kind: StrangeKind) -> Self {
        Self {
            folder: folder.into(),
            kind,
            n: 0,
            some: Vec::new(),
        }
    }

    /// `None` where there are no names.
    pub fn of(
        folder: &Path,
        kind: StrangeKind,
        names: impl IntoIterator<Item = String>,
    ) -> Option<Self> {
        let mut strange = Self::none(folder, kind);
        names.into_iter().for_each(|name| strange.add(name));
        (strange.n > 0).then_some(strange)
    }

    pub fn add(&mut self, name: String) {
        self.n += 1;
        let at = self.some.partition_point(|known| *known <= name);
        self.some.insert(at, name);
        self.some.truncate(N_EXAMPLES);
    }
}

/// The day files of one stream, at least one, by day.
pub(crate) type DayFiles = Vec<DayFile>;

/// A folder as it was when it was last read.
#[derive(Debug, Default)]
struct Folder {
    /// When it was changed; `None` while it may change once more within one tick of the file system's clock.
    changed: Option<SystemTime>,
    /// Those of years, networks, stations and channels.
    folders: BTreeMap<PathBuf, Folder>,
    /// Those of a channel.
    files: Vec<DayFile>,
    /// Those of another channel or year.
    misplaced: Vec<DayFile>,
    strange: Option<Strange>,
}

impl Listing {
    pub fn of(root: &Path, layout: Layout) -> Self {
        Self {
            root: root.into(),
            layout,
            known: Mutex::default(),
        }
    }

    /// The day files that lie there now; `unread` is told of folders that may not be read. Links and pipes are no day
    /// files.
    ///
    /// # Errors
    /// [`Error::Io`] where the root cannot be read.
    pub fn held(&self, unread: &mut dyn FnMut(Error)) -> Result<Held> {
        let mut known = lock(&self.known);
        let walk = Walk {
            root: &self.root,
            layout: self.layout,
        };
        if known.root.refresh(&walk, &self.root, 0, unread)? {
            let (mut files, mut misplaced, mut strange) = (Vec::new(), Vec::new(), Vec::new());
            known.root.each(&mut |folder| {
                files.extend_from_slice(&folder.files);
                misplaced.extend_from_slice(&folder.misplaced);
                strange.extend(folder.strange.clone());
            });
            known.held = Held::of(files, misplaced, strange);
        }
        Ok(known.held.clone())
    }
}

/// What is walked.
struct Walk<'a> {
    root: &'a Path,
    layout: Layout,
}

impl Folder {
    /// Reads again what has changed, here and below; whether anything has.
    fn refresh(
        &mut self,
        walk: &Walk,
        path: &Path,
        level: usize,
        unread: &mut dyn FnMut(Error),
    ) -> Result<bool> {
        let mut has_changed = self.read(walk, path, level).map_err(Error::io(path))?;
        for (path, folder) in &mut self.folders {
            match folder.refresh(walk, path, level + 1, unread) {
                Ok(changed) => has_changed |= changed,
                Err(error) => {
                    *folder = Self::default();
                    has_changed = true;
                    // One that was removed meanwhile is no fault.
                    if !matches!(&error, Error::Io { source, .. } if source.kind() == ErrorKind::NotFound)
                    {
                        unread(error);
                    }
                }
            }
        }
        Ok(has_changed)
    }

    /// Reads what lies in the folder itself if it has changed; whether it holds anything else now.
    fn read(&mut self, walk: &Walk, path: &Path, level: usize) -> std::io::Result<bool> {
        let changed = path.metadata()?.modified()?;
        if self.changed == Some(changed) {
            return Ok(false);
        }
        let mut is_other = false;
        let (mut before, mut files) = (std::mem::take(&mut self.folders), Vec::new());
        let mut others = Vec::new();
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if level == walk.layout.n_folders() {
                match walk.layout.day_file(path).filter(|_| kind.is_file()) {
                    Some(file) => files.push(file),
                    None => others.push(entry.file_name().to_string_lossy().into_owned()),
                }
            } else if is_folder_of(walk.layout, level, &entry.file_name()) && is_folder(kind, &path)
            {
                let known = before.remove(&path);
                is_other |= known.is_none();
                self.folders.insert(path, known.unwrap_or_default());
            } else {
                let name = entry.file_name().to_string_lossy().into_owned();
                if walk.layout.is_odd(level, &name, is_folder(kind, &path)) {
                    others.push(name);
                }
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let in_place = |file: &DayFile| walk.layout.is_in_place(walk.root, file);
        let (files, misplaced) = files.into_iter().partition(in_place);
        // In an SDS archive other files may lie in other folders.
        let has_days = level == walk.layout.n_folders();
        let is_channel = !has_days
            || walk.layout != Layout::Sds
            || path.extension().is_some_and(|end| end == "D");
        let kind = match has_days {
            true => StrangeKind::NoDayFile,
            false => StrangeKind::Elsewhere,
        };
        let strange = Strange::of(path, kind, others).filter(|_| is_channel);
        is_other |= !before.is_empty() || files != self.files || misplaced != self.misplaced;
        is_other |= strange != self.strange;
        (self.files, self.misplaced, self.strange) = (files, misplaced, strange);
        self.changed = has_settled(changed).then_some(changed);
        Ok(is_other)
    }

    /// Shows this folder and all below it.
    fn each(&self, show: &mut dyn FnMut(&Self)) {
        show(self);
        for folder in self.folders.values() {
            folder.each(show);
        }
    }
}

/// A linked folder is one: large archives are spread over disks.
fn is_folder(kind: FileType, path: &Path) -> bool {
    kind.is_dir() || (kind.is_symlink() && path.is_dir())
}

fn is_folder_of(layout: Layout, level: usize, name: &OsStr) -> bool {
    name.to_str()
        .is_some_and(|name| layout.is_folder(level, name))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// An empty file of a channel's day, and the time at which its folder was changed long ago.
    fn add(root: &Path, channel: &str, name: &str, changed_s: u64) {
        let folder = root.join(format!("2014/XX/A/{channel}.D"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(name), "").unwrap();
        let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(changed_s);
        for folder in folder.ancestors().take(Layout::Sds.n_folders() + 1) {
            let folder = std::fs::File::open(folder).unwrap();
            folder.set_modified(changed).unwrap();
        }
    }

    fn days(listing: &Listing) -> Vec<Vec<String>> {
        let streams = listing
            .held(&mut |error| panic!("{error}"))
            .unwrap()
            .streams;
        let days = |files: &DayFiles| files.iter().map(|file| file.day.to_string()).collect();
        streams.iter().map(days).collect()
    }

    #[test]
    fn only_what_has_changed_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        add(root, "HHZ", "XX.A..HHZ.D.2014.047", 1000);
        add(root, "HHE", "XX.A..HHE.D.2014.047", 1000);
        add(root, "HHE", "not.a.day.file", 1000);
        let listing = Listing::of(root, Layout::Sds);
        assert_eq!(days(&listing), [["2014-02-16"], ["2014-02-16"]]);
        let streams = || listing.held(&mut |_| ()).unwrap().streams;
        assert!(Arc::ptr_eq(&streams(), &streams()));
        // Behind its time nothing is seen, and so nothing was read.
        add(root, "HHZ", "XX.A..HHZ.D.2014.048", 1000);
        assert_eq!(days(&listing), [["2014-02-16"], ["2014-02-16"]]);
        add(root, "HHZ", "XX.A..HHZ.D.2014.049", 1001);
        let three = vec!["2014-02-16", "2014-02-17", "2014-02-18"];
        assert_eq!(days(&listing), [vec!["2014-02-16"], three]);
        std::fs::remove_dir_all(root.join("2014/XX/A/HHE.D")).unwrap();
        assert_eq!(days(&listing).len(), 1);
        std::fs::remove_dir_all(root.join("2014")).unwrap();
        assert!(days(&listing).is_empty());
    }

    #[test]
    fn what_was_changed_just_now_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let (root, listing) = (folder.path(), Listing::of(folder.path(), Layout::Sds));
        let channel = root.join("2014/XX/A/HHZ.D");
        std::fs::create_dir_all(&channel).unwrap();
        for n in 1..5 {
            std::fs::write(channel.join(format!("XX.A..HHZ.D.2014.00{n}")), "").unwrap();
            assert_eq!(days(&listing)[0].len(), n);
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_regular_files_of_a_year_are_listed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        add(root, "HHZ", "XX.A..HHZ.D.2014.047", 1000);
        let channel = root.join("2014/XX/A/HHZ.D");
        let link = channel.join("XX.A..HHZ.D.2014.048");
        std::os::unix::fs::symlink("/dev/zero", link).unwrap();
        std::fs::create_dir(channel.join("XX.A..HHZ.D.2014.049")).unwrap();
        std::fs::write(channel.join("XX.A..HHZ.D.262142.365"), "").unwrap();
        // A folder that leads back to the root ends at the depth of day files.
        std::os::unix::fs::symlink(root, root.join("2014/XX/loop")).unwrap();
        // Folders of other types of data, and what lies deeper, are not looked into.
        std::fs::create_dir(root.join("2014/XX/A/LOG.L")).unwrap();
        let listing = Listing::of(root, Layout::Sds);
        assert_eq!(days(&listing), [["2014-02-16"]]);
        let strange = listing.held(&mut |_| ()).unwrap().strange;
        assert_eq!((strange.len(), strange[0].n), (1, 3));
        let names = ["048", "049"].map(|day| format!("XX.A..HHZ.D.2014.{day}"));
        assert_eq!(strange[0].some[..2], names);
        let none = Listing::of(&root.join("none"), Layout::Sds);
        assert!(none.held(&mut |_| ()).is_err());
    }
}
