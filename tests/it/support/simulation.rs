//! A person with akbids in front of the model chain, for one seed: everything that can go wrong does, at random, then it
//! stops and everything must come to its true end.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::rc::Rc;

use akbids::lease::journal::{Disk, Journal, JournalError};
use akbids::lease::outcome::{Attempt, Difference, End, Price, Quoted};
use akbids::lease::send::{Next, Posted, Seen, State, step};
use akbids::lease::tx::{LeaseId, Signed};

use super::model_chain::{Bid, Chain, Endpoint, Rng, Tx};

pub const CHAIN_ID: &str = "model";
pub const OWNER: &str = "owner";
/// Orders of the deployment, each with three bids.
const GROUPS: u64 = 8;

/// A disk that can lose its power.
#[derive(Default)]
pub struct Memory {
    written: Vec<u8>,
    durable: Vec<u8>,
    /// Whether the folder knows of the file.
    named: bool,
    /// The next so many operations succeed; then the process is no more.
    crash_in: Option<u32>,
    pub crashed: bool,
    /// The disk is full.
    full: bool,
}

impl Memory {
    fn operation(&mut self) -> io::Result<()> {
        match &mut self.crash_in {
            Some(0) => {
                self.crashed = true;
                Err(io::Error::other("killed"))
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// What is there when the power comes back.
    fn power_cut(&mut self, rng: &mut Rng) {
        if !self.named {
            self.durable.clear();
        }
        // Of what was not synced, any part may have reached the disk.
        let unsynced = self.written.len().saturating_sub(self.durable.len()) as u64;
        if self.named && unsynced > 0 {
            let kept = self.durable.len() + usize::try_from(rng.below(unsynced + 1)).unwrap();
            self.durable = self.written[..kept].to_vec();
        }
        self.written = self.durable.clone();
    }

    fn survives(&self, hash: &str) -> bool {
        self.named && String::from_utf8_lossy(&self.durable).contains(hash)
    }
}

#[derive(Clone)]
struct Shared(Rc<RefCell<Memory>>);

impl Disk for Shared {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        Ok(self.0.borrow().written.clone())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.0.borrow_mut();
        if disk.full {
            disk.written.extend(&bytes[..bytes.len() / 2]);
            return Err(io::Error::other("no space left"));
        }
        if let Err(why) = disk.operation() {
            disk.written.extend(&bytes[..bytes.len() / 3]);
            return Err(why);
        }
        disk.written.extend(bytes);
        Ok(())
    }

    fn sync_file(&mut self) -> io::Result<()> {
        let mut disk = self.0.borrow_mut();
        disk.operation()?;
        let Memory { written, durable, .. } = &mut *disk;
        durable.clone_from(written);
        Ok(())
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        let mut disk = self.0.borrow_mut();
        disk.operation()?;
        disk.named = true;
        Ok(())
    }

    fn path(&self) -> &Path {
        Path::new("memory")
    }
}

/// One running akbids that accepts, or watches what an earlier one sent.
struct Process {
    attempt: Attempt,
    state: State,
    resumed: bool,
}

/// What happened in a run, for the count.
#[derive(Default)]
pub struct Report {
    pub ends: BTreeMap<&'static str, u64>,
    pub attempts: u64,
    pub resumed: u64,
    pub posts: u64,
}

pub struct Simulation {
    rng: Rng,
    chain: Chain,
    endpoints: Vec<Endpoint>,
    liar: bool,
    /// The endpoint that is up and answers, where another lies.
    steady: usize,
    /// Percent: how often the process is killed after a step, another wallet competes, bids close.
    kills: u64,
    competes: u64,
    closes: u64,
    disk: Rc<RefCell<Memory>>,
    process: Option<Process>,
    /// Every attempt that was ever signed, with its transaction, and the end that was said last.
    signed: Vec<(Attempt, Tx, Option<End>)>,
    /// Requests on their way, to be delivered later.
    in_flight: Vec<Tx>,
    pauses_without_block: u32,
    calm: bool,
    pub trace: Vec<String>,
    pub report: Report,
}

impl Simulation {
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let mut chain = Chain::new(100, 7);
        for gseq in 1..=u32::try_from(GROUPS).unwrap() {
            for provider in ["p1", "p2", "p3"] {
                let id =
                    LeaseId { owner: OWNER.to_owned(), dseq: 9, gseq, oseq: 1, provider: provider.to_owned(), bseq: 0 };
                let price = Price::parse("uact", &format!("{}.5", 1000 + rng.below(1000))).unwrap();
                chain.bids.insert(id, Bid { price, open: true });
            }
        }
        let count = 1 + usize::try_from(rng.below(3)).unwrap();
        let mut endpoints = vec![Endpoint::default(); count];
        let liar = count > 1 && rng.percent(40);
        let liars_place = usize::try_from(rng.below(count as u64)).unwrap();
        let steady = (liars_place + 1) % count;
        if liar {
            endpoints[liars_place].lies = 20 + rng.below(60);
        }
        endpoints[steady].no_index = rng.percent(20);
        endpoints[steady].pruned = rng.percent(10);
        let kills = *rng.pick(&[0, 0, 1, 4]);
        let competes = *rng.pick(&[0, 2, 10]);
        let closes = *rng.pick(&[0, 20, 100]);
        Self {
            rng,
            chain,
            endpoints,
            liar,
            steady,
            kills,
            competes,
            closes,
            disk: Rc::default(),
            process: None,
            signed: Vec::new(),
            in_flight: Vec::new(),
            pauses_without_block: 0,
            calm: false,
            trace: Vec::new(),
            report: Report::default(),
        }
    }

    /// The whole of it.
    ///
    /// # Errors
    /// What did not hold, in words.
    pub fn run(&mut self) -> Result<(), String> {
        for _ in 0..120 + self.rng.below(200) {
            if self.rng.percent(45) {
                self.world();
            } else {
                self.person_or_process()?;
            }
        }
        self.calm_down();
        for turn in 0.. {
            if self.process.is_none() && self.unfinished().is_none() {
                break;
            }
            if turn == 4000 {
                let state = self.process.as_ref().map(|process| process.state.stage());
                return Err(format!("the chain answers, and no end comes: {state:?}"));
            }
            self.person_or_process()?;
        }
        // Whatever was held back arrives now, and every last block passes.
        for tx in std::mem::take(&mut self.in_flight) {
            self.deliver(&tx);
        }
        for _ in 0..60 {
            self.chain.block(&mut self.rng, None, false);
        }
        self.audit()
    }

    fn note(&mut self, what: impl FnOnce() -> String) {
        let line = format!("{:>4} {}", self.chain.height(), what());
        self.trace.push(line);
    }

    fn calm_down(&mut self) {
        self.note(|| "calm".to_owned());
        self.calm = true;
        self.chain.broke = false;
        let many = self.endpoints.len() > 2;
        for endpoint in &mut self.endpoints {
            // Two of three can outvote a liar; of two nobody can, so there it stops.
            let lies = if many { endpoint.lies } else { 0 };
            *endpoint = Endpoint { lies, no_index: endpoint.no_index, pruned: endpoint.pruned, ..Endpoint::default() };
        }
        // An endpoint that is gone for good, or stands still for good, keeps nobody from the truth.
        if !self.liar && many {
            self.endpoints[1].refuses = self.rng.percent(30);
            self.endpoints[2].frozen = self.rng.percent(30).then(|| self.chain.height());
        }
        self.disk.borrow_mut().full = false;
        self.disk.borrow_mut().crash_in = None;
    }

    fn deliver(&mut self, tx: &Tx) {
        let height = self.chain.height();
        let verdict = self.chain.check(tx, height, false);
        self.note(|| format!("late: {} is {verdict}", short(&tx.hash)));
    }

    /// Everything that akbids has no hand in.
    fn world(&mut self) {
        match self.rng.below(16) {
            0..=6 => self.block(),
            7 if !self.in_flight.is_empty() => {
                let which = usize::try_from(self.rng.below(self.in_flight.len() as u64)).unwrap();
                let tx = self.in_flight.remove(which);
                self.deliver(&tx);
            }
            8 if self.rng.percent(self.closes) => {
                let open: Vec<LeaseId> = self.chain.bids.keys().cloned().collect();
                let id = self.rng.pick(&open).clone();
                self.note(|| format!("bid of {} in group {} closes", id.provider, id.gseq));
                if let Some(bid) = self.chain.bids.get_mut(&id) {
                    bid.open = false;
                }
            }
            9 if self.rng.percent(self.closes / 2) => self.chain.close_a_lease(&mut self.rng),
            10 => self.chain.broke = self.rng.percent(30),
            11 => self.disk.borrow_mut().full = self.rng.percent(15),
            12..=14 => self.change_an_endpoint(),
            _ if self.rng.percent(self.kills * 20) => self.kill(),
            _ => {}
        }
    }

    fn block(&mut self) {
        let competes = !self.calm && self.rng.percent(self.competes);
        let by_grant = self.rng.percent(30);
        let competitor = competes.then(|| {
            let bids: Vec<LeaseId> = self.chain.bids.keys().cloned().collect();
            if self.rng.percent(60) || by_grant { vec![self.rng.pick(&bids).clone()] } else { Vec::new() }
        });
        self.chain.block(&mut self.rng, competitor, by_grant);
        self.pauses_without_block = 0;
    }

    fn change_an_endpoint(&mut self) {
        let which = usize::try_from(self.rng.below(self.endpoints.len() as u64)).unwrap();
        let rng = &mut self.rng;
        let endpoint = &mut self.endpoints[which];
        // Against a liar there has to be one who is up and answers.
        let steady = self.liar && which == self.steady;
        endpoint.lag = rng.below(if steady { 2 } else { 5 });
        if steady || endpoint.lies > 0 {
            return;
        }
        endpoint.refuses = rng.percent(15);
        endpoint.silent = *rng.pick(&[0, 0, 20, 60]);
        endpoint.no_header = rng.percent(10);
        endpoint.full = rng.percent(10);
        endpoint.forgets = rng.percent(15);
        endpoint.greedy = !self.liar && rng.percent(20);
    }

    /// The process is no more; sometimes the machine with it.
    fn kill(&mut self) {
        let power = self.rng.percent(40);
        self.note(|| if power { "power cut".to_owned() } else { "killed".to_owned() });
        self.process = None;
        let mut disk = self.disk.borrow_mut();
        disk.crash_in = None;
        disk.crashed = false;
        if power {
            disk.power_cut(&mut self.rng);
        }
    }

    fn journal(&self) -> Journal<Shared> {
        Journal::over(Shared(self.disk.clone()), CHAIN_ID, OWNER)
    }

    fn unfinished(&self) -> Option<Attempt> {
        let entries = self.journal().entries().unwrap();
        entries.unfinished(CHAIN_ID, OWNER).next().map(|entry| entry.attempt.clone())
    }

    fn person_or_process(&mut self) -> Result<(), String> {
        if self.process.is_some() {
            return self.drive();
        }
        match self.unfinished() {
            Some(attempt) => {
                // Whoever tries to accept before it is resolved is not let.
                let other = Attempt { tx: Signed::new(vec![1, 2, 3]), ..attempt.clone() };
                if !matches!(self.journal().begin(&other, 0), Err(JournalError::Unfinished { .. })) {
                    return Err("a second accept was let in while the first is open".to_owned());
                }
                self.note(|| format!("resumes {}", short(attempt.hash())));
                self.report.resumed += 1;
                let state = State::resumed(self.endpoints.len());
                self.process = Some(Process { attempt, state, resumed: true });
                Ok(())
            }
            None if self.calm => Ok(()),
            None => self.accept(),
        }
    }

    /// The person picks a bid or two, and confirms.
    fn accept(&mut self) -> Result<(), String> {
        // Heights and sequence come from an honest endpoint, perhaps a lagging one; prices from any.
        let view = self.endpoints[self.steady].height(&self.chain);
        let sequence = match self.rng.below(20) {
            // Another transaction of the account waits, and the node counts it in; or it lags.
            0 => self.chain.sequence() + 1,
            1 => self.chain.sequence().saturating_sub(1),
            _ => self.chain.sequence(),
        };
        let lied_price = self.liar && self.rng.percent(20);
        let mut leases = Vec::new();
        let (first, both) = (1 + self.rng.below(GROUPS), self.rng.percent(30));
        for gseq in [Some(first), both.then_some(first % GROUPS + 1)].into_iter().flatten() {
            let bids: Vec<&LeaseId> = self.chain.bids.keys().filter(|id| u64::from(id.gseq) == gseq).collect();
            let id = (*self.rng.pick(&bids)).clone();
            // Whoever looks first does not bid for what is gone; now and then it goes in between.
            let gone = !self.chain.bids[&id].open || bids.iter().any(|bid| self.chain.lease(bid).is_some());
            if self.chain.lease(&id).is_some() || gone && !self.rng.percent(10) {
                continue;
            }
            let price =
                if lied_price { Price::parse("uact", "7.25").unwrap() } else { self.chain.bids[&id].price.clone() };
            leases.push(Quoted { id, price });
        }
        if leases.is_empty() {
            return Ok(());
        }
        let attempt = Attempt {
            chain_id: CHAIN_ID.to_owned(),
            account: OWNER.to_owned(),
            sequence,
            signed_height: view,
            timeout_height: view + 2 + self.rng.below(12),
            leases,
            tx: Signed::new(format!("accept {} of this run", self.signed.len()).into_bytes()),
        };
        for (earlier, tx, end) in &self.signed {
            let dead = self.is_dead(tx);
            if !dead {
                return Err(format!(
                    "{} is signed while {} can still land (said: {end:?})",
                    short(attempt.hash()),
                    short(earlier.hash())
                ));
            }
        }
        let tx = Tx {
            hash: attempt.hash().to_owned(),
            sequence: Some(sequence),
            timeout_height: attempt.timeout_height,
            leases: attempt.leases.iter().map(|quoted| quoted.id.clone()).collect(),
            enough_gas: !self.rng.percent(10),
            low_fee: self.rng.percent(15),
        };
        self.note(|| format!("signs {}: sequence {sequence}, until {}", short(attempt.hash()), attempt.timeout_height));
        self.report.attempts += 1;
        self.signed.push((attempt.clone(), tx, None));
        let state = State::signed(self.endpoints.len());
        self.process = Some(Process { attempt, state, resumed: false });
        Ok(())
    }

    /// Whether nothing can come of it any more, as only the chain and its couriers know.
    fn is_dead(&self, tx: &Tx) -> bool {
        let gone = !self.chain.waits(&tx.hash) && self.in_flight.iter().all(|flying| flying.hash != tx.hash);
        gone || Some(self.chain.sequence()) > tx.sequence || self.chain.height() >= tx.timeout_height
    }

    fn drive(&mut self) -> Result<(), String> {
        let Some(process) = &self.process else {
            return Ok(());
        };
        let (attempt, state, resumed) = (process.attempt.clone(), process.state.clone(), process.resumed);
        let tx = self.signed.iter().find(|(one, ..)| one.hash() == attempt.hash()).map(|(_, tx, _)| tx.clone());
        let Some(tx) = tx else {
            return Err("something is sent that nobody signed".to_owned());
        };
        if !self.calm
            && self.rng.percent(1)
            && let Some(end) = state.abandoned()
        {
            self.note(|| "the person gives up".to_owned());
            return self.finish(&attempt, &end);
        }
        let seen = match state.next() {
            Next::Write => {
                if !self.calm && self.rng.percent(8) {
                    self.disk.borrow_mut().crash_in = Some(u32::try_from(self.rng.below(4)).unwrap());
                }
                let written = self.journal().begin(&attempt, 0);
                self.disk.borrow_mut().crash_in = None;
                if self.disk.borrow().crashed {
                    self.kill();
                    return Ok(());
                }
                if written.is_ok() { Seen::Written } else { Seen::NotWritten }
            }
            Next::Post { endpoint } => {
                if resumed {
                    return Err("it is sent again after a restart".to_owned());
                }
                if !self.disk.borrow().survives(attempt.hash()) {
                    return Err("it is sent before the journal is safe".to_owned());
                }
                if attempt.tx.hash != tx.hash {
                    return Err("other bytes are sent".to_owned());
                }
                self.report.posts += 1;
                let posted = self.post(endpoint, &tx);
                self.note(|| format!("{} to {endpoint}: {posted:?}", short(&tx.hash)));
                Seen::Posted(posted)
            }
            Next::Ask { endpoint, question } => {
                let asked = &self.endpoints[endpoint];
                let answer = if asked.refuses || self.rng.percent(asked.silent) {
                    akbids::lease::witness::Answer::Nothing
                } else {
                    asked.answer(&self.chain, &mut self.rng, &tx, &attempt.leases, question)
                };
                self.note(|| format!("{question:?} to {endpoint}: {answer:?}"));
                Seen::Answered(answer)
            }
            Next::Pause => {
                self.pauses_without_block += 1;
                if self.pauses_without_block > 2 || self.rng.percent(50) {
                    self.block();
                }
                Seen::Paused
            }
            Next::End(end) => return self.finish(&attempt, &end),
        };
        // It may die right after it did something.
        if !self.calm && self.rng.percent(self.kills) {
            self.kill();
            return Ok(());
        }
        let (state, _) = step(&attempt, state, seen);
        self.note(|| state.stage().to_string());
        if let Some(process) = &mut self.process {
            process.state = state;
        }
        Ok(())
    }

    fn post(&mut self, endpoint: usize, tx: &Tx) -> Posted {
        let chosen = self.endpoints[endpoint].clone();
        if chosen.refuses {
            return Posted::NotSent;
        }
        let weather = if self.calm { 9 } else { self.rng.below(12) };
        match weather {
            // Lost on the way there.
            0 => Posted::Unknown,
            // It arrives when nobody waits for it any more.
            1 => {
                self.in_flight.push(tx.clone());
                Posted::Unknown
            }
            // Lost on the way back.
            2 => {
                chosen.post(&mut self.chain, &mut self.rng, tx);
                Posted::Unknown
            }
            _ => chosen.post(&mut self.chain, &mut self.rng, tx),
        }
    }

    fn finish(&mut self, attempt: &Attempt, end: &End) -> Result<(), String> {
        self.note(|| format!("END of {}: {end}", short(attempt.hash())));
        *self.report.ends.entry(name(end)).or_default() += 1;
        if !self.calm && self.rng.percent(4) {
            self.disk.borrow_mut().crash_in = Some(u32::try_from(self.rng.below(3)).unwrap());
        }
        let wrote = self.journal().end(attempt.hash(), end, 0);
        self.disk.borrow_mut().crash_in = None;
        if self.disk.borrow().crashed {
            self.kill();
        }
        drop(wrote);
        self.process = None;
        let tx = self.signed.iter_mut().find(|(one, ..)| one.hash() == attempt.hash());
        let Some((_, tx, said)) = tx else {
            return Err("an end of something nobody signed".to_owned());
        };
        *said = Some(end.clone());
        let tx = tx.clone();
        if !self.is_dead(&tx) {
            return Err(format!("{} can still land, and the last word is: {end}", short(&tx.hash)));
        }
        self.judge(attempt, end)
    }

    /// Whether the word that was said is the truth.
    fn judge(&self, attempt: &Attempt, end: &End) -> Result<(), String> {
        let wrong = |why: &str| Err(format!("{}: {why}; said was: {end:?}", short(attempt.hash())));
        let chain = &self.chain;
        let made =
            attempt.leases.iter().any(|quoted| chain.made_by.get(&quoted.id).is_some_and(|by| by == attempt.hash()));
        let ran = chain.included.get(attempt.hash()).into_iter().flatten();
        let used_by = chain.used_by.get(&attempt.sequence).map(|(_, hash)| hash.as_str());
        let is_ours = used_by == Some(attempt.hash());
        if made && !end.is_leased() {
            return wrong("it made a lease");
        }
        match end {
            End::Done { .. } | End::DoneButDiffers { .. } => {
                let leases = attempt.leases.iter().map(|quoted| chain.lease(&quoted.id));
                let Some(leases) = leases.collect::<Option<Vec<_>>>() else {
                    return wrong("there is no such lease");
                };
                let as_quoted = attempt.leases.iter().zip(&leases).all(|(quoted, lease)| quoted.price == lease.price);
                match end {
                    End::Done { .. } if !as_quoted => wrong("the price is another"),
                    End::Done { leases, .. } if leases.iter().any(|lease| !lease.active) => {
                        wrong("it is closed already")
                    }
                    End::DoneButDiffers { differences, .. } if as_quoted && !self.liar => {
                        let closed = differences.iter().all(|one| matches!(one, Difference::Closed { .. }));
                        if closed && leases.iter().any(|lease| !lease.active) {
                            Ok(())
                        } else {
                            wrong("the price is as quoted")
                        }
                    }
                    _ => Ok(()),
                }
            }
            End::Failed { height, verdict: Some(verdict) } => {
                if ran.clone().any(|(at, code)| at == height && code == verdict && code.code != 0) {
                    Ok(())
                } else {
                    wrong("it did not fail so")
                }
            }
            End::Failed { height, verdict: None } => {
                if ran.clone().any(|(at, code)| at == height && code.code != 0) {
                    Ok(())
                } else {
                    wrong("it is not in that block")
                }
            }
            End::Expired { verdict: Some(verdict), .. } if !ran.clone().any(|(_, code)| code == verdict) => {
                wrong("it was never in a block so")
            }
            End::Expired { .. } if is_ours => wrong("it used its sequence"),
            End::Expired { timeout_height, .. } if chain.height() < *timeout_height => wrong("its time is not over"),
            End::Superseded { .. } if is_ours || used_by.is_none() => wrong("nobody else used its sequence"),
            End::Superseded { by: Some(by) } if Some(by.as_str()) != used_by => wrong("that one did not"),
            End::LeasedByOther { leases, .. } => {
                let there = |lease: &akbids::lease::outcome::Leased| {
                    chain.lease(&lease.id).is_some() && attempt.leases.iter().all(|quoted| quoted.id != lease.id)
                };
                if leases.iter().all(there) { Ok(()) } else { wrong("no other has it") }
            }
            End::Rejected { .. } | End::NotSent if is_ours => wrong("it ran"),
            _ => Ok(()),
        }
    }

    /// Everything once more, when nothing can change any more.
    fn audit(&self) -> Result<(), String> {
        for (attempt, _, end) in &self.signed {
            if let Some(end) = end {
                self.judge(attempt, end)?;
            } else if self.chain.made_by.values().any(|by| by == attempt.hash()) {
                return Err(format!("{} made a lease, and nobody was told", short(attempt.hash())));
            }
        }
        for (id, by) in &self.chain.made_by {
            let confirmed = |(attempt, ..): &(Attempt, Tx, Option<End>)| {
                attempt.hash() == by && attempt.leases.iter().any(|quoted| quoted.id == *id)
            };
            if !by.starts_with("OTHER") && !self.signed.iter().any(confirmed) {
                return Err(format!("a lease with {} that nobody confirmed", id.provider));
            }
        }
        Ok(())
    }
}

fn short(hash: &str) -> &str {
    &hash[..hash.len().min(6)]
}

fn name(end: &End) -> &'static str {
    match end {
        End::Done { .. } => "done",
        End::DoneButDiffers { .. } => "done but differs",
        End::Failed { verdict: Some(_), .. } => "failed",
        End::Failed { verdict: None, .. } => "failed, untold",
        End::Expired { .. } => "expired",
        End::Superseded { .. } => "superseded",
        End::NoLease => "no lease",
        End::LeasedByOther { .. } => "leased by other",
        End::Rejected { .. } => "rejected",
        End::NotSent => "not sent",
    }
}
