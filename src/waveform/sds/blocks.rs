//! Parts of objects that were read, so that neighbouring and overlapping parts are asked for once.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::lock;
use super::storage::Version;
use crate::error::Result;

/// Bytes of a block: about ten minutes of a channel at 100 Hz.
const BLOCK: u64 = 1 << 16;

/// Blocks in memory, 64 MB.
const N_BLOCKS: usize = 1024;

/// One block of one version of an object.
type Place = (PathBuf, Version, u64);

#[derive(Debug, Default)]
pub(super) struct Blocks(Mutex<HashMap<Place, Arc<Vec<u8>>>>);

impl Blocks {
    /// Appends bytes of an object. Blocks that are missing and follow one another are read by one call of `read`.
    pub fn append(
        &self,
        path: &Path,
        version: Version,
        range: Range<u64>,
        bytes: &mut Vec<u8>,
        read: impl Fn(Range<u64>) -> Result<Vec<u8>>,
    ) -> Result<()> {
        if range.is_empty() {
            return Ok(());
        }
        let place = |number: u64| (path.to_path_buf(), version, number);
        let numbers = range.start / BLOCK..range.end.div_ceil(BLOCK);
        let known: Vec<_> = {
            let known = lock(&self.0);
            numbers
                .clone()
                .map(|number| known.get(&place(number)).cloned())
                .collect()
        };
        let mut blocks: Vec<(u64, Arc<Vec<u8>>)> = Vec::new();
        let cases: Vec<(u64, Option<Arc<Vec<u8>>>)> = numbers.zip(known).collect();
        for run in cases.chunk_by(|a, b| a.1.is_none() == b.1.is_none()) {
            if run[0].1.is_some() {
                blocks.extend(
                    run.iter()
                        .filter_map(|(number, block)| Some((*number, block.clone()?))),
                );
                continue;
            }
            let (first, last) = (run[0].0, run[run.len() - 1].0);
            let end = ((last + 1) * BLOCK).min(version.n_bytes);
            let new = read(first * BLOCK..end)?;
            let mut known = lock(&self.0);
            if known.len() + run.len() > N_BLOCKS {
                known.clear();
            }
            for (number, block) in (first..).zip(new.chunks(BLOCK as usize)) {
                let block = Arc::new(block.to_vec());
                known.insert(place(number), block.clone());
                blocks.push((number, block));
            }
        }
        for (number, block) in blocks {
            let begin = number * BLOCK;
            let from = range.start.saturating_sub(begin) as usize;
            let to = ((range.end - begin) as usize).min(block.len());
            bytes.extend_from_slice(block.get(from..to).unwrap_or_default());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn each_block_is_asked_for_once() {
        let whole: Vec<u8> = (0..300_000u32).map(|i| (i % 251) as u8).collect();
        let version = Version {
            n_bytes: whole.len() as u64,
            mark: Some(1),
        };
        let (blocks, asked) = (Blocks::default(), RefCell::new(Vec::new()));
        let get = |range: Range<u64>, version| {
            let mut bytes = vec![7];
            let read = |part: Range<u64>| {
                asked.borrow_mut().push(part.clone());
                Ok(whole[part.start as usize..part.end as usize].to_vec())
            };
            blocks
                .append(Path::new("a"), version, range.clone(), &mut bytes, read)
                .unwrap();
            assert_eq!(bytes[1..], whole[range.start as usize..range.end as usize]);
            std::mem::take(&mut *asked.borrow_mut())
        };
        assert!(get(5..5, version).is_empty());
        let only = |part: Range<u64>| vec![part];
        assert_eq!(get(70_000..140_000, version), only(BLOCK..3 * BLOCK));
        assert!(get(BLOCK..3 * BLOCK, version).is_empty());
        // What lies on both sides is asked for, and nothing twice.
        assert_eq!(get(0..300_000, version), [0..BLOCK, 3 * BLOCK..300_000]);
        assert!(get(299_999..300_000, version).is_empty());
        let other = Version {
            mark: Some(2),
            ..version
        };
        assert_eq!(get(0..10, other), only(0..BLOCK));
    }
}
