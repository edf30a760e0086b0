//! What became of a provider's leases: its track record, always told with the window it was read in.

use super::bid::{Lease, LeaseState};

/// Leases that a record is made of at most: the newest.
pub const WINDOW: usize = 100;

/// Closed by the provider, by the chain's reasons (`lease_closed_reason_…`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ClosedByProvider {
    /// What ran was not healthy for long.
    pub unstable: usize,
    /// It left, or took the machine away.
    pub decommission: usize,
    /// The tenant sent no manifest in time: no fault of the provider.
    pub manifest_timeout: usize,
    pub unspecified: usize,
    /// Another reason than this program knows.
    pub other: usize,
}

impl ClosedByProvider {
    /// Without those whose tenant never sent a manifest.
    pub fn of_its_own(&self) -> usize {
        self.unstable + self.decommission + self.unspecified + self.other
    }
}

/// The newest leases of a provider, counted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TrackRecord {
    /// Leases counted: at most [`WINDOW`].
    pub of: usize,
    /// Leases read. The chain lists them by tenant, not by age: the newest are known only when all were read.
    pub read: usize,
    /// Whether all of the provider's leases were read.
    pub complete: bool,
    /// Entries that could not be read.
    pub unreadable: usize,
    pub active: usize,
    pub closed_by_tenant: usize,
    pub closed_by_provider: ClosedByProvider,
    /// Ended because the tenant's money did.
    pub insufficient_funds: usize,
    /// Closed without a reason, or in a state that this program does not know.
    pub unknown: usize,
    /// Height at which the oldest of those counted began.
    pub since_height: Option<u64>,
}

impl TrackRecord {
    /// Counts the newest [`WINDOW`] of the leases that were read.
    pub fn new(mut leases: Vec<Lease>, complete: bool, unreadable: usize) -> Self {
        let mut record = Self { read: leases.len(), complete, unreadable, ..Self::default() };
        leases.sort_by(|a, b| (b.created_height, &b.id).cmp(&(a.created_height, &a.id)));
        leases.truncate(WINDOW);
        record.of = leases.len();
        record.since_height = leases.iter().filter_map(|lease| lease.created_height).min();
        for lease in &leases {
            record.count(lease);
        }
        record
    }

    fn count(&mut self, lease: &Lease) {
        let by_provider = &mut self.closed_by_provider;
        let reason = lease.reason.as_deref();
        let place = match (&lease.state, reason) {
            (state, _) if state.runs() => &mut self.active,
            (LeaseState::InsufficientFunds, _) | (_, Some("lease_closed_reason_insufficient_funds")) => {
                &mut self.insufficient_funds
            }
            (LeaseState::Closed, Some("lease_closed_owner")) => &mut self.closed_by_tenant,
            (LeaseState::Closed, Some("lease_closed_reason_unstable")) => &mut by_provider.unstable,
            (LeaseState::Closed, Some("lease_closed_reason_decommission")) => &mut by_provider.decommission,
            (LeaseState::Closed, Some("lease_closed_reason_manifest_timeout")) => &mut by_provider.manifest_timeout,
            (LeaseState::Closed, Some("lease_closed_reason_unspecified")) => &mut by_provider.unspecified,
            (LeaseState::Closed, Some(reason)) if reason.starts_with("lease_closed_reason_") => &mut by_provider.other,
            _ => &mut self.unknown,
        };
        *place += 1;
    }

    /// A sentence with its window: `closed 3 of its last 100 leases itself (1 unstable, 2 decommission)`.
    pub fn sentence(&self) -> String {
        if self.of == 0 {
            let none = if self.complete { "never had a lease" } else { "its leases could not be read" };
            return none.to_owned();
        }
        let window = match (self.complete, self.read > self.of) {
            (true, true) => format!("its last {} leases", self.of),
            (true, false) if self.of == 1 => "its only lease".to_owned(),
            (true, false) => format!("its {} leases", self.of),
            (false, _) => format!("the {} newest of the {} leases that were read (it has more)", self.of, self.read),
        };
        let by = &self.closed_by_provider;
        let itself = by.of_its_own();
        let told = |n: usize, what: &str| (n > 0).then(|| format!("{n} {what}"));
        let reasons = [
            told(by.unstable, "unstable"),
            told(by.decommission, "decommission"),
            told(by.unspecified, "without a reason"),
            told(by.other, "for another reason"),
        ];
        let reasons: Vec<String> = reasons.into_iter().flatten().collect();
        let mut out = match itself {
            0 => format!("closed none of {window} itself"),
            n if n == self.of && self.of == 1 => format!("closed {window} itself ({})", reasons.join(", ")),
            n => format!("closed {n} of {window} itself ({})", reasons.join(", ")),
        };
        let rest = [
            told(self.active, "running"),
            told(self.closed_by_tenant, "closed by tenants"),
            told(self.insufficient_funds, "out of money"),
            told(by.manifest_timeout, "without a manifest in time"),
            told(self.unknown, "of unknown end"),
        ];
        let rest: Vec<String> = rest.into_iter().flatten().collect();
        if !rest.is_empty() {
            out.push_str("; ");
            out.push_str(&rest.join(", "));
        }
        out
    }
}
