//! A chain small enough to be believed: one account, its orders and bids, a mempool, blocks, and endpoints that lag,
//! forget, fall silent, hold transactions back, and lie. What it lets happen is what `node-facts` saw a node do.

use std::collections::{BTreeMap, BTreeSet};

use akbids::lease::outcome::{Leased, Price, Quoted, Verdict};
use akbids::lease::send::Posted;
use akbids::lease::tx::LeaseId;
use akbids::lease::witness::{Answer, Included, Question};

/// Splitmix64: the same numbers on every machine and with every version of everything.
#[derive(Clone)]
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 to `end` − 1.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }
}

/// A transaction of the account, as far as the chain cares.
#[derive(Clone)]
pub struct Tx {
    pub hash: String,
    /// None: it uses no sequence of the account (somebody whom the account has allowed to act for it).
    pub sequence: Option<u64>,
    pub timeout_height: u64,
    pub leases: Vec<LeaseId>,
    pub enough_gas: bool,
    pub low_fee: bool,
}

#[derive(Clone, Default)]
struct Past {
    sequence: u64,
    leases: Vec<Leased>,
}

pub struct Bid {
    pub price: Price,
    pub open: bool,
}

#[derive(Default)]
pub struct Chain {
    /// The state after each block; the index is the height.
    past: Vec<Past>,
    sequence: u64,
    pub bids: BTreeMap<LeaseId, Bid>,
    leases: Vec<Leased>,
    /// Which transaction made a lease.
    pub made_by: BTreeMap<LeaseId, String>,
    mempool: Vec<Tx>,
    /// Hashes that the nodes remember having taken in.
    cache: BTreeSet<String>,
    blocks: Vec<Vec<String>>,
    pub included: BTreeMap<String, Vec<(u64, Verdict)>>,
    pub used_by: BTreeMap<u64, (u64, String)>,
    /// The account cannot pay a fee in a block.
    pub broke: bool,
    others: u64,
}

fn verdict(codespace: &str, code: u32) -> Verdict {
    Verdict::new(codespace, code, "as recorded")
}

impl Chain {
    pub fn new(height: usize, sequence: u64) -> Self {
        let past = vec![Past { sequence, leases: Vec::new() }; height + 1];
        // What the account did before: the transaction of the sequence below is in an early block.
        let used_by = BTreeMap::from([(sequence - 1, (5, "OTHER".to_owned()))]);
        let included = BTreeMap::from([("OTHER".to_owned(), vec![(5, verdict("", 0))])]);
        Self { past, sequence, blocks: vec![Vec::new(); height + 1], used_by, included, ..Self::default() }
    }

    pub fn height(&self) -> u64 {
        self.past.len() as u64 - 1
    }

    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    pub fn lease(&self, id: &LeaseId) -> Option<&Leased> {
        self.leases.iter().find(|lease| lease.id == *id)
    }

    pub fn waits(&self, hash: &str) -> bool {
        self.mempool.iter().any(|tx| tx.hash == hash)
    }

    /// What a node at this height says when the bytes come in.
    pub fn check(&mut self, tx: &Tx, height: u64, greedy: bool) -> Verdict {
        if self.cache.contains(&tx.hash) {
            return verdict("sdk", 19);
        }
        if tx.timeout_height < height {
            return verdict("sdk", 30);
        }
        if greedy && tx.low_fee {
            return verdict("sdk", 13);
        }
        let mut expected = self.past[usize::try_from(height).unwrap()].sequence;
        while self.mempool.iter().any(|waiting| waiting.sequence == Some(expected)) {
            expected += 1;
        }
        if tx.sequence != Some(expected) {
            let got = tx.sequence.unwrap_or(0);
            let text = format!("account sequence mismatch, expected {expected}, got {got}: incorrect account sequence");
            return Verdict::new("sdk", 32, &text);
        }
        self.cache.insert(tx.hash.clone());
        self.mempool.push(tx.clone());
        verdict("", 0)
    }

    /// Makes a block of what waits, some of it held back.
    pub fn block(&mut self, rng: &mut Rng, competitor: Option<Vec<LeaseId>>, by_grant: bool) {
        let height = self.height() + 1;
        let mut txs = Vec::new();
        if let Some(leases) = competitor {
            self.others += 1;
            let sequence = (!by_grant).then_some(self.sequence);
            let hash = format!("OTHER{}", self.others);
            txs.push(Tx { hash, sequence, timeout_height: u64::MAX, leases, enough_gas: true, low_fee: false });
        }
        let mut held = Vec::new();
        for tx in std::mem::take(&mut self.mempool) {
            if rng.percent(35) {
                held.push(tx);
            } else {
                txs.push(tx);
            }
        }
        let mut hashes = Vec::new();
        for tx in txs {
            hashes.push(tx.hash.clone());
            let result = self.run(&tx, height);
            self.included.entry(tx.hash).or_default().push((height, result));
        }
        // What can no longer be included is dropped, here or a little later.
        let (sequence, broke) = (self.sequence, self.broke);
        let stale = |tx: &Tx| tx.sequence < Some(sequence) || tx.timeout_height < height || broke;
        held.retain(|tx| !stale(tx) || rng.percent(40));
        self.mempool = held;
        // A node restarts and no longer knows what it has seen.
        if rng.percent(5) {
            self.cache.retain(|hash| self.mempool.iter().any(|tx| tx.hash == *hash));
        }
        self.blocks.push(hashes);
        self.past.push(Past { sequence: self.sequence, leases: self.leases.clone() });
    }

    fn run(&mut self, tx: &Tx, height: u64) -> Verdict {
        if tx.timeout_height < height {
            return verdict("sdk", 30);
        }
        if let Some(sequence) = tx.sequence {
            if self.broke {
                self.cache.remove(&tx.hash);
                return verdict("sdk", 5);
            }
            if sequence != self.sequence {
                return verdict("sdk", 32);
            }
            self.used_by.insert(sequence, (height, tx.hash.clone()));
            self.sequence += 1;
        }
        if !tx.enough_gas {
            return verdict("sdk", 11);
        }
        for (place, id) in tx.leases.iter().enumerate() {
            if !self.bids.get(id).is_some_and(|bid| bid.open) {
                return verdict("market", 12);
            }
            let taken = self.leases.iter().any(|lease| lease.id.same_order(id));
            if taken || tx.leases[..place].iter().any(|earlier| earlier.same_order(id)) {
                return verdict("market", 13);
            }
        }
        for id in &tx.leases {
            let price = self.bids[id].price.clone();
            self.leases.push(Leased { id: id.clone(), price, active: true });
            self.made_by.insert(id.clone(), tx.hash.clone());
        }
        verdict("", 0)
    }

    /// A provider leaves.
    pub fn close_a_lease(&mut self, rng: &mut Rng) {
        if !self.leases.is_empty() {
            let which = usize::try_from(rng.below(self.leases.len() as u64)).unwrap();
            self.leases[which].active = false;
        }
    }
}

/// How an endpoint sees the chain, and what it makes of it.
#[derive(Clone, Default)]
pub struct Endpoint {
    pub lag: u64,
    /// It stopped following the chain here.
    pub frozen: Option<u64>,
    /// Nothing listens there.
    pub refuses: bool,
    pub silent: u64,
    pub no_index: bool,
    pub forgets: bool,
    pub pruned: bool,
    pub no_header: bool,
    pub full: bool,
    /// It asks for a higher fee than the others.
    pub greedy: bool,
    /// Percent of its answers that are made up.
    pub lies: u64,
}

impl Endpoint {
    pub fn height(&self, chain: &Chain) -> u64 {
        self.frozen.unwrap_or(chain.height().saturating_sub(self.lag))
    }

    pub fn post(&self, chain: &mut Chain, rng: &mut Rng, tx: &Tx) -> Posted {
        if self.lies > 0 && rng.percent(self.lies) {
            let taken_in = rng.percent(60).then(|| chain.check(tx, self.height(chain), false)).is_some();
            return Posted::Answered(match (taken_in, rng.below(3)) {
                (true, 0) => verdict("sdk", 13),
                (true, 1) => verdict("sdk", 4),
                (_, 2) => verdict("sdk", 19),
                _ => verdict("", 0),
            });
        }
        if self.full {
            return Posted::Answered(verdict("sdk", 20));
        }
        let height = self.height(chain);
        Posted::Answered(chain.check(tx, height, self.greedy))
    }

    /// The answer about a transaction with this sequence and these leases.
    pub fn answer(&self, chain: &Chain, rng: &mut Rng, tx: &Tx, quoted: &[Quoted], question: Question) -> Answer {
        if self.lies > 0 && rng.percent(self.lies) {
            return lie(chain, rng, tx, quoted, question);
        }
        let height = self.height(chain);
        let header = (!self.no_header).then_some(height);
        let past = &chain.past[usize::try_from(height).unwrap()];
        match question {
            Question::Account => Answer::Account { height: header, sequence: past.sequence },
            Question::Leases => Answer::Leases { height: header, leases: past.leases.clone() },
            Question::ByHash | Question::BySequence if self.no_index => Answer::Nothing,
            Question::ByHash => {
                let mut all = chain.included.get(&tx.hash).into_iter().flatten();
                let seen = all.rfind(|(at, _)| *at <= height && !self.forgets);
                Answer::Included(seen.map(|(at, verdict)| Included {
                    hash: tx.hash.clone(),
                    height: *at,
                    verdict: verdict.clone(),
                }))
            }
            Question::BySequence => {
                let used = tx.sequence.and_then(|sequence| chain.used_by.get(&sequence));
                let seen = used.filter(|(at, _)| *at <= height && !self.forgets);
                Answer::Included(seen.map(|(at, hash)| {
                    let (_, verdict) = chain.included[hash].iter().find(|(height, _)| height == at).unwrap();
                    Included { hash: hash.clone(), height: *at, verdict: verdict.clone() }
                }))
            }
            Question::Block(at) if at > height || self.pruned => Answer::Nothing,
            Question::Block(at) => Answer::Block(chain.blocks[usize::try_from(at).unwrap()].clone()),
        }
    }
}

fn lie(chain: &Chain, rng: &mut Rng, tx: &Tx, quoted: &[Quoted], question: Question) -> Answer {
    let height = Some(chain.height() + rng.below(30));
    let sequence = tx.sequence.unwrap_or(0);
    match question {
        Question::Account => Answer::Account { height, sequence: sequence + rng.below(2) },
        Question::ByHash | Question::BySequence => Answer::Included(rng.percent(70).then(|| Included {
            hash: if rng.percent(80) { tx.hash.clone() } else { "MADEUP".to_owned() },
            height: chain.height() + rng.below(10),
            verdict: if rng.percent(60) { verdict("", 0) } else { verdict("market", 12) },
        })),
        Question::Block(_) => Answer::Block(if rng.percent(50) { vec![tx.hash.clone()] } else { Vec::new() }),
        Question::Leases => {
            let cheaper = rng.percent(30);
            let lease = |quoted: &Quoted| Leased {
                id: quoted.id.clone(),
                price: if cheaper { Price::parse("uact", "1").unwrap() } else { quoted.price.clone() },
                active: true,
            };
            let to_another = |quoted: &Quoted| {
                let mut lease = lease(quoted);
                "p9".clone_into(&mut lease.id.provider);
                lease
            };
            let leases = match rng.below(10) {
                0..6 => quoted.iter().map(lease).collect(),
                6..8 => quoted.iter().map(to_another).collect(),
                _ => Vec::new(),
            };
            Answer::Leases { height, leases }
        }
    }
}
