//! Folders that this project made, and may therefore remove.
//!
//! The environment names some of them (`QUAKEBOOK_CACHE`, `QUAKEBOOK_DATA`), and a slip there must not cost
//! anyone a file. So a folder gets a marker file when it is made, and without the marker it is never removed.
//! The library marks the folder `derived` in the same way (`Study::make_derived_dir`).

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::command::{io, write};
use crate::paths::Paths;

/// The file that says that a folder is ours.
const MARKER: &str = ".quakebook";

const MARKER_TEXT: &str =
    "quakebook made this folder. `cargo xtask` may remove it with everything in it.\n";

/// Cargo's marker of a folder that can be made again, and how the file begins.
const CARGO_MARKER: (&str, &str) = (
    "CACHEDIR.TAG",
    "Signature: 8a477f597d28d172789f06886806bc55",
);

/// Makes a folder and marks it as ours. A folder that has other files already stays unmarked.
pub fn make(folder: &Path) -> Result {
    fs::create_dir_all(folder).map_err(io(folder))?;
    let is_empty = fs::read_dir(folder).map_err(io(folder))?.next().is_none();
    match is_empty {
        true => write(&folder.join(MARKER), MARKER_TEXT),
        false => Ok(()),
    }
}

/// Removes one of our folders with everything in it. Returns its bytes, `None` where there is no such folder.
pub fn remove(folder: &Path, paths: &Paths) -> Result<Option<u64>> {
    let home = std::env::home_dir();
    let protected: Vec<PathBuf> = home.into_iter().chain([paths.root.clone()]).collect();
    remove_unless(folder, &protected)
}

/// Removes one of our folders unless it is, or holds, one of the protected folders.
fn remove_unless(folder: &Path, protected: &[PathBuf]) -> Result<Option<u64>> {
    let refuse = |found: &str| {
        Err(format!(
            "{} was not removed: expected a folder that quakebook made, found {found}",
            folder.display()
        ))
    };
    // Without a `/` at the end, by which a link would be followed.
    let folder: PathBuf = folder.components().collect();
    if folder.ends_with("..") {
        return refuse("a path that ends with `..`. Name the folder itself");
    }
    match fs::symlink_metadata(&folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(&folder)(error)),
        Ok(data) if data.is_symlink() => {
            return refuse("a symbolic link. Remove the link by hand if you do not need it");
        }
        Ok(data) if !data.is_dir() => {
            return refuse("a file. Move it away, or remove it by hand");
        }
        Ok(_) => {}
    }
    let real = fs::canonicalize(&folder).map_err(io(&folder))?;
    let holds = |inner: &PathBuf| {
        let inner = fs::canonicalize(inner).unwrap_or_else(|_| inner.clone());
        inner.starts_with(&real)
    };
    if real.parent().is_none() || protected.iter().any(holds) {
        return refuse(
            "the root, your home folder, this clone, or a folder above one of them. Set QUAKEBOOK_CACHE and QUAKEBOOK_DATA to folders of their own",
        );
    }
    if !is_marked(&real) {
        return refuse(&format!(
            "no file `{MARKER}` in it. If it holds nothing but what quakebook made (an earlier version made it without this file), remove it by hand, or put an empty file `{MARKER}` into it and run the command again"
        ));
    }
    let bytes = size(&real);
    // Removes links in it as links.
    fs::remove_dir_all(&real).map_err(io(&real))?;
    Ok(Some(bytes))
}

/// Whether the folder holds our marker or cargo's, as a regular file.
fn is_marked(folder: &Path) -> bool {
    let is_file = |name: &str| {
        let data = fs::symlink_metadata(folder.join(name));
        data.is_ok_and(|data| data.is_file())
    };
    let (name, beginning) = CARGO_MARKER;
    let is_cargos = || {
        let text = fs::read_to_string(folder.join(name)).unwrap_or_default();
        is_file(name) && text.starts_with(beginning)
    };
    is_file(MARKER) || is_cargos()
}

/// Bytes of a file, or of all files below a folder. Links are not followed.
fn size(path: &Path) -> u64 {
    let Ok(data) = fs::symlink_metadata(path) else {
        return 0;
    };
    if !data.is_dir() {
        return data.len();
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| size(&entry.path())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn a_folder_we_made_is_removed() {
        let scratch = Scratch::new("ours");
        let folder = scratch.path().join("a/cache");
        make(&folder).unwrap();
        make(&folder).unwrap();
        fs::create_dir(folder.join("venv")).unwrap();
        fs::write(folder.join("venv/file"), "12345").unwrap();
        let bytes = remove_unless(&folder, &[]).unwrap();
        assert_eq!(bytes, Some(5 + MARKER_TEXT.len() as u64));
        assert!(!folder.exists() && scratch.path().join("a").is_dir());
        assert_eq!(remove_unless(&folder, &[]), Ok(None));
    }

    #[test]
    fn a_folder_of_someone_else_stays() {
        let scratch = Scratch::new("theirs");
        let folder = scratch.path().join("documents");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("thesis"), "years").unwrap();
        make(&folder).unwrap();
        let sentence = remove_unless(&folder, &[]).unwrap_err();
        assert!(sentence.contains("no file `.quakebook`"), "{sentence}");
        assert!(folder.join("thesis").is_file());
        // The way out that the sentence names.
        fs::write(folder.join(MARKER), "").unwrap();
        assert_eq!(remove_unless(&folder, &[]), Ok(Some(5)));
    }

    #[test]
    fn cargos_target_folder_is_ours_too() {
        let scratch = Scratch::new("target");
        let folder = scratch.path().join("target");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join(CARGO_MARKER.0), "something else").unwrap();
        assert!(remove_unless(&folder, &[]).is_err());
        fs::write(folder.join(CARGO_MARKER.0), CARGO_MARKER.1).unwrap();
        assert!(remove_unless(&folder, &[]).is_ok());
        assert!(!folder.exists());
    }

    #[test]
    fn root_home_and_clone_stay_even_if_marked() {
        assert!(remove_unless(Path::new("/"), &[]).is_err());
        let scratch = Scratch::new("home");
        let home = scratch.path().join("home/ada");
        make(&home).unwrap();
        make(&scratch.path().join("home/ada/.cache")).unwrap();
        fs::write(scratch.path().join("home").join(MARKER), "").unwrap();
        let protected = [home.clone()];
        // Named in other words, and the folder above it.
        let above = scratch.path().join("home");
        for folder in [home.clone(), home.join("../ada/."), above] {
            let sentence = remove_unless(&folder, &protected).unwrap_err();
            assert!(sentence.contains("your home folder"), "{sentence}");
        }
        assert!(home.join(MARKER).is_file());
        assert!(remove_unless(&home.join(".cache"), &protected).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn symbolic_links_are_not_followed() {
        use std::os::unix::fs::symlink;
        let scratch = Scratch::new("links");
        let at = |name: &str| scratch.path().join(name);
        make(&at("real")).unwrap();
        fs::write(at("real/kept"), "kept").unwrap();

        // The folder itself is a link, in whatever words.
        symlink(at("real"), at("link")).unwrap();
        for name in ["link", "link/", "link/.", "real/../link"] {
            let sentence = remove_unless(&at(name), &[]).unwrap_err();
            assert!(sentence.contains("symbolic link"), "{name}: {sentence}");
        }
        fs::create_dir(at("real/inner")).unwrap();
        assert!(remove_unless(&at("link/inner/.."), &[]).is_err());
        // The marker is a link.
        fs::create_dir(at("borrowed")).unwrap();
        symlink(at("real").join(MARKER), at("borrowed").join(MARKER)).unwrap();
        assert!(remove_unless(&at("borrowed"), &[]).is_err());
        // A link in a folder of ours goes without what it points to.
        make(&at("ours")).unwrap();
        symlink(at("real"), at("ours/link")).unwrap();
        assert!(remove_unless(&at("ours"), &[]).is_ok());

        assert!(at("real/kept").is_file() && at("link").is_dir() && !at("ours").exists());
    }
}
