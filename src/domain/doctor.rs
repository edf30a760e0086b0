//! Why nobody bids, or nobody with what was asked: causes with their evidence, and what mends each.
//!
//! ```text
//! snapshot ─► state of deployment, group, order · escrow · ceiling · bids that came and went
//! registry ─► registered → attributes → cards → memory and interface → storage → auditors: how many are left
//! ```
//!
//! A cause is named only where something was read that shows it, and never where something was read that contradicts
//! it. What stops everybody comes before what narrows the field, and among equals what is cheapest to mend comes first.

use super::appraise::{Blocker, GroupView, Market, Row};
use super::attribute::Attribute;
use super::bid::{Address, BidState, DeploymentState, GroupState, OrderState, Provider, Snapshot};
use super::cause::{Cause, Code, Count, Diagnosis, Evidence, Step, Verdict, Weight};
use super::diff::Fit;
use super::gpu::{GpuKind, models_of};
use super::money::{Amount, Denom, Per, Rates, four_digits};
use super::registry::Registered;
use super::requirement::{self, declares_gpu, declares_storage};
use super::resources::Unit;
use super::shell::quoted;
use super::supply::{Supply, declares_model, dedup, pair, part, short_key, vendor_and_model, without};
use super::text::Clean;
use super::usual::UsualPrice;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Seconds after which an order without a takeable bid is worth a doctor. Bids mostly come within 30 s.
pub const PATIENCE_S: i64 = 60;
/// Most providers whose signatures are asked for.
pub const AUDITS_MOST: usize = 200;

/// Looks for the causes, group by group.
pub fn diagnose(snapshot: &Snapshot, market: &Market, evidence: &Evidence<'_>) -> Vec<Diagnosis> {
    market.groups.iter().map(|group| Case::new(snapshot, market, group, *evidence).diagnosis()).collect()
}

/// Providers whose signatures would tell more: those that pass the rest of a group whose order names auditors. Those
/// that declare the attributes of themselves come first, at most [`AUDITS_MOST`].
pub fn to_audit(market: &Market, registered: &Registered) -> Vec<Address> {
    let mut wanted: Vec<(bool, &Address)> = Vec::new();
    for group in market.groups.iter().filter(|group| group.requirements.need_auditors()) {
        let capable = registered
            .providers
            .iter()
            .filter(|provider| provider.audits.is_none() && requirement::capable(&group.request, provider));
        wanted.extend(capable.map(|provider| {
            let declares = super::attribute::covers(&group.requirements.attributes, &provider.attributes);
            (!declares, &provider.address)
        }));
    }
    wanted.sort_unstable();
    let mut addresses: Vec<Address> = Vec::new();
    for (_, address) in wanted {
        if addresses.len() < AUDITS_MOST && !addresses.contains(address) {
            addresses.push(address.clone());
        }
    }
    addresses
}

/// Whether so few that it explains silence: three, or a twentieth of the registered.
fn few(n: usize, of: usize) -> bool {
    n <= (of / 20).max(3)
}

/// One group under examination.
struct Case<'a> {
    snapshot: &'a Snapshot,
    group: &'a GroupView,
    evidence: Evidence<'a>,
    /// Rows of the newest order.
    rows: Vec<&'a Row>,
    causes: Vec<Cause>,
    steps: Vec<Step>,
    unknown: Vec<String>,
}

impl<'a> Case<'a> {
    fn new(snapshot: &'a Snapshot, market: &'a Market, group: &'a GroupView, evidence: Evidence<'a>) -> Self {
        let of_order = |row: &&Row| row.bid.id.gseq == group.gseq && !row.older_order;
        let rows = market.rows.iter().filter(of_order).collect();
        Self { snapshot, group, evidence, rows, causes: Vec::new(), steps: Vec::new(), unknown: Vec::new() }
    }

    fn diagnosis(mut self) -> Diagnosis {
        let verdict = self.verdict();
        let ended = self.state();
        if !ended && verdict != Verdict::Leased {
            self.escrow();
            self.bid_limit(verdict);
        }
        if !ended && verdict.ails() {
            self.withdrawn(verdict);
            self.young(verdict);
            self.none_fits(verdict);
            self.ceiling();
            self.field();
        }
        self.causes.sort_by_key(|cause| (cause.weight, cause.code));
        Diagnosis {
            gseq: self.group.gseq,
            oseq: self.group.oseq,
            name: self.group.name.clone(),
            verdict,
            headline: self.headline(verdict),
            causes: self.causes,
            steps: self.steps,
            complete: self.evidence.registered.is_some_and(|registered| registered.complete),
            unknown: self.unknown,
        }
    }

    /// Bids that can be taken; of a saved answer, those that could be if it were not one.
    fn takeable(&self) -> impl Iterator<Item = &&'a Row> {
        let may = |row: &&&Row| {
            row.bid.state == BidState::Open && row.blockers.iter().all(|blocker| *blocker == Blocker::SavedAnswer)
        };
        self.rows.iter().filter(may)
    }

    fn verdict(&self) -> Verdict {
        let fitting = self.takeable().filter(|row| row.fit.is_some_and(Fit::met)).count();
        let takeable = self.takeable().count();
        if self.group.lease.is_some() {
            Verdict::Leased
        } else if fitting > 0 {
            Verdict::Served { fitting }
        } else if takeable > 0 {
            Verdict::NoneFits { takeable }
        } else if self.snapshot.deployment.is_none() || self.snapshot.orders.is_none() {
            Verdict::Unknown
        } else if self.group.takes_bids() && self.deployment_active() {
            Verdict::NoBids
        } else {
            Verdict::NotOpen
        }
    }

    fn headline(&self, verdict: Verdict) -> String {
        let place = match self.group.oseq {
            Some(oseq) => format!("group {} (order {oseq})", self.group.gseq),
            None => format!("group {}", self.group.gseq),
        };
        let bids = |n: usize| if n == 1 { "1 bid".to_owned() } else { format!("{n} bids") };
        match verdict {
            Verdict::Served { fitting } => format!("{place}: {} can be taken and meet the request", bids(fitting)),
            Verdict::Leased => format!("{place} is leased"),
            Verdict::NoneFits { takeable } => {
                format!("{place}: {} can be taken, none meets the request for certain", bids(takeable))
            }
            Verdict::NoBids => match self.age_s() {
                Some(age) => format!("{place} has been open for {}, no bid can be taken", span(age)),
                None => format!("{place} is open, no bid can be taken"),
            },
            Verdict::NotOpen => format!("{place}: no order is open, so nobody can bid"),
            Verdict::Unknown => format!("{place}: whether an order is open is not known"),
        }
    }

    fn deployment_active(&self) -> bool {
        self.snapshot.deployment.as_ref().is_some_and(|d| d.state == DeploymentState::Active)
    }

    /// Seconds since the newest order was made.
    fn age_s(&self) -> Option<i64> {
        let mut orders = self.snapshot.orders.iter().flatten();
        let order = orders.find(|o| o.gseq == self.group.gseq && Some(o.oseq) == self.group.oseq)?;
        let blocks = self.snapshot.chain.height?.checked_sub(order.created_height?)?;
        Some(self.snapshot.chain.block_time.millis_of(blocks) / 1000)
    }

    fn add(&mut self, code: Code, weight: Weight, text: String, fix: impl Into<String>) -> &mut Cause {
        let at = self.causes.len();
        self.causes.push(Cause { code, weight, text, evidence: Vec::new(), fix: fix.into(), commands: Vec::new() });
        &mut self.causes[at]
    }

    // Commands.

    fn dseq(&self) -> String {
        self.snapshot.deployment.as_ref().map_or_else(|| "\"$AKASH_DSEQ\"".to_owned(), |d| d.dseq.to_string())
    }

    fn from(&self) -> String {
        self.evidence.from.map_or_else(|| "\"$AKASH_FROM\"".to_owned(), |name| quoted(name).into_owned())
    }

    fn of_group(&self, what: &str) -> String {
        let (dseq, from) = (self.dseq(), self.from());
        format!("akash tx deployment group {what} --dseq {dseq} --gseq {} --from {from}", self.group.gseq)
    }

    /// Groups of the deployment whose leases run.
    fn running(&self) -> Vec<u32> {
        let running = self.snapshot.leases.iter().flatten().filter(|lease| lease.state.runs());
        let mut groups: Vec<u32> = running.map(|lease| lease.id.gseq).collect();
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    /// The end of a fix that changes the request, which the chain does not let change; and its commands.
    fn anew(&self) -> (String, Vec<String>) {
        let create = format!("akash tx deployment create deploy.yml --from {}", self.from());
        let running = self.running();
        if running.is_empty() {
            let close = format!("akash tx deployment close --dseq {} --from {}", self.dseq(), self.from());
            let end = "; an order cannot be changed, so close the deployment and create it anew".to_owned();
            return (end, vec![close, create]);
        }
        let groups: Vec<String> = running.iter().map(u32::to_string).collect();
        let end = format!(
            "; an order cannot be changed, and closing the deployment would end the running lease of group {}, so \
             create another deployment for this group",
            groups.join(", ")
        );
        (end, vec![create])
    }

    fn add_anew(&mut self, code: Code, weight: Weight, text: String, fix: &str, evidence: Vec<Count>) {
        let (end, commands) = self.anew();
        let cause = self.add(code, weight, text, format!("{fix}{end}"));
        cause.evidence = evidence;
        cause.commands = commands;
    }

    // States.

    /// Whether it is over: the deployment or the group is closed, and the rest no longer matters.
    fn state(&mut self) -> bool {
        let Some(deployment) = &self.snapshot.deployment else {
            self.unknown.push("the state of the deployment: it was not read".to_owned());
            return false;
        };
        if deployment.state != DeploymentState::Active {
            let text = format!("the deployment is {}", deployment.state);
            let create = format!("akash tx deployment create deploy.yml --from {}", self.from());
            let cause = self.add(Code::DeploymentClosed, Weight::Stops, text, "create a new deployment");
            cause.commands = vec![create];
            return true;
        }
        match &self.group.state {
            Some(GroupState::Open) | None => {}
            Some(GroupState::Paused) => {
                let why = if self.group.provider_left { ": its provider left" } else { "" };
                let text = format!("group {} is paused{why}, and a paused group has no open order", self.group.gseq);
                let start = self.of_group("start");
                let cause = self.add(
                    Code::GroupPaused,
                    Weight::Stops,
                    text,
                    "start the group: a new order opens, on which all providers may bid again",
                );
                cause.commands = vec![start];
                return false;
            }
            Some(state) => {
                let text = format!("group {} is {state}, which is for good", self.group.gseq);
                self.add_anew(Code::GroupClosed, Weight::Stops, text, "create it in a new deployment", Vec::new());
                return true;
            }
        }
        if self.snapshot.orders.is_none() {
            self.unknown.push("the state of the order: it was not read".to_owned());
        } else if self.group.lease.is_none() && self.group.order_state != Some(OrderState::Open) {
            let text = match &self.group.order_state {
                Some(state) => format!("the newest order of group {} is {state}, and none is open", self.group.gseq),
                None => format!("group {} has no order", self.group.gseq),
            };
            let commands = vec![self.of_group("pause"), self.of_group("start")];
            let fix = "pause the group and start it again: a new order opens";
            self.add(Code::OrderClosed, Weight::Stops, text, fix).commands = commands;
        }
        false
    }

    /// The coin that the request is priced in.
    fn denom(&self) -> Option<&'a Denom> {
        self.group.ceiling.as_ref().map(|ceiling| &ceiling.denom)
    }

    /// What is left of the deployment's money, reckoned to the present height.
    fn escrow(&mut self) {
        let Some(denom) = self.denom() else { return };
        let known = self.snapshot.deployment.as_ref().and_then(|deployment| deployment.escrow.as_ref());
        let (Some(escrow), Some(leases), Some(height)) =
            (known, self.snapshot.leases.as_deref(), self.snapshot.chain.height)
        else {
            self.unknown
                .push("whether the deployment's money lasts: escrow, leases or height were not read".to_owned());
            return;
        };
        let funds = escrow.funds.iter().find(|funds| funds.denom == *denom);
        let nothing = Amount { value: Decimal::ZERO, denom: denom.clone() };
        let Some(left) = funds.map_or(Some(nothing), |funds| escrow.left(funds, leases, height)) else {
            self.unknown.push("whether the deployment's money lasts: it cannot be reckoned".to_owned());
            return;
        };
        let deposit = vec![format!(
            "akash tx escrow deposit deployment {} --dseq {} --from {}",
            quoted(&format!("5000000{denom}")),
            self.dseq(),
            self.from()
        )];
        if left.value <= Decimal::ZERO {
            let burning = leases.iter().any(|lease| lease.state.runs() && lease.price.denom == *denom);
            let since = if burning { ", reckoned to the present height: what runs has used it up" } else { "" };
            let text = format!("the escrow of the deployment holds {left}{since}; a lease would be refused");
            let fix = "deposit before anything else";
            self.add(Code::EscrowEmpty, Weight::Stops, text, fix).commands = deposit;
            return;
        }
        // With the cheapest that can be taken, else with what it usually costs, but never more than the ceiling.
        let cheapest = self.takeable().filter(|row| row.bid.price.denom == *denom).map(|row| &row.bid.price);
        let cheapest = cheapest.min_by_key(|price| price.value).cloned();
        let price = cheapest.or_else(|| {
            let (_, usual) = self.usual()?;
            let usual = self.native(usual)?;
            let ceiling = self.group.ceiling.as_ref()?;
            Some(if usual.value < ceiling.value { usual } else { ceiling.clone() })
        });
        let lasts =
            price.and_then(|price| escrow.runway_s(leases, Some(&price), height, self.snapshot.chain.block_time));
        if let Some(seconds) = lasts.filter(|seconds| *seconds < 3600) {
            let text = format!("the escrow holds {left}, which would last {} after a lease", span(seconds));
            self.add(Code::EscrowLow, Weight::Note, text, "deposit more, or the lease ends when it is gone").commands =
                deposit;
        }
    }

    // Bids that came.

    /// Whether any bid came on the order: then the chain found at least one provider that may.
    fn had_bids(&self) -> bool {
        !self.rows.is_empty()
    }

    fn bid_limit(&mut self, verdict: Verdict) {
        let Some(most) = self.group.max_bids.and_then(|most| usize::try_from(most).ok()) else { return };
        // Lost ones are not counted by the chain (`x/market/handler/server.go`).
        let counts = |row: &&&Row| matches!(row.bid.state, BidState::Open | BidState::Active | BidState::Closed);
        let bids = self.rows.iter().filter(counts).count();
        if bids < most || !self.group.takes_bids() {
            return;
        }
        let withdrawn = self.rows.iter().filter(|row| row.bid.state == BidState::Closed).count();
        let mut text = format!("the order has had {bids} bids and takes no more than {most}");
        if withdrawn > 0 {
            text = format!("{text}; {withdrawn} of them were withdrawn, and count all the same");
        }
        let weight = if verdict.ails() { Weight::Stops } else { Weight::Note };
        if weight == Weight::Note {
            text.push_str(": whoever would be cheaper cannot bid any more");
        }
        let commands = vec![self.of_group("pause"), self.of_group("start")];
        let fix = "pause the group and start it again: a new order opens (all bids of this one are lost)";
        let cause = self.add(Code::BidLimit, weight, text, fix);
        cause.evidence = vec![
            Count { what: "bids counted".to_owned(), n: bids },
            Count { what: "withdrawn".to_owned(), n: withdrawn },
        ];
        cause.commands = commands;
    }

    fn withdrawn(&mut self, verdict: Verdict) {
        let gone = self.rows.iter().filter(|row| row.bid.state == BidState::Closed).count();
        if gone == 0 || verdict != Verdict::NoBids {
            return;
        }
        let text = match gone {
            1 => "there was a bid, and its provider withdrew it; it cannot bid again on this order".to_owned(),
            n => format!("there were {n} bids, all withdrawn; their providers cannot bid again on this order"),
        };
        let commands = vec![self.of_group("pause"), self.of_group("start")];
        let fix = "pause the group and start it again: a new order opens; then accept within five minutes, after which \
                   most providers withdraw";
        let cause = self.add(Code::BidsWithdrawn, Weight::Stops, text, fix);
        cause.evidence = vec![Count { what: "withdrawn".to_owned(), n: gone }];
        cause.commands = commands;
    }

    fn young(&mut self, verdict: Verdict) {
        if verdict != Verdict::NoBids || self.had_bids() {
            return;
        }
        if let Some(age) = self.age_s().filter(|age| *age < PATIENCE_S) {
            let text = format!("the order is only {} old; bids mostly come within 30 s", span(age));
            self.add(Code::OrderYoung, Weight::Note, text, "wait a little");
        }
    }

    fn none_fits(&mut self, verdict: Verdict) {
        let Verdict::NoneFits { takeable } = verdict else { return };
        let mut fields: BTreeMap<&str, usize> = BTreeMap::new();
        let mut offered: BTreeMap<String, usize> = BTreeMap::new();
        let mut levels: BTreeMap<Fit, usize> = BTreeMap::new();
        for row in self.takeable() {
            *levels.entry(row.fit.unwrap_or(Fit::Unclear)).or_default() += 1;
            *offered.entry(row.gpu_text()).or_default() += 1;
            let mut named: Vec<&str> = row
                .diff
                .iter()
                .filter(|d| !d.level.met())
                .map(|d| if d.field.starts_with("storage") { "storage" } else { &*d.field })
                .collect();
            named.sort_unstable();
            named.dedup();
            for field in named {
                *fields.entry(field).or_default() += 1;
            }
        }
        let known = levels.iter().map(|(level, n)| format!("{n} {level}")).collect::<Vec<_>>().join(", ");
        let mut text = format!("{takeable} bids can be taken and none gives for certain all that was asked ({known})");
        if takeable == 1 {
            text = format!("the only bid that can be taken does not give for certain all that was asked ({known})");
        }
        let mut fields: Vec<(&str, usize)> = fields.into_iter().collect();
        fields.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        if !fields.is_empty() {
            let told = fields.iter().take(4).map(|(field, n)| format!("{field} in {n}")).collect::<Vec<_>>();
            text = format!("{text}; what differs: {}", told.join(", "));
        }
        let mut offered: Vec<(String, usize)> = offered.into_iter().collect();
        offered.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        let told = offered.iter().take(4).map(|(what, n)| format!("{what} ({n})")).collect::<Vec<_>>().join(", ");
        let evidence = fields.iter().map(|(field, n)| Count { what: (*field).to_owned(), n: *n }).collect();
        let fix =
            format!("take one as it is (accept --allow with its level), or ask in the SDL for what is offered: {told}");
        self.add(Code::NoneFits, Weight::Stops, text, fix).evidence = evidence;
    }

    // Money.

    /// The least that the request's cards usually cost an hour in dollars, and what was reckoned: `2× A100 80 GiB`.
    /// `None` without cards, or where one unit's figure is not known.
    fn usual(&self) -> Option<(Vec<(String, UsualPrice)>, Decimal)> {
        let mut parts = Vec::new();
        let mut sum = Decimal::ZERO;
        for unit in &self.group.request {
            let cards = unit.gpus?.checked_mul(u64::from(unit.count))?;
            if cards == 0 {
                continue;
            }
            // Every alternative must have a figure: an unknown one may be cheaper.
            let priced = unit.gpu_kinds.iter().map(|kind| Some((kind, self.evidence.usual.least(kind)?)));
            let priced: Vec<(&GpuKind, &UsualPrice)> = priced.collect::<Option<_>>()?;
            let (kind, price) = priced.into_iter().min_by_key(|(_, price)| price.low)?;
            sum = sum.checked_add(price.low.checked_mul(Decimal::from(cards))?)?;
            parts.push((format!("{cards}× {}", kind.long_name()), price.clone()));
        }
        (!parts.is_empty()).then_some((parts, sum))
    }

    /// Dollars an hour in the request's coin a block, rounded up to a whole one.
    fn native(&self, usd_hour: Decimal) -> Option<Amount> {
        let denom = self.denom()?;
        let coin = Rates::usd_per_coin(&self.snapshot.rates, denom)?;
        let a_block = Per::Block.of_hourly(usd_hour, self.snapshot.chain.block_time)?;
        let micro = a_block.checked_mul(Decimal::from(1_000_000u32))?.checked_div(coin)?;
        Some(Amount { value: micro.ceil(), denom: denom.clone() })
    }

    fn ceiling(&mut self) {
        // A bid that meets the request at this ceiling was made: it cannot be too low for everybody.
        if self.rows.iter().any(|row| row.fit.is_some_and(Fit::met)) {
            return;
        }
        let Some(ceiling) = &self.group.ceiling else { return };
        let Some((parts, usual)) = self.usual() else { return };
        let Some(hourly) = self.group.ceiling_usd_hour else {
            self.unknown.push(format!("whether the ceiling is high enough: {} has no rate", ceiling.denom.short()));
            return;
        };
        let Some(needed) = self.native(usual).filter(|_| hourly < usual) else { return };
        let what: Vec<&str> = parts.iter().map(|(what, _)| what.as_str()).collect();
        let sources: Vec<String> =
            parts.iter().map(|(_, price)| format!("{}, {}", price.source, price.as_of)).collect();
        let mut sources = sources;
        sources.dedup();
        let text = format!(
            "the ceiling is {ceiling} a block, ${}/hr; {} alone usually cost from ${}/hr, {needed} a block ({})",
            four_digits(hourly),
            what.join(" + "),
            four_digits(usual),
            sources.join("; ")
        );
        let fix = format!("raise the price in the SDL to {needed} or more in all");
        self.add_anew(Code::CeilingLow, Weight::Narrows, text, &fix, Vec::new());
    }

    // The field of providers.

    fn field(&mut self) {
        self.unknown.push(
            "what a provider has free at this moment, and whether one machine has it all: nothing on the chain says it"
                .to_owned(),
        );
        self.unknown.push(
            "a provider's own rules: its price script, tenants it does not serve, its wallet's money for the deposit"
                .to_owned(),
        );
        let Some(registered) = self.evidence.registered else {
            self.unknown.push("which providers are registered, and what they declare: it was not read".to_owned());
            self.spelling_only();
            return;
        };
        let field = Supply { all: &registered.providers, complete: registered.complete };
        self.steps.push(Step {
            code: "registered",
            text: if field.complete {
                "registered on the chain".to_owned()
            } else {
                "registered, of those that were read (there are more)".to_owned()
            },
            left: Some(field.all.len()),
        });
        self.steps.push(Step {
            code: "online",
            text: "online at this moment (most of the registered are not)".to_owned(),
            left: None,
        });
        if !field.complete {
            let why = registered.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
            self.unknown.push(format!("the providers that were not read{why}"));
        }
        if field.all.is_empty() {
            return;
        }
        let mut left: Vec<&Provider> = field.all.iter().map(|provider| &**provider).collect();
        self.attributes(&field, &mut left);
        self.cards(&field, &mut left);
        self.storage(&field, &mut left);
        self.auditors(&field, &mut left);
        self.together(&field, &left);
    }

    /// What nobody meets stops everything, unless somebody bid all the same or the list has more to it.
    fn weight(&self, field: &Supply<'_>, n: usize) -> Weight {
        if n == 0 && field.complete && !self.had_bids() { Weight::Stops } else { Weight::Narrows }
    }

    fn attributes(&mut self, field: &Supply<'_>, left: &mut Vec<&Provider>) {
        let asked = &self.group.requirements.attributes;
        // Where auditors are asked for, what is declared counts for nothing.
        if asked.is_empty() || self.group.requirements.need_auditors() {
            return;
        }
        let covers = |asked: &[Attribute]| {
            let met = |provider: &&Arc<Provider>| super::attribute::covers(asked, &provider.attributes);
            field.all.iter().filter(met).count()
        };
        let each: Vec<Count> = asked
            .iter()
            .map(|attribute| Count { what: pair(attribute), n: covers(std::slice::from_ref(attribute)) })
            .collect();
        let together = covers(asked);
        left.retain(|provider| super::attribute::covers(asked, &provider.attributes));
        let told: Vec<&str> = each.iter().map(|count| &*count.what).collect();
        self.steps.push(Step {
            code: "attributes",
            text: format!("declare {}", told.join(" and ")),
            left: Some(left.len()),
        });
        if !few(together, field.all.len()) {
            return;
        }
        let weight = self.weight(field, together);
        let code = if together == 0 { Code::AttributeNobody } else { Code::AttributeFew };
        let counted = each.iter().map(|count| format!("{} {}", count.what, count.n)).collect::<Vec<_>>().join(", ");
        let text = match (&*each, together) {
            ([only], 0) => format!("none of {} declares {}", field.scope(), only.what),
            ([only], n) => format!("only {n} of {} declare {}", field.scope(), only.what),
            (_, 0) => format!("none of {} declares all the attributes asked for ({counted})", field.scope()),
            (_, n) => format!("only {n} of {} declare all the attributes asked for ({counted})", field.scope()),
        };
        // The one whose absence leaves most.
        let without = (0..asked.len()).map(|place| {
            let others: Vec<Attribute> =
                asked.iter().enumerate().filter(|(at, _)| *at != place).map(|(_, a)| a.clone()).collect();
            (covers(&others), place)
        });
        let Some((rest, place)) = without.max_by_key(|(n, place)| (*n, std::cmp::Reverse(*place))) else { return };
        let worst = &asked[place];
        let mut fix = format!("leave {} out of the SDL's attributes: {rest} are left then", pair(worst));
        if let Some(instead) = field.instead(worst) {
            fix = format!("{fix}, or write {instead}");
        }
        if &*worst.0 == "console/trials" {
            fix = format!("{fix} (console/trials is set by the Console for trial accounts)");
        }
        self.add_anew(code, weight, text, &fix, each);
    }

    fn cards(&mut self, field: &Supply<'_>, left: &mut Vec<&Provider>) {
        let request = &self.group.request;
        let asking: Vec<&Unit> =
            request.iter().filter(|unit| unit.gpus.is_some_and(|n| n > 0) && !unit.demands.gpu.is_empty()).collect();
        if asking.is_empty() {
            return;
        }
        let names: Vec<String> = asking.iter().flat_map(|unit| &unit.demands.gpu).map(|a| short_key(&a.0)).collect();
        let names = dedup(names).join(" or ");
        left.retain(|provider| {
            asking.iter().all(|unit| unit.demands.gpu.iter().any(|asked| declares_model(asked, provider)))
        });
        self.steps.push(Step {
            code: "gpu_model",
            text: "declare such a card, of any kind".to_owned(),
            left: Some(left.len()),
        });
        left.retain(|provider| asking.iter().all(|unit| requirement::has_cards(unit, provider)));
        self.steps.push(Step {
            code: "gpu_variant",
            text: format!("declare {names}, letter by letter"),
            left: Some(left.len()),
        });
        for unit in asking {
            self.unit_cards(field, unit);
        }
    }

    fn unit_cards(&mut self, field: &Supply<'_>, unit: &Unit) {
        let whole = |asked: &Attribute| field.count(|provider| declares_gpu(asked, provider));
        let any = field.count(|provider| requirement::has_cards(unit, provider));
        let asked: Vec<(&Attribute, usize, usize)> = unit
            .demands
            .gpu
            .iter()
            .filter(|asked| asked.0.starts_with("vendor/"))
            .map(|asked| (asked, whole(asked), field.count(|provider| declares_model(asked, provider))))
            .collect();
        let scope = field.scope();
        let mut told = false;
        for (asked, exact, model) in asked.iter().filter(|(_, exact, _)| *exact == 0) {
            told = true;
            let key = short_key(&asked.0);
            let evidence = vec![
                Count { what: format!("declare {key}"), n: *exact },
                Count { what: "declare the model in any way".to_owned(), n: *model },
                Count { what: "declare one of the unit's alternatives".to_owned(), n: any },
            ];
            let weight = self.weight(field, any);
            let rest = match any {
                0 => String::new(),
                n => format!("; {n} declare another of the alternatives"),
            };
            if *model > 0 {
                self.variant(field, asked, weight, evidence, &rest);
                continue;
            }
            let (vendor, typed) = vendor_and_model(&asked.0);
            if typed == "*" {
                let text = format!("none of {scope} declares any {vendor} card (model *){rest}");
                self.add_anew(Code::GpuModelNobody, weight, text, "ask for cards of another vendor", evidence);
                continue;
            }
            let listed = models_of(vendor).contains(&typed);
            let nearest = field.nearest_model(vendor, typed);
            match nearest {
                // A name that is right is no misspelling of one that is merely like it.
                Some((near, n, likeness)) if !listed || (likeness == 0 && n > 0) => {
                    let text = format!("none of {scope} declares a model {typed}{rest}");
                    let known = if n > 0 { format!(", which {n} declare") } else { String::new() };
                    let fix = format!("write {near} in the SDL{known}");
                    let code = Code::GpuModelUnknown;
                    self.add_anew(code, weight, text, &fix, evidence);
                }
                _ if listed => {
                    let text = format!("none of {scope} declares a {typed}{rest}");
                    let fix = "ask for another model, or for `model/*` and choose from what comes".replace('`', "");
                    self.add_anew(Code::GpuModelNobody, weight, text, &fix, evidence);
                }
                _ => {
                    let text = format!(
                        "no model is called {typed}: none of {scope} declares one, and the device list has none{rest}"
                    );
                    let fix = "name a model as the providers do, for example rtx4090, a100, h100";
                    self.add_anew(Code::GpuModelUnknown, weight, text, fix, evidence);
                }
            }
        }
        if any > 0 && !told && few(any, field.all.len()) {
            let names: Vec<String> = asked.iter().map(|(asked, ..)| short_key(&asked.0)).collect();
            let text = format!("only {any} of {scope} declare {}", names.join(" or "));
            let evidence =
                asked.iter().map(|(asked, n, _)| Count { what: short_key(&asked.0), n: *n }).collect::<Vec<_>>();
            let fix = "name more models as alternatives in the SDL";
            self.add_anew(Code::GpuFew, Weight::Narrows, text, fix, evidence);
        }
    }

    /// The model is there, but not with that memory or interface.
    fn variant(&mut self, field: &Supply<'_>, asked: &Attribute, weight: Weight, mut evidence: Vec<Count>, rest: &str) {
        let (_, typed) = vendor_and_model(&asked.0);
        let mut relaxed: Vec<(String, Attribute)> = Vec::new();
        for leave_out in [&["interface"][..], &["ram"], &["interface", "ram"]] {
            let key = without(&asked.0, leave_out);
            if *key != *asked.0 && !relaxed.iter().any(|(_, known)| *known.0 == *key) {
                relaxed.push((leave_out.join(" and "), (Clean::new(&key), asked.1.clone())));
            }
        }
        let counted: Vec<(String, usize)> = relaxed
            .into_iter()
            .map(|(what, key)| (what, field.count(|provider| declares_gpu(&key, provider))))
            .collect();
        evidence.extend(counted.iter().map(|(what, n)| Count { what: format!("without {what}"), n: *n }));
        let model = field.count(|provider| declares_model(asked, provider));
        let text = format!(
            "none of {} declares {} letter by letter, though {model} declare {typed} in another way{rest}",
            field.scope(),
            short_key(&asked.0),
        );
        // What leaves most; of those the least that has to be left out.
        let best = counted.iter().rev().max_by_key(|(_, n)| *n).filter(|(_, n)| *n > 0);
        let mut fixes = Vec::new();
        // Cards are declared as `sxm`, of whatever generation.
        let interface = part(&asked.0, "interface").unwrap_or("");
        if interface.starts_with("sxm") && interface != "sxm" {
            let key = asked.0.replace(&format!("/interface/{interface}"), "/interface/sxm");
            let key = (Clean::new(&key), asked.1.clone());
            let n = field.count(|provider| declares_gpu(&key, provider));
            evidence.push(Count { what: "with sxm".to_owned(), n });
            if n > 0 {
                fixes.push(format!("write sxm instead of {interface}: {n} are left then"));
            }
        }
        fixes.extend(best.map(|(what, n)| format!("leave {what} out of the SDL: {n} are left then")));
        if fixes.is_empty() {
            fixes.push(format!("ask for it as they declare it: {}", field.ways(asked)));
        }
        let fix = fixes.join("; or ");
        self.add_anew(Code::GpuVariant, weight, text, &fix, evidence);
    }

    /// Without the registry only the device list can tell a name that is none.
    fn spelling_only(&mut self) {
        let request = &self.group.request;
        for asked in request.iter().filter(|unit| unit.gpus.is_some_and(|n| n > 0)).flat_map(|unit| &unit.demands.gpu) {
            let (vendor, typed) = vendor_and_model(&asked.0);
            if typed.is_empty() || typed == "*" || models_of(vendor).contains(&typed) {
                continue;
            }
            if let Some((near, ..)) = (Supply { all: &[], complete: false }).nearest_model(vendor, typed) {
                let text = format!("the device list has no model {typed} (the providers were not read)");
                self.add_anew(
                    Code::GpuModelUnknown,
                    Weight::Narrows,
                    text,
                    &format!("write {near} in the SDL"),
                    vec![],
                );
            }
        }
    }

    fn storage(&mut self, field: &Supply<'_>, left: &mut Vec<&Provider>) {
        let mut asked: Vec<&Vec<Attribute>> = Vec::new();
        for volume in self.group.request.iter().flat_map(|unit| &unit.demands.storage) {
            if !asked.contains(&volume) {
                asked.push(volume);
            }
        }
        if asked.is_empty() {
            return;
        }
        left.retain(|provider| asked.iter().all(|volume| declares_storage(volume, provider)));
        let named: Vec<String> =
            asked.iter().map(|volume| volume.iter().map(pair).collect::<Vec<_>>().join(" ")).collect();
        self.steps.push(Step {
            code: "storage",
            text: format!("declare storage of {}", named.join(" and of ")),
            left: Some(left.len()),
        });
        for (volume, name) in asked.into_iter().zip(&named) {
            let n = field.count(|provider| declares_storage(volume, provider));
            if !few(n, field.all.len()) {
                continue;
            }
            let weight = self.weight(field, n);
            let (code, text) = if n == 0 {
                (Code::StorageNobody, format!("none of {} declares storage of {name}", field.scope()))
            } else {
                (Code::StorageFew, format!("only {n} of {} declare storage of {name}", field.scope()))
            };
            let classes = field.classes();
            let fix = if classes.is_empty() {
                "ask for ephemeral storage".to_owned()
            } else {
                format!("ask for another class ({classes}), or for ephemeral storage")
            };
            self.add_anew(code, weight, text, &fix, vec![Count { what: name.clone(), n }]);
        }
    }

    fn auditors(&mut self, field: &Supply<'_>, left: &mut Vec<&Provider>) {
        let requirements = &self.group.requirements;
        if !requirements.need_auditors() {
            return;
        }
        let asked = left.iter().filter(|provider| provider.audits.is_some()).count();
        let unasked = left.len() - asked;
        let rest = left.len();
        let met = left.iter().filter(|provider| requirements.met_by(provider) == Some(true)).count();
        let known = |address: &Address| self.evidence.auditors.shown(address);
        let all: Vec<String> = requirements.all_of.iter().map(known).collect();
        let any: Vec<String> = requirements.any_of.iter().map(known).collect();
        let both = [all.join(" and "), any.join(" or ")];
        let names = both.iter().filter(|names| !names.is_empty()).cloned().collect::<Vec<_>>().join(", and ");
        let what = if requirements.attributes.is_empty() {
            "anything".to_owned()
        } else {
            requirements.attributes.iter().map(pair).collect::<Vec<_>>().join(" and ")
        };
        self.steps.push(Step {
            code: "auditors",
            text: format!("had {what} signed by {names}"),
            left: (unasked == 0).then_some(met),
        });
        left.retain(|provider| requirements.met_by(provider) == Some(true));
        if unasked > 0 {
            self.unknown.push(format!("who signed the attributes of {unasked} of the {rest} providers that are left"));
            return;
        }
        // Where nobody is left to sign for, signatures explain nothing.
        if rest == 0 || !few(met, rest) || met == rest {
            return;
        }
        let mut evidence = Vec::new();
        let providers: Vec<&Provider> = field
            .all
            .iter()
            .map(|provider| &**provider)
            .filter(|p| requirement::capable(&self.group.request, p))
            .collect();
        for auditor in requirements.all_of.iter().chain(&requirements.any_of) {
            let of = |covering: bool| {
                let signed = |provider: &&&Provider| {
                    provider
                        .audits
                        .iter()
                        .flatten()
                        .any(|audit| audit.auditor == *auditor && (!covering || requirements.signed_in(audit)))
                };
                providers.iter().filter(signed).count()
            };
            evidence.push(Count { what: format!("anything signed by {}", known(auditor)), n: of(false) });
            if !requirements.attributes.is_empty() {
                evidence.push(Count { what: format!("{what} signed by {}", known(auditor)), n: of(true) });
            }
        }
        let weight = self.weight(field, met);
        let left_by = format!("the {rest} providers that meet the rest of the request");
        let (code, text) = if met == 0 {
            (Code::AuditorNobody, format!("none of {left_by} had {what} signed by {names}"))
        } else {
            (Code::AuditorFew, format!("only {met} of {left_by} had {what} signed by {names}"))
        };
        let fix = if requirements.attributes.is_empty() {
            "leave signedBy out of the SDL, or name another auditor"
        } else {
            "leave signedBy out of the SDL, or ask only for attributes that the auditor signs"
        };
        self.add_anew(code, weight, text, fix, evidence);
    }

    /// Each part may leave enough, and all of them nobody.
    fn together(&mut self, field: &Supply<'_>, left: &[&Provider]) {
        let unknown = self.steps.iter().any(|step| step.code == "auditors" && step.left.is_none());
        if unknown || self.steps.len() < 4 || !few(left.len(), field.all.len()) {
            return;
        }
        let weight = self.weight(field, left.len());
        // One part may explain it already: all of it, or that few are left.
        let explains = |cause: &Cause| {
            (Code::GpuModelUnknown..=Code::RequestFew).contains(&cause.code)
                && (cause.weight == weight || !left.is_empty())
        };
        if self.causes.iter().any(explains) {
            return;
        }
        let steps: Vec<&Step> = self.steps.iter().filter(|step| step.code != "online").collect();
        let way: Vec<String> = steps.iter().filter_map(|step| Some(format!("{} {}", step.left?, step.code))).collect();
        let (code, text) = if left.is_empty() {
            (Code::RequestNobody, format!("no provider meets all of the request at once ({})", way.join(" → ")))
        } else {
            (Code::RequestFew, format!("{} meet all of the request at once ({})", left.len(), way.join(" → ")))
        };
        let evidence =
            steps.iter().filter_map(|step| Some(Count { what: step.code.to_owned(), n: step.left? })).collect();
        self.add_anew(code, weight, text, "ask for less of it in the SDL", evidence);
    }
}

/// Seconds for people: `48 s`, `12 min`, `3.5 h`.
fn span(seconds: i64) -> String {
    match seconds {
        ..0 => "0 s".to_owned(),
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{}.{} h", seconds / 3600, seconds % 3600 / 360),
        _ => format!("{} days", seconds / 86_400),
    }
}
