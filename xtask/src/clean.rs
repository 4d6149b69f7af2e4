//! Removes what was made.

use std::fs;
use std::path::Path;

use crate::Result;
use crate::command::io;
use crate::ours;
use crate::paths::Paths;
use crate::setup::CARGO_CONFIG_FIRST_LINE;

/// Removes what set-up and report made in this clone; with `cache` also what clones share.
///
/// A folder that is not ours stays, and the others go. The error at the end names it.
pub fn clean(paths: &Paths, cache: bool) -> Result {
    let mut folders = vec![
        paths.kernel(),
        paths.report(),
        paths.root.join("data/derived"),
        paths.root.join("target"),
    ];
    if cache {
        folders.push(paths.cache.clone());
    }
    let mut refusals = Vec::new();
    for folder in folders {
        match ours::remove(&folder, paths) {
            Ok(Some(bytes)) => println!("{:8.1} MB  {}", bytes as f64 / 1e6, folder.display()),
            Ok(None) => {}
            Err(sentence) => refusals.push(sentence),
        }
    }
    remove_config(&paths.cargo_config())?;
    match refusals.is_empty() {
        true => Ok(()),
        false => Err(refusals.join("\nxtask: ")),
    }
}

/// Removes what set-up told cargo; a file that a person wrote stays.
fn remove_config(config: &Path) -> Result {
    let text = fs::read_to_string(config).unwrap_or_default();
    if text.lines().next() == Some(CARGO_CONFIG_FIRST_LINE) {
        fs::remove_file(config).map_err(io(config))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn what_is_not_ours_stays_and_is_named() {
        let scratch = Scratch::new("clean");
        let paths = Paths {
            root: scratch.path().join("clone"),
            cache: scratch.path().join("documents"),
        };
        ours::make(&paths.kernel()).unwrap();
        ours::make(&paths.report()).unwrap();
        fs::create_dir(&paths.cache).unwrap();
        fs::write(paths.cache.join("thesis"), "years").unwrap();
        fs::create_dir(paths.root.join(".cargo")).unwrap();
        fs::write(paths.cargo_config(), "[build]\njobs = 1\n").unwrap();

        let sentence = clean(&paths, true).unwrap_err();
        assert!(sentence.contains("documents"), "{sentence}");
        assert!(paths.cache.join("thesis").is_file() && paths.cargo_config().is_file());
        assert!(!paths.kernel().exists() && !paths.report().exists());

        fs::write(paths.cargo_config(), CARGO_CONFIG_FIRST_LINE).unwrap();
        assert_eq!(clean(&paths, false), Ok(()));
        assert!(!paths.cargo_config().exists());
    }
}
