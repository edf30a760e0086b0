//! The embedded chain against what a running node answered, request by request.
//!
//! The recordings are a story: bids come, leases are made, groups pause, money runs out. The chain is
//! loaded with the node's state, the same things are let happen to it at the same heights, and every
//! recorded request is sent again there, transactions byte for byte. Compared are the status, which height
//! headers there are and what they say, every key and every type of the body, and every value that is not
//! clock, hash of the state or gas. Gas may be off by [`GAS_TOLERANCE`] per cent.

use std::io::{Read, Write};
use std::net::TcpStream;

use akbids::demo::{
    Account, Act, Attribute, BidId, Chain, Coin, DeploymentId, Fault, GroupSpec, LeaseEnd, NewBid, Options, Provider,
    Quoted, Running, State, serve,
};
use serde_json::Value;

use crate::support::http::{Got, ask, send};

/// Requests that must be replayed at least: lower it never.
const REPLAYED: usize = 301;

/// The embedded chain charges by a model of a dozen constants; the node's own gas for the same thing
/// varies by some per cent with what lies next to it in its store.
const GAS_TOLERANCE: u64 = 7;

fn recordings(file: &str) -> Vec<Value> {
    let path = format!("{}/tests/data/node-v2.1/{file}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn load(height: u64) -> Running {
    let path = format!("{}/tests/data/node-v2.1/state/state-{height}.json", env!("CARGO_MANIFEST_DIR"));
    let chain = Chain::load(&std::fs::read_to_string(path).unwrap()).unwrap();
    serve(chain, Options::default()).unwrap()
}

/// Whether a value at this place is clock, hash, signature or gas, or this node's own name.
fn volatile(place: &str) -> bool {
    let key = place.rsplit('.').next().unwrap_or_default();
    let in_block = ["block_id", "block", "sdk_block"].iter().any(|part| place.split('.').any(|p| p == *part));
    match key {
        "time"
        | "timestamp"
        | "signature"
        | "app_hash"
        | "validator_hash"
        | "validators_hash"
        | "next_validators_hash"
        | "consensus_hash"
        | "last_commit_hash"
        | "last_results_hash"
        | "proposer_address"
        | "validator_address"
        | "default_node_id" => true,
        "hash" => in_block,
        _ => place.contains(".build_deps."),
    }
}

/// Every difference between two answers, one a line.
fn compare(place: &str, want: &Value, got: &Value, out: &mut Vec<String>) {
    match (want, got) {
        (Value::Object(want), Value::Object(got)) => {
            for key in want.keys().filter(|key| !got.contains_key(*key)) {
                out.push(format!("{place}.{key} is missing"));
            }
            for key in got.keys().filter(|key| !want.contains_key(*key)) {
                out.push(format!("{place}.{key} should not be there"));
            }
            for (key, want) in want {
                if let Some(got) = got.get(key) {
                    compare(&format!("{place}.{key}"), want, got, out);
                }
            }
        }
        (Value::Array(want), Value::Array(got)) => {
            if want.len() != got.len() {
                out.push(format!("{place}: {} elements, not {}", got.len(), want.len()));
            }
            for (at, (want, got)) in want.iter().zip(got).enumerate() {
                compare(&format!("{place}.{at}"), want, got, out);
            }
        }
        _ if std::mem::discriminant(want) != std::mem::discriminant(got) => {
            out.push(format!("{place}: {got} has another type than {want}"));
        }
        (Value::String(want), Value::String(got)) if !volatile(place) => {
            let (want_text, want_gas) = without_gas(place, want);
            let (got_text, got_gas) = without_gas(place, got);
            if want_text != got_text {
                out.push(format!("{place}: {got:?}, not {want:?}"));
            }
            if got_gas.abs_diff(want_gas) * 100 > want_gas * GAS_TOLERANCE {
                out.push(format!("{place}: {got_gas} gas, not about {want_gas}"));
            }
        }
        _ if want != got && !volatile(place) => {
            out.push(format!("{place}: {got}, not {want}"));
        }
        _ => {}
    }
}

/// A text with the gas that it tells cut out, and that gas; 0 when it tells none.
fn without_gas(place: &str, text: &str) -> (String, u64) {
    if place.ends_with(".gas_used") {
        return (String::new(), text.parse().unwrap());
    }
    for mark in ["gasUsed: ", "gas used: '"] {
        if let Some((before, after)) = text.split_once(mark) {
            let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
            return (format!("{before}{mark}{}", &after[end..]), after[..end].parse().unwrap());
        }
    }
    (text.to_owned(), 0)
}

/// A chain, the recordings, and how many were asked again.
struct Story {
    chain: Running,
    replayed: usize,
    differences: Vec<String>,
}

impl Story {
    fn new(height: u64) -> Self {
        Self { chain: load(height), replayed: 0, differences: Vec::new() }
    }

    /// Makes blocks up to `height`, then lets something happen in it.
    fn at(&self, height: u64, happen: impl FnOnce(&mut State, u64)) {
        self.chain.step_to(height);
        self.chain.with(|chain| chain.act(|state, height| happen(state, height)));
    }

    /// Makes blocks up to `height`, then sends lines of a recording again whose answers do not say the height.
    fn replay_at(&mut self, height: u64, file: &str, lines: impl IntoIterator<Item = usize>) {
        self.chain.step_to(height);
        self.replay(file, lines);
    }

    /// The tenant sends something else than a lease, which the next block holds: one sequence more. Then
    /// what it did happens.
    fn otherwise(&self, height: u64, happen: impl FnOnce(&mut State, u64)) {
        self.chain.step_to(height - 1);
        self.chain.with(|chain| chain.compete(TENANT)).unwrap();
        self.at(height, happen);
    }

    /// Asks lines of a recording (counted from 1) again, at the heights at which they were asked.
    fn replay(&mut self, file: &str, lines: impl IntoIterator<Item = usize>) {
        self.replay_but(file, lines, &[]);
    }

    /// As [`Story::replay`], with these places of the body not compared by value.
    fn replay_but(&mut self, file: &str, lines: impl IntoIterator<Item = usize>, but: &[&str]) {
        let all = recordings(file);
        for line in lines {
            let recorded = &all[line - 1];
            self.compare_one(&format!("{file} {line}"), recorded, but);
        }
    }

    fn compare_one(&mut self, name: &str, recorded: &Value, but: &[&str]) {
        let (request, want) = (&recorded["request"], &recorded["response"]);
        let header = |name: &str| want["headers"][name].as_str();
        let pin = request["headers"]["x-cosmos-block-height"].as_str();
        if let (None, Some(height)) = (pin, header("grpc-metadata-x-cosmos-block-height")) {
            self.chain.step_to(height.parse().unwrap());
        }
        let (method, path) = (request["method"].as_str().unwrap(), request["path"].as_str().unwrap());
        let body = if request["body"].is_null() { String::new() } else { request["body"].to_string() };
        let got = send(self.chain.port(), method, path, pin, &body);
        let mut differences = Vec::new();
        if u64::from(got.status) != want["status"] {
            differences.push(format!("status {}, not {}", got.status, want["status"]));
        }
        for name in ["content-type", "grpc-metadata-x-cosmos-block-height", "x-cosmos-block-height"] {
            if got.header(name) != header(name) {
                differences.push(format!("{name}: {:?}, not {:?}", got.header(name), header(name)));
            }
        }
        if got.header("x-server-time").is_none() {
            differences.push("x-server-time is missing".to_owned());
        }
        match serde_json::from_str(&got.body) {
            Ok(body) => {
                let mut found = Vec::new();
                compare("", &want["body"], &body, &mut found);
                found.retain(|line| !but.iter().any(|place| line.starts_with(&format!("{place}:"))));
                differences.append(&mut found);
            }
            Err(reason) => differences.push(format!("no JSON ({reason}): {}", got.body)),
        }
        self.replayed += 1;
        if !differences.is_empty() {
            let (note, list) = (&recorded["note"], differences.join("\n  "));
            self.differences.push(format!("{name} ({note}): {method} {path}\n  {list}"));
        }
    }
}

const TENANT: &str = "akash1qds57nqrwk7j4258jn57gdnf2uy6ankgud0a4w";
const P1: &str = "akash107zsuc2gznnrhn5et58lelevcyjfrxw5sfxnt9";
const P2: &str = "akash1qyedpdea5ftp45xpya74r5r9thud0cfuwtc4um";
const P3: &str = "akash147xcnmr67qlrswwek72du8h504y8r8yr6639rl";

fn deployment(dseq: u64) -> DeploymentId {
    DeploymentId { owner: TENANT.into(), dseq: Quoted(dseq) }
}

fn bid(dseq: u64, gseq: u32, oseq: u32, provider: &str) -> BidId {
    deployment(dseq).order(gseq, oseq).bid(provider)
}

/// Creates a deployment as it was recorded.
fn create(state: &mut State, height: u64, recorded: &Value) {
    let id: DeploymentId = serde_json::from_value(recorded["deployment"]["id"].clone()).unwrap();
    let hash = recorded["deployment"]["hash"].as_str().unwrap();
    let groups: Vec<GroupSpec> = recorded["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| serde_json::from_value(group["group_spec"].clone()).unwrap())
        .collect();
    let deposit = &recorded["escrow_account"]["state"]["deposits"][0]["balance"]["amount"];
    let whole = deposit.as_str().unwrap().split('.').next().unwrap();
    let deposit = Coin::new("uact", whole.parse().unwrap());
    state.create_deployment(height, &id, hash, &groups, &deposit);
}

/// Creates those recorded bids that were made in block `height`.
fn create_bids(state: &mut State, height: u64, recorded: &Value) {
    for row in recorded["bids"].as_array().unwrap() {
        let row = &row["bid"];
        if row["created_at"].as_str() == Some(height.to_string().as_str()) {
            let bid = NewBid {
                id: serde_json::from_value(row["id"].clone()).unwrap(),
                price: serde_json::from_value(row["price"].clone()).unwrap(),
                offer: serde_json::from_value(row["resources_offer"].clone()).unwrap(),
                reclamation_window: serde_json::from_value(row["reclamation_window"].clone()).unwrap(),
            };
            state.create_bid(height, bid);
        }
    }
}

fn set_sequence(state: &mut State, height: u64, sequence: u64) {
    let owner = TENANT.into();
    let mut account = Account::clone(state.accounts.get(height, &owner).unwrap());
    account.sequence = Quoted(sequence);
    state.accounts.put(height, owner, account);
}

#[test]
fn the_embedded_chain_answers_as_the_recorded_node_did() {
    let mut replayed = 0;
    for tell in [accept, groups_before_the_bids, groups_and_later] {
        let story = tell();
        replayed += story.replayed;
        assert!(story.differences.is_empty(), "{}", story.differences.join("\n"));
    }
    eprintln!("{replayed} recorded requests were asked again, all answers agree");
    assert!(replayed >= REPLAYED, "only {replayed} requests were replayed");
}

fn accept() -> Story {
    let mut story = Story::new(182);
    story.replay("accept", 1..=21);
    story.replay_at(186, "accept", 22..=38);
    story
}

fn groups_before_the_bids() -> Story {
    let mut story = Story::new(367);
    story.replay("groups", [1]);
    story
}

fn groups_and_later() -> Story {
    let mut story = Story::new(380);
    story.replay("groups", 2..=10);
    story.at(381, |state, height| {
        state.withdraw_bid(height, &bid(366, 2, 1, P3)).unwrap();
    });
    story.replay("groups", 11..=19);
    for height in [350, 386] {
        let price = "0.8125".parse().unwrap();
        story.chain.with(|chain| chain.report_price(height, price));
    }
    story.replay("groups", 20..=24);
    story.replay_at(389, "groups", 25..=34);

    let lookups = recordings("lookups");
    story.at(450, |state, height| {
        let found = &lookups[19]["response"]["body"]["deployments"];
        create(state, height, &found[2]);
    });
    story.at(700, |state, height| set_sequence(state, height, 14));
    story.replay("lookups", 1..=23);
    deployment_1768(&mut story);
    deployments_that_run_out(&mut story);
    single_lookups(&mut story);
    story
}

/// A deployment from its creation to its end: leased, closed by the tenant, leased again, left by the
/// provider, started, paused, closed.
fn deployment_1768(story: &mut Story) {
    let failures = recordings("failures");
    story.at(1769, |state, height| {
        let found = &failures[1]["response"]["body"]["deployments"];
        create(state, height, &found[0]);
        set_sequence(state, height, 15);
    });
    story.replay("failures", (1..=21).chain(23..=41));
    // The block holds the transaction that created the deployment; here it was created without one.
    let transaction =
        [".block.data.txs", ".block.header.data_hash", ".sdk_block.data.txs", ".sdk_block.header.data_hash"];
    story.replay_but("failures", [22], &transaction);
    let bids = &failures[137]["response"]["body"];
    let come = |story: &Story, heights: std::ops::RangeInclusive<u64>| {
        for height in heights {
            story.at(height, |state, height| create_bids(state, height, bids));
        }
    };
    come(story, 1813..=1813);
    story.replay("failures", [42, 43]);
    come(story, 1814..=1818);
    story.replay("failures", [44]);
    come(story, 1819..=1821);
    story.replay("failures", [45]);
    story.at(1883, |state, height| {
        // What the fees up to here have left; line 52 tells it.
        state.balances.put(
            height,
            TENANT.into(),
            vec![Coin::new("uact", 1_000_000), Coin::new("uakt", 99_999_840_534)],
        );
    });
    story.replay("failures", 46..=92);
    // Those that were sent before the recording are not here.
    story.replay_but("failures", [93], &[".total"]);
    story.replay("failures", 94..=97);
    story.at(1914, |state, height| {
        let lookups = recordings("lookups");
        let hostile = lookups[23]["response"]["body"]["provider"].clone();
        state.add_provider(height, serde_json::from_value(hostile).unwrap());
    });
    story.replay("lookups", [24]);
    story.replay("failures", 98..=104);
    story.otherwise(1949, |state, height| {
        let lease = bid(1768, 1, 1, P2);
        state.close_lease(height, &lease, LeaseEnd::Tenant).unwrap();
    });
    story.replay("failures", 107..=113);
    come(story, 1951..=1951);
    story.replay("failures", 114..=119);
    story.at(1953, |state, height| {
        let lease = bid(1768, 1, 2, P1);
        state.close_lease(height, &lease, LeaseEnd::Provider).unwrap();
    });
    story.replay("failures", 122..=126);
    story.otherwise(1955, |state, height| {
        state.start_group(height, &deployment(1768), 1).unwrap();
    });
    come(story, 1956..=1956);
    story.otherwise(1957, |state, height| {
        state.pause_group(height, &deployment(1768), 1).unwrap();
    });
    story.replay("failures", 131..=134);
    story.otherwise(1959, |state, height| {
        state.close_deployment(height, &deployment(1768)).unwrap();
    });
    story.replay("failures", 137..=145);
}

/// Two deployments whose escrow is eaten up: one saved by a deposit, one closed overdrawn.
fn deployments_that_run_out(story: &mut Story) {
    let failures = recordings("failures");
    let body = |line: usize| &failures[line - 1]["response"]["body"];
    story.otherwise(2053, |state, height| create(state, height, body(147)));
    story.replay("failures", [146, 147]);
    for height in 2060..=2062 {
        story.at(height, |state, height| {
            create_bids(state, height, body(159));
        });
    }
    story.replay("failures", 159..=170);
    story.replay("failures", 173..=178);
    story.otherwise(2075, |state, height| {
        let coin = Coin::new("uact", 5_000_000);
        state.deposit(height, &deployment(2052), &coin).unwrap();
    });
    story.replay("failures", 181..=185);
    story.replay("lookups", 25..=28);
    story.otherwise(2128, |state, height| {
        // Line 206 shows it after its end; what it deposited is in the escrow account's past.
        let mut recorded = body(206).clone();
        let balance = serde_json::json!([{"balance": {"denom": "uact", "amount": "500000"}}]);
        recorded["escrow_account"]["state"]["deposits"] = balance;
        create(state, height, &recorded);
    });
    story.replay("failures", [186]);
    for height in 2129..=2138 {
        story.at(height, |state, height| {
            create_bids(state, height, body(201));
        });
    }
    story.replay("failures", 201..=203);
    story.at(2147, |state, height| {
        state.overdraw(height, &deployment(2127)).unwrap();
    });
    story.replay("failures", 206..=211);
    // Its sending was not recorded, but the same bytes were sent once more in line 213.
    story.at(2154, |state, height| set_sequence(state, height, 47));
    let sent = &failures[212]["request"];
    let got = send(story.chain.port(), "POST", sent["path"].as_str().unwrap(), None, &sent["body"].to_string());
    assert!(got.body.contains(r#""code":0"#), "{}", got.body);
    story.replay("failures", [212, 213]);
}

fn single_lookups(story: &mut Story) {
    story.at(2213, |state, height| {
        let recorded = recordings("failures")[213]["response"]["body"]["provider"].clone();
        let bare: Provider = serde_json::from_value(recorded).unwrap();
        assert_eq!(bare.attributes, Vec::<Attribute>::new());
        state.add_provider(height, bare);
    });
    story.replay("failures", 214..=217);
    // The balance is what the fees of two dozen transactions have left.
    story.replay_but("failures", [218], &[".balance.amount"]);
    story.replay("failures", 219..=223);
    story.at(2215, |state, height| {
        let fresh: &str = "akash1rfpwvn5emhhma8njsuz4drglm6tp8j5j5ys9ry";
        let account = Account { address: fresh.into(), pub_key: None, account_number: Quoted(33), sequence: Quoted(0) };
        state.accounts.put(height, fresh.into(), account);
        state.credit(height, &fresh.into(), &"uakt".into(), 500);
    });
    story.replay("failures", 224..=227);
    story.at(2216, |state, height| {
        let granter: &str = "akash1tmc06779lauvq6lxp9z4prtss8a40t6re2u8qu";
        let limit = vec![Coin::new("uakt", 20_000)];
        state.allowances.put(height, (granter.into(), TENANT.into()), limit);
    });
    story.replay("failures", (228..=232).chain(237..=246));
}

/// What axum itself would say is never seen.
#[test]
fn a_route_or_method_that_is_none_is_told_so_in_the_nodes_words() {
    let chain = load(182);
    let body = r#"{"code":12,"details":[],"message":"Not Implemented"}"#;
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/akash"),
        ("GET", "/akash/market/v1beta5/bids"),
        ("GET", "/akash/market/v1beta5/bids/list/more"),
        ("PUT", "/akash/market/v1beta5/bids/list"),
        ("DELETE", "/cosmos/base/tendermint/v1beta1/blocks/latest"),
        ("GET", "/akash/market/v2beta1/bids/list"),
        ("GET", "/%ff%fe/.."),
    ] {
        let got = ask(chain.port(), method, path, None);
        assert_eq!((got.status, got.body.as_str()), (501, body), "{method} {path}");
        assert_eq!(got.header("content-type"), Some("application/json"));
    }
}

/// A page key leads through every bid exactly once, also when bids come in between.
#[test]
fn pages_of_an_order_with_many_bids_hold_every_bid_once() {
    use akbids::demo::{BLOCK_TIME, Clock, NO_BIDS_DSEQ, OWNER};
    let order = DeploymentId { owner: OWNER.into(), dseq: Quoted(NO_BIDS_DSEQ) }.order(1, 1);
    let clock = Clock::Fixed("2026-11-21T05:00:00Z".parse().unwrap());
    let mut chain = Chain::demo_market(clock, BLOCK_TIME);
    chain.add_bids(&order, 120);
    let chain = serve(chain, Options::default()).unwrap();
    for filter in [format!("filters.owner={OWNER}&"), String::new(), "filters.state=open&".into()] {
        let mut seen = Vec::new();
        let mut key = String::new();
        loop {
            let path =
                format!("/akash/market/v1beta5/bids/list?{filter}filters.dseq={NO_BIDS_DSEQ}&pagination.limit=33{key}");
            let got = ask(chain.port(), "GET", &path, None);
            let body: Value = serde_json::from_str(&got.body).unwrap();
            for row in body["bids"].as_array().unwrap() {
                seen.push(row["bid"]["id"]["provider"].as_str().unwrap().to_owned());
            }
            match body["pagination"]["next_key"].as_str() {
                Some(next) => {
                    let escaped: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
                    key = format!("&pagination.key={escaped}");
                }
                None => break,
            }
        }
        assert_eq!(seen.len(), 120);
        seen.dedup();
        assert_eq!(seen.len(), 120);
        assert!(seen.is_sorted());
    }
}

/// Misbehaviour that other tests lean on is what it says it is.
#[test]
fn faults_do_what_they_say_and_end_when_they_should() {
    let chain = load(182);
    let node = "/cosmos/base/tendermint/v1beta1/blocks/latest";
    let height = |got: &Got| {
        let body: Value = serde_json::from_str(&got.body).unwrap();
        body["block"]["header"]["height"].as_str().unwrap().to_owned()
    };
    let ask_raw = || {
        let mut stream = TcpStream::connect(("127.0.0.1", chain.port())).unwrap();
        write!(stream, "GET {node} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        // A connection that is reset is as good as one that is closed.
        let _ = stream.read_to_string(&mut text);
        text
    };
    let whole = ask_raw();

    chain.misbehave(Fault::on("", Act::Refuse).times(1));
    assert_eq!(ask_raw(), "");
    chain.misbehave(Fault::on("", Act::DropAnswer).times(1));
    assert_eq!(ask_raw(), "");

    chain.misbehave(Fault::on("", Act::CutBody).times(1));
    let cut = ask_raw();
    let (head, body) = cut.split_once("\r\n\r\n").unwrap();
    let (_, whole) = whole.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {}", whole.len())), "{head}");
    assert_eq!(body, &whole[..whole.len() / 2]);

    chain.step_to(190);
    chain.misbehave(Fault::on("/cosmos", Act::Lag(3)));
    let got = ask(chain.port(), "GET", node, None);
    assert_eq!(got.header("x-cosmos-block-height"), Some("187"));
    assert_eq!(height(&got), "187");
    let ahead = ask(chain.port(), "GET", node, Some("188"));
    assert_eq!(ahead.status, 500);
    chain.behave();
    assert_eq!(height(&ask(chain.port(), "GET", node, None)), "190");

    chain.misbehave(Fault::answer("/cosmos", 429, "slow down").times(1));
    let got = ask(chain.port(), "GET", node, None);
    assert_eq!((got.status, got.body.as_str()), (429, "slow down"));

    chain.misbehave(Fault::on("", Act::OldGeneration));
    for (path, status) in [
        ("/akash/discovery/v1/info", 501),
        ("/akash/market/v1beta5/params", 501),
        ("/akash/market/v1beta4/bids/list", 200),
        (node, 200),
    ] {
        assert_eq!(ask(chain.port(), "GET", path, None).status, status, "{path}");
    }
    chain.behave();

    chain.forget_requests();
    ask(chain.port(), "GET", "/a?b=%20", Some("7"));
    let [seen] = &chain.requests()[..] else {
        panic!("not one request");
    };
    assert_eq!((seen.path.as_str(), seen.pin.as_deref()), ("/a?b=%20", Some("7")));
    assert_eq!((chain.count("/a"), chain.count("/c")), (1, 0));

    // What hangs does not keep the server from ending.
    chain.misbehave(Fault::on("", Act::Hang));
    let mut waiting = TcpStream::connect(("127.0.0.1", chain.port())).unwrap();
    write!(waiting, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    while chain.requests().len() < 2 {
        std::thread::yield_now();
    }
    let port = chain.port();
    let stopped = chain.stop();
    assert_eq!(stopped.height(), 190);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    let again = serve(stopped, Options { port, ..Options::default() }).unwrap();
    assert_eq!(height(&ask(again.port(), "GET", node, None)), "190");
}

/// Blocks come by themselves when a block time is given, and the bids of the demo with them.
#[test]
fn the_demo_makes_blocks_of_its_own() {
    use akbids::demo::{Clock, DSEQ, START_HEIGHT};
    use std::time::Duration;
    let block_time = Duration::from_millis(2);
    let chain = Chain::demo_market(Clock::Wall, block_time);
    let options = Options { block_time: Some(block_time), ..Options::default() };
    let chain = serve(chain, options).unwrap();
    while chain.height() < START_HEIGHT + 60 {
        std::thread::yield_now();
    }
    let path = format!("/akash/market/v1beta5/bids/list?filters.dseq={DSEQ}");
    let got = ask(chain.port(), "GET", &path, None);
    let body: Value = serde_json::from_str(&got.body).unwrap();
    let count = |state: &str| {
        let bids = body["bids"].as_array().unwrap();
        bids.iter().filter(|row| row["bid"]["state"] == state).count()
    };
    assert_eq!((count("open"), count("closed")), (19, 6));
    let old = ask(chain.port(), "GET", &path, Some(&START_HEIGHT.to_string()));
    let old: Value = serde_json::from_str(&old.body).unwrap();
    assert_eq!(old["bids"].as_array().unwrap().len(), 12);
}
