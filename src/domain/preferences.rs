//! What a person set for all that is shown, on a screen and without one.

use super::auditor::Auditors;
use super::bid::Address;
use super::kept::Kept;
use super::query::SavedFilters;
use super::run::RunLength;
use super::usual::UsualPrices;

/// What a person set.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Preferences {
    /// Favourites and blocks of the settings and of the state file; columns, sort and filter that the screen kept.
    pub kept: Kept,
    pub saved: SavedFilters,
    pub auditors: Auditors,
    pub usual: UsualPrices,
    /// How long a run is that costs are told for.
    pub run: Option<RunLength>,
    /// Providers may be asked for their own `/status`.
    pub provider_status: bool,
}

impl Preferences {
    pub fn is_favourite(&self, provider: &Address) -> bool {
        self.kept.favourites.contains(provider)
    }

    pub fn is_blocked(&self, provider: &Address) -> bool {
        self.kept.blocked.contains(provider)
    }
}
