//! Snapshots as the recorded node gave them (`samples/node-v2.1`, state 182): the same providers, prices and
//! offers, at the heights of a chain of 5.94 s a block; and what a test changes in them.

use akbids::domain::bid::*;
use akbids::domain::gpu::GpuKind;
use akbids::domain::money::{Amount, BlockTime, Rate, Rates};
use akbids::domain::resources::{Demands, Unit, Volume};
use akbids::domain::text::Clean;
use std::collections::BTreeMap;
use std::sync::Arc;

pub const OWNER: &str = "akash1qds57nqrwk7j4258jn57gdnf2uy6ankgud0a4w";
pub const DSEQ: u64 = 27_011_279;
/// Height of the recorded snapshot.
pub const HEIGHT: u64 = 27_011_340;

/// Address, organisation, region, price in uact, age in blocks, offer.
const BIDS: &[(&str, &str, &str, &str, u64, &str)] = &[
    ("akash106nrdvdkk0f6tf6skkr8pgfrgelsj2ge4pxel9", "Foundry Staking", "us-east", "4242.317353", 13, "-"),
    (
        "akash107zsuc2gznnrhn5et58lelevcyjfrxw5sfxnt9",
        "Foundry Staking",
        "eu-west",
        "5923.686411",
        56,
        "8 64 100 2 h100",
    ),
    ("akash12k3354jmzj88zk3udafvgqvtfvj428f7mxpylz", "Évry Compute", "us-east", "3765.635193", 11, "8 64 100 2 h100"),
    (
        "akash147xcnmr67qlrswwek72du8h504y8r8yr6639rl",
        "x\u{202e}gnp.exe",
        "us-west",
        "5252.753748",
        17,
        "8 64 100 1 a100/ram/80Gi",
    ),
    ("akash14zzz3et5zw6m9a22uy0nkvye7uwwd2eh959fs2", "Quantum 😀 GPU", "us-west", "2838.15126", 17, "8 64 100 2 h100"),
    ("akash1547r7zeundz3ag7rweh97hcwrs8exzgxxwqa68", "Évry Compute", "us-west", "3803.045668", 10, "8 64 100 2 h100"),
    (
        "akash165xlftcp4l7qr38kere6z44zex8ety8aujpkfr",
        "x\u{202e}gnp.exe",
        "ap-southeast",
        "4003.36954",
        13,
        "8 64 100 2 h100",
    ),
    (
        "akash1apz6r7c3x53v4785u92jdgdxqg42j4sljh4zu5",
        "x\u{202e}gnp.exe",
        "us-east",
        "1380.778971",
        15,
        "8 64 100 2 h100",
    ),
    (
        "akash1ddwl7q77zhxnl3v7j6wd9ndey77sec09je82xe",
        "Oblivus",
        "us-west",
        "5721.431535",
        17,
        "8 64 100 2 a100/ram/80Gi/interface/sxm",
    ),
    (
        "akash1dgjmlfxg9rl9g536l6tpwwye2js5uar6dgawkp",
        "x\u{202e}gnp.exe",
        "ap-southeast",
        "2534.953668",
        11,
        "8 64 100 2 a100/ram/80Gi",
    ),
    (
        "akash1h4lwhedpy4g670vw3f42mvdm9eln7pvv54j2s8",
        "Quantum 😀 GPU",
        "us-west",
        "6074.15206",
        13,
        "4 64 100 2 a100/ram/80Gi/interface/sxm",
    ),
    (
        "akash1jvgmrk6fj6eeadfyyvtwqjra0g5j4tmfzusk4a",
        "Foundry Staking",
        "us-east",
        "2434.929218",
        11,
        "8 64 100 2 rtx4090",
    ),
    ("akash1ly6p2tkzz30nsvp0xfs3y09v3mn65jknyuak7j", "Oblivus", "us-west", "3850.323959", 13, "8 64 100 0 -"),
    (
        "akash1mx4qlmjxcy0tdlww249jqsr6z6pmxsg8hspd54",
        "Quantum 😀 GPU",
        "eu-central",
        "1213.285682",
        15,
        "8 64 100 2 a100/ram/80Gi",
    ),
    (
        "akash1ntwzf475ch6qml4xtd520352txtsjmykvncsua",
        "Évry Compute",
        "eu-central",
        "3116.312402",
        15,
        "4 64 100 2 rtx4090",
    ),
    (
        "akash1qyedpdea5ftp45xpya74r5r9thud0cfuwtc4um",
        "Évry Compute",
        "eu-central",
        "4349.952707",
        17,
        "8 64 100 2 a100/ram/40Gi",
    ),
    ("akash1qz4fml2eheexvttj763yrlhg408u60a3hdylh8", "Quantum 😀 GPU", "", "4514.614282", 11, "8 64 100 2 h100"),
    ("akash1tm2ekxradlyf9c79ds9390txk99zxmvje6s424", "Oblivus", "ap-southeast", "1556.150394", 16, "8 64 100 2 h100"),
    (
        "akash1tmc06779lauvq6lxp9z4prtss8a40t6re2u8qu",
        "Oblivus",
        "us-west",
        "3982.480867",
        11,
        "8 64 100 2 a100/ram/40Gi",
    ),
    ("akash1v4jyl63yq6mm2g7d7gughc9nk4hnvapvy3rskv", "Foundry Staking", "us-east", "1098.72699", 15, "8 64 100 0 -"),
    (
        "akash1v6jt4zrmleah8r4wc87hlj6exf8cvpy78663y9",
        "Évry Compute",
        "ap-southeast",
        "5922.857395",
        13,
        "8 64 100 1 a100/ram/80Gi",
    ),
];

fn gib(n: &str) -> u64 {
    n.parse::<u64>().unwrap() << 30
}

/// `8 64 100 2 a100/ram/80Gi`: CPUs, GiB of memory and disk, cards, kind.
fn unit(text: &str, price: Option<&str>) -> Unit {
    let parts: Vec<&str> = text.split(' ').collect();
    let keys = parts[4].split('|').filter(|kind| *kind != "-").map(|kind| format!("vendor/nvidia/model/{kind}"));
    let keys: Vec<String> = keys.collect();
    let asked = keys.iter().filter(|_| price.is_some()).map(|key| (Clean::new(key), Clean::new("true")));
    Unit {
        id: 1,
        count: 1,
        cpu_m: Some(parts[0].parse::<u64>().unwrap() * 1000),
        memory_bytes: Some(gib(parts[1])),
        gpus: Some(parts[3].parse().unwrap()),
        gpu_kinds: keys.iter().map(|key| GpuKind::parse(key, "true").unwrap()).collect(),
        storage: vec![Volume {
            name: Clean::new("default"),
            bytes: Some(gib(parts[2])),
            class: None,
            persistent: false,
        }],
        endpoints: vec![Clean::new("RANDOM_PORT")],
        price: price.map(|price| Amount::parse(price, "uact").unwrap()),
        demands: Demands { gpu: asked.collect(), storage: Vec::new() },
    }
}

fn spec(name: &str, text: &str, ceiling: &str) -> Arc<GroupSpec> {
    Arc::new(GroupSpec {
        name: Clean::new(name),
        requirements: Requirements::default(),
        units: vec![unit(text, Some(ceiling))],
    })
}

pub fn bid_id(gseq: u32, oseq: u32, provider: &str) -> BidId {
    BidId { owner: Address::new(OWNER), dseq: DSEQ, gseq, oseq, provider: Address::new(provider), bseq: 0 }
}

/// A bid on group 1 with an offer as `8 64 100 2 h100`, `-` for an empty one.
pub fn bid(provider: &str, amount: &str, denom: &str, age: u64, offer: &str) -> Bid {
    Bid {
        id: bid_id(1, 1, provider),
        state: BidState::Open,
        price: Amount::parse(amount, denom).unwrap(),
        created_height: Some(HEIGHT - age),
        offer: Some(if offer == "-" { Vec::new() } else { vec![unit(offer, None)] }),
        reclamation_s: None,
    }
}

fn provider(n: usize, address: &str, organization: &str, region: &str) -> Provider {
    let pair = |key: &str, value: &str| (Clean::new(key), Clean::new(value));
    let mut attributes = vec![pair("host", "akash"), pair("tier", "community")];
    if !organization.is_empty() {
        attributes.push(pair("organization", organization));
    }
    if !region.is_empty() {
        attributes.push(pair("region", region));
    }
    Provider {
        address: Address::new(address),
        host: Some(Clean::new(&format!("provider.p{n}.example.com:8443"))),
        attributes,
        email: None,
        website: None,
        audits: Some(Vec::new()),
        declared_gpus: Vec::new(),
    }
}

/// One group with 21 open bids.
pub fn recorded() -> Snapshot {
    let asked = spec("akash", "8 64 100 2 a100/ram/80Gi|h100", "100000");
    let mut providers = BTreeMap::new();
    for (n, (address, organization, region, ..)) in BIDS.iter().enumerate() {
        providers.insert(Address::new(address), Arc::new(provider(n + 1, address, organization, region)));
    }
    Snapshot {
        chain: ChainInfo {
            id: Some(Clean::new("akashnet-2")),
            rest: Some(Clean::new("https://api.akashnet.net:443")),
            height: Some(HEIGHT),
            height_at_ms: Some(1_795_237_200_000),
            generation: Clean::new("v1beta5"),
            block_time: BlockTime::measured(11_880_000_000_000, 2000).unwrap(),
        },
        rates: Rates::default(),
        deployment: Some(Deployment {
            owner: Address::new(OWNER),
            dseq: DSEQ,
            state: DeploymentState::Active,
            created_height: Some(HEIGHT - 61),
            groups: vec![Group { gseq: 1, state: GroupState::Open, spec: Arc::clone(&asked) }],
            escrow: Some(Escrow {
                state: Clean::new("open"),
                funds: vec![Amount::parse("5000000", "uact").unwrap()],
                settled_height: Some(HEIGHT - 61),
            }),
        }),
        orders: Some(vec![Order {
            gseq: 1,
            oseq: 1,
            state: OrderState::Open,
            spec: asked,
            created_height: Some(HEIGHT - 61),
        }]),
        leases: Some(Vec::new()),
        bids: BIDS
            .iter()
            .map(|(address, _, _, price, age, offer)| Arc::new(bid(address, price, "uact", *age, offer)))
            .collect(),
        providers,
        order_max_bids: Some(20),
        unreadable: Vec::new(),
        warnings: Vec::new(),
        saved: false,
    }
}

/// The same with what the world adds: a second group, a coin without a rate, AKT, a withdrawn bid, an older order,
/// an entry that could not be read, a provider nobody knows and one with audits, a bid of several models.
pub fn varied() -> Snapshot {
    let mut snapshot = recorded();
    // An order takes 21.
    snapshot.bids.drain(15..17);
    let stranger = "akash1et9xvtsr5gjwmev4ck06vjf366f5gwhdzku4tt";
    let akt = "akash1zhxe8l3tdhe29ua5cf92np6q25ys0m9rxsa5uq";
    let edge = "akash108vqkeehevvx6d3f206u4ghl4ka472lktj7w8z";
    let mut add = |bid: Bid| snapshot.bids.push(Arc::new(bid));
    add(bid(stranger, "812", "foo", 9, "8 64 100 2 h100|a100"));
    add(bid(akt, "1833.5", "uakt", 60, "8 128 200 4 a100/ram/80Gi"));
    let mut withdrawn = bid(edge, "2210.5", "uact", 40, "8 64 100 2 h100");
    withdrawn.state = BidState::Closed;
    add(withdrawn);
    for (address, price) in [(edge, "41.2"), (BIDS[0].0, "58.93"), (BIDS[4].0, "74.000001")] {
        let mut small = bid(address, price, "uact", 12, "2 4 20 0 -");
        small.id.gseq = 2;
        add(small);
    }
    let known = [(akt, "Lumen Cloud", "eu-north"), (edge, "Edge One", "sa-east")];
    for (n, (address, organization, region)) in known.into_iter().enumerate() {
        let mut provider = provider(30 + n, address, organization, region);
        provider.email = Some(Clean::new("ops@example.com"));
        provider.audits = Some(vec![Audit {
            auditor: Address::new("akash1365yvmc4s7awdyj3n2sav7xfx76adc6dnmlx63"),
            attributes: vec![(Clean::new("region"), Clean::new(region))],
        }]);
        snapshot.providers.insert(Address::new(address), Arc::new(provider));
    }
    snapshot.rates.akt = Some(Rate {
        usd: "0.8125".parse().unwrap(),
        source: Clean::new("oracle v2 median"),
        at_ms: snapshot.chain.height_at_ms.map(|at| at - 12_000),
    });
    let edge_spec = spec("edge", "2 4 20 0 -", "1000");
    if let (Some(deployment), Some(orders)) = (&mut snapshot.deployment, &mut snapshot.orders) {
        deployment.groups.push(Group { gseq: 2, state: GroupState::Open, spec: Arc::clone(&edge_spec) });
        let created_height = Some(HEIGHT - 61);
        orders.push(Order { gseq: 2, oseq: 1, state: OrderState::Open, spec: edge_spec, created_height });
    }
    snapshot
        .unreadable
        .push(Unreadable { where_: "bids[7]".to_owned(), reason: Clean::new("price amount is not a number") });
    snapshot
}

/// The order was leased to a provider: the real chain then leaves nearly all losers `open`.
pub fn leased(winner: &str) -> Snapshot {
    let mut snapshot = recorded();
    let mut lost = true;
    for bid in &mut snapshot.bids {
        let bid = Arc::make_mut(bid);
        if bid.id.provider.as_str() == winner {
            bid.state = BidState::Active;
            let lease = Lease {
                id: bid.id.clone(),
                state: LeaseState::Active,
                price: bid.price.clone(),
                created_height: Some(HEIGHT - 1),
                closed_height: None,
                reason: None,
            };
            snapshot.leases = Some(vec![lease]);
        } else if std::mem::take(&mut lost) {
            bid.state = BidState::Lost;
        }
    }
    for order in snapshot.orders.iter_mut().flatten() {
        order.state = OrderState::Active;
    }
    snapshot
}

/// A later height with the same bids.
pub fn later(snapshot: &Snapshot, blocks: u64) -> Snapshot {
    let mut snapshot = snapshot.clone();
    snapshot.chain.height = snapshot.chain.height.map(|height| height + blocks);
    snapshot
}
