//! Bids that are marked to be compared.

use crate::domain::bid::BidId;

/// Most bids that stand side by side.
pub const MOST: usize = 4;

/// The marked bids, group by group; each is a bid, never a row number.
#[derive(Clone, Debug, Default)]
pub struct Marks(Vec<BidId>);

/// What became of a mark.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Marked {
    /// With how many there are now in its group.
    On(usize),
    Off,
    /// The group has [`MOST`] already.
    Full,
}

impl Marks {
    /// The marked bids of a group, in the order in which they were marked.
    pub fn of(&self, gseq: u32) -> impl Iterator<Item = &BidId> {
        self.0.iter().filter(move |id| id.gseq == gseq)
    }

    pub fn has(&self, id: &BidId) -> bool {
        self.0.contains(id)
    }

    /// Marks a bid, or no longer.
    pub fn toggle(&mut self, id: BidId) -> Marked {
        if let Some(at) = self.0.iter().position(|marked| *marked == id) {
            self.0.remove(at);
            return Marked::Off;
        }
        let count = self.of(id.gseq).count();
        if count >= MOST {
            return Marked::Full;
        }
        self.0.push(id);
        Marked::On(count + 1)
    }

    /// Gives up the marks of bids that are no longer there; how many that were.
    pub fn keep(&mut self, there: impl Fn(&BidId) -> bool) -> usize {
        let before = self.0.len();
        self.0.retain(there);
        before - self.0.len()
    }
}
