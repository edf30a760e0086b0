//! Why nobody bids, who offers, what it usually costs: pure, against the embedded chain, and by property.
//!
//! Tests named after a thread (`support_106_…`) answer what a user asked there.

use crate::support::market::{self, HEIGHT, bid_id, recorded, varied};
use crate::support::schema;
use akbids::chain::{self, Ask, ChainError, Client, Endpoint, Read, once, wire_meta};
use akbids::demo::{self, Act, Chain, Clock, Fault, Options, Running, serve};
use akbids::domain::appraise::{Market, appraise};
use akbids::domain::attribute::{covers, key_matches};
use akbids::domain::auditor::Auditors;
use akbids::domain::bid::*;
use akbids::domain::cause::{Cause, Code, Diagnosis, Evidence, Verdict, Weight};
use akbids::domain::complete::complete;
use akbids::domain::diff::Fit;
use akbids::domain::doctor::{diagnose, to_audit};
use akbids::domain::field::At;
use akbids::domain::gpu::{GpuKind, Vram};
use akbids::domain::money::Amount;
use akbids::domain::preferences::Preferences;
use akbids::domain::query::Query;
use akbids::domain::rank::{Scope, Sort, arrange};
use akbids::domain::record::TrackRecord;
use akbids::domain::registry::{Progress, Registered, Stage};
use akbids::domain::requirement::{self, Declared};
use akbids::domain::resources::Unit;
use akbids::domain::shell::quoted;
use akbids::domain::text::{Clean, plain};
use akbids::domain::usual::{UsualEntry, UsualPrice, UsualPrices, pairing, pairing_hint};
use akbids::report;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

// What a case is made of.

type Pairs<'a> = &'a [(&'a str, &'a str)];

fn attributes(pairs: Pairs<'_>) -> Vec<(Clean, Clean)> {
    pairs.iter().map(|(key, value)| (Clean::new(key), Clean::new(value))).collect()
}

/// A registered provider; `gpus` stand below `capabilities/gpu/vendor/nvidia/model/`.
fn provider(n: usize, pairs: Pairs<'_>, gpus: &[&str]) -> Provider {
    let mut attributes = attributes(pairs);
    for gpu in gpus {
        attributes.push((Clean::new(&format!("capabilities/gpu/vendor/nvidia/model/{gpu}")), Clean::new("true")));
    }
    Provider {
        address: Address::new(&format!("akash1{n:0>38}")),
        host: Some(Clean::new(&format!("provider.p{n}.example.com:8443"))),
        declared_gpus: attributes.iter().filter_map(|(k, v)| GpuKind::parse_capability(k, v)).collect(),
        attributes,
        email: None,
        website: None,
        audits: None,
    }
}

fn signs(auditor: &str, pairs: Pairs<'_>) -> Audit {
    Audit { auditor: Address::new(auditor), attributes: attributes(pairs) }
}

fn registered(providers: Vec<Provider>) -> Registered {
    let providers = providers.into_iter().map(Arc::new).collect();
    Registered { providers, complete: true, unreadable: 0, why: None }
}

/// Forty providers: thirty with A100s of 80 GiB and ten with H100s, ten in each region.
fn forty() -> Vec<Provider> {
    (0..40)
        .map(|n| {
            let region = ["us-west", "us-east", "eu-west", "eu-north"][n % 4];
            let gpus: &[&str] = if n < 30 { &["a100", "a100/ram/80Gi"] } else { &["h100"] };
            provider(n, &[("region", region), ("tier", "community")], gpus)
        })
        .collect()
}

/// One open group of the recorded chain without bids that asks for cards of these keys.
fn asking(gpus: &[&str]) -> Snapshot {
    let mut snapshot = recorded();
    snapshot.bids.clear();
    change(&mut snapshot, |spec| {
        let unit = &mut spec.units[0];
        let keys: Vec<String> = gpus.iter().map(|gpu| format!("vendor/nvidia/model/{gpu}")).collect();
        unit.gpu_kinds = keys.iter().filter_map(|key| GpuKind::parse(key, "true")).collect();
        unit.demands.gpu = keys.iter().map(|key| (Clean::new(key), Clean::new("true"))).collect();
    });
    snapshot
}

/// Changes what group 1 asks for, in the group and in its order.
fn change(snapshot: &mut Snapshot, change: impl Fn(&mut GroupSpec)) {
    let groups = snapshot.deployment.iter_mut().flat_map(|d| &mut d.groups).map(|g| &mut g.spec);
    let orders = snapshot.orders.iter_mut().flatten().filter(|o| o.gseq == 1).map(|o| &mut o.spec);
    for spec in groups.chain(orders) {
        change(Arc::make_mut(spec));
    }
}

fn ceiling(snapshot: &mut Snapshot, amount: &str, denom: &str) {
    change(snapshot, |spec| spec.units[0].price = Some(Amount::parse(amount, denom).unwrap()));
}

fn requiring(snapshot: &mut Snapshot, all_of: &[&str], any_of: &[&str], pairs: Pairs<'_>) {
    let of = |list: &[&str]| list.iter().map(|address| Address::new(address)).collect::<Vec<_>>();
    change(snapshot, |spec| {
        spec.requirements = Requirements { all_of: of(all_of), any_of: of(any_of), attributes: attributes(pairs) };
    });
}

fn examine(snapshot: &Snapshot, registered: Option<&Registered>) -> Diagnosis {
    let market = appraise(snapshot);
    let evidence = Evidence { registered, usual: &UsualPrices::default(), auditors: &Auditors::default(), from: None };
    diagnose(snapshot, &market, &evidence).swap_remove(0)
}

fn codes(diagnosis: &Diagnosis) -> Vec<&'static str> {
    diagnosis.causes.iter().map(|cause| cause.code.as_str()).collect()
}

#[track_caller]
fn cause(diagnosis: &Diagnosis, code: Code) -> &Cause {
    let found = diagnosis.causes.iter().find(|cause| cause.code == code);
    found.unwrap_or_else(|| panic!("no {} in {diagnosis:#?}", code.as_str()))
}

fn left(diagnosis: &Diagnosis, step: &str) -> Option<usize> {
    diagnosis.steps.iter().find(|s| s.code == step).unwrap_or_else(|| panic!("no step {step}")).left
}

// The rule of the chain.

#[test]
fn a_wildcard_stops_at_a_slash_and_case_counts() {
    for (asked, declared, matches) in [
        ("vendor/nvidia/model/*", "vendor/nvidia/model/a100", true),
        ("vendor/nvidia/model/*", "vendor/nvidia/model/a100/ram/80Gi", false),
        ("vendor/nvidia/model/a100", "vendor/nvidia/model/a100/ram/80Gi", false),
        ("vendor/nvidia/model/a100/ram/80Gi", "vendor/nvidia/model/a100", false),
        ("vendor/nvidia/model/A100", "vendor/nvidia/model/a100", false),
        ("vendor/nvidia/model/rtx*", "vendor/nvidia/model/rtx4090", true),
        ("region", "region", true),
        ("region", "regions", false),
        ("a*c*e", "abcde", true),
        ("a*c*e", "abde", false),
        ("a*a", "a", false),
        ("*", "", true),
    ] {
        assert_eq!(key_matches(asked, declared), matches, "{asked} {declared}");
    }
}

#[test]
fn a_storage_class_is_declared_whole_in_one_group() {
    let beta2 = attributes(&[("class", "beta2"), ("persistent", "true")]);
    let storage = |pairs: Pairs<'_>| requirement::declares_storage(&beta2, &provider(1, pairs, &[]));
    assert!(storage(&[("capabilities/storage/1/class", "beta2"), ("capabilities/storage/1/persistent", "true")]));
    assert!(!storage(&[("capabilities/storage/1/class", "beta2"), ("capabilities/storage/2/persistent", "true")]));
    assert!(!storage(&[("capabilities/storage/1/class", "beta3"), ("capabilities/storage/1/persistent", "true")]));
    assert!(!storage(&[]));
}

#[test]
fn signed_attributes_count_where_auditors_are_asked_for_and_declared_ones_do_not() {
    let requirements = |all: &[&str], any: &[&str], pairs: Pairs<'_>| Requirements {
        all_of: all.iter().map(|a| Address::new(a)).collect(),
        any_of: any.iter().map(|a| Address::new(a)).collect(),
        attributes: attributes(pairs),
    };
    let mut one = provider(1, &[("region", "us-west")], &[]);
    let west: Pairs<'_> = &[("region", "us-west")];
    assert_eq!(requirements(&[], &[], west).met_by(&one), Some(true));
    assert_eq!(requirements(&[], &[], &[("region", "us-east")]).met_by(&one), Some(false));
    assert_eq!(requirements(&["a"], &[], west).met_by(&one), None, "its signatures are not known");
    // Signed by one, but not what is asked for.
    one.audits = Some(vec![signs("a", &[("tier", "community")])]);
    assert_eq!(requirements(&["a"], &[], west).met_by(&one), Some(false));
    assert_eq!(requirements(&["a"], &[], &[]).met_by(&one), Some(true), "any record will do");
    // Signed though not declared: the chain looks at the signature alone.
    one.attributes.clear();
    one.audits = Some(vec![signs("a", west), signs("b", &[])]);
    assert_eq!(requirements(&["a"], &[], west).met_by(&one), Some(true));
    assert_eq!(requirements(&["a", "b"], &[], west).met_by(&one), Some(false));
    assert_eq!(requirements(&[], &["b", "a"], west).met_by(&one), Some(true));
    assert_eq!(requirements(&["a"], &["b"], west).met_by(&one), Some(false));
    assert_eq!(requirements(&["a"], &["b"], west).unsigned(one.audits.as_ref().unwrap()), [Address::new("b")]);
}

#[test]
fn words_of_a_command_are_quoted() {
    assert_eq!(quoted("deploy.yml"), "deploy.yml");
    assert_eq!(quoted("akash1abc/1,2:3=4@5%6+7-8"), "akash1abc/1,2:3=4@5%6+7-8");
    for (text, shown) in [
        ("", "''"),
        ("my key", "'my key'"),
        ("$(rm -rf ~)", "'$(rm -rf ~)'"),
        ("it's", r"'it'\''s'"),
        ("a;b", "'a;b'"),
        ("~", "'~'"),
        ("é", "'é'"),
    ] {
        assert_eq!(quoted(text), shown);
    }
}

// Causes, one by one.

#[test]
fn what_is_served_or_leased_is_not_ill() {
    let all = registered(forty());
    let served = examine(&recorded(), Some(&all));
    assert!(matches!(served.verdict, Verdict::Served { fitting } if fitting > 0), "{:?}", served.verdict);
    assert_eq!(codes(&served), ["bid_limit"]);
    assert_eq!(served.causes[0].weight, Weight::Note, "21 bids: others are shut out, but these can be taken");
    let winner = recorded().bids[0].id.provider.clone();
    let leased = examine(&market::leased(winner.as_str()), Some(&all));
    assert_eq!((leased.verdict, leased.causes.len()), (Verdict::Leased, 0));
}

#[test]
fn states_are_told_first_with_the_command_that_mends_them() {
    let all = registered(forty());
    let mut paused = asking(&["a100/ram/80Gi"]);
    paused.deployment.as_mut().unwrap().groups[0].state = GroupState::Paused;
    paused.orders.as_mut().unwrap()[0].state = OrderState::Closed;
    let diagnosis = examine(&paused, Some(&all));
    assert_eq!((diagnosis.verdict, codes(&diagnosis)), (Verdict::NotOpen, vec!["group_paused"]));
    let commands = &diagnosis.causes[0].commands;
    assert_eq!(*commands, ["akash tx deployment group start --dseq 27011279 --gseq 1 --from \"$AKASH_FROM\""]);

    let mut closed = asking(&["nonsense"]);
    closed.deployment.as_mut().unwrap().state = DeploymentState::Closed;
    let diagnosis = examine(&closed, Some(&all));
    assert_eq!(codes(&diagnosis), ["deployment_closed"], "the rest no longer matters");

    let mut group = asking(&["a100"]);
    group.deployment.as_mut().unwrap().groups[0].state = GroupState::Closed;
    assert_eq!(codes(&examine(&group, Some(&all))), ["group_closed"]);

    let mut order = asking(&["a100"]);
    order.orders.as_mut().unwrap()[0].state = OrderState::Closed;
    assert_eq!(codes(&examine(&order, Some(&all))), ["order_closed"]);
    order.orders = Some(Vec::new());
    assert_eq!(codes(&examine(&order, Some(&all))), ["order_closed"]);
    order.orders = None;
    let unknown = examine(&order, Some(&all));
    assert_eq!((unknown.verdict, unknown.causes.len()), (Verdict::Unknown, 0));
    assert!(unknown.unknown.iter().any(|what| what.contains("order")));
}

#[test]
fn the_key_that_signs_is_quoted_in_the_command() {
    let mut paused = asking(&["a100"]);
    paused.deployment.as_mut().unwrap().groups[0].state = GroupState::Paused;
    let market = appraise(&paused);
    let evidence = Evidence {
        registered: None,
        usual: &UsualPrices::default(),
        auditors: &Auditors::default(),
        from: Some("my key; reboot"),
    };
    let diagnosis = diagnose(&paused, &market, &evidence).swap_remove(0);
    assert!(diagnosis.causes[0].commands[0].ends_with("--from 'my key; reboot'"));
}

/// The names that people write, and what the providers call the card.
#[test]
fn a_misspelt_model_gets_its_right_name() {
    for (typed, declared, right) in [
        ("rtx-4090", "rtx4090", Some("rtx4090")),
        ("RTX4090", "rtx4090", Some("rtx4090")),
        ("4090", "rtx4090", Some("rtx4090")),
        ("geforce-rtx-4090", "rtx4090", Some("rtx4090")),
        ("a6000", "rtxa6000", Some("rtxa6000")),
        ("rtxa6000", "a6000", Some("a6000")),
        ("rtxa5000", "a5000", Some("a5000")),
        ("rtx4091", "rtx4090", Some("rtx4090")),
        ("h10", "h100", Some("h100")),
        ("quantum9000", "h100", None),
    ] {
        let mut providers: Vec<Provider> = (0..20).map(|n| provider(n, &[], &[declared])).collect();
        providers.extend((20..30).map(|n| provider(n, &[], &["t4"])));
        let diagnosis = examine(&asking(&[typed]), Some(&registered(providers)));
        let found = cause(&diagnosis, Code::GpuModelUnknown);
        assert_eq!(found.weight, Weight::Stops, "{typed}");
        match right {
            Some(right) => assert!(
                found.fix.starts_with(&format!("write {right} in the SDL, which 20 declare")),
                "{typed}: {}",
                found.fix
            ),
            None => assert!(found.fix.starts_with("name a model as the providers do"), "{typed}: {}", found.fix),
        }
    }
}

#[test]
fn a_card_that_is_real_but_nobody_has_is_not_misspelt() {
    let diagnosis = examine(&asking(&["b300"]), Some(&registered(forty())));
    let found = cause(&diagnosis, Code::GpuModelNobody);
    assert_eq!(found.weight, Weight::Stops);
    assert!(!codes(&diagnosis).contains(&"gpu_model_unknown"));
    // As one of several it only narrows.
    let diagnosis = examine(&asking(&["b300", "a100"]), Some(&registered(forty())));
    assert_eq!(cause(&diagnosis, Code::GpuModelNobody).weight, Weight::Narrows);
    // The A100 alone names no cause.
    assert_eq!(codes(&examine(&asking(&["a100"]), Some(&registered(forty())))), Vec::<&str>::new());
}

#[test]
fn memory_and_interface_must_be_declared_letter_by_letter() {
    let mut providers = forty();
    providers.extend((40..52).map(|n| provider(n, &[], &["a100/ram/80Gi/interface/sxm", "h100/interface/sxm"])));
    let all = registered(providers);
    // 30 declare `a100` and `a100/ram/80Gi`, 12 the memory with the interface.
    let diagnosis = examine(&asking(&["a100/ram/40Gi"]), Some(&all));
    let found = cause(&diagnosis, Code::GpuVariant);
    assert_eq!((found.weight, &*found.fix), (Weight::Stops, &*found.fix));
    assert!(found.fix.starts_with("leave ram out of the SDL: 30 are left then"), "{}", found.fix);
    assert_eq!((left(&diagnosis, "gpu_model"), left(&diagnosis, "gpu_variant")), (Some(42), Some(0)));
    let diagnosis = examine(&asking(&["a100/ram/80Gi/interface/sxm5"]), Some(&all));
    let found = cause(&diagnosis, Code::GpuVariant);
    assert!(found.evidence.iter().any(|c| c.what == "with sxm" && c.n == 12), "{found:#?}");
    let sxm = "write sxm instead of sxm5: 12 are left then; or leave interface out of the SDL: 30 are left then";
    assert!(found.fix.starts_with(sxm), "{}", found.fix);
    let diagnosis = examine(&asking(&["h100/ram/80Gi"]), Some(&all));
    assert!(cause(&diagnosis, Code::GpuVariant).fix.starts_with("leave ram out of the SDL: 10 are left then"));
    // Nothing to relax: they declare it only with more.
    let only = registered((0..20).map(|n| provider(n, &[], &["h100/ram/80Gi"])).collect());
    let diagnosis = examine(&asking(&["h100"]), Some(&only));
    let found = cause(&diagnosis, Code::GpuVariant);
    assert!(found.fix.starts_with("ask for it as they declare it: h100/ram/80Gi (20)"), "{}", found.fix);
    // A wildcard does not cross a slash either.
    assert!(codes(&examine(&asking(&["*"]), Some(&only))).contains(&"gpu_variant"));
}

#[test]
fn without_the_registry_little_is_claimed() {
    let diagnosis = examine(&asking(&["rtx-4090"]), None);
    assert_eq!(codes(&diagnosis), ["gpu_model_unknown"]);
    assert_eq!(diagnosis.causes[0].weight, Weight::Narrows);
    assert_eq!(diagnosis.steps, Vec::new());
    assert!(diagnosis.unknown.iter().any(|what| what.contains("registered")));
    // A list that was not read to its end proves that nobody does nothing.
    let mut part = registered(forty());
    part.complete = false;
    part.why = Some(Clean::new("the node hung up"));
    let diagnosis = examine(&asking(&["b300"]), Some(&part));
    let found = cause(&diagnosis, Code::GpuModelNobody);
    assert_eq!(found.weight, Weight::Narrows);
    assert!(found.text.contains("that were read"), "{}", found.text);
    assert!(diagnosis.unknown.iter().any(|what| what.contains("the node hung up")));
}

#[test]
fn the_escrow_is_reckoned_to_the_present_height() {
    let mut snapshot = asking(&["a100/ram/80Gi"]);
    let all = registered(forty());
    assert!(!codes(&examine(&snapshot, Some(&all))).contains(&"escrow_empty"));
    // Another group's lease has used it up since the chain last settled: 61 blocks of 100,000.
    let mut id = bid_id(2, 1, "akash1winner");
    id.gseq = 2;
    snapshot.leases = Some(vec![Lease {
        id,
        state: LeaseState::Active,
        price: Amount::parse("100000", "uact").unwrap(),
        created_height: Some(HEIGHT - 61),
        closed_height: None,
        reason: None,
    }]);
    let diagnosis = examine(&snapshot, Some(&all));
    let found = cause(&diagnosis, Code::EscrowEmpty);
    assert!(found.text.contains("-1100000 uact"), "{}", found.text);
    assert_eq!(
        found.commands,
        ["akash tx escrow deposit deployment 5000000uact --dseq 27011279 --from \"$AKASH_FROM\""]
    );
    // With what runs, closing is no fix for a misspelt model.
    change(&mut snapshot, |spec| spec.units[0].demands.gpu = attributes(&[("vendor/nvidia/model/rtx-4090", "true")]));
    let diagnosis = examine(&snapshot, Some(&all));
    let misspelt = cause(&diagnosis, Code::GpuModelUnknown);
    assert!(misspelt.fix.contains("would end the running lease of group 2"), "{}", misspelt.fix);
    assert!(misspelt.commands.iter().all(|command| !command.contains("close")), "{:?}", misspelt.commands);
    // The cheapest to mend comes first.
    assert_eq!(codes(&diagnosis)[..2], ["escrow_empty", "gpu_model_unknown"]);
    // Unknown is not empty.
    snapshot.leases = None;
    let diagnosis = examine(&snapshot, Some(&all));
    assert!(!codes(&diagnosis).contains(&"escrow_empty"));
    assert!(diagnosis.unknown.iter().any(|what| what.contains("money")));
}

#[test]
fn bids_that_were_withdrawn_are_told() {
    let mut snapshot = recorded();
    for bid in &mut snapshot.bids {
        Arc::make_mut(bid).state = BidState::Closed;
    }
    let diagnosis = examine(&snapshot, Some(&registered(forty())));
    assert_eq!(diagnosis.verdict, Verdict::NoBids);
    assert_eq!(codes(&diagnosis), ["bids_withdrawn", "bid_limit"]);
    assert_eq!(diagnosis.causes[0].commands.len(), 2);
    // What bid before cannot have been kept away by what it asks.
    requiring(&mut snapshot, &[], &[], &[("region", "mars")]);
    let diagnosis = examine(&snapshot, Some(&registered(forty())));
    assert_eq!(cause(&diagnosis, Code::AttributeNobody).weight, Weight::Narrows);
}

#[test]
fn bids_none_of_which_fits() {
    let mut snapshot = recorded();
    snapshot.bids.retain(|bid| {
        let offer = bid.offer.as_deref().unwrap();
        offer.is_empty() || offer[0].gpus != Some(2) || offer[0].gpu_kinds[0].name() == "RTX 4090"
    });
    let diagnosis = examine(&snapshot, Some(&registered(forty())));
    let Verdict::NoneFits { takeable } = diagnosis.verdict else { panic!("{:?}", diagnosis.verdict) };
    assert_eq!(takeable, snapshot.bids.len());
    let found = cause(&diagnosis, Code::NoneFits);
    let of = |field: &str| found.evidence.iter().find(|count| count.what == field).map(|count| count.n);
    assert_eq!((of("gpu"), of("offer")), (Some(2), Some(1)), "{:#?}", found.evidence);
    assert!(found.fix.contains("2× RTX 4090 24 GiB≈ (2)"), "{}", found.fix);
}

#[test]
fn parts_that_each_leave_enough_may_together_leave_nobody() {
    let mut providers = Vec::new();
    for n in 0..40 {
        let (region, gpu) = if n < 20 { ("us-west", "a100") } else { ("eu-west", "h100") };
        providers.push(provider(n, &[("region", region)], &[gpu]));
    }
    let mut snapshot = asking(&["h100"]);
    requiring(&mut snapshot, &[], &[], &[("region", "us-west")]);
    let diagnosis = examine(&snapshot, Some(&registered(providers)));
    assert_eq!(codes(&diagnosis), ["request_nobody"]);
    assert!(diagnosis.causes[0].text.contains("40 registered → 20 attributes → 0 gpu_model"), "{:?}", diagnosis.causes);
}

// Usual prices.

fn kind(key: &str) -> GpuKind {
    GpuKind::parse(&format!("vendor/nvidia/model/{key}"), "true").unwrap()
}

#[test]
fn the_table_has_the_documented_prices() {
    let usual = UsualPrices::default();
    let of = |key: &str, gib: u64| {
        let price = usual.of(&kind(key), Some(Vram::from_gib(gib)))?;
        assert!(price.low < price.high && !price.source.is_empty() && !price.as_of.is_empty());
        Some((price.low.to_string(), price.high.to_string()))
    };
    for (key, gib, low, high) in [
        ("rtx4090", 24, "0.5", "1.5"),
        ("rtx4080", 16, "0.4", "1"),
        ("rtx3090", 24, "0.3", "0.8"),
        ("a100", 40, "1.5", "2.5"),
        ("a100", 80, "2.5", "3.5"),
        ("h100", 80, "2.5", "4"),
        ("rtxa6000", 48, "1", "2"),
        ("a6000", 48, "1", "2"),
        ("4090", 24, "0.5", "1.5"),
    ] {
        assert_eq!(of(key, gib), Some((low.to_owned(), high.to_owned())), "{key}");
    }
    assert_eq!(of("b300", 288), None);
    assert_eq!(of("a100", 41), None);
    let cloud = |key: &str, gib| usual.of(&kind(key), Some(Vram::from_gib(gib))).unwrap().cloud.clone().unwrap();
    assert_eq!(cloud("a100", 80), (Decimal::new(410, 2), Clean::new("AWS on demand")));
    assert_eq!(cloud("h100", 80).0, Decimal::new(803, 2));
    // Every line of the table is read: as many cells in each.
    let table = include_str!("../../assets/gpus.csv");
    let rows: Vec<usize> = table.lines().filter(|l| !l.starts_with('#')).map(|l| l.split(',').count()).collect();
    assert!(rows.iter().all(|cells| *cells == rows[0]), "{rows:?}");
    // The lowest that a request leaves open.
    assert_eq!(usual.least(&kind("a100")).unwrap().low, Decimal::new(15, 1));
    assert_eq!(usual.least(&kind("a100/ram/80Gi")).unwrap().low, Decimal::new(25, 1));
    assert_eq!(usual.least(&kind("*")), None);
}

#[test]
fn a_person_lays_other_prices_over_it() {
    let entry = |model: &str, memory: Option<u64>, low: i64| UsualEntry {
        vendor: "nvidia".to_owned(),
        model: model.to_owned(),
        memory: memory.map(Vram::from_gib),
        price: UsualPrice {
            low: Decimal::new(low, 0),
            high: Decimal::new(low + 1, 0),
            source: Clean::new("mine"),
            as_of: Clean::new("2026-11-21"),
            cloud: None,
        },
    };
    let usual = UsualPrices::default().with(entry("b300", None, 6)).with(entry("a100", Some(80), 9));
    assert_eq!(usual.of(&kind("b300"), None).unwrap().low, Decimal::from(6));
    assert_eq!(usual.of(&kind("a100"), Some(Vram::from_gib(80))).unwrap().low, Decimal::from(9));
    assert_eq!(usual.of(&kind("a100"), Some(Vram::from_gib(40))).unwrap().low, Decimal::new(15, 1));
    let later = usual.with(entry("b300", Some(288), 5));
    assert_eq!(later.least(&kind("b300")).unwrap().low, Decimal::from(5), "the later entry counts");
}

#[test]
fn what_usually_stands_beside_a_card() {
    let pair = pairing(&kind("a100/ram/80Gi")).unwrap();
    assert_eq!((pair.cpu_low, pair.cpu_high, pair.memory_low_gib, pair.memory_high_gib), (8, 16, 32, 64));
    let pair = pairing(&kind("4090")).unwrap();
    assert_eq!((pair.cpu_low, pair.cpu_high, pair.memory_low_gib, pair.memory_high_gib), (4, 8, 16, 32));
    let pair = pairing(&kind("h100")).unwrap();
    assert_eq!((pair.cpu_low, pair.cpu_high, pair.memory_low_gib, pair.memory_high_gib), (16, 32, 64, 128));
    assert_eq!(pairing(&kind("t4")), None);
    let unit = |cards: u64, cpus: u64, gib: u64| Unit {
        id: 1,
        count: 1,
        cpu_m: Some(cpus * 1000),
        memory_bytes: Some(gib << 30),
        gpus: Some(cards),
        gpu_kinds: vec![kind("a100")],
        ..Unit::default()
    };
    assert_eq!(pairing_hint(&unit(2, 16, 64)), None);
    assert_eq!(
        pairing_hint(&unit(2, 8, 64)).unwrap(),
        "little CPU for 2× A100: 8–16 CPUs and 32–64 GiB are usual beside each"
    );
    assert!(pairing_hint(&unit(1, 64, 8)).unwrap().starts_with("much CPU, little memory"));
    assert_eq!(pairing_hint(&Unit { memory_bytes: None, ..unit(2, 1, 1) }), None);
}

// Track record.

fn lease(n: u64, state: &str, reason: Option<&str>) -> Lease {
    let mut id = bid_id(1, 1, "akash1provider");
    id.dseq = n;
    Lease {
        id,
        state: LeaseState::new(state),
        price: Amount::parse("1", "uact").unwrap(),
        created_height: Some(1000 + n),
        closed_height: None,
        reason: reason.map(Clean::new),
    }
}

#[test]
fn a_track_record_is_of_the_newest_and_says_its_window() {
    let mut leases: Vec<Lease> = (0..120).map(|n| lease(n, "closed", Some("lease_closed_owner"))).collect();
    // The oldest, which does not count any more, and three of the newest.
    leases[0] = lease(0, "closed", Some("lease_closed_reason_unstable"));
    leases[118] = lease(118, "closed", Some("lease_closed_reason_unstable"));
    leases[119] = lease(119, "closed", Some("lease_closed_reason_decommission"));
    leases[117] = lease(117, "closed", Some("lease_closed_reason_unspecified"));
    leases[116] = lease(116, "closed", Some("lease_closed_reason_manifest_timeout"));
    leases[115] = lease(115, "active", None);
    leases[114] = lease(114, "insufficient_funds", Some("lease_closed_reason_insufficient_funds"));
    // The chain lists by tenant: the order of the answer says nothing.
    leases.rotate_left(50);
    let record = TrackRecord::new(leases.clone(), true, 0);
    assert_eq!((record.of, record.read, record.complete, record.since_height), (100, 120, true, Some(1020)));
    assert_eq!((record.active, record.insufficient_funds, record.closed_by_tenant), (1, 1, 94));
    assert_eq!(record.closed_by_provider.manifest_timeout, 1);
    assert_eq!(
        record.sentence(),
        "closed 3 of its last 100 leases itself (1 unstable, 1 decommission, 1 without a reason); 1 running, 94 closed \
         by tenants, 1 out of money, 1 without a manifest in time"
    );
    let cut = TrackRecord::new(leases, false, 0);
    assert!(cut.sentence().contains("the 100 newest of the 120 leases that were read (it has more)"));
    assert_eq!(TrackRecord::new(Vec::new(), true, 0).sentence(), "never had a lease");
    let odd = TrackRecord::new(vec![lease(1, "closed", None), lease(2, "dreaming", None)], true, 0);
    assert_eq!((odd.unknown, odd.of), (2, 2));
}

// Completion.

fn options(text: &str, market: &Market, snapshot: &Snapshot) -> Vec<String> {
    let at = At { height: snapshot.chain.height, block_time: snapshot.chain.block_time };
    complete(text, text.chars().count(), market, &at).options
}

#[test]
fn what_may_be_typed_next() {
    let snapshot = varied();
    let market = appraise(&snapshot);
    let options = |text: &str| options(text, &market, &snapshot);
    assert_eq!(options("usd_g"), ["usd_gpu<"]);
    assert_eq!(options("!aud"), ["audited", "auditor="]);
    assert!(options("").len() > 30);
    assert_eq!(options("region=us"), ["us-west", "us-east"]);
    assert_eq!(options("usd<3 org=f"), ["\"Foundry Staking\""]);
    assert_eq!(options("org=\"Foundry S"), ["\"Foundry Staking\""]);
    assert_eq!(options("gpu=a100|h"), ["h100"], "seen in this market only");
    assert_eq!(options("vram>="), ["80", "24", "40"]);
    assert_eq!(options("fit<="), ["exact", "more", "unclear", "short", "wrong"]);
    assert_eq!(options("audited="), ["true", "false"]);
    assert_eq!(options("attr.ti"), ["attr.tier="]);
    assert_eq!(options("attr.tier=c"), ["community"]);
    assert_eq!(options("auditor=o"), ["overclock"]);
    assert_eq!(options("nonsense=x"), Vec::<String>::new());
    let at = At { height: None, block_time: snapshot.chain.block_time };
    let inside = complete("region=us usd<1", 9, &market, &at);
    assert_eq!((inside.from, inside.to), (7, 9), "what stands behind the cursor stays");
}

proptest! {
    /// Whatever is typed, what is offered can be put there, and reads as a filter once its value stands.
    #[test]
    fn what_is_offered_can_be_typed(text in "(usd|region|org|gpu|attr\\.tier|audit|!|fit|vram)?(=|<|>=|!=)?[a-z \"|]{0,4}", cursor in 0..20usize) {
        let snapshot = varied();
        let market = appraise(&snapshot);
        let at = At { height: snapshot.chain.height, block_time: snapshot.chain.block_time };
        let found = complete(&text, cursor, &market, &at);
        prop_assert!(found.from <= found.to && found.to <= text.chars().count());
        for option in &found.options {
            let head: String = text.chars().take(found.from).collect();
            let mut whole = format!("{head}{option}");
            if whole.ends_with(['=', '<', '>']) {
                whole.push_str(if option.starts_with("fit") { "exact" } else { "1" });
            }
            if Query::parse(&head).is_ok() || head.ends_with(['=', '<', '>', '|', '!']) {
                let begun = head.rfind(char::is_whitespace).map_or(0, |at| at + 1);
                let last = &whole[begun..];
                prop_assert!(Query::parse(last).is_ok() || last.contains('|') || last.contains('"'), "{:?} {:?}", last, Query::parse(last));
            }
        }
    }
}

// Against the embedded chain.

const PATIENCE: Duration = Duration::from_secs(30);
const PROVIDERS: &str = "/akash/provider/v1beta4/providers";
const AUDITS: &str = "/akash/audit/v1/audit/attributes";
const LEASES: &str = "/akash/market/v1beta5/leases/list";

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn node() -> Running {
    serve(Chain::demo_market(Clock::Wall, demo::BLOCK_TIME), Options::default()).unwrap()
}

fn client(node: &Running) -> Client {
    Client::new(vec![Endpoint::parse(&node.url()).unwrap()], PATIENCE).unwrap()
}

fn read(client: &Client, dseq: u64) -> Snapshot {
    let ask = Ask { dseq, owner: None, akt_usd: None, chain_id: None };
    let Read { snapshot, .. } = runtime().block_on(once(client, &ask, Instant::now() + PATIENCE)).unwrap();
    assert_eq!(snapshot.warnings, Vec::new());
    snapshot
}

fn gather(client: &Client, market: &Market) -> (Registered, Vec<Progress>) {
    let mut told = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    let found = runtime().block_on(chain::registered_for(client, market, deadline, &mut |p| told.push(p)));
    (found.unwrap(), told)
}

fn diagnosed(client: &Client, dseq: u64) -> (Snapshot, Registered, Vec<Diagnosis>) {
    let snapshot = read(client, dseq);
    let market = appraise(&snapshot);
    let (registered, _) = gather(client, &market);
    let evidence = Evidence {
        registered: Some(&registered),
        usual: &UsualPrices::default(),
        auditors: &Auditors::default(),
        from: None,
    };
    let found = diagnose(&snapshot, &market, &evidence);
    (snapshot, registered, found)
}

fn harmless(text: &str) -> bool {
    text.chars().all(|c| c == '\n' || plain(c))
}

fn valid(document: &str) -> Value {
    let document: Value = serde_json::from_str(document).unwrap();
    schema::assert_valid(include_str!("../../assets/doctor.schema.json"), &document);
    document
}

/// Every case of the demo: which group, its verdict, the first cause, and a word of its text and of its fix.
#[test]
fn the_demo_shows_every_case() {
    let node = node();
    let client = client(&node);
    for (dseq, gseq, verdict, code, text, fix) in [
        (
            demo::NO_ATTRIBUTE_DSEQ,
            1,
            "no_bids",
            "attribute_nobody",
            "region=ap-south 0, tier=community 23",
            "leave region=ap-south out",
        ),
        (
            demo::MISSPELT_DSEQ,
            1,
            "no_bids",
            "gpu_model_unknown",
            "rtx-4090",
            "write rtx4090 in the SDL, which 2 declare",
        ),
        (
            demo::VARIANT_DSEQ,
            1,
            "no_bids",
            "gpu_variant",
            "h100/ram/80Gi/interface/sxm5",
            "write sxm instead of sxm5: 2 are left",
        ),
        (
            demo::LOW_CEILING_DSEQ,
            1,
            "no_bids",
            "ceiling_low",
            "55 uact a block, $0.03333/hr; 2× A100 80 GiB alone usually cost from $5.000/hr",
            "raise the price",
        ),
        (demo::EMPTY_ESCROW_DSEQ, 2, "no_bids", "escrow_empty", "the escrow of the deployment holds -", "deposit"),
        (demo::UNSIGNED_DSEQ, 1, "no_bids", "auditor_nobody", "moultrie-silver", "signedBy"),
        (demo::WITHDRAWN_DSEQ, 1, "no_bids", "bids_withdrawn", "4 bids", "pause the group and start it"),
        (
            demo::FULL_DSEQ,
            1,
            "none_fits",
            "bid_limit",
            "21 bids and takes no more than 21; 15 of them were withdrawn",
            "pause the group",
        ),
        (demo::PAUSED_DSEQ, 1, "not_open", "group_paused", "its provider left", "start the group"),
        (demo::CLOSED_DSEQ, 1, "not_open", "deployment_closed", "closed", "create"),
        (demo::NO_BIDS_DSEQ, 1, "no_bids", "order_young", "only 11 s old", "wait"),
    ] {
        let (snapshot, registered, found) = diagnosed(&client, dseq);
        let diagnosis = found.iter().find(|d| d.gseq == gseq).unwrap();
        assert_eq!(diagnosis.verdict.as_str(), verdict, "{dseq}: {diagnosis:#?}");
        let first = diagnosis.causes.first().unwrap_or_else(|| panic!("{dseq}: no cause"));
        assert_eq!(first.code.as_str(), code, "{dseq}: {diagnosis:#?}");
        assert!(first.text.contains(text), "{dseq}: {}", first.text);
        assert!(first.fix.contains(fix), "{dseq}: {}", first.fix);
        let document =
            valid(&report::doctor::document(&snapshot, Some(&registered), &found, 1_795_237_200_000).unwrap());
        assert_eq!(document["ails"], true);
        assert_eq!(document["registry"]["read"], 24);
        assert_eq!(document["groups"][gseq as usize - 1]["causes"][0]["code"], code);
        let shown = report::doctor::text(&found);
        assert!(harmless(&shown), "{shown:?}");
        assert!(shown.contains(&first.text) && shown.contains(&first.fix));
        // Nothing of the kind is said of a market that is served.
        let (_, _, served) = diagnosed(&client, demo::DSEQ);
        assert!(served.iter().all(|d| !d.verdict.ails() && d.causes.is_empty()), "{served:#?}");
    }
}

#[test]
fn the_registry_is_paged_and_signatures_are_asked_for_sparingly() {
    let node = node();
    let client = client(&node);
    let plain = appraise(&read(&client, demo::NO_BIDS_DSEQ));
    node.forget_requests();
    let (registered, told) = gather(&client, &plain);
    assert_eq!((registered.providers.len(), registered.complete, registered.unreadable), (24, true, 0));
    assert_eq!(told, [Progress { stage: Stage::Providers, done: 24, of: None }]);
    assert_eq!((node.count(PROVIDERS), node.count(AUDITS)), (1, 0), "no auditor is asked for");
    // Signatures: of those alone that have the cards.
    let signed = appraise(&read(&client, demo::UNSIGNED_DSEQ));
    node.forget_requests();
    let (registered, told) = gather(&client, &signed);
    let capable = registered.providers.iter().filter(|p| requirement::capable(&signed.groups[0].request, p)).count();
    assert!((1..24).contains(&capable));
    assert_eq!(node.count(AUDITS), capable);
    assert_eq!(told.last(), Some(&Progress { stage: Stage::Audits, done: capable, of: Some(capable) }));
    assert_eq!(registered.providers.iter().filter(|p| p.audits.is_some()).count(), capable);
    assert_eq!(to_audit(&signed, &registered), Vec::<Address>::new(), "nothing is left to ask");
}

#[test]
fn two_thousand_providers_come_in_pages() {
    let node = node();
    let order = demo::OrderId { owner: demo::OWNER.into(), dseq: demo::Quoted(demo::NO_BIDS_DSEQ), gseq: 1, oseq: 1 };
    node.with(|chain| chain.add_bids(&order, 1976));
    let client = client(&node);
    let mut told = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    let found = runtime().block_on(chain::providers(&client, deadline, &mut |p| told.push(p.done))).unwrap();
    assert_eq!((found.providers.len(), found.complete), (2000, true));
    assert_eq!(told, [500, 1000, 1500, 2000]);
    let pages: Vec<_> = node.requests().into_iter().filter(|r| r.path.starts_with(PROVIDERS)).collect();
    assert_eq!(pages.len(), 4);
    assert!(pages[1..].iter().all(|page| page.pin == Some(node.height().to_string())), "at the height of the first");
}

#[test]
fn a_registry_cut_short_is_not_called_complete() {
    let node = node();
    let client = client(&node);
    let endless =
        r#"{"providers":[{"owner":"akash1x"},{"host_uri":"https://nobody"}],"pagination":{"next_key":"a+b/c=="}}"#;
    node.misbehave(Fault::answer(PROVIDERS, 200, endless));
    let found = runtime().block_on(chain::providers(&client, Instant::now() + PATIENCE, &mut |_| {})).unwrap();
    assert_eq!((found.providers.len(), found.complete), (1, false), "the same page again is one page");
    assert!(found.unreadable > 0 && found.why.is_some());
    node.behave();
    // A node that hangs after the first page: what came is kept.
    let order = demo::OrderId { owner: demo::OWNER.into(), dseq: demo::Quoted(demo::NO_BIDS_DSEQ), gseq: 1, oseq: 1 };
    node.with(|chain| chain.add_bids(&order, 600));
    let pages = std::sync::atomic::AtomicUsize::new(0);
    let deadline = Instant::now() + Duration::from_millis(1500);
    let found = runtime()
        .block_on(chain::providers(&client, deadline, &mut |_| {
            pages.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            node.misbehave(Fault::on(PROVIDERS, Act::Hang));
        }))
        .unwrap();
    assert_eq!((found.providers.len(), found.complete), (500, false));
    assert!(found.why.unwrap().contains("did not answer"));
    assert_eq!(pages.into_inner(), 1);
    // Nothing at all is an error.
    let deadline = Instant::now() + Duration::from_millis(200);
    let nothing = runtime().block_on(chain::providers(&client, deadline, &mut |_| {}));
    assert!(matches!(nothing, Err(ChainError::Timeout { .. })), "{nothing:?}");
}

#[test]
fn signatures_that_do_not_come_stay_unknown() {
    let node = node();
    let client = client(&node);
    let market = appraise(&read(&client, demo::UNSIGNED_DSEQ));
    node.misbehave(Fault::answer(AUDITS, 500, r#"{"code":2,"message":"no","details":[]}"#));
    let (registered, _) = gather(&client, &market);
    let evidence = Evidence {
        registered: Some(&registered),
        usual: &UsualPrices::default(),
        auditors: &Auditors::default(),
        from: None,
    };
    node.behave();
    let snapshot = read(&client, demo::UNSIGNED_DSEQ);
    let found = diagnose(&snapshot, &market, &evidence).swap_remove(0);
    assert!(codes(&found).iter().all(|code| !code.starts_with("auditor")), "{found:#?}");
    assert_eq!(left(&found, "auditors"), None);
    assert!(found.unknown.iter().any(|what| what.starts_with("who signed")));
}

#[test]
fn a_track_record_is_read_from_the_chain() {
    let node = node();
    let client = client(&node);
    let record = |n: usize| {
        let address = Address::new(&demo::provider_address(n));
        runtime().block_on(chain::track_record(&client, &address, Instant::now() + PATIENCE)).unwrap()
    };
    let first = record(2);
    assert_eq!((first.closed_by_provider.unstable, first.closed_by_tenant, first.complete), (3, 3, true));
    assert!(first.sentence().starts_with("closed 3 of its 6 leases itself (3 unstable)"), "{}", first.sentence());
    let second = record(1);
    assert_eq!((second.closed_by_provider.decommission, second.closed_by_provider.of_its_own()), (3, 3));
    assert!(first.since_height.is_some_and(|height| height < demo::START_HEIGHT));
    assert_eq!(record(23).sentence(), "never had a lease");
    assert!(node.requests().iter().any(|r| r.path.starts_with(LEASES) && r.path.contains("filters.provider=akash1")));
    // Without end: as many as is bounded, and it says so.
    let row = |n: usize| {
        format!(
            r#"{{"lease":{{"id":{{"owner":"akash1t","dseq":"{n}","gseq":1,"oseq":1,"provider":"akash1p","bseq":0}},"state":"closed","price":{{"denom":"uact","amount":"1"}},"created_at":"{n}","closed_on":"9","reason":"lease_closed_reason_unstable"}}}}"#
        )
    };
    let rows: Vec<String> = (0..3100).map(row).collect();
    let page = format!(r#"{{"leases":[{}],"pagination":{{"next_key":"YQ=="}}}}"#, rows.join(","));
    node.misbehave(Fault::answer(LEASES, 200, &page));
    let bounded =
        runtime().block_on(chain::track_record(&client, &Address::new("akash1p"), Instant::now() + PATIENCE)).unwrap();
    assert_eq!((bounded.of, bounded.complete, bounded.closed_by_provider.unstable), (100, false, 100));
    assert_eq!(bounded.since_height, Some(3000), "the newest of those that were read");
    // Leases of somebody else are none of this provider's.
    let other =
        runtime().block_on(chain::track_record(&client, &Address::new("akash1q"), Instant::now() + PATIENCE)).unwrap();
    assert_eq!(other.of, 0);
}

/// Recordings: the registry and the leases of a provider as a running node gave them.
#[test]
fn the_recorded_registry_is_read() {
    let path = format!("{}/tests/data/node-v2.1/lookups.jsonl", env!("CARGO_MANIFEST_DIR"));
    let lines: Vec<Value> =
        std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let body = |line: usize| lines[line - 1]["response"]["body"].to_string().into_bytes();
    let page = wire_meta::providers(&body(1), 0).unwrap();
    assert_eq!((page.items.len(), page.unreadable.len(), page.next_key), (24, 0, None));
    let leases = akbids::chain::wire_market::leases(&body(27), 0).unwrap();
    let record = TrackRecord::new(leases.items, true, 0);
    assert_eq!((record.of, record.active), (1, 1));
    assert_eq!(record.sentence(), "closed none of its only lease itself; 1 running");
    // The recorded order: two A100 of 80 GiB or two H100.
    let providers: Vec<Provider> = page.items;
    let all = registered(providers);
    let mut snapshot = recorded();
    snapshot.bids.clear();
    let diagnosis = examine(&snapshot, Some(&all));
    let eligible = all
        .providers
        .iter()
        .filter(|p| {
            let has = |key: &str| {
                p.attributes
                    .iter()
                    .any(|(k, v)| **k == *format!("capabilities/gpu/vendor/nvidia/model/{key}") && &**v == "true")
            };
            has("a100/ram/80Gi") || has("h100")
        })
        .count();
    assert_eq!(left(&diagnosis, "gpu_variant"), Some(eligible));
    // All of them have H100s: what they lack is a right name, and no misspelling of the other.
    assert_eq!(codes(&diagnosis), ["gpu_model_nobody"]);
    assert_eq!(diagnosis.causes[0].weight, Weight::Narrows);
    let silent = examine(&asking(&["h100"]), Some(&all));
    assert!(report::doctor::text(&[silent]).contains("nothing that was read explains it"));
}

// By property.

const CARDS: [&str; 7] = ["a100", "a100/ram/80Gi", "h100", "rtx4090", "rtx-4090", "quantum9000", "*"];
const REGIONS: [&str; 3] = ["us-west", "us-east", "mars"];
const AUDITORS: [&str; 3] = ["akash1audone", "akash1audtwo", "akash1audthree"];

fn any_provider() -> impl Strategy<Value = Provider> {
    let signed = (select(AUDITORS.to_vec()), subsequence(REGIONS.to_vec(), 0..2));
    (
        0..60usize,
        select(REGIONS[..2].to_vec()),
        any::<bool>(),
        subsequence(CARDS[..4].to_vec(), 0..=3),
        prop::option::weighted(0.8, prop::collection::vec(signed, 0..3)),
    )
        .prop_map(|(n, region, tier, gpus, signed)| {
            let mut pairs = vec![("region", region)];
            if tier {
                pairs.push(("tier", "community"));
            }
            let mut made = provider(n, &pairs, &gpus);
            made.audits = signed.map(|signed| {
                let mut audits: Vec<Audit> = Vec::new();
                for (auditor, regions) in signed {
                    if audits.iter().all(|audit| audit.auditor.as_str() != auditor) {
                        let pairs: Vec<(&str, &str)> = regions.iter().map(|region| ("region", *region)).collect();
                        audits.push(signs(auditor, &pairs));
                    }
                }
                audits
            });
            made
        })
}

fn any_case() -> impl Strategy<Value = (Snapshot, Option<Registered>)> {
    let registry =
        prop::option::weighted(0.9, (prop::collection::vec(any_provider(), 0..50), prop::bool::weighted(0.8)));
    let request = (subsequence(CARDS.to_vec(), 0..3), prop::option::of(select(REGIONS.to_vec())), any::<bool>());
    let auditors = (subsequence(AUDITORS.to_vec(), 0..2), subsequence(AUDITORS.to_vec(), 0..2));
    let bids = (0..22usize, select(vec![0usize, 0, 3, 30]), prop::collection::vec(0..4usize, 21));
    let states = (0..8usize, 0..8usize, 0..8usize, 0..6usize);
    (registry, request, prop::bool::weighted(0.4), auditors, bids, states, select(vec!["55", "900", "9000", "100000"]))
        .prop_map(|(registry, (cards, region, tier), audited, (all, any), (count, most, kinds), states, price)| {
            let mut snapshot = recorded();
            change(&mut snapshot, |spec| {
                let unit = &mut spec.units[0];
                let keys: Vec<String> = cards.iter().map(|card| format!("vendor/nvidia/model/{card}")).collect();
                unit.gpu_kinds = keys.iter().filter_map(|key| GpuKind::parse(key, "true")).collect();
                unit.demands.gpu = keys.iter().map(|key| (Clean::new(key), Clean::new("true"))).collect();
                unit.gpus = Some(if cards.is_empty() { 0 } else { 2 });
            });
            ceiling(&mut snapshot, price, "uact");
            let mut pairs: Vec<(&str, &str)> = region.iter().map(|region| ("region", *region)).collect();
            if tier {
                pairs.push(("tier", "community"));
            }
            let (all, any) = if audited { (all, any) } else { (vec![], vec![]) };
            requiring(&mut snapshot, &all, &any, &pairs);
            snapshot.bids.truncate(count.min(most));
            for (bid, state) in snapshot.bids.iter_mut().zip(kinds) {
                let states = [BidState::Open, BidState::Closed, BidState::Closed, BidState::Lost];
                Arc::make_mut(bid).state = states[state].clone();
            }
            let deployment = snapshot.deployment.as_mut().unwrap();
            if states.0 == 0 {
                deployment.state = DeploymentState::Closed;
            }
            deployment.groups[0].state =
                [GroupState::Paused, GroupState::Closed].into_iter().nth(states.1).unwrap_or(GroupState::Open);
            let order = &mut snapshot.orders.as_mut().unwrap()[0];
            order.state =
                [OrderState::Closed, OrderState::Active].into_iter().nth(states.2).unwrap_or(OrderState::Open);
            if states.3 == 0 {
                let mut id = bid_id(2, 1, "akash1winner");
                id.gseq = 2;
                let price = Amount::parse("90000", "uact").unwrap();
                snapshot.leases = Some(vec![Lease {
                    id,
                    state: LeaseState::Active,
                    price,
                    created_height: Some(HEIGHT - 61),
                    closed_height: None,
                    reason: None,
                }]);
            }
            let registry = registry.map(|(mut providers, complete)| {
                let mut seen = std::collections::BTreeSet::new();
                providers.retain(|provider| seen.insert(provider.address.clone()));
                Registered { complete, ..registered(providers) }
            });
            (snapshot, registry)
        })
}

/// The request, judged anew and plainly: no function of the doctor or of `requirement` is used.
struct Plain<'a> {
    spec: &'a GroupSpec,
    providers: Vec<&'a Provider>,
}

impl Plain<'_> {
    fn has(pairs: &[(Clean, Clean)], (key, value): &(Clean, Clean)) -> bool {
        pairs.iter().any(|(k, v)| k == key && v == value)
    }

    fn declares(&self, provider: &Provider) -> bool {
        self.spec.requirements.attributes.iter().all(|asked| Self::has(&provider.attributes, asked))
    }

    fn card(provider: &Provider, key: &str) -> bool {
        let asked = format!("capabilities/gpu/{key}");
        provider.attributes.iter().any(|(k, _)| match asked.strip_suffix('*') {
            Some(head) => k.strip_prefix(head).is_some_and(|rest| !rest.contains('/')),
            None => **k == *asked,
        })
    }

    fn cards(&self, provider: &Provider) -> bool {
        let unit = &self.spec.units[0];
        unit.gpus == Some(0) || unit.demands.gpu.iter().any(|(key, _)| Self::card(provider, key))
    }

    fn signed(&self, provider: &Provider) -> Option<bool> {
        let audits = provider.audits.as_ref()?;
        let by = |auditor: &Address| {
            audits.iter().any(|audit| {
                audit.auditor == *auditor
                    && self.spec.requirements.attributes.iter().all(|asked| Self::has(&audit.attributes, asked))
            })
        };
        let Requirements { all_of, any_of, .. } = &self.spec.requirements;
        Some(all_of.iter().all(by) && (any_of.is_empty() || any_of.iter().any(by)))
    }

    fn auditors(&self) -> bool {
        !self.spec.requirements.all_of.is_empty() || !self.spec.requirements.any_of.is_empty()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Each cause is looked up in the data again, in another way; what stops everybody is held against every bid and
    /// every provider.
    #[test]
    fn the_doctor_never_names_a_cause_that_the_data_contradict((snapshot, registry) in any_case()) {
        let market = appraise(&snapshot);
        let diagnosis = examine(&snapshot, registry.as_ref());
        let deployment = snapshot.deployment.as_ref().unwrap();
        let group = &deployment.groups[0];
        let order = &snapshot.orders.as_ref().unwrap()[0];
        let view = Plain {
            spec: &order.spec,
            providers: registry.iter().flat_map(|r| &r.providers).map(|p| &**p).collect(),
        };
        let n = view.providers.len();
        let few = |found: usize| found <= 3 || found * 20 <= n;
        let complete = registry.as_ref().is_some_and(|r| r.complete);
        let counted = |meets: &dyn Fn(&Provider) -> bool| view.providers.iter().filter(|p| meets(p)).count();
        let fitting = market.rows.iter().filter(|row| row.takeable() && row.fit.is_some_and(Fit::met)).count();
        let open = deployment.state == DeploymentState::Active && group.state == GroupState::Open && order.state == OrderState::Open;
        let takeable = market.rows.iter().filter(|row| row.takeable()).count();
        let of = |state: BidState| snapshot.bids.iter().filter(|bid| bid.state == state).count();
        let keys = &order.spec.units[0].demands.gpu;
        prop_assert_eq!(matches!(diagnosis.verdict, Verdict::Served { .. }), fitting > 0);
        for cause in &diagnosis.causes {
            let code = cause.code;
            prop_assert!(harmless(&cause.text) && harmless(&cause.fix));
            // Nothing stops a market in which something can be taken that fits, but for the money.
            if cause.weight == Weight::Stops && code != Code::EscrowEmpty {
                prop_assert_eq!(fitting, 0, "{:?}", cause);
            }
            // Nobody can be said to be able to bid where somebody did, or where not all were read.
            if cause.weight == Weight::Stops && code >= Code::GpuModelUnknown && code <= Code::RequestFew {
                prop_assert!(snapshot.bids.is_empty() && complete, "{:?}", cause);
                let able = counted(&|p| {
                    view.cards(p) && if view.auditors() { view.signed(p) != Some(false) } else { view.declares(p) }
                });
                prop_assert_eq!(able, 0, "{:?}", cause);
            }
            match code {
                Code::DeploymentClosed => prop_assert_eq!(&deployment.state, &DeploymentState::Closed),
                Code::GroupPaused => prop_assert_eq!(&group.state, &GroupState::Paused),
                Code::GroupClosed => prop_assert_eq!(&group.state, &GroupState::Closed),
                Code::OrderClosed => prop_assert_ne!(&order.state, &OrderState::Open),
                Code::OrderYoung => prop_assert!(false, "the order is six minutes old"),
                Code::BidsWithdrawn => prop_assert!(open && of(BidState::Closed) > 0 && of(BidState::Open) == 0),
                Code::BidLimit => prop_assert!(open && of(BidState::Open) + of(BidState::Closed) >= 21),
                Code::NoneFits => prop_assert!(open && takeable > 0 && fitting == 0),
                Code::EscrowEmpty | Code::EscrowLow => {
                    // 61 blocks of 90,000 are more than the five million.
                    let runs = snapshot.leases.iter().flatten().count() > 0;
                    prop_assert_eq!(code == Code::EscrowEmpty, runs);
                }
                Code::CeilingLow => {
                    // Even the cheapest of these cards is $0.5 an hour: 1 $/h for two is 1650 uact a block.
                    let least = if keys.iter().any(|(k, _)| k.contains("4090")) { 1650 } else { 4950 };
                    let native = order.spec.ceiling().unwrap().value;
                    prop_assert!(native < Decimal::from(least), "{:?}", cause);
                    prop_assert!(!keys.iter().any(|(k, _)| k.contains('*') || k.contains("quantum")));
                    prop_assert!(market.rows.iter().all(|row| !row.fit.is_some_and(Fit::met)));
                }
                Code::AttributeNobody => prop_assert_eq!(counted(&|p| view.declares(p)), 0),
                Code::AttributeFew => {
                    let found = counted(&|p| view.declares(p));
                    prop_assert!(found > 0 && few(found), "{}", found);
                }
                Code::GpuModelUnknown if registry.is_none() => {
                    prop_assert!(cause.text.contains("rtx-4090"), "{:?}", cause);
                }
                Code::GpuModelUnknown | Code::GpuVariant | Code::GpuModelNobody => {
                    let named = keys.iter().filter(|(key, _)| {
                        let short = key.rsplit_once("model/").unwrap().1;
                        let word = short.split('/').next().unwrap();
                        cause.text.contains(word) && counted(&|p| Plain::card(p, key)) == 0
                    });
                    prop_assert!(named.count() > 0, "{:?}", cause);
                    if code == Code::GpuModelUnknown {
                        prop_assert!(cause.text.contains("quantum") || cause.text.contains("rtx-"), "{:?}", cause);
                    }
                    if code == Code::GpuModelNobody {
                        prop_assert!(!cause.text.contains("quantum") && !cause.text.contains("rtx-"), "{:?}", cause);
                    }
                }
                Code::GpuFew => {
                    let found = counted(&|p| view.cards(p));
                    prop_assert!(found > 0 && few(found));
                }
                Code::AuditorNobody | Code::AuditorFew => {
                    let rest: Vec<&&Provider> = view.providers.iter().filter(|p| view.cards(p)).collect();
                    prop_assert!(rest.iter().all(|p| p.audits.is_some()) && !rest.is_empty());
                    let met = rest.iter().filter(|p| view.signed(p) == Some(true)).count();
                    prop_assert_eq!(met == 0, code == Code::AuditorNobody);
                }
                Code::RequestNobody | Code::RequestFew => {
                    let able = counted(&|p| {
                        view.cards(p) && if view.auditors() { view.signed(p) == Some(true) } else { view.declares(p) }
                    });
                    prop_assert_eq!(able == 0, code == Code::RequestNobody);
                    prop_assert!(few(able));
                }
                Code::StorageNobody | Code::StorageFew => prop_assert!(false, "no storage was asked for"),
            }
        }
        // And what nobody can meet is never passed over.
        let ill = open && fitting == 0 && snapshot.leases.iter().flatten().all(|l| l.id.gseq != 1);
        if ill && n > 0 && complete && snapshot.bids.is_empty() {
            let able = counted(&|p| view.cards(p) && if view.auditors() { view.signed(p) != Some(false) } else { view.declares(p) });
            if able == 0 {
                prop_assert!(diagnosis.causes.iter().any(|c| c.weight == Weight::Stops), "{:#?}", diagnosis);
            }
        }
        // The numbers of the field only fall.
        let steps: Vec<usize> = diagnosis.steps.iter().filter_map(|step| step.left).collect();
        prop_assert!(steps.is_sorted_by(|a, b| a >= b), "{:?}", steps);
        // What stops comes first, and among equals what is cheapest to mend.
        prop_assert!(diagnosis.causes.is_sorted_by_key(|cause| (cause.weight, cause.code)));
        valid(&report::doctor::document(&snapshot, registry.as_ref(), &[diagnosis], 0).unwrap());
    }

    /// The rule of the chain, against the same rule written out plainly.
    #[test]
    fn what_covers_is_what_each_is_in(asked in subsequence(vec![("a", "1"), ("b", "2"), ("c", "3")], 0..=3), has in subsequence(vec![("a", "1"), ("b", "2"), ("c", "4")], 0..=3)) {
        let all = asked.iter().all(|pair| has.contains(pair));
        prop_assert_eq!(covers(&attributes(&asked), &attributes(&has)), all);
    }
}

// Threads of the trackers: what a user asked there, and what is said now.

fn row_of<'m>(market: &'m Market, address: &str) -> &'m akbids::domain::appraise::Row {
    market.rows.iter().find(|row| row.bid.id.provider.as_str() == address).unwrap()
}

fn kept(snapshot: &Snapshot, filter: &str) -> usize {
    let market = appraise(snapshot);
    let at = At { height: snapshot.chain.height, block_time: snapshot.chain.block_time };
    let scope = Scope { gseq: None, older: true, withdrawn: true, lingering: &|_| false, blocked: &BTreeSet::new() };
    arrange(&market, &at, &scope, &Query::parse(filter).unwrap(), &Sort::default()).rows.len()
}

/// A bid whose offer is these cards, on an order that asks for those.
fn offering(asked: &[&str], offered: &str, price: &str) -> Market {
    let mut snapshot = asking(asked);
    snapshot.bids = vec![Arc::new(market::bid("akash1one", price, "uact", 5, &format!("8 64 100 2 {offered}")))];
    appraise(&snapshot)
}

/// "GPU model not in the bid, only known after the lease."
#[test]
fn support_124_console_55_community_338_the_model_of_the_offer_is_told() {
    let market = appraise(&recorded());
    assert_eq!(row_of(&market, "akash1dgjmlfxg9rl9g536l6tpwwye2js5uar6dgawkp").gpu_text(), "2× A100 80 GiB");
    assert_eq!(row_of(&market, "akash106nrdvdkk0f6tf6skkr8pgfrgelsj2ge4pxel9").gpu_text(), "? empty offer");
}

#[test]
fn support_148_select_by_memory() {
    let all = recorded().bids.len();
    let (large, total) = (kept(&recorded(), "vram>=80"), kept(&recorded(), "vram_total>=160"));
    assert!(0 < total && total < large && large < all, "{total} {large} {all}");
    assert_eq!(kept(&recorded(), "vram=40"), 2);
}

/// "A wildcard is priced at the dearest model", "the first of the list is used".
#[test]
fn support_166_support_139_a_price_stands_beside_the_usual_one_of_the_model_offered() {
    let market = offering(&["*"], "rtx4090", "3000");
    let row = &market.rows[0];
    assert_eq!(row.fit, Some(Fit::Exact), "{:?}", row.diff);
    let [gpu] = row.gpus.kinds() else { panic!() };
    let usual = UsualPrices::default().of(gpu.model().unwrap(), gpu.vram).unwrap().clone();
    assert_eq!((usual.low, usual.high), (Decimal::new(5, 1), Decimal::new(15, 1)));
    assert!(row.usd_gpu_hour().unwrap() < usual.high);
}

#[test]
fn support_125_dollars_of_one_card() {
    let market = offering(&["a100"], "a100/ram/80Gi", "1650");
    let row = &market.rows[0];
    assert_eq!(row.usd_gpu_hour().unwrap() * Decimal::TWO, row.usd_hour.unwrap());
    assert_eq!(row.usd_hour.unwrap(), Decimal::ONE);
}

/// "The provider does not bid when a model is listed."
#[test]
fn support_106_a_listed_model_that_keeps_everybody_away() {
    let all = registered(forty());
    let with = examine(&asking(&["b300"]), Some(&all));
    assert_eq!(left(&with, "gpu_model"), Some(0));
    let without = examine(&asking(&["b300", "a100"]), Some(&all));
    assert_eq!(left(&without, "gpu_variant"), Some(30));
    let found = cause(&without, Code::GpuModelNobody);
    assert!(found.text.contains("30 declare another of the alternatives"), "{}", found.text);
}

/// "capabilities mismatch" for several units.
#[test]
fn support_149_the_unit_that_nobody_meets_is_named() {
    let mut snapshot = asking(&["a100"]);
    change(&mut snapshot, |spec| {
        let mut second = spec.units[0].clone();
        second.id = 2;
        second.demands.gpu = attributes(&[("vendor/nvidia/model/h100/ram/94Gi", "true")]);
        spec.units.push(second);
    });
    let diagnosis = examine(&snapshot, Some(&registered(forty())));
    let found = cause(&diagnosis, Code::GpuVariant);
    assert!(found.text.contains("h100/ram/94Gi") && !found.text.contains("a100"), "{}", found.text);
}

/// "The provider's allocation is misreported": what it says of itself is marked so.
#[test]
fn support_198_what_is_self_declared_is_told_apart_from_what_is_signed() {
    let mut one = provider(1, &[("region", "us-west"), ("tier", "community")], &[]);
    one.audits = Some(vec![signs(demo::AUDITOR, &[("region", "us-west")])]);
    let asked = Requirements {
        attributes: attributes(&[("region", "us-west"), ("tier", "community"), ("country", "US")]),
        ..Requirements::default()
    };
    let seen = requirement::compare(&asked, &one);
    let [region, tier, country] = &*seen.attributes else { panic!() };
    assert_eq!((region.self_declared(), region.signed_by.as_ref().unwrap().len()), (false, 1));
    assert!(tier.self_declared());
    assert_eq!((&country.declared, country.self_declared()), (&Declared::No, false));
    assert_eq!(seen.met, Some(false));
    let other = requirement::compare(&Requirements { attributes: attributes(&[("region", "mars")]), ..asked }, &one);
    assert_eq!(other.attributes[0].declared, Declared::Otherwise(vec![Clean::new("us-west")]));
}

/// "GPUs shown available, no bids": fragmentation cannot be seen from the chain, and that is said.
#[test]
fn console_287_node_1508_what_cannot_be_known_is_said() {
    let diagnosis = examine(&asking(&["a100"]), Some(&registered(forty())));
    assert_eq!(diagnosis.causes, Vec::new());
    let unknown = diagnosis.unknown.join("\n");
    assert!(unknown.contains("whether one machine has it all"), "{unknown}");
    assert!(unknown.contains("wallet's money for the deposit"), "{unknown}");
}

#[test]
fn console_121_a_model_of_several_sizes_has_a_price_for_each() {
    let usual = UsualPrices::default();
    let of = |gib| usual.of(&kind("a100"), Some(Vram::from_gib(gib))).map(|price| price.low);
    assert!(of(40) < of(80));
    let market = offering(&["a100"], "a100", "3000");
    assert_eq!((market.rows[0].gpus.kinds()[0].vram, market.rows[0].gpu_text()), (None, "2× A100 ?".to_owned()));
}

/// "The default price is too low for 8 H100", "55 uakt became 55 uact", "price too high, not bidding".
#[test]
fn console_1326_console_2956_handyhost_43_awesome_akash_295_the_ceiling_in_both_units() {
    let mut snapshot = asking(&["h100"]);
    change(&mut snapshot, |spec| spec.units[0].gpus = Some(8));
    ceiling(&mut snapshot, "10000", "uact");
    let diagnosis = examine(&snapshot, Some(&registered(forty())));
    let found = cause(&diagnosis, Code::CeilingLow);
    // 8 × 2.5 $/h at 5.94 s a block.
    assert_eq!(
        found.text,
        "the ceiling is 10000 uact a block, $6.061/hr; 8× H100 alone usually cost from $20.00/hr, 33000 uact a block \
         (Akash docs, 2025)"
    );
    assert!(found.fix.starts_with("raise the price in the SDL to 33000 uact or more in all"), "{}", found.fix);
    // At the needed price it is not named.
    ceiling(&mut snapshot, "33000", "uact");
    assert!(!codes(&examine(&snapshot, Some(&registered(forty())))).contains(&"ceiling_low"));
    // In AKT without a rate nobody can tell.
    ceiling(&mut snapshot, "10000", "uakt");
    let diagnosis = examine(&snapshot, Some(&registered(forty())));
    assert!(!codes(&diagnosis).contains(&"ceiling_low"));
    assert!(diagnosis.unknown.iter().any(|what| what.contains("uakt has no rate")), "{:?}", diagnosis.unknown);
}

#[test]
fn cloudmos_explorer_11_a_market_rate_to_compare_with() {
    let snapshot = recorded();
    let market = appraise(&snapshot);
    let row = row_of(&market, "akash1dgjmlfxg9rl9g536l6tpwwye2js5uar6dgawkp");
    let document: Value =
        serde_json::from_str(&report::bid_document(row, &snapshot, &Preferences::default()).unwrap()).unwrap();
    let usual = &document["usual_usd_per_gpu_hour"];
    assert_eq!((usual["low"].to_string(), usual["high"].to_string()), ("2.5".to_owned(), "3.5".to_owned()));
    assert_eq!((&usual["source"], &usual["as_of"]), (&Value::from("Akash docs"), &Value::from("2025")));
    // An offer that does not say which card has no usual price.
    let empty = row_of(&market, "akash106nrdvdkk0f6tf6skkr8pgfrgelsj2ge4pxel9");
    let document: Value =
        serde_json::from_str(&report::bid_document(empty, &snapshot, &Preferences::default()).unwrap()).unwrap();
    assert_eq!(document["usual_usd_per_gpu_hour"], Value::Null);
}

#[test]
fn node_1140_the_share_of_the_ceiling_is_told() {
    let market = offering(&["a100"], "a100", "25000");
    assert_eq!(market.rows[0].ceiling_ratio, Some(Decimal::new(25, 2)));
    assert_eq!(
        kept(&recorded(), "ceiling<5%"),
        recorded().bids.iter().filter(|b| b.price.value < Decimal::from(5000)).count()
    );
}

/// "signedBy was dropped": what the chain has stored stands against what each provider's auditors signed.
#[test]
fn support_119_community_1447_the_orders_auditors_against_the_providers() {
    let node = node();
    let client = client(&node);
    let snapshot = read(&client, demo::DSEQ);
    let market = appraise(&snapshot);
    let web = market.groups.iter().find(|group| group.gseq == 2).unwrap();
    assert_eq!(web.requirements.any_of, [Address::new(demo::AUDITOR)]);
    let of = |n: usize| {
        let provider = &snapshot.providers[&Address::new(&demo::provider_address(n))];
        requirement::compare(&web.requirements, provider)
    };
    let signed = of(19);
    assert_eq!((signed.met, signed.signatures[0].signed, signed.signatures[0].every), (Some(true), Some(true), false));
    let not = of(14);
    assert_eq!((not.met, not.signatures[0].signed), (Some(false), Some(false)));
}

#[test]
fn console_2330_console_old_29_whose_audit_counts_is_chosen_by_name() {
    let snapshot = varied();
    let overclock = kept(&snapshot, "auditor=overclock");
    assert!(overclock > 0);
    assert_eq!(overclock, kept(&snapshot, "auditor=akash1365y*"));
    assert_eq!(kept(&snapshot, "auditor=Over*"), overclock);
    assert_eq!(kept(&snapshot, "auditor=moultrie*"), 0);
    assert_eq!(kept(&snapshot, "audited"), overclock, "nothing is hidden unless it is filtered");
    let query = Query::parse("auditor=overclock").unwrap();
    assert_eq!(query.to_string(), "auditor=overclock");
    // A name of one's own.
    let mine = Auditors::default().with(Address::new(demo::AUDITOR), Clean::new("trusted"));
    let named = Query::parse("auditor=trusted").unwrap();
    assert_eq!(kept(&snapshot, "auditor=trusted"), 0);
    let market = appraise(&snapshot);
    let at = At { height: snapshot.chain.height, block_time: snapshot.chain.block_time };
    let scope = Scope { gseq: None, older: true, withdrawn: true, lingering: &|_| false, blocked: &BTreeSet::new() };
    assert_eq!(arrange(&market, &at, &scope, &named.naming(&mine), &Sort::default()).rows.len(), overclock);
}

/// "`console/trials` excludes nearly all providers."
#[test]
fn community_1460_the_missing_attribute_is_named() {
    let mut snapshot = asking(&["a100"]);
    requiring(&mut snapshot, &[], &[], &[("console/trials", "true"), ("tier", "community")]);
    let diagnosis = examine(&snapshot, Some(&registered(forty())));
    let found = cause(&diagnosis, Code::AttributeNobody);
    assert!(found.text.contains("console/trials=true 0, tier=community 40"), "{}", found.text);
    assert!(
        found.fix.starts_with("leave console/trials=true out of the SDL's attributes: 40 are left then"),
        "{}",
        found.fix
    );
    assert!(found.fix.contains("trial accounts"), "{}", found.fix);
    // Another spelling of the value is offered with how many write it so.
    requiring(&mut snapshot, &[], &[], &[("region", "us-wset")]);
    let diagnosis = examine(&snapshot, Some(&registered(forty())));
    assert!(cause(&diagnosis, Code::AttributeNobody).fix.contains("or write region=us-west (10)"), "{diagnosis:#?}");
}

/// "Too many existing bids (20)", "the limit is off by one".
#[test]
fn support_28_node_1662_support_413_an_order_takes_21_bids() {
    let all = registered(forty());
    let full = examine(&recorded(), Some(&all));
    let found = cause(&full, Code::BidLimit);
    assert!(found.text.contains("21 bids") && found.text.contains("cheaper"), "{}", found.text);
    let mut twenty = recorded();
    twenty.bids.pop();
    assert!(!codes(&examine(&twenty, Some(&all))).contains(&"bid_limit"));
    // Lost bids are not counted by the chain.
    let mut lost = recorded();
    Arc::make_mut(&mut lost.bids[0]).state = BidState::Lost;
    assert!(!codes(&examine(&lost, Some(&all))).contains(&"bid_limit"));
}

/// "Nothing after 60 s": young first, then the field is searched; nothing is closed.
#[test]
fn console_3415_an_order_without_bids_grows_old() {
    let all = registered(forty());
    let mut snapshot = asking(&["a100"]);
    snapshot.orders.as_mut().unwrap()[0].created_height = Some(HEIGHT - 5);
    let young = examine(&snapshot, Some(&all));
    assert_eq!(codes(&young), ["order_young"]);
    assert!(young.headline.contains("open for 29 s"), "{}", young.headline);
    let old = examine(&market::later(&snapshot, 20), Some(&all));
    assert_eq!(codes(&old), Vec::<&str>::new());
}

/// "Providers stop bidding", "who would bid": who could by what the chain knows.
#[test]
fn support_92_support_129_support_341_support_453_who_could_have_bid_is_counted() {
    let mut snapshot = asking(&["h100"]);
    requiring(&mut snapshot, &[], &[], &[("region", "us-west")]);
    let diagnosis = examine(&snapshot, Some(&registered(forty())));
    let steps: Vec<(&str, Option<usize>)> = diagnosis.steps.iter().map(|step| (step.code, step.left)).collect();
    let wanted = [
        ("registered", Some(40)),
        ("online", None),
        ("attributes", Some(10)),
        ("gpu_model", Some(2)),
        ("gpu_variant", Some(2)),
    ];
    assert_eq!(steps, wanted);
    assert_eq!(codes(&diagnosis), ["request_few"]);
}

// A provider's own gateway.

/// What a gateway of v0.14 answers, and an older one whose machines are flat and know no GPUs.
const STATUS: &str = r#"{"cluster":{"leases":7,"inventory":{"active":[{"cpu":1000,"gpu":1,"memory":5}],"pending":[],
  "available":{"nodes":[
    {"name":"a","allocatable":{"cpu":64000,"gpu":4,"memory":8},"available":{"cpu":12500,"gpu":3,"memory":68719476736,"storage_ephemeral":9}},
    {"name":"b","allocatable":{"cpu":64000,"gpu":4,"memory":8},"available":{"cpu":2000,"gpu":2,"memory":1024,"storage_ephemeral":9}}],
  "storage":[{"class":"beta3","size":5}]}}},"bidengine":{"orders":1},"manifest":{"deployments":7},
  "cluster_public_hostname":"provider.example.com","address":"akash1selfsigned"}"#;

#[test]
fn what_a_gateway_says_is_read_old_and_new() {
    let new = chain::decode_status(STATUS.as_bytes()).unwrap();
    assert_eq!((new.leases, new.gpus(), new.most_gpus()), (Some(7), Some(5), Some(3)));
    assert_eq!(
        new.sentence(),
        "answers; says 5 GPUs are free, at most 3 on one machine, 12.5 CPU and 64 GiB at most on one"
    );
    let old = r#"{"cluster":{"leases":1,"inventory":{"available":{"nodes":[{"cpu":1000,"memory":1073741824}]}}}}"#;
    let old = chain::decode_status(old.as_bytes()).unwrap();
    assert_eq!((old.gpus(), old.address), (None, None));
    assert_eq!(old.nodes.unwrap()[0].memory_bytes, Some(1 << 30));
    let silent = chain::decode_status(br#"{"cluster":{"leases":1,"inventory":{"error":"x"}}}"#).unwrap();
    assert_eq!(silent.sentence(), "answers; does not say what is free");
    for bad in ["{}", "[]", "<html>", r#"{"cluster":{"#] {
        assert!(chain::decode_status(bad.as_bytes()).is_err(), "{bad}");
    }
    let version = chain::decode_version(br#"{"akash":{"version":"v0.14.0","commit":"x"},"kube":{}}"#).unwrap();
    assert_eq!(version.as_deref(), Some("v0.14.0"));
    assert_eq!(chain::decode_version(b"{}").unwrap(), None);
}

/// Answers each connection over TLS with a certificate that it signed itself, until as many came as are to be answered.
fn gateway(connections: usize) -> (u16, std::thread::JoinHandle<()>) {
    use std::io::{Read as _, Write as _};
    let file = |name: &str| std::fs::read(format!("{}/tests/data/gateway/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let certificate = rustls::pki_types::CertificateDer::from(file("certificate.der"));
    let key = rustls::pki_types::PrivateKeyDer::try_from(file("key.der")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = move || {
        for socket in listener.incoming().take(connections) {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, socket.unwrap());
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                if stream.read(&mut byte).unwrap_or(0) == 0 {
                    break;
                }
                head.push(byte[0]);
            }
            let body = match String::from_utf8(head).unwrap().split(' ').nth(1) {
                Some("/status") => STATUS,
                Some("/version") => r#"{"akash":{"version":"v0.14.0"}}"#,
                other => panic!("{other:?} was asked for"),
            };
            let length = body.len();
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}").unwrap();
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    };
    (port, std::thread::spawn(serve))
}

/// "GPUs shown available, no bids": machine by machine, not in all.
#[test]
fn console_287_a_gateway_with_a_certificate_of_its_own_is_asked() {
    let (port, served) = gateway(4);
    let mut one = provider(1, &[], &[]);
    one.address = Address::new("akash1selfsigned");
    one.host = Some(Clean::new(&format!("127.0.0.1:{port}")));
    let ask =
        |provider: &Provider, local| runtime().block_on(chain::ask_gateway(provider, local, Instant::now() + PATIENCE));
    // What the chain says of an address near by is not followed, unless that is wanted.
    assert!(matches!(ask(&one, false), Err(ChainError::BadUrl { .. })));
    let found = ask(&one, true).unwrap();
    assert_eq!((found.version.as_deref(), found.most_gpus()), (Some("v0.14.0"), Some(3)));
    // Somebody else's gateway says nothing of this provider.
    one.address = Address::new("akash1somebodyelse");
    assert!(matches!(ask(&one, true), Err(ChainError::Shape { .. })));
    served.join().unwrap();
    for host in [
        "user@provider.example.com:8443",
        "a/b",
        "provider.example.com:8443?x",
        "localhost:1",
        "10.0.0.1:8443",
        "[::1]:8443",
        "169.254.169.254",
        "[::ffff:127.0.0.1]:1",
        "",
    ] {
        one.host = Some(Clean::new(host));
        assert!(matches!(ask(&one, false), Err(ChainError::BadUrl { .. })), "{host}");
    }
    // Nobody there.
    one.host = Some(Clean::new(&format!("127.0.0.1:{port}")));
    assert!(matches!(ask(&one, true), Err(ChainError::Connect { .. })));
}
