//! The domain: GPU grammar, memory, asked against offered, what can be taken, text, filter, ranking.

use akbids::domain::appraise::{Blocker, Gpus, Market, Row, appraise};
use akbids::domain::bid::{
    Address, Audit, Bid, BidId, BidState, ChainInfo, Deployment, DeploymentState, Group, GroupSpec, GroupState, Lease,
    LeaseState, Order, OrderState, Provider, Snapshot,
};
use akbids::domain::diff::{self, Fit};
use akbids::domain::field::{At, Field, Kind, Value};
use akbids::domain::gpu::{GpuKind, Vram, VramSource};
use akbids::domain::money::{Amount, BlockTime, Rates};
use akbids::domain::query::{Query, Verdict, judge};
use akbids::domain::rank::{Scope, Sort, View, arrange};
use akbids::domain::resources::{Unit, Volume};
use akbids::domain::text::{Clean, MAX_VALUE, clean};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

// What a market is made of.

const GIB: u64 = 1 << 30;

fn gpu(key: &str) -> GpuKind {
    GpuKind::parse(key, "true").unwrap_or_else(|| panic!("{key} is a GPU"))
}

fn unit(id: u32, gpus: u64, kinds: &[&str]) -> Unit {
    Unit {
        id,
        count: 1,
        cpu_m: Some(8000),
        memory_bytes: Some(64 * GIB),
        gpus: Some(gpus),
        gpu_kinds: kinds.iter().map(|key| gpu(key)).collect(),
        storage: vec![Volume { name: "default".into(), bytes: Some(100 * GIB), class: None, persistent: false }],
        endpoints: vec!["SHARED_HTTP".into()],
        price: Some(Amount::parse("10000", "uact").unwrap()),
        ..Unit::default()
    }
}

/// A provider's address that ends in its number.
fn provider(n: u32) -> Address {
    Address::new(&format!("akash1{n:0>38}"))
}

fn bid_id(gseq: u32, oseq: u32, n: u32) -> BidId {
    BidId { owner: Address::new("akash1tenant"), dseq: 13_759_787, gseq, oseq, provider: provider(n), bseq: 0 }
}

fn bid(n: u32, amount: &str, denom: &str, offer: Vec<Unit>) -> Bid {
    Bid {
        id: bid_id(1, 1, n),
        state: BidState::Open,
        price: Amount::parse(amount, denom).unwrap(),
        created_height: Some(1000),
        offer: Some(offer),
        reclamation_s: None,
    }
}

fn spec(units: Vec<Unit>) -> Arc<GroupSpec> {
    Arc::new(GroupSpec { name: "gpu".into(), units, ..GroupSpec::default() })
}

/// One open group whose order asks for two A100 of 80 GiB.
fn market_of(bids: Vec<Bid>) -> Snapshot {
    let asked = spec(vec![unit(1, 2, &["vendor/nvidia/model/a100/ram/80Gi"])]);
    Snapshot {
        chain: ChainInfo {
            id: Some("akashnet-2".into()),
            rest: None,
            height: Some(1020),
            height_at_ms: None,
            generation: "v1beta5".into(),
            block_time: BlockTime::ASSUMED,
        },
        rates: Rates::default(),
        deployment: Some(Deployment {
            owner: Address::new("akash1tenant"),
            dseq: 13_759_787,
            state: DeploymentState::Active,
            created_height: Some(990),
            groups: vec![Group { gseq: 1, state: GroupState::Open, spec: Arc::clone(&asked) }],
            escrow: None,
        }),
        orders: Some(vec![Order { gseq: 1, oseq: 1, state: OrderState::Open, spec: asked, created_height: Some(991) }]),
        leases: Some(Vec::new()),
        bids: bids.into_iter().map(Arc::new).collect(),
        providers: BTreeMap::new(),
        order_max_bids: Some(20),
        unreadable: Vec::new(),
        warnings: Vec::new(),
        saved: false,
    }
}

fn at(snapshot: &Snapshot) -> At {
    At { height: snapshot.chain.height, block_time: snapshot.chain.block_time }
}

fn declares(snapshot: &mut Snapshot, n: u32, attributes: &[(&str, &str)], audits: Option<&[&str]>) {
    let attributes: Vec<(Clean, Clean)> = attributes.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    let record = Provider {
        address: provider(n),
        host: Some(format!("provider{n}.example.com:8443").as_str().into()),
        declared_gpus: attributes.iter().filter_map(|(k, v)| GpuKind::parse_capability(k, v)).collect(),
        attributes,
        email: None,
        website: None,
        audits: audits.map(|auditors| {
            auditors.iter().map(|a| Audit { auditor: Address::new(a), attributes: Vec::new() }).collect()
        }),
    };
    snapshot.providers.insert(provider(n), Arc::new(record));
}

// GPU grammar.

proptest! {
    #[test]
    fn the_parts_of_a_gpu_key_come_in_any_order(
        vendor in "nvidia|amd", model in "[a-z0-9]{1,8}", ram in prop::option::of(1..=300u64),
        interface in prop::option::of(select(vec!["pcie", "PCIe", "sxm", "SXM4", "sxm5", "oam"])),
        shuffle in Just(vec![0usize, 1, 2, 3]).prop_shuffle(),
    ) {
        let pairs = [
            Some(format!("vendor/{vendor}")),
            Some(format!("model/{model}")),
            ram.map(|gib| format!("ram/{gib}Gi")),
            interface.map(|i| format!("interface/{i}")),
        ];
        let key: Vec<&str> = shuffle.iter().filter_map(|n| pairs[*n].as_deref()).collect();
        let key = key.join("/");
        let kind = gpu(&key);
        prop_assert_eq!(&*kind.vendor, &vendor);
        prop_assert_eq!(kind.model.as_deref(), Some(&*model));
        prop_assert_eq!(kind.ram, ram.map(Vram::from_gib));
        let folded = interface.map(|i| if i.to_lowercase().starts_with("sxm") { "sxm".to_owned() } else { i.to_lowercase() });
        prop_assert_eq!(kind.interface.as_deref(), folded.as_deref());
        prop_assert_eq!(GpuKind::parse_capability(&format!("capabilities/gpu/{key}"), "true"), Some(kind));
    }

    #[test]
    fn garbage_is_no_gpu_or_a_clean_one(key in prop_oneof!["\\PC{0,40}", "(vendor|model|ram|interface|/|\\*|Gi|80|\u{202e}|\u{1b}){0,12}"], value in "true|false|1|") {
        if let Some(kind) = GpuKind::parse(&key, &value) {
            prop_assert_eq!(value, "true");
            prop_assert!(!kind.vendor.is_empty());
            for text in [Some(&kind.vendor), kind.model.as_ref(), kind.interface.as_ref()].into_iter().flatten() {
                prop_assert!(harmless(text), "{:?}", text);
                prop_assert_eq!(&*text.to_lowercase(), &**text);
            }
            prop_assert!(harmless(&kind.long_name()));
        }
    }
}

#[test]
fn what_is_no_gpu() {
    for (key, value) in [
        ("vendor/nvidia/model/a100", "false"),
        ("vendor/nvidia/model/a100", "True"),
        ("interconnect/group", "auto"),
        ("interconnect/group/vendor/nvidia/model/a100", "true"),
        ("vendor/nvidia", "true"),
        ("model/a100", "true"),
        ("vendor//model/a100", "true"),
        ("vendor/nvidia/model/", "true"),
        ("vendor/nvidia/model", "true"),
        ("", "true"),
    ] {
        assert_eq!(GpuKind::parse(key, value), None, "{key}={value}");
    }
    let any = gpu("vendor/nvidia/model/*");
    assert_eq!((any.model.as_ref(), &*any.name()), (None, "any nvidia"));
    assert_eq!(any.vram([].iter()), (None, VramSource::Unknown));
    assert!(!any.same_model(&any), "a wildcard is no card");
    assert_eq!(gpu("vendor/nvidia/model/quantum9000").name(), "QUANTUM9000");
    for (text, mib) in [("80Gi", 81920), ("81920Mi", 81920), ("1Ti", 1_048_576), ("80GiB", 81920), ("80gi", 81920)] {
        assert_eq!(Vram::parse(text).map(Vram::mib), Some(mib), "{text}");
    }
    for text in ["80", "80G", "0Gi", "Gi", "-1Gi", "99999999999999999999Gi", "18014398509481984Ti", "８Gi"] {
        assert_eq!(Vram::parse(text), None, "{text}");
    }
}

/// The cards of the GPU testnet of 2023 and their memory in GiB, from data sheets.
const TESTNET: [(&str, &str, &[u64]); 16] = [
    ("h100", "H100", &[80]),
    ("a100", "A100", &[40, 80]),
    ("v100", "V100", &[16, 32]),
    ("p100", "P100", &[16]),
    ("a40", "A40", &[48]),
    ("a10", "A10", &[24]),
    ("p4", "P4", &[8]),
    ("k80", "K80", &[24]),
    ("t4", "T4", &[16]),
    ("4090", "RTX 4090", &[24]),
    ("4080", "RTX 4080", &[16]),
    ("3090ti", "RTX 3090 Ti", &[24]),
    ("3090", "RTX 3090", &[24]),
    ("3080ti", "RTX 3080 Ti", &[12]),
    ("3080", "RTX 3080", &[10]),
    ("3060ti", "RTX 3060 Ti", &[8]),
];

fn inferred(kind: &GpuKind, sizes: &BTreeSet<u64>) {
    let wanted = match sizes.len() {
        1 => (sizes.first().map(|gib| Vram::from_gib(*gib)), VramSource::Inferred),
        _ => (None, VramSource::Unknown),
    };
    assert_eq!(kind.vram([].iter()), wanted, "{}", kind.long_name());
    for gib in sizes {
        let size = Vram::from_gib(*gib);
        let stated = GpuKind { ram: Some(size), ..kind.clone() };
        assert_eq!(stated.vram([].iter()), (Some(size), VramSource::Stated));
        if sizes.len() > 1 {
            assert_eq!(kind.vram([stated].iter()), (Some(size), VramSource::Declared), "{}", kind.long_name());
        }
    }
}

#[test]
fn every_card_of_the_testnet_has_a_name_and_a_size() {
    for (model, name, sizes) in TESTNET {
        let kind = gpu(&format!("vendor/nvidia/model/{model}"));
        assert_eq!(kind.name(), name);
        inferred(&kind, &sizes.iter().copied().collect());
    }
    for (model, name) in
        [("rtx4090", "RTX 4090"), ("rtx-4090", "RTX 4090"), ("RTX4090", "RTX 4090"), ("a6000", "RTX A6000")]
    {
        assert_eq!(gpu(&format!("vendor/nvidia/model/{model}")).name(), name, "{model}");
    }
    assert!(gpu("vendor/nvidia/model/4090").same_model(&gpu("vendor/nvidia/model/rtx4090")));
    assert!(!gpu("vendor/nvidia/model/3090").same_model(&gpu("vendor/nvidia/model/3090ti")));
}

#[test]
fn every_card_that_providers_name_has_a_name_and_a_size() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("data").join("gpus.csv");
    let table = std::fs::read_to_string(path).unwrap();
    let mut models: BTreeMap<(&str, &str), BTreeSet<u64>> = BTreeMap::new();
    let mut interfaces: BTreeMap<(&str, &str, String), BTreeSet<u64>> = BTreeMap::new();
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [vendor, model, interface, memory] = cells[..] else { panic!("{line}") };
        let gib: u64 = memory.strip_suffix("Gi").unwrap().parse().unwrap();
        let folded = if interface.starts_with("SXM") { "sxm".to_owned() } else { interface.to_lowercase() };
        models.entry((vendor, model)).or_default().insert(gib);
        interfaces.entry((vendor, model, folded)).or_default().insert(gib);
    }
    assert_eq!(models.len(), 74);
    for ((vendor, model), sizes) in models {
        let kind = gpu(&format!("vendor/{vendor}/model/{model}"));
        assert!(kind.name() != model, "{model} has no name of its own");
        let letters = kind.name().to_lowercase();
        assert!(letters.chars().any(|c| model.contains(c)) && harmless(&kind.name()), "{model}");
        inferred(&kind, &sizes);
    }
    for ((vendor, model, interface), sizes) in interfaces {
        inferred(&gpu(&format!("vendor/{vendor}/model/{model}/interface/{interface}")), &sizes);
    }
}

// Asked against offered.

const CARDS: [&str; 4] = [
    "vendor/nvidia/model/a100/ram/80Gi",
    "vendor/nvidia/model/h100/ram/80Gi/interface/sxm",
    "vendor/nvidia/model/rtx4090",
    "vendor/amd/model/mi100/ram/32Gi",
];

/// A request with units of every kind; figures from 2, so that each can be less by one.
fn request() -> impl Strategy<Value = Vec<Unit>> {
    let volume = (2..1000u64, any::<bool>(), prop::option::of(select(vec!["beta2", "beta3"])));
    let unit = (
        2..5u32,
        2..64_000u64,
        2..512u64,
        prop_oneof![Just(0u64), 2..9u64],
        subsequence(CARDS.to_vec(), 1..=3),
        prop::collection::vec(volume, 1..4),
        subsequence(vec!["SHARED_HTTP", "RANDOM_PORT", "LEASED_IP"], 1..=3),
    );
    prop::collection::vec(unit, 2..5).prop_map(|units| {
        let with_id = (1..).zip(units);
        with_id
            .map(|(id, (count, cpu, memory, gpus, kinds, volumes, endpoints))| Unit {
                id,
                count,
                cpu_m: Some(cpu),
                memory_bytes: Some(memory * GIB),
                gpus: Some(gpus),
                gpu_kinds: if gpus == 0 { Vec::new() } else { kinds.iter().map(|key| gpu(key)).collect() },
                storage: (0..)
                    .zip(volumes)
                    .map(|(n, (gib, persistent, class))| Volume {
                        name: format!("disk{n}").as_str().into(),
                        bytes: Some(gib * GIB),
                        class: class.map(Clean::from),
                        persistent,
                    })
                    .collect(),
                endpoints: endpoints.into_iter().map(Clean::from).collect(),
                ..Unit::default()
            })
            .collect()
    })
}

/// The offer that gives what was asked, of the alternatives the one at `pick`.
fn offer_of(request: &[Unit], pick: usize) -> Vec<Unit> {
    let mut offer = request.to_vec();
    for unit in &mut offer {
        if !unit.gpu_kinds.is_empty() {
            unit.gpu_kinds = vec![unit.gpu_kinds[pick % unit.gpu_kinds.len()].clone()];
        }
    }
    offer
}

/// Every way to change one figure of one unit by a step down or up.
#[derive(Clone, Copy, Debug)]
enum Figure {
    Count,
    Cpu,
    Memory,
    Cards,
    CardMemory,
    Disk(usize),
    Endpoint(usize),
    Persistence(usize),
}

const FIGURES: [Figure; 10] = [
    Figure::Count,
    Figure::Cpu,
    Figure::Memory,
    Figure::Cards,
    Figure::CardMemory,
    Figure::Disk(0),
    Figure::Disk(1),
    Figure::Endpoint(0),
    Figure::Endpoint(1),
    Figure::Persistence(0),
];

/// Changes the figure; `false` if the unit has none such, or it cannot go that way.
fn step(unit: &mut Unit, figure: Figure, up: bool) -> bool {
    let by = |n: u64, step: u64| if up { n + step } else { n - step };
    match figure {
        Figure::Count => unit.count = u32::try_from(by(unit.count.into(), 1)).unwrap(),
        Figure::Cpu => unit.cpu_m = unit.cpu_m.map(|n| by(n, 1)),
        Figure::Memory => unit.memory_bytes = unit.memory_bytes.map(|n| by(n, 1)),
        Figure::Cards if unit.gpus == Some(0) => return false,
        Figure::Cards => unit.gpus = unit.gpus.map(|n| by(n, 1)),
        Figure::CardMemory => match unit.gpu_kinds.first_mut().and_then(|kind| kind.ram.as_mut()) {
            Some(ram) => *ram = Vram::from_gib(by(ram.mib() / 1024, 1)),
            None => return false,
        },
        Figure::Disk(n) => match unit.storage.get_mut(n).and_then(|v| v.bytes.as_mut()) {
            Some(bytes) => *bytes = by(*bytes, 1),
            None => return false,
        },
        Figure::Endpoint(n) if !up && n < unit.endpoints.len() => drop(unit.endpoints.remove(n)),
        Figure::Persistence(n) if !up && unit.storage.get(n).is_some_and(|v| v.persistent) => {
            unit.storage[n].persistent = false;
        }
        Figure::Endpoint(_) | Figure::Persistence(_) => return false,
    }
    true
}

proptest! {
    #[test]
    fn an_offer_equal_to_the_request_is_exact_in_any_order(
        (request, shuffled) in request().prop_flat_map(|r| (Just(r.clone()), Just(r).prop_shuffle())), pick in 0..3usize,
    ) {
        for offer in [offer_of(&request, pick), offer_of(&shuffled, pick)] {
            let found = diff::compare(&request, Some(&offer), &[]);
            prop_assert_eq!(diff::fit(&found), Fit::Exact);
            prop_assert_eq!(found, Vec::new());
        }
    }

    #[test]
    fn less_of_anything_is_short_and_more_is_more(
        request in request(), pick in 0..3usize, place in 0..5usize, figure in select(FIGURES.to_vec()), up: bool,
    ) {
        let mut offer = offer_of(&request, pick);
        let place = place % offer.len();
        if !step(&mut offer[place], figure, up) {
            return Ok(());
        }
        // Of two alternatives of one model the better one would count; CARDS has every model once.
        let found = diff::compare(&request, Some(&offer), &[]);
        let level = if up { Fit::More } else { Fit::Short };
        prop_assert_eq!(found.len(), 1, "{:?}", found);
        prop_assert_eq!((found[0].level, found[0].unit), (level, offer[place].id));
        prop_assert_eq!(diff::fit(&found), level);
        prop_assert!(harmless(&found[0].text) && !found[0].text.is_empty());
    }

    #[test]
    fn no_gpu_is_wrong_and_another_one_too(request in request(), pick in 0..3usize, place in 0..5usize) {
        let mut offer = offer_of(&request, pick);
        let place = place % offer.len();
        if offer[place].gpus == Some(0) {
            return Ok(());
        }
        let card = offer[place].gpu_kinds[0].clone();
        offer[place].gpus = Some(0);
        offer[place].gpu_kinds.clear();
        let found = diff::compare(&request, Some(&offer), &[]);
        prop_assert_eq!(found.len(), 1, "{:?}", found);
        prop_assert_eq!(diff::fit(&found), Fit::Wrong);

        offer[place].gpus = request[place].gpus;
        offer[place].gpu_kinds = vec![gpu("vendor/nvidia/model/t4")];
        prop_assert_eq!(diff::fit(&diff::compare(&request, Some(&offer), &[])), Fit::Wrong);
        offer[place].gpu_kinds = vec![GpuKind { vendor: "intel".into(), ..card }];
        prop_assert_eq!(diff::fit(&diff::compare(&request, Some(&offer), &[])), Fit::Wrong);
    }

    #[test]
    fn a_missing_unit_is_short_and_one_too_many_is_more(request in request(), place in 0..5usize) {
        let mut offer = offer_of(&request, 0);
        let gone = offer.remove(place % request.len());
        let found = diff::compare(&request, Some(&offer), &[]);
        prop_assert_eq!(found.len(), 1);
        prop_assert_eq!((found[0].level, found[0].unit, &*found[0].field), (Fit::Short, gone.id, "unit"));
        let more = diff::compare(&offer, Some(&offer_of(&request, 0)), &[]);
        prop_assert!(diff::fit(&more) >= Fit::More && more.iter().any(|d| d.unit == gone.id), "{:?}", more);
    }
}

#[test]
fn what_cannot_be_told_is_unclear() {
    let asked = [unit(1, 2, &["vendor/nvidia/model/a100/ram/80Gi", "vendor/nvidia/model/h100"])];
    let fit = |offer: Option<&[Unit]>, declared: &[GpuKind]| diff::fit(&diff::compare(&asked, offer, declared));
    let of = |kinds: &[&str]| fit(Some(&[unit(1, 2, kinds)]), &[]);
    assert_eq!(fit(None, &[]), Fit::Unclear);
    assert_eq!(fit(Some(&[]), &[]), Fit::Unclear);
    assert_eq!(of(&[]), Fit::Unclear, "no card named");
    assert_eq!(of(&["vendor/nvidia/model/*"]), Fit::Unclear);
    assert_eq!(of(&["vendor/nvidia/model/a100/ram/80Gi", "vendor/nvidia/model/h100"]), Fit::Unclear, "several");
    assert_eq!(of(&["vendor/nvidia/model/a100"]), Fit::Unclear, "A100 come in several sizes");
    assert_eq!(of(&["vendor/nvidia/model/a100/ram/40Gi"]), Fit::Short);
    assert_eq!(of(&["vendor/nvidia/model/h100"]), Fit::Exact);
    assert_eq!(of(&["vendor/amd/model/*"]), Fit::Wrong);
    let declared = [GpuKind::parse_capability("capabilities/gpu/vendor/nvidia/model/a100/ram/80Gi", "true").unwrap()];
    let offer = [unit(1, 2, &["vendor/nvidia/model/a100"])];
    assert_eq!(fit(Some(&offer), &declared), Fit::Unclear, "the provider's word is not the offer's");
    // 80 GiB asked of a card that is made with 80 only: met, though the offer leaves it out.
    let h100 = [unit(1, 1, &["vendor/nvidia/model/h100/ram/80Gi"])];
    assert_eq!(diff::compare(&h100, Some(&[unit(1, 1, &["vendor/nvidia/model/h100"])]), &[]), Vec::new());
}

// What can be taken.

#[test]
fn a_bid_can_be_taken_when_all_four_are_open() {
    let deployments = [DeploymentState::Active, DeploymentState::Closed, DeploymentState::new("new")];
    let groups = [GroupState::Open, GroupState::Paused, GroupState::InsufficientFunds, GroupState::Closed];
    let orders = [OrderState::Open, OrderState::Active, OrderState::Closed, OrderState::new("new")];
    let bids = [BidState::Open, BidState::Active, BidState::Lost, BidState::Closed, BidState::new("new")];
    let mut takeable = 0;
    for deployment in &deployments {
        for group in &groups {
            for order in &orders {
                for state in &bids {
                    for leases in [None, Some(Vec::new())] {
                        let mut snapshot = market_of(vec![bid(1, "1", "uact", vec![])]);
                        snapshot.deployment.as_mut().unwrap().state = deployment.clone();
                        snapshot.deployment.as_mut().unwrap().groups[0].state = group.clone();
                        snapshot.orders.as_mut().unwrap()[0].state = order.clone();
                        Arc::make_mut(&mut snapshot.bids[0]).state = state.clone();
                        snapshot.leases = leases;
                        let wanted = *deployment == DeploymentState::Active
                            && *group == GroupState::Open
                            && *order == OrderState::Open
                            && *state == BidState::Open;
                        let row = &appraise(&snapshot).rows[0];
                        assert_eq!(row.takeable(), wanted, "{deployment} {group} {order} {state}");
                        assert_eq!(row.blockers.is_empty(), wanted);
                        takeable += usize::from(wanted);
                        snapshot.saved = true;
                        assert!(!appraise(&snapshot).rows[0].takeable(), "a saved answer may be old");
                    }
                }
            }
        }
    }
    assert_eq!(takeable, 2);
    let mut unknown = market_of(vec![bid(1, "1", "uact", vec![])]);
    unknown.deployment = None;
    assert!(!appraise(&unknown).rows[0].takeable());
    let mut unknown = market_of(vec![bid(1, "1", "uact", vec![])]);
    unknown.orders = None;
    assert!(!appraise(&unknown).rows[0].takeable());
}

fn lease(id: BidId, amount: &str, state: LeaseState) -> Lease {
    let price = Amount::parse(amount, "uact").unwrap();
    Lease { id, state, price, created_height: Some(1010), closed_height: None, reason: None }
}

/// As on the real node: after the lease one bid is active, 19 of its 20 losers stay open, one was withdrawn.
fn after_a_lease() -> Snapshot {
    let mut bids: Vec<Bid> =
        (1..=21).map(|n| bid(n, &format!("{}", 1000 + n), "uact", vec![unit(1, 2, &[CARDS[0]])])).collect();
    bids[6].state = BidState::Active;
    bids[20].state = BidState::Closed;
    let mut snapshot = market_of(bids);
    snapshot.orders.as_mut().unwrap()[0].state = OrderState::Active;
    snapshot.leases = Some(vec![lease(bid_id(1, 1, 7), "1007", LeaseState::Active)]);
    snapshot
}

#[test]
fn losers_of_a_lease_read_order_taken_though_they_say_open() {
    let mut snapshot = after_a_lease();
    let taken = Blocker::OrderTaken { winner: provider(7), price: Amount::parse("1007", "uact").unwrap() };
    // The order may say so a block later than the lease.
    for order in [OrderState::Active, OrderState::Open] {
        snapshot.orders.as_mut().unwrap()[0].state = order;
        let rows = appraise(&snapshot).rows;
        let losers: Vec<&Row> = rows.iter().filter(|row| row.bid.state == BidState::Open).collect();
        assert_eq!(losers.len(), 19);
        for row in losers {
            assert_eq!(row.blockers, std::slice::from_ref(&taken));
            assert_eq!(row.blockers[0].code(), "order_taken");
            assert!(row.blockers[0].to_string().contains("1007 uact"), "{}", row.blockers[0]);
        }
        assert_eq!(rows[6].blockers, [Blocker::Leased]);
    }
    assert_eq!(appraise(&snapshot).groups[0].lease.as_ref().unwrap().id.provider, provider(7));
    // Without the leases it is still known that the order is not open.
    snapshot.orders.as_mut().unwrap()[0].state = OrderState::Active;
    snapshot.leases = None;
    assert_eq!(appraise(&snapshot).rows[0].blockers, [Blocker::OrderNotOpen(OrderState::Active)]);
}

#[test]
fn a_reopened_order_is_the_groups_newest() {
    let mut snapshot = after_a_lease();
    let spec = Arc::clone(&snapshot.orders.as_ref().unwrap()[0].spec);
    let orders = snapshot.orders.as_mut().unwrap();
    orders[0].state = OrderState::Closed;
    orders.insert(0, Order { gseq: 1, oseq: 2, state: OrderState::Open, spec, created_height: Some(1015) });
    snapshot.leases = Some(vec![lease(bid_id(1, 1, 7), "1007", LeaseState::Closed)]);
    let mut second = bid(3, "900", "uact", vec![]);
    second.id.oseq = 2;
    snapshot.bids.push(Arc::new(second));
    let market = appraise(&snapshot);
    assert_eq!((market.groups[0].oseq, market.groups[0].open_bids), (Some(2), 1));
    let (new, old) = market.rows.split_last().unwrap();
    assert!(new.takeable() && !new.older_order);
    for row in old.iter().filter(|row| row.bid.state == BidState::Open) {
        assert!(row.older_order);
        assert_eq!(row.blockers, [Blocker::OlderOrder { newest: 2 }]);
    }
    let at = at(&snapshot);
    let view = show(&market, &at, "", "");
    assert_eq!((view.rows.len(), view.total, view.hidden.older), (1, 22, 21));
}

#[test]
fn a_paused_group_says_who_left() {
    let mut snapshot = after_a_lease();
    let mut gone = lease(bid_id(1, 1, 7), "1007", LeaseState::Closed);
    snapshot.orders.as_mut().unwrap()[0].state = OrderState::Closed;
    snapshot.deployment.as_mut().unwrap().groups[0].state = GroupState::Paused;
    for (reason, provider_left) in [("lease_closed_unstable", true), ("lease_closed_owner", false)] {
        gone.reason = Some(reason.into());
        snapshot.leases = Some(vec![gone.clone()]);
        let row = &appraise(&snapshot).rows[0];
        let paused = Blocker::GroupPaused { provider_left };
        assert_eq!(row.blockers, [paused, Blocker::OrderNotOpen(OrderState::Closed)]);
        let says = row.blockers[0].to_string();
        assert!(says.contains("start") && says.contains("your provider left") == provider_left, "{says}");
    }
}

// Text.

/// Nothing that moves the cursor, changes the reading order, or cannot be seen.
fn harmless(text: &str) -> bool {
    text.chars().all(|c| {
        !c.is_control()
            && !matches!(c,
                '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}' | '\u{5d0}'..='\u{5ea}' | '\u{620}'..='\u{64a}')
    })
}

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,6}".boxed(),
        any::<char>().prop_map(String::from).boxed(),
        select(vec![
            "\x1b[2J",
            "\x1b]52;c;aGk=\x07",
            "\r\n",
            "\t",
            "\0",
            "\u{9b}31m",
            "\u{202e}",
            "\u{2066}",
            "\u{200b}",
            "\u{200d}",
            "\u{feff}",
            "e\u{301}\u{301}\u{301}\u{301}",
            "\u{301}",
            "שלום",
            "\u{e0041}",
            "  ",
            "👩‍👩‍👧",
            "🇩🇪",
            "\u{85}",
            "\u{ad}",
        ])
        .prop_map(str::to_owned)
        .boxed(),
    ];
    prop::collection::vec(piece, 0..80).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn cleaned_text_can_be_shown_anywhere(raw in hostile(), max in 1..250usize) {
        let once = clean(&raw, max);
        prop_assert!(harmless(&once), "{:?}", once);
        prop_assert!(once.chars().count() <= max * 3 + 1, "marks included");
        let mark = |c: &char| matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20f0}' | '\u{fe20}'..='\u{fe2f}');
        let shown: Vec<char> = once.chars().collect();
        prop_assert!(!shown.windows(3).any(|three| three.iter().all(mark)), "marks pile up in {:?}", once);
        let letters = shown.iter().filter(|c| !mark(c)).count();
        prop_assert!(letters <= max + 1, "{} of {}", letters, max);
        prop_assert!(!once.contains("  ") && once.trim() == once);
        prop_assert_eq!(clean(&once, usize::MAX / 4), once.clone());

        let value = Clean::new(&raw);
        prop_assert_eq!(&*value, &*clean(&raw, MAX_VALUE));
        prop_assert_eq!(Clean::new(&value), value.clone(), "cleaning is idempotent");
        let message = Clean::message(&raw);
        prop_assert_eq!(Clean::message(&message), message.clone());
    }
}

// The filter.

fn show(market: &Market, at: &At, filter: &str, sort: &str) -> View {
    let scope = Scope { gseq: None, older: false, withdrawn: false, lingering: &|_| false, blocked: &BTreeSet::new() };
    let query = Query::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
    arrange(market, at, &scope, &query, &Sort::parse(sort).unwrap())
}

/// Six bids: 1 and 2 known in everything, 3 without an offer, 4 with several cards, 5 without cards, 6 of a coin
/// without a rate and of a provider that is not known.
fn mixed() -> Snapshot {
    let a100 = vec![unit(1, 2, &["vendor/nvidia/model/a100/ram/80Gi/interface/sxm4"])];
    let rtx =
        vec![Unit { cpu_m: Some(500), memory_bytes: Some(16 * GIB), ..unit(1, 1, &["vendor/nvidia/model/rtx4090"]) }];
    let several = vec![unit(1, 2, &["vendor/nvidia/model/a100/ram/40Gi", "vendor/nvidia/model/h100"])];
    let mut bids = vec![
        bid(1, "1000", "uact", a100),
        bid(2, "2000.5", "uact", rtx),
        bid(3, "3000", "uact", vec![]),
        bid(4, "4000", "uact", several),
        bid(5, "500", "uact", vec![unit(1, 0, &[])]),
        bid(6, "812", "foo", vec![unit(1, 2, &["vendor/nvidia/model/*"])]),
    ];
    bids[0].reclamation_s = Some(86_400);
    bids[1].created_height = Some(1015);
    bids[5].created_height = None;
    let mut snapshot = market_of(bids);
    let auditor: &[&str] = &["akash1365yvmc4s7awdyj3n2sav7xfx76adc6dnmlx63"];
    declares(
        &mut snapshot,
        1,
        &[
            ("organization", "Foundry Staking"),
            ("location-region", "us-west"),
            ("tier", "community"),
            ("country", "US"),
        ],
        Some(auditor),
    );
    declares(
        &mut snapshot,
        2,
        &[("organization", "Évry Compute"), ("region", "eu-west"), ("tier", "premium"), ("tier", "spot")],
        Some(&[]),
    );
    declares(&mut snapshot, 3, &[("capabilities/gpu/vendor/nvidia/model/h200", "true"), ("feat-shm", "true")], None);
    declares(&mut snapshot, 4, &[("organization", "Oblivus")], Some(&[]));
    declares(&mut snapshot, 5, &[], Some(&[]));
    snapshot
}

#[test]
fn what_each_filter_keeps() {
    let snapshot = mixed();
    let market = appraise(&snapshot);
    let at = at(&snapshot);
    // Filter, the numbers of the bids it keeps, and how many it could not judge.
    let cases: &[(&str, &[u32], usize)] = &[
        ("", &[1, 2, 3, 4, 5, 6], 0),
        ("gpu=a100", &[1], 2),
        ("gpu=A100|h100", &[1, 4], 2),
        ("gpu!=a100", &[2, 5], 2),
        ("!gpu=a100", &[2, 5], 2),
        ("gpu=rtx4090", &[2], 2),
        ("gpu=4090", &[2], 2),
        ("gpu=\"RTX 4090\"", &[2], 2),
        ("gpu=rtx-40*", &[2], 2),
        ("gpu=*", &[1, 2, 4], 2),
        ("vendor=nvidia", &[1, 2, 4, 6], 1),
        ("vram>=40", &[1, 4], 2),
        ("vram>=41", &[1], 2),
        ("vram>=40Gi", &[1, 4], 2),
        ("vram>=81920Mi", &[1], 2),
        ("vram=24", &[2], 2),
        ("!vram>=40", &[2, 5], 2),
        ("vram_total>=160", &[1], 3),
        ("gpus>=2", &[1, 4, 6], 1),
        ("gpus=0", &[5], 1),
        ("interface=sxm", &[1], 4),
        ("usd<1.3", &[1, 2, 5], 1),
        ("usd_per_hour<=0.6", &[1, 5], 1),
        ("usd>=0.6", &[1, 2, 3, 4], 1),
        ("usd_month<439", &[1, 5], 1),
        ("usd_gpu<=0.3", &[1], 2),
        ("usd_vram<0.004", &[1], 3),
        ("price>1k", &[2, 3, 4], 0),
        ("price=2000.5", &[2], 0),
        ("denom=foo", &[6], 0),
        ("ceiling<=10%", &[1, 5], 1),
        ("cpu<1", &[2], 1),
        ("cpu=500m", &[2], 1),
        ("cpu_m=500", &[2], 1),
        ("mem>=64Gi", &[1, 4, 5, 6], 1),
        ("mem=17179869184", &[2], 1),
        ("disk>=100GiB", &[1, 2, 4, 5, 6], 1),
        ("region=us*", &[1], 4),
        ("region!=us*", &[2], 4),
        ("region=US-WEST|eu-west", &[1, 2], 4),
        ("country=us", &[1], 5),
        ("host=provider?.example.com:8443", &[], 1),
        ("host=provider*:8443", &[1, 2, 3, 4, 5], 1),
        ("org=\"Foundry Staking\"", &[1], 3),
        ("org=*staking", &[1], 3),
        ("org=évry*", &[2], 3),
        ("provider=*3", &[3], 0),
        ("!provider=*3|*4", &[1, 2, 5, 6], 0),
        ("provider=akash1000…0003", &[3], 0),
        ("audited", &[1], 2),
        ("!audited", &[2, 4, 5], 2),
        ("audited=no", &[2, 4, 5], 2),
        ("auditor=akash1365*", &[1], 2),
        ("auditor!=akash1365*", &[2, 4, 5], 2),
        ("attr.tier=community", &[1], 4),
        ("attr.tier=spot", &[2], 4),
        ("!attr.tier=spot", &[1], 4),
        ("attr.tier", &[1, 2], 1),
        ("!attr.tier", &[3, 4, 5], 1),
        ("state=open", &[1, 2, 3, 4, 5, 6], 0),
        ("takeable", &[1, 2, 3, 4, 5, 6], 0),
        ("!takeable", &[], 0),
        ("blocker=*", &[], 0),
        ("fit=exact", &[1], 0),
        ("fit<=more", &[1], 0),
        ("fit=unclear|exact", &[1, 3, 4, 6], 0),
        ("fit!=wrong", &[1, 3, 4, 6], 0),
        ("fit>unclear", &[2, 5], 0),
        ("age<1m", &[2], 1),
        ("age>=2m", &[1, 3, 4, 5], 1),
        ("age_s=120", &[1, 3, 4, 5], 1),
        ("closes<=180", &[1, 3, 4, 5], 1),
        ("reclaim>=24h", &[1], 0),
        ("reclaim>=1d", &[1], 0),
        ("!reclaim>=1d", &[2, 3, 4, 5, 6], 0),
        ("gseq=1", &[1, 2, 3, 4, 5, 6], 0),
        ("foundry", &[1], 0),
        ("!foundry", &[2, 3, 4, 5, 6], 0),
        ("ÉVRY", &[2], 0),
        ("\"foundry staking\"", &[1], 0),
        ("a100", &[1, 4], 0),
        ("a100|rtx4090", &[1, 2, 4], 0),
        ("fo*king", &[1], 0),
        ("shm", &[3], 0),
        ("h200", &[], 0),
        ("foo", &[6], 0),
        ("gpu=a100 usd<2 foundry !denom=foo", &[1], 2),
    ];
    for (filter, kept, unknown) in cases {
        let view = show(&market, &at, filter, "provider");
        let numbers: Vec<u32> = view.rows.iter().map(|n| n + 1).collect();
        assert_eq!(numbers, *kept, "{filter}");
        let counted = view.hidden.clauses.iter().map(|c| c.unknown).max().unwrap_or(0);
        assert_eq!(counted, *unknown, "{filter}");
        assert_eq!(view.hidden.filtered + view.rows.len(), 6, "{filter}");
    }
}

#[test]
fn an_error_says_where_and_what_is_near() {
    for (text, column, says) in [
        ("gpuu=a100", 1, "the nearest is gpu"),
        ("  vrm>=40", 3, "the nearest is vram"),
        ("usd<2 regoin=us", 7, "the nearest is region"),
        ("dsik>1Gi", 1, "the nearest is disk"),
        ("é usd_per_hor<2", 3, "the nearest is usd"),
        ("memory>=64Gi", 1, "the nearest is mem"),
        ("attr.=x", 1, "attr.KEY"),
        ("zzz=1", 1, "there is no field zzz"),
        ("usd<", 5, "a value is missing after usd<"),
        ("usd<abc", 5, "2.5"),
        ("usd<2,5", 5, "2.5"),
        ("usd<2Gi", 5, "2.5"),
        ("usd<99999999999999999999999999999999", 5, "more than can be compared"),
        ("mem>=64x", 6, "64Gi"),
        ("age<2y", 5, "2m"),
        ("gpu=", 5, "a value is missing after gpu="),
        ("gpu=a|", 7, "a value is missing after |"),
        ("gpu=|a", 5, "a value is missing after gpu="),
        ("gpu=\"\"", 5, "a value is missing"),
        ("gpu=\"a100", 5, "not closed"),
        ("gpu=a\"b\"", 6, "quotation mark"),
        ("gpu=\"a\"b", 8, "a space or |"),
        ("gpu<a100", 4, "gpu is text"),
        ("audited<yes", 8, "yes or no"),
        ("audited=maybe", 9, "yes or no"),
        ("fit=perfect", 5, "exact, more, unclear, short, wrong"),
        ("fit<=mroe", 6, "fit<=more"),
        ("fit<=more|short", 11, "one value"),
        ("vram>=40|80", 10, "one value"),
        ("vram==40", 5, "a comparison is"),
        ("vram=>40", 5, "a comparison is"),
        ("vram >= 40", 6, "a field is missing"),
        ("=5", 1, "a field is missing"),
        ("!", 1, "missing after !"),
        ("! audited", 1, "right before"),
        ("!!audited", 2, "one !"),
        ("a|gpu=x", 6, "| does not join"),
        ("|", 1, "a word is missing"),
        ("\"", 1, "not closed"),
        ("\"\"", 1, "a word is missing"),
    ] {
        let error = Query::parse(text).expect_err(text);
        assert_eq!(error.column, column, "{text}: {error}");
        assert!(error.message.contains(says), "{text}: {error}");
    }
    for (text, column, says) in [
        ("vrm", 1, "the nearest is vram"),
        ("usd, gpuu-", 6, "the nearest is gpu"),
        ("usd,,gpu", 5, "missing"),
        ("-", 1, "missing"),
    ] {
        let error = Sort::parse(text).expect_err(text);
        assert_eq!(error.column, column, "{text}: {error}");
        assert!(error.message.contains(says), "{text}: {error}");
    }
}

#[test]
fn every_field_has_one_name() {
    let mut names = BTreeSet::new();
    for field in Field::ALL {
        for name in BTreeSet::from([field.name(), field.alias()]) {
            assert_eq!(Field::parse(&name).as_ref(), Ok(field));
            assert_eq!(Field::parse(&name.to_uppercase()).as_ref(), Ok(field));
            assert!(names.insert(name.clone()), "{name} stands for two fields");
        }
        assert!(!field.title().is_empty());
    }
    let wanted = "usd usd_month usd_gpu usd_vram gpu vendor vram vram_total gpus interface price denom cpu mem disk region \
                  country host org provider audited auditor attr.KEY state takeable fit age gseq reclaim";
    for alias in wanted.split_whitespace() {
        assert_eq!(Field::parse(alias).unwrap().alias(), alias);
    }
}

/// One clause, as a person may type it.
fn clause() -> impl Strategy<Value = String> {
    let field = select(Field::ALL.to_vec());
    let text = prop_oneof![
        "[a-z0-9*…é.:/-]{1,8}".boxed(),
        "[a-z][^\\s|\"=<>!]{0,4}".boxed(),
        "\"[a-z *=|<>!]{0,6}[a-z*=!]\"".boxed(),
        "\"(a|\\\\\\\\|\\\\\"| |\\*){0,4}x\"".boxed(),
        select(vec![
            "a100",
            "us*",
            "\"Foundry Staking\"",
            "open",
            "true",
            "\"audited\"",
            "\"attr.x\"",
            "foo",
            "premium"
        ])
        .prop_map(str::to_owned)
        .boxed(),
    ];
    let texts = prop::collection::vec(text, 1..3).prop_map(|texts| texts.join("|"));
    let compared =
        (field, any::<bool>(), texts.clone(), 0..6usize, "[0-9]{1,4}(\\.[0-9]{1,3})?", any::<prop::sample::Index>())
            .prop_map(|(field, long, texts, op, number, index)| {
                let name = if long { field.name() } else { field.alias() };
                let op = ["=", "!=", "<", "<=", ">", ">="][op];
                let equality = if op.len() == 2 && op != "!=" || op == "<" || op == ">" { "=" } else { op };
                let unit = |units: &[&str]| (*index.get(units)).to_owned();
                match field.kind() {
                    Kind::Text => format!("{name}{equality}{texts}"),
                    Kind::Flag if long => name.to_string(),
                    Kind::Flag => format!("{name}{equality}{}", unit(&["true", "false", "yes", "no"])),
                    Kind::Level => format!("{name}{op}{}", unit(&["exact", "more", "unclear", "short", "wrong"])),
                    Kind::Money | Kind::Count => format!("{name}{op}{number}{}", unit(&["", "k", "M"])),
                    Kind::Cpus => format!("{name}{op}{number}{}", unit(&["", "m"])),
                    Kind::Bytes => format!("{name}{op}{number}{}", unit(&["", "Gi", "Mi", "G", "TiB"])),
                    Kind::Gib => format!("{name}{op}{number}{}", unit(&["", "Gi", "Mi", "G"])),
                    Kind::Duration => format!("{name}{op}{number}{}", unit(&["", "s", "m", "h", "d"])),
                    Kind::Ratio => format!("{name}{op}{number}{}", unit(&["", "%"])),
                }
            });
    let attribute = ("[a-z/-]{1,6}", texts.clone()).prop_map(|(key, texts)| format!("attr.{key}={texts}"));
    let presence = "[a-z/-]{1,6}".prop_map(|key| format!("attr.{key}"));
    (any::<bool>(), prop_oneof![6 => compared, 1 => attribute, 1 => presence, 2 => texts])
        .prop_map(|(negated, clause)| format!("{}{clause}", if negated { "!" } else { "" }))
}

fn filter() -> impl Strategy<Value = String> {
    prop::collection::vec(clause(), 0..5).prop_map(|clauses| clauses.join("  "))
}

// Markets of all kinds.

fn any_bid() -> impl Strategy<Value = Bid> {
    let offers: Vec<Option<Vec<Unit>>> = vec![
        None,
        Some(vec![]),
        Some(vec![unit(1, 2, &[CARDS[0]])]),
        Some(vec![unit(1, 4, &[CARDS[1]])]),
        Some(vec![unit(1, 1, &[CARDS[2]])]),
        Some(vec![unit(1, 2, &["vendor/nvidia/model/a100"])]),
        Some(vec![unit(1, 2, &[CARDS[0], CARDS[2]])]),
        Some(vec![unit(1, 2, &["vendor/nvidia/model/*", CARDS[0]])]),
        Some(vec![unit(1, 2, &[])]),
        Some(vec![unit(1, 0, &[])]),
        Some(vec![unit(1, 2, &[CARDS[0]]), unit(2, 1, &[CARDS[3]])]),
        Some(vec![Unit { cpu_m: None, memory_bytes: None, gpus: None, ..unit(1, 0, &[]) }]),
    ];
    let states = vec![BidState::Open, BidState::Open, BidState::Open, BidState::Closed, BidState::Lost];
    (
        0..12u32,
        1..3u32,
        1..3u32,
        select(vec!["1000", "1000.5", "1000.500000000000000001", "999", "0.000000000000000001", "5252.753748"]),
        select(vec!["uact", "uact", "uakt", "foo"]),
        select(offers),
        select(states),
        (prop::option::of(990..1025u64), prop::option::of(0..100_000u64)),
    )
        .prop_map(|(n, gseq, oseq, amount, denom, offer, state, (created_height, reclamation_s))| Bid {
            id: bid_id(gseq, oseq, n),
            state,
            created_height,
            offer,
            reclamation_s,
            ..bid(n, amount, denom, vec![])
        })
}

fn any_snapshot() -> impl Strategy<Value = Snapshot> {
    (prop::collection::vec(any_bid(), 0..40), any::<bool>()).prop_map(|(mut bids, providers)| {
        let mut seen = BTreeSet::new();
        bids.retain(|bid| seen.insert(bid.id.clone()));
        let mut snapshot = market_of(bids);
        let spec = Arc::clone(&snapshot.orders.as_ref().unwrap()[0].spec);
        let order = |gseq, oseq, state| Order { gseq, oseq, state, spec: Arc::clone(&spec), created_height: None };
        let orders = vec![
            order(1, 1, OrderState::Closed),
            order(1, 2, OrderState::Open),
            order(2, 1, OrderState::Active),
            order(2, 2, OrderState::Open),
        ];
        let groups = &mut snapshot.deployment.as_mut().unwrap().groups;
        groups.push(Group { gseq: 2, state: GroupState::Open, spec: Arc::clone(&spec) });
        snapshot.orders = Some(orders);
        if providers {
            declares(
                &mut snapshot,
                1,
                &[("organization", "Foundry Staking"), ("region", "us-west")],
                Some(&["akash1aud"]),
            );
            declares(&mut snapshot, 2, &[("organization", "oblivus"), ("tier", "premium"), ("x", "foo")], Some(&[]));
            declares(&mut snapshot, 3, &[("region", "eu-west")], None);
        }
        snapshot
    })
}

fn ids(market: &Market, view: &View) -> Vec<BidId> {
    view.rows.iter().map(|n| market.rows[*n as usize].bid.id.clone()).collect()
}

proptest! {
    #[test]
    fn what_a_filter_prints_is_the_filter(text in filter()) {
        let query = match Query::parse(&text) {
            Ok(query) => query,
            Err(error) => return Err(TestCaseError::fail(format!("{text}: {error}"))),
        };
        let printed = query.to_string();
        let again = Query::parse(&printed);
        prop_assert_eq!(again.as_ref(), Ok(&query), "{} was printed as {}", text, printed);
        prop_assert_eq!(again.unwrap().to_string(), printed);
        for clause in query.clauses() {
            let alone = Query::parse(&clause.to_string()).unwrap();
            prop_assert_eq!(alone.clauses(), std::slice::from_ref(clause));
        }
    }

    #[test]
    fn any_text_is_a_filter_or_an_error_that_says_where(text in prop_oneof![hostile(), "[a-z!=<>|\" .*0-9]{0,20}", filter()], cut in 0..30usize) {
        let text: String = text.chars().take(text.chars().count().saturating_sub(cut)).collect();
        match Query::parse(&text) {
            Ok(query) => {
                prop_assert_eq!(Query::parse(&query.to_string()), Ok(query.clone()), "{:?} was printed as {}", text, query);
                prop_assert!(harmless(&query.to_string()));
            }
            Err(error) => {
                prop_assert!((1..=text.chars().count() + 1).contains(&error.column), "{}", error);
                prop_assert!(harmless(&error.message) && !error.message.is_empty(), "{}", error);
            }
        }
        if let Err(error) = Sort::parse(&text) {
            prop_assert!((1..=text.chars().count() + 1).contains(&error.column), "{}", error);
            prop_assert!(harmless(&error.message));
        }
    }

    #[test]
    fn hidden_rows_are_counted(snapshot in any_snapshot(), text in filter(), older: bool, withdrawn: bool, gseq in prop::option::of(1..4u32)) {
        let market = appraise(&snapshot);
        let at = at(&snapshot);
        let query = Query::parse(&text).unwrap();
        let scope = Scope { gseq, older, withdrawn, lingering: &|id| id.provider == provider(1), blocked: &BTreeSet::new() };
        let view = arrange(&market, &at, &scope, &query, &Sort::default());
        let hidden = &view.hidden;
        prop_assert_eq!(view.rows.len() + hidden.older + hidden.withdrawn + hidden.filtered, view.total);
        let in_group = |row: &&Row| gseq.is_none_or(|gseq| row.bid.id.gseq == gseq);
        prop_assert_eq!(view.total, market.rows.iter().filter(in_group).count());
        let earlier = |row: &Row| row.older_order && !older;
        let gone = |row: &Row| {
            !earlier(row)
                && !withdrawn
                && row.blockers == [Blocker::BidNotOpen(BidState::Closed)]
                && row.bid.id.provider != provider(1)
        };
        let in_group: Vec<&Row> = market.rows.iter().filter(in_group).collect();
        prop_assert_eq!(hidden.older, in_group.iter().filter(|row| earlier(row)).count());
        prop_assert_eq!(hidden.withdrawn, in_group.iter().filter(|row| gone(row)).count());
        let rows: Vec<&Row> = in_group.into_iter().filter(|row| !earlier(row) && !gone(row)).collect();
        prop_assert_eq!(rows.len(), view.rows.len() + hidden.filtered);

        // Each row that all clauses keep, once, and no other.
        let kept: BTreeSet<&BidId> = rows
            .iter()
            .filter(|row| query.clauses().iter().all(|clause| judge(clause, row, &at) == Verdict::Keeps))
            .map(|row| &row.bid.id)
            .collect();
        let shown = ids(&market, &view);
        prop_assert_eq!(shown.len(), kept.len());
        prop_assert_eq!(shown.iter().collect::<BTreeSet<_>>(), kept);

        // Each clause alone hides just what it says.
        prop_assert_eq!(hidden.clauses.len(), query.clauses().len());
        for (count, clause) in hidden.clauses.iter().zip(query.clauses()) {
            prop_assert_eq!(&count.clause, &clause.to_string());
            let alone = arrange(&market, &at, &scope, &Query::parse(&count.clause).unwrap(), &Sort::default());
            prop_assert_eq!(count.removed + count.unknown, alone.hidden.filtered);
            prop_assert_eq!(&alone.hidden.clauses[0], count);
        }
    }

    #[test]
    fn what_is_not_known_meets_no_comparison(snapshot in any_snapshot(), text in clause()) {
        let market = appraise(&snapshot);
        let at = at(&snapshot);
        let query = Query::parse(&text).unwrap();
        let clause = &query.clauses()[0];
        let printed = clause.to_string();
        let opposite = printed.strip_prefix('!').map_or_else(|| format!("!{printed}"), str::to_owned);
        let opposite = Query::parse(&opposite).unwrap();
        let name: String = printed.trim_start_matches('!').chars().take_while(|c| !"=<>!".contains(*c)).collect();
        let compares = printed.trim_start_matches('!').len() > name.len();
        for row in &market.rows {
            let (one, other) = (judge(clause, row, &at), judge(&opposite.clauses()[0], row, &at));
            prop_assert!(!(one == Verdict::Keeps && other == Verdict::Keeps), "{} both ways", printed);
            let Ok(field) = Field::parse(&name) else {
                prop_assert!((one == Verdict::Keeps) != (other == Verdict::Keeps), "{} neither way", printed);
                continue;
            };
            let value = field.value(row, &at);
            if value == Value::Unknown && (compares || matches!(field.kind(), Kind::Flag)) {
                prop_assert_eq!((one, other), (Verdict::Unknown, Verdict::Unknown), "{}", printed);
            } else if compares && !matches!(value, Value::AllOf(_)) {
                prop_assert!((one == Verdict::Keeps) != (other == Verdict::Keeps), "{} neither way", printed);
            }
        }
    }
}

// Ranking.

/// What a value is ordered by, said another way than `rank` does: `None` goes last.
fn place_of(value: Value<'_>) -> Option<(i128, String)> {
    // Nanounits of a number: the markets above differ by more, but for one amount that is compared by its text.
    let number = |n: rust_decimal::Decimal| {
        let scaled = num_bigint::BigInt::from(n.mantissa()) * num_bigint::BigInt::from(10u8).pow(28 - n.scale());
        (0, format!("{:0>60}", (scaled + num_bigint::BigInt::from(10u8).pow(50)).to_string()))
    };
    match value {
        Value::Number(n) => Some(number(n)),
        Value::Text(text) => Some((0, text.to_lowercase())),
        Value::AnyOf(texts) => Some((0, texts[0].to_lowercase())),
        Value::AllOf(values) => {
            let all: Option<Vec<_>> = values.into_iter().map(place_of).collect();
            all?.into_iter().min()
        }
        Value::Flag(yes) => Some((i128::from(!yes), String::new())),
        Value::Level(fit) => Some((Fit::ALL.iter().position(|f| *f == fit).unwrap() as i128, String::new())),
        Value::Absent | Value::Unknown => None,
    }
}

fn last(a: Option<&(i128, String)>, b: Option<&(i128, String)>, descending: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => {
            if descending {
                b.cmp(a)
            } else {
                a.cmp(b)
            }
        }
        (a, b) => a.is_none().cmp(&b.is_none()),
    }
}

proptest! {
    #[test]
    fn rows_stand_in_the_asked_order(
        (snapshot, shuffled) in any_snapshot().prop_flat_map(|s| { let bids = s.bids.clone(); (Just(s), Just(bids).prop_shuffle()) }),
        keys in prop::collection::vec((select(Field::ALL.to_vec()), any::<bool>(), any::<bool>()), 1..4),
    ) {
        let market = appraise(&snapshot);
        let at = at(&snapshot);
        let text: Vec<String> = keys
            .iter()
            .map(|(field, descending, long)| format!("{}{}", if *long { field.name() } else { field.alias() }, if *descending { "-" } else { "" }))
            .collect();
        let sort = Sort::parse(&text.join(",")).unwrap();
        prop_assert_eq!(Sort::parse(&sort.to_string()), Ok(sort.clone()));
        let scope = Scope { gseq: None, older: true, withdrawn: true, lingering: &|_| false, blocked: &BTreeSet::new() };
        let view = arrange(&market, &at, &scope, &Query::default(), &sort);
        let shown = ids(&market, &view);
        prop_assert_eq!(shown.len(), market.rows.len());
        prop_assert_eq!(shown.iter().collect::<BTreeSet<_>>().len(), shown.len());
        for pair in view.rows.windows(2) {
            let [a, b] = [&market.rows[pair[0] as usize], &market.rows[pair[1] as usize]];
            let ordering = keys
                .iter()
                .map(|(field, descending, _)| {
                    let [a, b] = [a, b].map(|row| place_of(field.sort_value(row, &at)));
                    last(a.as_ref(), b.as_ref(), *descending)
                })
                .find(|o| o.is_ne())
                .unwrap_or(Ordering::Equal)
                .then_with(|| a.bid.id.provider.cmp(&b.bid.id.provider))
                .then_with(|| a.bid.id.cmp(&b.bid.id));
            prop_assert_eq!(ordering, Ordering::Less, "{} before {} by {}", a.bid.id, b.bid.id, sort);
        }
        // The order of the answer is nothing, and sorting what is sorted changes nothing.
        let other = appraise(&Snapshot { bids: shuffled, ..snapshot.clone() });
        prop_assert_eq!(ids(&other, &arrange(&other, &at, &scope, &Query::default(), &sort)), shown);
    }

    #[test]
    fn the_first_row_is_what_one_would_want(snapshot in any_snapshot()) {
        let market = appraise(&snapshot);
        let at = at(&snapshot);
        let scope = Scope { gseq: None, older: true, withdrawn: true, lingering: &|_| false, blocked: &BTreeSet::new() };
        let view = arrange(&market, &at, &scope, &Query::default(), &Sort::default());
        let class = |row: &Row| {
            let fit = match row.fit {
                Some(Fit::Exact | Fit::More) => 0,
                Some(Fit::Unclear) => 1,
                Some(Fit::Short) => 2,
                Some(Fit::Wrong) => 3,
                None => 4,
            };
            (!row.takeable(), fit, row.usd_block.is_none(), row.usd_block, row.bid.id.provider.clone(), row.bid.id.clone())
        };
        let classes: Vec<_> = view.rows.iter().map(|n| class(&market.rows[*n as usize])).collect();
        prop_assert!(classes.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", classes);
        prop_assert_eq!(classes.len(), market.rows.len());
    }
}

#[test]
fn dollars_are_ordered_exactly_and_unknown_ones_last() {
    let card = || vec![unit(1, 2, &[CARDS[0]])];
    let bids = vec![
        bid(1, "1000.000000000000000002", "uact", card()),
        bid(2, "5", "foo", card()),
        bid(3, "1000.000000000000000001", "uact", card()),
        bid(4, "1000.000000000000000001", "uact", card()),
        bid(5, "1", "uakt", card()),
    ];
    let snapshot = market_of(bids);
    let market = appraise(&snapshot);
    for (sort, wanted) in [
        ("", [3, 4, 1, 2, 5]),
        ("usd", [3, 4, 1, 2, 5]),
        ("usd-", [1, 3, 4, 2, 5]),
        ("usd_gpu-", [1, 3, 4, 2, 5]),
        ("usd_month", [3, 4, 1, 2, 5]),
        ("price", [5, 2, 3, 4, 1]),
        ("denom-,provider-", [5, 4, 3, 1, 2]),
    ] {
        let numbers: Vec<u32> = show(&market, &at(&snapshot), "", sort).rows.iter().map(|n| n + 1).collect();
        assert_eq!(numbers, wanted, "{sort}");
    }
    assert_eq!(market.rows[0].gpus.count(), Some(2));
    assert!(matches!(market.rows[0].gpus, Gpus::Some(_)));
}
