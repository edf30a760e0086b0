//! Who is registered as a provider: what a request is held against when nobody bids on it.

use super::bid::Provider;
use super::text::Clean;
use std::sync::Arc;

/// The registered providers, as far as they were read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Registered {
    /// Each address once. `audits` is known of those that were asked for only.
    pub providers: Vec<Arc<Provider>>,
    /// The list was read to its end, and every entry of it.
    pub complete: bool,
    /// Entries that could not be read.
    pub unreadable: usize,
    /// Why it is not complete.
    pub why: Option<Clean>,
}

/// How far the reading has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    pub stage: Stage,
    pub done: usize,
    /// How many there are; of the registered the chain does not say.
    pub of: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    Providers,
    Audits,
}
