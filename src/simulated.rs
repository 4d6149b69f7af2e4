//! How simulated data are told from recorded ones on their way.

/// What a server of simulated data calls itself in the head of each answer.
///
/// A client takes the data for simulated whatever the address.
pub(crate) const SERVER_NAME: &str = "quakebook-classroom (simulated)";
