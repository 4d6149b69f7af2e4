//! Files that are written whole, and files that are read as regular files alone.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use crate::error::{Error, Result};

mod writer;

pub use writer::{ResultWriter, check_result};

/// What a file is called that a killed process has left unfinished.
const UNFINISHED: &str = ".unfinished";

/// Writes a file whole: beside it, synced, renamed, and the folder synced. Whatever interrupts it
/// (a signal, a full disk, a power cut) leaves the old file or the new one. Folders are made.
///
/// # Errors
/// [`Error::Io`] naming the path.
pub(crate) fn write_whole(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Result<()> {
    let path = path.as_ref();
    let folder = folder_of(path);
    make_folder(folder)?;
    let mut file = beside(folder).map_err(Error::io(path))?;
    file.write_all(bytes.as_ref())
        .and_then(|()| file.as_file().sync_all())
        .and_then(|()| file.persist(path).map_err(|error| error.error))
        .and_then(|_| sync_folder(folder))
        .map_err(Error::io(path))
}

/// Writes a file beside its place and renames it. A power cut may leave it torn: for what is checked when it is
/// read, and can be made anew. Its folder must be there.
pub(crate) fn write_unsynced(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = beside(folder_of(path))?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Writes a result where the user wants it.
///
/// It is written whole: an error or a full disk leaves the old file. A link stays, and what it leads to is
/// written, or made where it leads to nothing. A device or a pipe is written into as it is.
///
/// # Errors
/// [`Error::Io`] naming the path.
pub fn write_result(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Result<()> {
    let path = path.as_ref();
    match std::fs::metadata(path) {
        Ok(there) if !there.is_file() => File::options()
            .write(true)
            .open(path)
            .and_then(|mut file| file.write_all(bytes.as_ref()))
            .map_err(Error::io(path)),
        Ok(_) => write_whole(path.canonicalize().map_err(Error::io(path))?, bytes),
        Err(_) => match std::fs::read_link(path) {
            Ok(target) => write_whole(folder_of(path).join(target), bytes),
            Err(_) => write_whole(path, bytes),
        },
    }
}

/// Whether files can be made in a folder, which may have to be made itself. Nothing stays there.
///
/// # Errors
/// [`Error::Io`] naming the folder, or the nearest above it that is there.
pub(crate) fn check_room(folder: &Path) -> Result<()> {
    let folders = folder
        .ancestors()
        .map(|folder| match folder.as_os_str().is_empty() {
            true => Path::new("."),
            false => folder,
        });
    let there = folders
        .into_iter()
        .find(|folder| folder.symlink_metadata().is_ok());
    let there = there.unwrap_or(Path::new("."));
    if !there.is_dir() {
        return Err(Error::io(there)(ErrorKind::NotADirectory.into()));
    }
    beside(there).map(drop).map_err(Error::io(there))
}

/// [`write_whole`] below a folder, of which no folder on the way may be a link.
///
/// # Errors
/// [`Error::Io`] naming the path.
pub(crate) fn write_below(root: &Path, path: &Path, bytes: &[u8]) -> Result<()> {
    let below = path.strip_prefix(root).unwrap_or(path);
    let mut folder = root.to_path_buf();
    for name in below.parent().into_iter().flat_map(Path::components) {
        folder.push(name);
        if is_link(&folder) {
            return Err(Error::io(&folder)(not_regular("a folder")));
        }
    }
    write_whole(path, bytes)
}

/// Opens a regular file for reading; `None` where there is none. A link is not followed, a pipe not
/// waited for.
///
/// # Errors
/// [`Error::Io`] naming the path, of kind `InvalidInput` where it is no regular file.
pub(crate) fn open_regular(path: &Path) -> Result<Option<File>> {
    match open_unfollowed(path, File::options().read(true)) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(path)(error)),
    }
}

/// The bytes of a regular file; `None` where there is none.
///
/// # Errors
/// As [`open_regular`].
pub(crate) fn read_regular(path: &Path) -> Result<Option<Vec<u8>>> {
    let Some(mut file) = open_regular(path)? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(Error::io(path))?;
    Ok(Some(bytes))
}

/// The largest file of the user's that is read: larger ones would not fit in memory.
const MAX_INPUT_BYTES: u64 = 4 << 30;

/// Opens a file that the user names. A link is followed; only a regular file is read, so that no pipe
/// is waited for and no device read without end.
///
/// # Errors
/// [`Error::Io`] naming the path, of kind `InvalidInput` where it is a folder, a pipe or a device, or has
/// more than 4 GiB.
pub(crate) fn open_input(path: &Path) -> Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(libc::O_NONBLOCK);
    }
    let file = options.open(path).map_err(Error::io(path))?;
    let about = file.metadata().map_err(Error::io(path))?;
    let refuse = |what: &str| {
        let expected = "a regular file of at most 4 GiB was expected; found";
        let error = std::io::Error::new(ErrorKind::InvalidInput, format!("{expected} {what}"));
        Err(Error::io(path)(error))
    };
    match about.len() {
        _ if about.is_dir() => refuse("a folder"),
        _ if !about.is_file() => refuse("a pipe or a device"),
        n if n > MAX_INPUT_BYTES => refuse(&format!("{n} bytes")),
        _ => Ok(file),
    }
}

/// The bytes of a file that the user names.
///
/// # Errors
/// As [`open_input`].
pub fn read_input(path: impl AsRef<Path>) -> Result<Vec<u8>> {
    let (path, mut bytes) = (path.as_ref(), Vec::new());
    let mut file = open_input(path)?.take(MAX_INPUT_BYTES);
    file.read_to_end(&mut bytes).map_err(Error::io(path))?;
    Ok(bytes)
}

fn open_unfollowed(path: &Path, options: &mut OpenOptions) -> std::io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    }
    if is_link(path) {
        return Err(not_regular("a regular file"));
    }
    let file = options.open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(not_regular("a regular file")),
    }
}

fn is_link(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|file| file.is_symlink())
}

fn not_regular(expected: &str) -> std::io::Error {
    let what = format!(
        "{expected} was expected; found a link, a pipe or a device, which is not followed: put the file itself there"
    );
    std::io::Error::new(ErrorKind::InvalidInput, what)
}

/// Waits until no one else holds the file's lock, and holds it until the value is dropped. The
/// system frees the lock of a killed process.
///
/// # Errors
/// [`Error::Io`] naming the path.
pub(crate) fn lock(path: &Path) -> Result<File> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    let file = open_unfollowed(path, &mut options).map_err(Error::io(path))?;
    file.lock().map_err(Error::io(path))?;
    Ok(file)
}

/// [`lock`] of a file whose folder is made where there is none.
///
/// # Errors
/// [`Error::Io`] naming the path.
pub(crate) fn hold(path: &Path) -> Result<File> {
    make_folder(path.parent().unwrap_or(path))?;
    lock(path)
}

/// Removes what killed processes have left unfinished in a folder. Call it only where no one else
/// can be writing there.
pub(crate) fn remove_unfinished(folder: &Path) {
    for name in names(folder).unwrap_or_default() {
        if name.ends_with(UNFINISHED) {
            // What cannot be removed does no harm: no one reads it.
            let _ = std::fs::remove_file(folder.join(name));
        }
    }
}

/// The names in a folder, sorted; none where there is no such folder.
///
/// # Errors
/// [`Error::Io`] naming the folder.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for file in std::fs::read_dir(folder).map_err(Error::io(folder))? {
        let name = file.map_err(Error::io(folder))?.file_name();
        names.push(name.to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// A folder and those above it, where they are not there.
///
/// # Errors
/// [`Error::Io`] naming the folder.
pub(crate) fn make_folder(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(Error::io(folder))
}

/// A new name outlives a power cut only once its folder is synced.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Elsewhere a folder cannot be opened; the system keeps names by itself.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// A new file in the folder, which others may read as they may any new file: the process's umask
/// takes its part away.
fn beside(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".").suffix(UNFINISHED);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_stays_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/file");
        for text in ["first", "the second"] {
            write_whole(&path, text.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        let names: Vec<_> = std::fs::read_dir(path.parent().unwrap()).unwrap().collect();
        assert_eq!(names.len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn others_may_read_it_as_they_may_any_new_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (whole, plain) = (folder.path().join("whole"), folder.path().join("plain"));
        write_whole(&whole, b"x").unwrap();
        std::fs::write(&plain, b"x").unwrap();
        let mode = |path| std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(whole), mode(plain));
    }

    #[cfg(unix)]
    #[test]
    fn links_and_pipes_are_no_regular_files() {
        let folder = tempfile::tempdir().unwrap();
        let [target, link, pipe] = ["target", "link", "pipe"].map(|name| folder.path().join(name));
        write_whole(&target, b"kept").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        for path in [&link, &pipe] {
            for error in [open_regular(path).unwrap_err(), lock(path).unwrap_err()] {
                assert!(matches!(error, Error::Io { path: named, .. } if named == *path));
            }
        }
        assert!(read_regular(&folder.path().join("none")).unwrap().is_none());
        assert_eq!(read_regular(&target).unwrap().unwrap(), b"kept");
        // What the user names is written to where the link leads.
        write_result(&link, b"new").unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"new");
        std::fs::remove_file(&target).unwrap();
        write_result(&link, b"made").unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"made");
        assert!(is_link(&link));
        // And read from there, but from no pipe, device or folder.
        assert_eq!(read_input(&link).unwrap(), b"made");
        for path in [pipe.as_path(), folder.path(), Path::new("/dev/zero")] {
            let error = read_input(path).unwrap_err();
            assert!(matches!(error, Error::Io { path: named, .. } if named == *path));
        }
        let large = folder.path().join("large");
        let sparse = File::create(&large).unwrap();
        sparse.set_len(MAX_INPUT_BYTES + 1).unwrap();
        assert!(matches!(read_input(&large), Err(Error::Io { .. })));
        // Below a root no linked folder is written through.
        let outside = tempfile::tempdir().unwrap();
        let linked = folder.path().join("2014");
        std::os::unix::fs::symlink(outside.path(), &linked).unwrap();
        assert!(write_below(folder.path(), &linked.join("XX/file"), b"x").is_err());
        assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
        write_below(folder.path(), &folder.path().join("2015/XX/file"), b"x").unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error() {
        let error = write_result("/dev/full", b"x").unwrap_err().to_string();
        assert!(
            error.contains("/dev/full") && error.contains("make room"),
            "{error}"
        );
        write_result("/dev/null", b"x").unwrap();
        assert!(!Path::new("/dev/null").is_file());
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), b"x").unwrap();
        // And that before the work.
        for (path, is_good) in [
            ("file", true),
            ("new", true),
            ("a/b/new", true),
            ("file/below", false),
            ("file/a/below", false),
            ("", false),
        ] {
            let checked = check_result(folder.path().join(path));
            assert_eq!(checked.is_ok(), is_good, "{path}: {checked:?}");
        }
        assert_eq!(names(folder.path()).unwrap(), ["file"]);
        let error = write_whole(folder.path().join("file/below"), b"x").unwrap_err();
        assert!(error.to_string().contains("file"), "{error}");
    }
}
