//! Files that are whole, or refused.

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
        for error in [
            read_input(path).unwrap_err(),
            open_large_input(path).unwrap_err(),
        ] {
            assert!(matches!(error, Error::Io { path: named, .. } if named == *path));
        }
    }
    let large = folder.path().join("large");
    let sparse = File::create(&large).unwrap();
    sparse.set_len(MAX_INPUT_BYTES + 1).unwrap();
    assert!(matches!(read_input(&large), Err(Error::Io { .. })));
    assert!(open_large_input(&large).is_ok());
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
    let expected = folder.path().join("file");
    assert!(
        matches!(error, Error::Io { ref path, .. } if *path == expected),
        "{error}"
    );
}
