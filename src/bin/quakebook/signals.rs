//! Ctrl-C and SIGTERM.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use quakebook::Error;
use signal_hook::consts::{SIGINT, SIGTERM};

/// Becomes true with Ctrl-C or SIGTERM. A process that begins in the background, or as the first of a container,
/// would ignore them.
pub fn ended() -> quakebook::Result<Arc<AtomicBool>> {
    let is_ended = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        let registered = signal_hook::flag::register(signal, is_ended.clone());
        registered.map_err(|source| Error::Io {
            path: "signals".into(),
            source,
        })?;
    }
    Ok(is_ended)
}
