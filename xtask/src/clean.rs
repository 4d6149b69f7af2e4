//! Removing what was made.

use std::fs;
use std::path::Path;

use crate::Result;
use crate::command::io;
use crate::paths::Paths;

/// Removes what set-up and report made in this clone; with `cache` also what clones share.
pub fn clean(places: &Paths, cache: bool) -> Result {
    let own = [
        ".kernel",
        ".cargo/local.toml",
        "report",
        "data/derived",
        "target",
    ];
    let mut products: Vec<_> = own.iter().map(|path| places.root.join(path)).collect();
    if cache {
        products.push(places.cache.clone());
    }
    for path in products {
        if !path.exists() {
            continue;
        }
        let bytes = size(&path);
        let removed = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.map_err(io(&path))?;
        println!("{:8.1} MB  {}", bytes as f64 / 1e6, path.display());
    }
    Ok(())
}

/// Bytes of a file, or of all files below a folder; links are not followed.
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
