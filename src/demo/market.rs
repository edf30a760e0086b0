//! The demo market: who is there, and what happens at which block.
//!
//! The same at every run: bids come at fixed block offsets from the start, so tests and pictures can
//! rely on them. It shows what a person will meet, some of which the real chain refuses (prices in
//! other denominations than the order's), so that it can be seen without a deployment of one's own.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::encoding;
use super::node::{Chain, Clock, Event, bme_params, bme_status};
use super::record::{
    Attribute, Audit, Coin, Dec, DecCoin, DeploymentId, Endpoint, GroupSpec, Memory, Offer, OrderId, Provider,
    ProviderInfo, PubKey, Quoted, Request, Requirements, Resources, SignedBy, Storage, Units, Val,
};
use super::state::{LeaseEnd, NewBid, Params, State};

/// Chain id of the demo.
pub const CHAIN_ID: &str = "akbids-demo";
/// Newest block when the demo starts.
pub const START_HEIGHT: u64 = 27_011_290;
/// What `--demo-block-time` is when not given; the blocks before the start are 5.94 s apart then.
pub const BLOCK_TIME: Duration = Duration::from_secs(6);
/// The tenant: first key of the well-known mnemonic `abandon … about` (eleven times, BIP 39's first vector).
pub const OWNER: &str = "akash19rl4cm2hmr8afy4kldpxz3fka4jguq0a3mq6x0";
/// The words behind [`OWNER`]: known to all the world, of no worth on any other chain.
pub const MNEMONIC: &str =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
/// Compressed public key of [`OWNER`], base64.
const OWNER_KEY: &str = "Ak9OKtmcNNYLm6YoPJQxqEGK+GcyEpYfl6d7Y3f80Fti";
/// The deployment that `--demo` shows: group 1 asks for GPUs, group 2 for CPUs in three copies.
pub const DSEQ: u64 = 13_759_787;
/// One order, nobody has bid yet.
pub const NO_BIDS_DSEQ: u64 = 13_759_901;
/// Closed before anything was leased.
pub const CLOSED_DSEQ: u64 = 13_758_003;
/// Leased; of the twenty losing bids one is `lost`, nineteen say `open`.
pub const LEASED_DSEQ: u64 = 13_757_112;
/// Its provider left: the group is paused.
pub const PAUSED_DSEQ: u64 = 13_756_540;
/// Its tenant closed the lease: order 2 is open, bids of order 1 still say `open`.
pub const REOPENED_DSEQ: u64 = 13_755_208;
/// Asks for a region where nobody is.
pub const NO_ATTRIBUTE_DSEQ: u64 = 13_754_101;
/// Asks for a model that goes by another name: `rtx-4090`.
pub const MISSPELT_DSEQ: u64 = 13_754_102;
/// Asks for an interface that nobody declares in those letters: `sxm5`.
pub const VARIANT_DSEQ: u64 = 13_754_103;
/// Pays at most 55 uact a block for two A100.
pub const LOW_CEILING_DSEQ: u64 = 13_754_104;
/// The lease of its first group has used up the escrow; its second group is open.
pub const EMPTY_ESCROW_DSEQ: u64 = 13_754_105;
/// Asks for the signature of an auditor that signed nobody.
pub const UNSIGNED_DSEQ: u64 = 13_754_106;
/// All its bids were withdrawn.
pub const WITHDRAWN_DSEQ: u64 = 13_754_107;
/// Its order has had the 21 bids that it takes; what is left of them offers half of what was asked.
pub const FULL_DSEQ: u64 = 13_754_108;
/// Deployments of the past, from this number on: leases of the first three providers and how they ended.
const HISTORY_DSEQ: u64 = 13_700_001;
/// The auditor that Akash's own tools ask for.
pub const AUDITOR: &str = "akash1365yvmc4s7awdyj3n2sav7xfx76adc6dnmlx63";
/// Which of the demo's providers has control characters in its attributes.
pub const HOSTILE: usize = 17;

/// USDC bridged by Axelar, as mainnet knew it.
const AXL_USDC: &str = "ibc/170C677610AC31DF0904FFE09CD3B5C657492170E7E52372E48756B71E56F2F1";
const GIB: u64 = 1 << 30;

struct Seller {
    organization: &'static str,
    /// In its host name.
    slug: &'static str,
    region: &'static str,
    country: &'static str,
    /// Below `capabilities/gpu/`.
    gpus: &'static [&'static str],
    /// Storage class it offers, if any.
    storage: Option<&'static str>,
    /// Mbit/s.
    speed: &'static str,
    /// Which auditors signed it: 1 [`AUDITOR`], 2 the other one, 3 both.
    audits: u8,
}

const A100: &str = "vendor/nvidia/model/a100";
const A100_40: &str = "vendor/nvidia/model/a100/ram/40Gi";
const A100_80: &str = "vendor/nvidia/model/a100/ram/80Gi";
const A100_SXM: &str = "vendor/nvidia/model/a100/ram/80Gi/interface/sxm";
const H100: &str = "vendor/nvidia/model/h100";
const H100_SXM: &str = "vendor/nvidia/model/h100/ram/80Gi/interface/sxm";
const RTX4090: &str = "vendor/nvidia/model/rtx4090/ram/24Gi";
const MI300X: &str = "vendor/amd/model/mi300x/ram/192Gi";
const B900X: &str = "vendor/nvidia/model/b900x";
const ANY_MODEL: &str = "vendor/nvidia/model/*";

macro_rules! sellers {
    ($($organization:literal $slug:literal $region:literal $country:literal $gpus:expr, $storage:expr, $speed:literal $audits:literal;)*) => {
        [$(Seller { organization: $organization, slug: $slug, region: $region, country: $country,
                    gpus: &$gpus, storage: $storage, speed: $speed, audits: $audits }),*]
    };
}

const SELLERS: [Seller; 24] = sellers! {
    "Northwind Compute" "northwind" "us-west" "US" [A100_80, A100_SXM], Some("beta3"), "10000" 3;
    "Fjord Cloud" "fjord" "eu-north" "NO" [H100], Some("beta3"), "25000" 1;
    "Halden GPU" "halden" "eu-west" "IE" [A100_SXM, H100_SXM], Some("beta3"), "40000" 3;
    "Copperline" "copperline" "us-east" "US" [A100_80], None, "1000" 0;
    "Quanta Ridge" "quanta-ridge" "ap-southeast" "SG" [A100_80, RTX4090], Some("beta2"), "10000" 1;
    "Pixel Barn" "pixelbarn" "us-east" "US" [RTX4090], None, "1000" 0;
    "Évry Calcul" "evry" "eu-west" "FR" [A100], Some("beta2"), "10000" 2;
    "Baltic Iron" "balticiron" "eu-east" "LT" [A100_80], None, "2500" 0;
    "Sierra Rack" "sierrarack" "us-west" "US" [A100], Some("beta3"), "10000" 1;
    "北計算 Kita Systems" "kita" "ap-northeast" "JP" [H100_SXM], Some("beta3"), "100000" 3;
    "Anymodel Inc" "anymodel" "ca-central" "CA" [ANY_MODEL], None, "1000" 0;
    "Redwood Silicon" "redwood" "us-west" "US" [MI300X], Some("beta3"), "40000" 1;
    "Two Rivers" "tworivers" "us-central" "US" [A100_80, H100], None, "10000" 0;
    "Lagoon Labs" "lagoon" "eu-south" "PT" [A100_80], Some("beta2"), "10000" 2;
    "Plain Hosting" "plainhosting" "eu-central" "DE" [], Some("beta2"), "1000" 0;
    "Moor & Heath" "moorheath" "eu-west" "GB" [A100_40], None, "10000" 1;
    "Odd Denom" "odddenom" "eu-west" "NL" [H100], None, "1000" 0;
    "Evil \u{1b}[2J\u{1b}]52;c;cm0gLXJm\u{7} Corp\r\nFAKE ROW" "evil" "us-west\u{202e}\u{200b}\u{2066}" "U\u{200d}S" [B900X], None, "\u{1b}[31m9" 0;
    "Lowland Compute" "lowland" "eu-west" "NL" [A100_80], Some("beta2"), "10000" 1;
    "Alder Hosting" "alder" "eu-central" "DE" [], Some("beta2"), "10000" 1;
    "Birch Servers" "birch" "eu-north" "SE" [], Some("beta2"), "10000" 3;
    "Cedar Nodes" "cedar" "ca-central" "CA" [], None, "2500" 1;
    "Dune Metal" "dune" "me-central" "AE" [], Some("beta3"), "1000" 0;
    "" "bare" "" "" [], None, "" 0;
};

/// Address of the demo's provider `number` (0–23).
pub fn provider_address(number: usize) -> String {
    let number = u64::try_from(number).unwrap_or(u64::MAX);
    encoding::bech32("akash", &encoding::scramble::<20>(1, number))
}

/// The tenant of the deployments that nobody bids on: not [`OWNER`], whose own stay as few as they are.
fn other_tenant() -> String {
    encoding::bech32("akash", &encoding::scramble::<20>(4, 0))
}

/// "Silver" of the known auditors: in old requests still, signing nobody any more.
const SILENT_AUDITOR: &str = "akash17fqxak4kprh2rlatjlv9w04s9ugl7mn32ckut3";

fn other_auditor() -> String {
    encoding::bech32("akash", &encoding::scramble::<20>(2, 0))
}

fn attribute(key: &str, value: &str) -> Attribute {
    Attribute { key: key.into(), value: value.into() }
}

impl Seller {
    fn provider(&self, owner: &str) -> Provider {
        let mut attributes = Vec::new();
        if !self.organization.is_empty() {
            let mut say = |key: &str, value: &str| attributes.push(attribute(key, value));
            say("host", "akash");
            say("organization", self.organization);
            say("tier", "community");
            say("region", self.region);
            say("location-region", self.region);
            say("country", self.country);
            say("hardware-cpu", "amd");
            say("network-speed-down", self.speed);
            say("network-speed-up", self.speed);
            for gpu in self.gpus {
                say(&format!("capabilities/gpu/{gpu}"), "true");
            }
            if self.gpus.iter().any(|gpu| gpu.contains("nvidia")) {
                say("cuda", "12.8");
            }
            if let Some(class) = self.storage {
                say("feat-persistent-storage", "true");
                say("feat-persistent-storage-type", "nvme");
                say("capabilities/storage/1/class", class);
                say("capabilities/storage/1/persistent", "true");
            }
        }
        let (email, website) = if attributes.is_empty() {
            (String::new(), String::new())
        } else {
            (format!("ops@{}.example.com", self.slug), format!("https://{}.example.com", self.slug))
        };
        Provider {
            owner: owner.into(),
            host_uri: format!("https://provider.{}.example.com:8443", self.slug).into(),
            attributes,
            info: ProviderInfo { email: email.into(), website: website.into() },
        }
    }
}

/// One resource unit; quantities in millicores and bytes.
fn unit(id: u32, cpu: u64, memory: u64, storage: Vec<Storage>, gpus: u64, gpu: &[&str]) -> Resources {
    let val = |val| Val { val: Quoted(val) };
    Resources {
        id,
        cpu: Units { units: val(cpu), attributes: Vec::new() },
        memory: Memory { quantity: val(memory), attributes: Vec::new() },
        storage,
        gpu: Units { units: val(gpus), attributes: gpu.iter().map(|key| attribute(key, "true")).collect() },
        endpoints: vec![Endpoint { kind: "SHARED_HTTP".into(), sequence_number: 0 }],
    }
}

fn disk(name: &str, bytes: u64, class: Option<&str>) -> Storage {
    Storage {
        name: name.into(),
        quantity: Val { val: Quoted(bytes) },
        attributes: class
            .map_or_else(Vec::new, |class| vec![attribute("class", class), attribute("persistent", "true")]),
    }
}

fn offer(resources: Resources, count: u32) -> Offer {
    Offer { resources, count, prices: None }
}

/// A number of this file. The texts are constants, checked by the test below.
fn dec(text: &str) -> Dec {
    text.parse().unwrap_or_default()
}

/// A price per block.
fn price(denom: &str, amount: &str) -> DecCoin {
    DecCoin::new(denom, dec(amount))
}

fn group(name: &str, any_of: &[&str], units: Vec<(Resources, u32, &str)>) -> GroupSpec {
    GroupSpec {
        name: name.into(),
        requirements: Requirements {
            signed_by: SignedBy { all_of: Vec::new(), any_of: any_of.iter().map(|&address| address.into()).collect() },
            attributes: Vec::new(),
        },
        resources: units
            .into_iter()
            .map(|(resource, count, ceiling)| Request { resource, count, price: price("uact", ceiling) })
            .collect(),
    }
}

/// 8 CPU, 64 GiB, 100 GiB of disk and `gpus` GPUs.
fn gpu_unit(gpus: u64, models: &[&str]) -> Resources {
    unit(1, 8000, 64 * GIB, vec![disk("default", 100 * GIB, None)], gpus, models)
}

fn gpu_group() -> GroupSpec {
    group("gpu", &[], vec![(gpu_unit(2, &[A100_80, H100]), 1, "20000")])
}

fn web_unit() -> Resources {
    unit(1, 2000, 4 * GIB, vec![disk("default", 10 * GIB, None)], 0, &[])
}

fn database_unit(data: u64) -> Resources {
    let storage = vec![disk("default", 5 * GIB, None), disk("data", data, Some("beta2"))];
    unit(2, 1000, 2 * GIB, storage, 0, &[])
}

fn web_group() -> GroupSpec {
    let units = vec![(web_unit(), 3, "300"), (database_unit(50 * GIB), 1, "400")];
    group("web", &[AUDITOR], units)
}

/// A bid of the demo deployment: block relative to the start, provider, price, offer, reclamation window.
type Planned = (i64, usize, &'static str, &'static str, Vec<Offer>, Option<&'static str>);

fn gpu_bids() -> Vec<Planned> {
    let gpus = |count, models: &[&str]| vec![offer(gpu_unit(count, models), 1)];
    let smaller = unit(1, 4000, 32 * GIB, vec![disk("default", 50 * GIB, None)], 2, &[A100_80]);
    vec![
        (-10, 0, "uact", "3236.418270", gpus(2, &[A100_80]), None),
        (-9, 1, "uact", "7361.907204", gpus(2, &[H100]), None),
        (-9, 2, "uact", "4357.752133", gpus(2, &[A100_SXM]), Some("3600s")),
        (-8, 3, "uact", "1849.040012", gpus(1, &[A100_80]), None),
        (-7, 4, "uact", "8085.500000", gpus(4, &[A100_80]), None),
        (-6, 5, "uact", "1419.219880", gpus(2, &[RTX4090]), None),
        (-4, 6, "uact", "2557.441907", Vec::new(), None),
        (-3, 7, "uakt", "4873.076923", gpus(2, &[A100_80]), None),
        (-2, 8, "uact", "2969.984120337511904762", gpus(2, &[A100]), None),
        (1, 9, "uact", "5973.400155", gpus(2, &[H100_SXM]), None),
        (2, 10, "uact", "2805.000000", gpus(2, &[ANY_MODEL]), None),
        (3, 11, "uact", "6435.128800", gpus(2, &[MI300X]), None),
        (4, 12, "uact", "3630.250000", gpus(2, &[A100_80, H100]), None),
        (5, 13, AXL_USDC, "3382.600000", gpus(2, &[A100_80]), None),
        (6, 14, "uact", "511.500000", gpus(0, &[]), None),
        (7, 15, "uact", "2145.060000", gpus(2, &[A100_40]), None),
        (8, 16, "ufoo", "812.000000", gpus(2, &[H100]), None),
        (9, HOSTILE, "uact", "4785.000000", gpus(2, &[B900X]), None),
        (10, 18, "uact", "2656.780000", vec![offer(smaller, 1)], Some("86400s")),
    ]
}

fn web_bids() -> Vec<Planned> {
    let web = || offer(web_unit(), 3);
    let database = || offer(database_unit(50 * GIB), 1);
    vec![
        (-8, 19, "uact", "61.205000", vec![web(), database()], None),
        (-5, 20, "uact", "48.950000", vec![web(), database()], None),
        (-3, 14, "uact", "72.600000", vec![web(), database()], None),
        (3, 21, "uact", "30.250000", vec![web()], None),
        (6, 22, "uact", "44.000000", vec![web(), offer(database_unit(20 * GIB), 1)], None),
        (9, 0, "uact", "118.800000", vec![database(), web()], None),
    ]
}

/// Group, provider and block of the bids that are taken back.
const WITHDRAWN: [(u32, usize, i64); 6] = [(1, 3, 15), (1, 10, 22), (2, 14, 34), (1, 5, 40), (1, 6, 44), (1, 12, 46)];

fn height(offset: i64) -> u64 {
    START_HEIGHT.saturating_add_signed(offset)
}

fn params() -> Params {
    let deposits = || json!([{"denom": "uakt", "amount": "500000"}, {"denom": "uact", "amount": "500000"}]);
    Params {
        market: json!({
            "bid_min_deposit": {"denom": "uakt", "amount": "500000"}, "order_max_bids": 20,
            "bid_min_deposits": [{"denom": "uact", "amount": "500000"}, {"denom": "uakt", "amount": "500000"}],
            "min_reclamation_window": "3600s", "max_reclamation_window": "2592000s",
        }),
        deployment: json!({"min_deposits": deposits()}),
        oracle: json!({
            "sources": [other_auditor()], "min_price_sources": 1,
            "max_price_staleness_period": "86400s", "twap_window": "5s",
            "max_price_deviation_bps": "150", "feed_contracts_params": [],
            "price_retention": "86400s", "prune_epoch": "hour", "max_prune_per_epoch": "1000",
            "max_future_time_drift": "10s",
        }),
        bme: bme_params(),
        bme_status: bme_status("mint_status_healthy", "1.420000000000000000", true),
        minimum_gas_price: "0.002500000000000000uakt".to_owned(),
    }
}

/// Something that happened before the start.
type Past = Box<dyn FnOnce(&mut State, u64)>;

/// A deployment of the past with one GPU group, and what happened to it.
struct Story {
    id: DeploymentId,
    /// Cards that its bids offer.
    cards: u64,
    events: Vec<(u64, Past)>,
}

impl Story {
    fn new(dseq: u64, created: i64, deposit: u128) -> Self {
        let groups = if dseq == DSEQ { vec![gpu_group(), web_group()] } else { vec![gpu_group()] };
        Self::of(deployment_id(dseq), created, deposit, groups)
    }

    /// A deployment of another tenant.
    fn another(dseq: u64, created: i64, deposit: u128, groups: Vec<GroupSpec>) -> Self {
        Self::of(DeploymentId { owner: other_tenant().into(), dseq: Quoted(dseq) }, created, deposit, groups)
    }

    fn of(id: DeploymentId, created: i64, deposit: u128, groups: Vec<GroupSpec>) -> Self {
        let mut story = Self { id: id.clone(), cards: 2, events: Vec::new() };
        story.then(created, move |state, height| {
            let hash = encoding::base64(&encoding::scramble::<32>(9, id.dseq.0));
            state.create_deployment(height, &id, &hash, &groups, &Coin::new("uact", deposit));
        });
        story
    }

    fn then(&mut self, offset: i64, event: impl FnOnce(&mut State, u64) + 'static) {
        self.events.push((height(offset), Box::new(event)));
    }

    /// Bids of sellers on an order of group 1, one every second block: the first costs `from` uact
    /// a block, each other one 137.5 more.
    fn bids(&mut self, offset: i64, oseq: u32, sellers: impl Iterator<Item = usize>, from: u64) {
        let order = self.id.order(1, oseq);
        for (at, seller) in sellers.enumerate() {
            let id = order.bid(&provider_address(seller));
            let step = u64::try_from(at).unwrap_or(0);
            let amount = format!("{}.500000", from + step * 137);
            let offset = offset + i64::try_from(at / 2).unwrap_or(0);
            let cards = self.cards;
            self.then(offset, move |state, height| {
                let offer = vec![offer(gpu_unit(cards, &[A100_80]), 1)];
                state.create_bid(height, NewBid { id, price: price("uact", &amount), offer, reclamation_window: None });
            });
        }
    }

    fn lease(&mut self, offset: i64, seller: usize) {
        let id = self.id.order(1, 1).bid(&provider_address(seller));
        self.then(offset, move |state, height| {
            state.create_lease(height, &id);
        });
    }

    fn withdraw(&mut self, offset: i64, sellers: impl Iterator<Item = usize>) {
        for seller in sellers {
            let id = self.id.order(1, 1).bid(&provider_address(seller));
            self.then(offset, move |state, height| {
                state.withdraw_bid(height, &id);
            });
        }
    }

    fn close_lease(&mut self, offset: i64, seller: usize, end: LeaseEnd) {
        let id = self.id.order(1, 1).bid(&provider_address(seller));
        self.then(offset, move |state, height| {
            state.close_lease(height, &id, end);
        });
    }
}

/// Deployments on which nobody bids, each for a reason of its own, and the track record of a few providers.
fn without_bids() -> Vec<Story> {
    let asking = |models: &[&str], ceiling| group("gpu", &[], vec![(gpu_unit(2, models), 1, ceiling)]);
    let another = |dseq, group| Story::another(dseq, -40, 5_000_000, vec![group]);
    let mut region = gpu_group();
    region.requirements.attributes = vec![attribute("region", "ap-south"), attribute("tier", "community")];
    let mut unsigned = gpu_group();
    unsigned.requirements.signed_by.all_of = vec![SILENT_AUDITOR.into()];
    let mut broke = Story::another(EMPTY_ESCROW_DSEQ, -900, 1_500_000, vec![gpu_group(), web_group()]);
    broke.bids(-897, 1, 0..1, 3100);
    broke.lease(-890, 0);
    let mut withdrawn = Story::another(WITHDRAWN_DSEQ, -90, 10_000_000, vec![gpu_group()]);
    withdrawn.bids(-88, 1, 0..4, 2900);
    withdrawn.withdraw(-38, 0..4);
    let mut full = Story::another(FULL_DSEQ, -80, 10_000_000, vec![gpu_group()]);
    full.cards = 1;
    full.bids(-78, 1, 0..21, 1400);
    full.withdraw(-20, 0..15);
    let mut stories = vec![
        another(NO_ATTRIBUTE_DSEQ, region),
        another(MISSPELT_DSEQ, asking(&["vendor/nvidia/model/rtx-4090"], "20000")),
        another(VARIANT_DSEQ, asking(&["vendor/nvidia/model/h100/ram/80Gi/interface/sxm5"], "20000")),
        another(LOW_CEILING_DSEQ, asking(&[A100_80], "55")),
        another(UNSIGNED_DSEQ, unsigned),
        broke,
        withdrawn,
        full,
    ];
    let ends = [
        LeaseEnd::Tenant,
        LeaseEnd::Tenant,
        LeaseEnd::Unstable,
        LeaseEnd::Tenant,
        LeaseEnd::Decommission,
        LeaseEnd::Tenant,
    ];
    for (number, end) in (0u32..).zip(ends.into_iter().cycle()).take(18) {
        let created = -8900 + 200 * i64::from(number);
        let seller = usize::try_from(number % 3).unwrap_or(0);
        let mut story = Story::another(HISTORY_DSEQ + u64::from(number), created, 5_000_000, vec![gpu_group()]);
        story.bids(created + 2, 1, seller..=seller, 1500);
        story.lease(created + 5, seller);
        story.close_lease(created + 150, seller, end);
        let id = story.id.clone();
        story.then(created + 160, move |state, height| {
            state.close_deployment(height, &id);
        });
        stories.push(story);
    }
    stories
}

fn deployment_id(dseq: u64) -> DeploymentId {
    DeploymentId { owner: OWNER.into(), dseq: Quoted(dseq) }
}

fn stories() -> Vec<(u64, Past)> {
    let mut closed = Story::new(CLOSED_DSEQ, -6000, 5_000_000);
    closed.bids(-5998, 1, 0..3, 3100);
    let id = closed.id.clone();
    closed.then(-5900, move |state, height| {
        state.close_deployment(height, &id);
    });
    let mut paused = Story::new(PAUSED_DSEQ, -3000, 20_000_000);
    paused.bids(-2997, 1, 2..7, 2400);
    paused.lease(-2985, 4);
    paused.close_lease(-400, 4, LeaseEnd::Provider);
    let mut reopened = Story::new(REOPENED_DSEQ, -2600, 15_000_000);
    reopened.bids(-2598, 1, 0..5, 2900);
    reopened.lease(-2590, 1);
    reopened.close_lease(-60, 1, LeaseEnd::Tenant);
    reopened.bids(-58, 2, 7..10, 3000);
    let mut leased = Story::new(LEASED_DSEQ, -1300, 20_000_000);
    leased.bids(-1297, 1, 0..21, 2200);
    leased.lease(-1270, 0);
    let mut live = Story::new(DSEQ, -12, 12_500_000);
    for (gseq, bids) in [(1, gpu_bids()), (2, web_bids())] {
        for planned in bids.into_iter().filter(|planned| planned.0 <= 0) {
            let bid = new_bid(&live.id.order(gseq, 1), &planned);
            live.then(planned.0, move |state, height| {
                state.create_bid(height, bid);
            });
        }
    }
    let empty = Story::new(NO_BIDS_DSEQ, -2, 5_000_000);
    let mut past: Vec<_> = [closed, paused, reopened, leased, live, empty]
        .into_iter()
        .chain(without_bids())
        .flat_map(|s| s.events)
        .collect();
    // Balances are shared by all stories: history must be written in the order of the blocks.
    past.sort_by_key(|(height, _)| *height);
    past
}

fn new_bid(order: &OrderId, planned: &Planned) -> NewBid {
    let (_, seller, denom, amount, offer, window) = planned;
    NewBid {
        id: order.bid(&provider_address(*seller)),
        price: price(denom, amount),
        offer: offer.clone(),
        reclamation_window: window.map(Arc::from),
    }
}

impl Chain {
    /// The demo market at its start: a dozen bids on [`DSEQ`], as many to come over the next ten
    /// blocks, some of them withdrawn later. `block_time` lies between two blocks of a fixed clock.
    pub fn demo_market(clock: Clock, block_time: Duration) -> Self {
        let past = if block_time == BLOCK_TIME { Duration::from_millis(5940) } else { block_time };
        let mut chain = Self::empty(CHAIN_ID, params(), START_HEIGHT, clock, past, block_time);
        let coins = |act, akt| [Coin::new("uact", act), Coin::new("uakt", akt)];
        chain.act(|state, _| {
            state.fund(1, &other_auditor(), &[Coin::new("uakt", 900_000_000)]);
            state.fund(1, OWNER, &coins(120_000_000, 25_000_000));
            let tenant = coins(250_000_000, 25_000_000);
            // It has signed before: six deployments, two leases, two closings.
            let row = super::record::Account {
                address: OWNER.into(),
                pub_key: Some(PubKey { kind: "/cosmos.crypto.secp256k1.PubKey".into(), key: OWNER_KEY.into() }),
                account_number: Quoted(1),
                sequence: Quoted(11),
            };
            state.accounts.put(1, OWNER.into(), row);
            for (number, seller) in SELLERS.iter().enumerate() {
                let owner = provider_address(number);
                state.fund(1, &owner, &coins(250_000_000, 50_000_000));
                let provider = seller.provider(&owner);
                let signed: Vec<Attribute> = provider
                    .attributes
                    .iter()
                    .filter(|a| ["organization", "region", "tier"].contains(&&*a.key))
                    .cloned()
                    .collect();
                state.add_provider(1, provider);
                for (bit, auditor) in [(1, AUDITOR.to_owned()), (2, other_auditor())] {
                    if seller.audits & bit != 0 {
                        let audit = Audit {
                            owner: owner.as_str().into(),
                            auditor: auditor.as_str().into(),
                            attributes: signed.clone(),
                        };
                        state.add_audit(1, audit);
                    }
                }
            }
            state.fund(1, &other_tenant(), &tenant);
            for (height, event) in stories() {
                event(state, height);
            }
        });
        chain.report_price(START_HEIGHT - 9000, dec("0.807000"));
        chain.report_price(START_HEIGHT - 4, dec("0.812500"));
        let id = deployment_id(DSEQ);
        for (gseq, bids) in [(1, gpu_bids()), (2, web_bids())] {
            for planned in bids.iter().filter(|planned| planned.0 > 0) {
                let bid = new_bid(&id.order(gseq, 1), planned);
                chain.at(height(planned.0), Event::Bid(bid));
            }
        }
        for (gseq, seller, offset) in WITHDRAWN {
            let bid = id.order(gseq, 1).bid(&provider_address(seller));
            chain.at(height(offset), Event::Withdraw(bid));
        }
        chain
    }

    /// Lets `count` made-up providers bid on an order, in the newest block. Their offers meet the
    /// order's own request; the prices are all different. For tests and benches.
    pub fn add_bids(&mut self, order: &OrderId, count: u64) {
        self.act(|state, height| {
            let Some(spec) = state.orders.get(height, order).map(|o| o.spec.clone()) else {
                return;
            };
            for number in 0..count {
                let seed = number ^ (order.dseq.0 << 24) ^ (u64::from(order.gseq) << 20);
                let owner = encoding::bech32("akash", &encoding::scramble::<20>(3, seed));
                let seller = &SELLERS[usize::try_from(number).unwrap_or(0) % (HOSTILE - 1)];
                let mut provider = seller.provider(&owner);
                provider.host_uri = format!("https://provider.p{number}.example.com:8443").into();
                state.add_provider(height, provider);
                state.fund(height, &owner, &[Coin::new("uact", 1_000_000)]);
                let offer = spec.resources.iter().map(|unit| {
                    let mut resources = unit.resource.clone();
                    // A request lists alternatives, an offer names one of them.
                    let models = resources.gpu.attributes.len().max(1);
                    let model = usize::try_from(number).unwrap_or(0) % models;
                    resources.gpu.attributes = resources.gpu.attributes.get(model).cloned().into_iter().collect();
                    offer(resources, unit.count)
                });
                let bid = NewBid {
                    id: order.bid(&owner),
                    price: DecCoin::new("uact", Dec::whole(u128::from(1000 + number)).plus(dec("0.250001"))),
                    offer: offer.collect(),
                    reclamation_window: None,
                };
                state.create_bid(height, bid);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_price_of_the_demo_is_a_number() {
        for planned in gpu_bids().iter().chain(&web_bids()) {
            assert!(planned.3.parse::<Dec>().is_ok(), "{}", planned.3);
        }
        for group in [gpu_group(), web_group()] {
            assert!(group.resources.iter().all(|unit| !unit.price.amount.is_zero()));
        }
    }

    #[test]
    fn a_dozen_bids_at_the_start_and_as_many_over_the_first_minute() {
        let mut chain = Chain::demo_market(Clock::Wall, BLOCK_TIME);
        let count = |chain: &Chain| {
            [1, 2].map(|gseq| {
                let order = deployment_id(DSEQ).order(gseq, 1);
                chain.state().bids_of(chain.height(), &order).count()
            })
        };
        assert_eq!(count(&chain), [9, 3]);
        chain.step_to(START_HEIGHT + 10);
        assert_eq!(count(&chain), [19, 6]);
    }

    #[test]
    fn a_leased_order_leaves_one_bid_lost_and_nineteen_open() {
        let chain = Chain::demo_market(Clock::Wall, BLOCK_TIME);
        let order = deployment_id(LEASED_DSEQ).order(1, 1);
        let count = |state: &str| {
            let bids = chain.state().bids_of(chain.height(), &order);
            bids.filter(|row| &*row.bid.state == state).count()
        };
        assert_eq!(["active", "lost", "open"].map(count), [1, 1, 19]);
    }
}
