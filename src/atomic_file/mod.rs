//! Files that are written whole, and files that are read as regular files alone.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

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

/// Writes a new folder of files whole: beside its place, and renamed. Paths are below the folder.
///
/// # Errors
/// [`Error::Io`] naming the path; then there is no folder.
pub fn write_folder(path: impl AsRef<Path>, files: &[(PathBuf, Vec<u8>)]) -> Result<()> {
    let path = path.as_ref();
    let above = folder_of(path);
    make_folder(above)?;
    let mut builder = tempfile::Builder::new();
    let beside = builder.prefix(".").suffix(UNFINISHED).tempdir_in(above);
    let beside = beside.map_err(Error::io(path))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As a folder that is made in the usual way.
        let usual = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(beside.path(), usual).map_err(Error::io(path))?;
    }
    for (file, bytes) in files {
        write_whole(beside.path().join(file), bytes)?;
    }
    std::fs::rename(beside.path(), path)
        .and_then(|()| sync_folder(above))
        .map_err(Error::io(path))?;
    // It has another name now.
    let _ = beside.keep();
    Ok(())
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

/// [`write_whole`] below a folder; no folder on the way to the file may be a link.
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

/// Opens a regular file for reading, with its size and times; `None` where there is none. A link is not
/// followed, a pipe not waited for.
///
/// # Errors
/// [`Error::Io`] naming the path, of kind `InvalidInput` where it is no regular file.
pub(crate) fn open_regular(path: &Path) -> Result<Option<(File, Metadata)>> {
    match open_unfollowed(path, File::options().read(true)) {
        Ok(opened) => Ok(Some(opened)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(path)(error)),
    }
}

/// The bytes of a regular file; `None` where there is none.
///
/// # Errors
/// As [`open_regular`].
pub(crate) fn read_regular(path: &Path) -> Result<Option<Vec<u8>>> {
    let Some((mut file, _)) = open_regular(path)? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(Error::io(path))?;
    Ok(Some(bytes))
}

/// The largest file of the user's that is read: larger ones would not fit in memory.
const MAX_INPUT_BYTES: u64 = 4 << 30;

/// Opens a file that the user names, of any size: whoever reads it all at once takes [`open_input`]. A link is followed;
/// only a regular file is read, so that no pipe is waited for and no device read without end.
///
/// # Errors
/// [`Error::Io`] naming the path, of kind `InvalidInput` where it is a folder, a pipe or a device.
pub(crate) fn open_large_input(path: &Path) -> Result<File> {
    open_at_most(path, u64::MAX)
}

/// Opens a file that the user names, as [`open_large_input`], of at most 4 GiB.
///
/// # Errors
/// As there, and of kind `InvalidInput` where it has more than 4 GiB.
pub(crate) fn open_input(path: &Path) -> Result<File> {
    open_at_most(path, MAX_INPUT_BYTES)
}

fn open_at_most(path: &Path, max_bytes: u64) -> Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(libc::O_NONBLOCK);
    }
    let file = options.open(path).map_err(Error::io(path))?;
    let about = file.metadata().map_err(Error::io(path))?;
    let expected = match max_bytes {
        u64::MAX => "a regular file".into(),
        n => format!("a regular file of at most {} GiB", n >> 30),
    };
    let found = match about.len() {
        _ if about.is_dir() => "a folder".into(),
        _ if !about.is_file() => "a pipe or a device".into(),
        n if n > max_bytes => format!("{n} bytes"),
        _ => return Ok(file),
    };
    let what = format!("{expected} was expected; found {found}");
    Err(Error::io(path)(std::io::Error::new(
        ErrorKind::InvalidInput,
        what,
    )))
}

/// The bytes of a file that the user names.
///
/// # Errors
/// [`Error::Io`] naming the path, of kind `InvalidInput` where it is a folder, a pipe or a device, or has
/// more than 4 GiB.
pub fn read_input(path: impl AsRef<Path>) -> Result<Vec<u8>> {
    let (path, mut bytes) = (path.as_ref(), Vec::new());
    let mut file = open_input(path)?.take(MAX_INPUT_BYTES);
    file.read_to_end(&mut bytes).map_err(Error::io(path))?;
    Ok(bytes)
}

fn open_unfollowed(path: &Path, options: &mut OpenOptions) -> std::io::Result<(File, Metadata)> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    }
    #[cfg(not(unix))]
    if is_link(path) {
        return Err(not_regular("a regular file"));
    }
    let file = options.open(path).map_err(|error| match is_link(path) {
        true => not_regular("a regular file"),
        false => error,
    })?;
    let about = file.metadata()?;
    match about.is_file() {
        true => Ok((file, about)),
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
    let (file, _) = open_unfollowed(path, &mut options).map_err(Error::io(path))?;
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
mod tests;
