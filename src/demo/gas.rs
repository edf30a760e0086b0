//! Gas: a model of what a running node was seen to charge (`node-v2.1`), right within a few per cent.

/// What looking at the messages costs, as simulate tells it when they are refused.
pub const MESSAGES: u64 = 1174;
pub const PARAMS: u64 = 1042;
/// For each byte of the transaction.
pub const BYTE: u64 = 10;
pub const ACCOUNT: u64 = 1063;
pub const BALANCE: u64 = 4400;
pub const TRANSFER: u64 = 13_439;
pub const ALLOWANCE: u64 = 11_020;
pub const KEYS: u64 = 8169;
pub const SIGNATURE_AND_SEQUENCE: u64 = 12_900;
/// Without a sequence to write.
pub const SIGNATURE_UNORDERED: u64 = 3400;

// `MsgCreateLease`, up to where it ends: failed attempts end early.

pub const BID: u64 = 4100;
pub const BID_STATE: u64 = 700;
pub const ORDER: u64 = 2000;
/// Group and escrow account.
pub const ESCROW: u64 = 21_800;
pub const LEASE: u64 = 94_900;
/// One losing bid gets its deposit back. Only ever one: it does not matter how many there are.
pub const LOSER: u64 = 71_800;

/// A message uses its gas up in steps of about this size.
const STEP: u64 = 1500;

/// The node's words for it.
#[derive(Clone, Debug)]
pub struct OutOfGas(pub String);

/// Gas as it is used up.
#[derive(Clone, Debug)]
pub struct Meter {
    limit: u64,
    pub used: u64,
}

impl Meter {
    pub fn new(limit: u64) -> Self {
        Self { limit, used: 0 }
    }

    pub fn spend(&mut self, gas: u64, location: &str) -> Result<(), OutOfGas> {
        self.used = self.used.saturating_add(gas);
        if self.used <= self.limit {
            return Ok(());
        }
        Err(OutOfGas(format!(
            "out of gas in location: {location}; gasWanted: {}, gasUsed: {}: out of gas",
            self.limit, self.used
        )))
    }

    /// As the store of the node does while a message runs.
    pub fn spend_in_steps(&mut self, gas: u64) -> Result<(), OutOfGas> {
        let mut left = gas;
        while left > 0 {
            let step = left.min(STEP);
            self.spend(step, "WriteFlat")?;
            left -= step;
        }
        Ok(())
    }
}
