//! The one choice of cryptography for https.

use std::sync::Once;

/// Chooses it, before the first client is made.
pub(crate) fn install() {
    static TLS: Once = Once::new();
    // A failure means that the program chose a provider before: that one serves as well.
    TLS.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
}
