//! `akbids accept` and `akbids journal` with the real binary, against embedded chains in this process: what is signed,
//! what is not, and what is said of it.

use crate::support::program::{Program, Ran};
use crate::support::schema;
use akbids::demo::{self, Act, Chain, Clock, DSEQ, Fault, OWNER, Options, Running};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const POST: &str = "/cosmos/tx/v1beta1/txs";
const LEASES: &str = "/akash/market/v1beta5/leases/list";
/// Blocks of six seconds by their times, so that a transaction may wait for twenty, made every so often.
const OFTEN: Duration = Duration::from_millis(60);

/// A chain that makes blocks by itself.
pub fn chain() -> Running {
    serve(Options { block_time: Some(OFTEN), ..Options::default() })
}

/// A chain whose blocks come when the test says so.
pub fn still() -> Running {
    serve(Options::default())
}

fn serve(options: Options) -> Running {
    let chain = Chain::demo_market(Clock::Fixed(jiff::Timestamp::now()), demo::BLOCK_TIME);
    demo::serve(chain, options).unwrap()
}

/// A home of one's own, with the demo's key in a file.
pub struct Home(pub PathBuf);

impl Home {
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("accept-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).unwrap();
        let home = Self(path);
        home.write("key", demo::MNEMONIC);
        home
    }

    pub fn write(&self, name: &str, text: &str) -> String {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.program(args).run()
    }

    fn program(&self, args: &[&str]) -> Program {
        let path = |below: &str| self.0.join(below).to_str().unwrap().to_owned();
        Program::new(args).env("HOME", &path("")).env("XDG_STATE_HOME", &path("state"))
    }

    /// Accepts with the demo's key, within a ceiling nobody meets.
    pub fn accept(&self, nodes: &[&Running], bids: &[&str], more: &[&str]) -> Accepted {
        let (dseq, key) = (DSEQ.to_string(), self.0.join("key"));
        let mut args = vec!["accept", "--json", "--yes", "--chain-id", demo::CHAIN_ID];
        args.extend(["--dseq", &dseq, "--key-file", key.to_str().unwrap()]);
        if !more.contains(&"--max-usd-per-hour") {
            args.extend(["--max-usd-per-hour", "100"]);
        }
        let urls: Vec<String> = nodes.iter().map(|node| node.url()).collect();
        args.extend(urls.iter().flat_map(|url| ["--rest", url]));
        args.extend(bids.iter().flat_map(|bid| ["--bid", bid]));
        args.extend(more);
        Accepted::of(self.run(&args))
    }

    pub fn journal(&self, node: &Running, more: &[&str]) -> (i32, Vec<Value>) {
        let url = node.url();
        let ran = self.run(&[&["journal", "--json", "--rest", &url], more].concat());
        let lines = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap());
        (ran.code, lines.collect())
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A finished `accept --json`.
pub struct Accepted {
    code: i32,
    document: Value,
    stderr: String,
}

impl Accepted {
    fn of(ran: Ran) -> Self {
        let document = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        schema::assert_valid(include_str!("../../assets/accept.schema.json"), &document);
        Self { code: ran.code, document, stderr: ran.stderr }
    }

    fn outcome(&self) -> (i32, &str) {
        (self.code, self.document["outcome"].as_str().unwrap())
    }

    fn blockers(&self) -> Vec<&str> {
        self.codes("blockers")
    }

    fn codes(&self, of: &str) -> Vec<&str> {
        let list = self.document[of].as_array().unwrap();
        list.iter().map(|reason| reason["code"].as_str().unwrap()).collect()
    }

    fn text(&self) -> &str {
        self.document["text"].as_str().unwrap()
    }
}

/// The provider of a name of the demo market.
pub fn provider(node: &Running, name: &str) -> String {
    let got =
        crate::support::http::ask(node.port(), "GET", "/akash/provider/v1beta4/providers?pagination.limit=500", None);
    let body: Value = serde_json::from_str(&got.body).unwrap();
    let named = |provider: &&Value| {
        provider["attributes"].as_array().unwrap().iter().any(|attribute| attribute["value"] == name)
    };
    let found = body["providers"].as_array().unwrap().iter().find(named).unwrap_or_else(|| panic!("{name}"));
    found["owner"].as_str().unwrap().to_owned()
}

pub fn northwind(node: &Running) -> String {
    provider(node, "Northwind Compute")
}

/// Broadcasts that reached the node.
pub fn posts(node: &Running) -> usize {
    node.requests().iter().filter(|request| request.method == "POST" && request.path.starts_with(POST)).count()
}

pub fn leases(node: &Running) -> usize {
    let id = demo::DeploymentId { owner: OWNER.into(), dseq: demo::Quoted(DSEQ) };
    node.with(|chain| {
        let height = chain.height();
        chain.state().active_leases(height, &id).len()
    })
}

pub fn bid_id(node: &Running, provider: &str) -> demo::BidId {
    node.with(|chain| {
        let height = chain.height();
        chain.state().find_bid(height, DSEQ, 1, provider).unwrap().bid.id.clone()
    })
}

#[test]
fn accepts_once_and_knows_it_the_next_time() {
    let (node, home) = (chain(), Home::new());
    let provider = northwind(&node);
    let done = home.accept(&[&node], &[&provider], &[]);
    assert_eq!(done.outcome(), (0, "leased"), "{}", done.stderr);
    assert_eq!((posts(&node), leases(&node)), (1, 1));
    let lease = &done.document["leases"][0];
    assert_eq!(lease["id"]["provider"], *provider);
    assert_eq!(lease["price"], done.document["bids"][0]["price"]);
    assert_eq!(done.document["fee"]["denom"], "uakt");
    let next = done.document["next"].as_str().unwrap();
    for part in ["provider-services send-manifest ", &format!("--dseq {DSEQ} "), &format!("--provider {provider} ")] {
        assert!(next.contains(part), "{next}");
    }
    assert!(next.contains("--provider-url https://provider.northwind.example.com:8443"), "{next}");

    // By now it bids on the other group too.
    let again = home.accept(&[&node], &[&format!("1/{provider}")], &[]);
    assert_eq!(again.outcome(), (0, "already_yours"), "{}", again.stderr);
    assert_eq!((posts(&node), again.document["hash"].as_str()), (1, None));

    let other = self::provider(&node, "Halden GPU");
    let late = home.accept(&[&node], &[&other], &["--allow", "unclear", "--allow", "short", "--allow", "wrong"]);
    assert_eq!((late.code, late.blockers()), (6, vec!["order_taken"]), "{}", late.stderr);
    assert!(late.text().contains(&provider) && late.text().contains("3236.41827 uact"), "{}", late.text());
    assert_eq!(posts(&node), 1);

    let (code, entries) = home.journal(&node, &["--resume"]);
    assert_eq!((code, entries.len()), (0, 1));
    assert_eq!(entries[0]["outcome"], "leased");
    assert_eq!(entries[0]["hash"], done.document["hash"]);
    assert_eq!(entries[0]["bids"][0]["id"]["provider"], *provider);
}

#[test]
fn two_groups_in_one_transaction_or_not_at_all() {
    let (node, home) = (chain(), Home::new());
    let (gpu, edge) = (northwind(&node), provider(&node, "Birch Servers"));
    let both = [&*format!("1/{gpu}"), &*format!("2/{edge}")];
    let done = home.accept(&[&node], &both, &[]);
    assert_eq!(done.outcome(), (0, "leased"), "{}", done.stderr);
    assert_eq!((posts(&node), leases(&node)), (1, 2));
    assert_eq!(done.document["next"].as_str().unwrap().matches("send-manifest").count(), 2);

    // One of the two closes between the last look and the block: nothing is leased.
    let (node, home) = (still(), Home::new());
    let lost = bid_id(&node, &gpu);
    let running = std::thread::scope(|scope| {
        let run = scope.spawn(|| home.accept(&[&node], &both, &[]));
        wait(|| posts(&node) == 1);
        node.with(|chain| chain.act(|state, height| state.withdraw_bid(height, &lost)));
        step_until(&node, &run);
        run.join().unwrap()
    });
    assert_eq!(running.outcome(), (6, "failed"), "{}", running.stderr);
    assert!(running.text().contains("no longer open"), "{}", running.text());
    assert_eq!(leases(&node), 0);
}

/// Waits for a condition of the node.
pub fn wait(condition: impl Fn() -> bool) {
    let until = std::time::Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(std::time::Instant::now() < until, "it did not come to that");
        std::thread::yield_now();
    }
}

/// Makes blocks until a run ends.
fn step_until<T>(node: &Running, run: &std::thread::ScopedJoinHandle<'_, T>) {
    let until = std::time::Instant::now() + Duration::from_secs(120);
    while !run.is_finished() {
        assert!(std::time::Instant::now() < until, "the run does not end");
        node.step();
        std::thread::park_timeout(OFTEN);
    }
}

#[test]
fn what_is_refused_sends_nothing() {
    let (node, home) = (still(), Home::new());
    let provider = northwind(&node);
    let (url, dseq) = (node.url(), DSEQ.to_string());
    let refused = |bids: &[&str], more: &[&str]| {
        let got = home.accept(&[&node], bids, more);
        assert_eq!(got.document["hash"], Value::Null);
        (got.code, got.blockers().join(" "), got.text().to_owned())
    };
    let with = |more: &[&str]| refused(&[&provider], more);
    let (code, why, text) = with(&["--max-price", "3236uact"]);
    assert_eq!((code, &*why), (5, "over_max_price"), "{text}");
    let (code, why, _) = with(&["--max-price", "5uakt"]);
    assert_eq!((code, &*why), (5, "over_max_price"));
    let (code, why, text) = with(&["--max-fee", "100uakt"]);
    assert_eq!((code, &*why), (5, "over_max_fee"), "{text}");
    let (code, why, text) = with(&["--fee-granter", &self::provider(&node, "Halden GPU")]);
    assert_eq!(code, 5, "{why}: {text}");
    let (code, why, _) = refused(&[OWNER], &[]);
    assert_eq!((code, &*why), (3, "no_such_bid"));
    let short = self::provider(&node, "Copperline");
    let (code, why, text) = refused(&[&short], &[]);
    assert_eq!((code, &*why), (5, "fit"), "{text}");
    assert!(text.contains("--allow "), "{text}");

    let key = home.0.join("key");
    let bare =
        ["accept", "--json", "--yes", "--max-usd-per-hour", "100", "--rest", &url, "--dseq", &dseq, "--bid", &provider];
    let other_chain = Accepted::of(home.run(&[&bare[..], &["--key-file", key.to_str().unwrap()]].concat()));
    assert_eq!((other_chain.code, other_chain.blockers()), (5, vec!["wrong_chain"]), "{}", other_chain.stderr);
    assert!(other_chain.text().contains(demo::CHAIN_ID) && other_chain.text().contains("akashnet-2"));

    let no_key = Accepted::of(home.run(&[&bare[..], &["--chain-id", demo::CHAIN_ID]].concat()));
    assert_eq!((no_key.code, no_key.blockers()), (4, vec!["no_key"]), "{}", no_key.stderr);
    let stranger = home.write("stranger", "0101010101010101010101010101010101010101010101010101010101010101");
    let (code, why, text) = refused(&[&provider], &["--max-usd-per-hour", "0.01"]);
    assert_eq!((code, &*why), (5, "over_max_usd_per_hour"), "{text}");
    let args = [&bare[..], &["--chain-id", demo::CHAIN_ID, "--key-file", &stranger]].concat();
    let stranger = Accepted::of(home.run(&args));
    assert_eq!((stranger.code, stranger.blockers()), (4, vec!["no_key"]));
    assert!(stranger.text().contains(OWNER), "{}", stranger.text());

    let usage = |args: &[&str]| {
        let ran = home.run(args);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
        ran.stderr
    };
    assert!(usage(&["accept", "--rest", &url, "--dseq", &dseq, "--bid", &provider, "--yes"]).contains("--max-price"));
    assert!(usage(&["accept", "--rest", &url, "--dseq", &dseq, "--bid", &provider]).contains("--yes"));
    assert!(
        usage(&["accept", "--rest", &url, "--dseq", &dseq, "--bid", "1/akash1nobody", "--dry-run"]).contains("--bid")
    );
    let exported =
        home.program(&["accept", "--rest", &url, "--bid", &provider, "--dry-run"]).env("AKASH_DSEQ", &dseq).run();
    assert_eq!(exported.code, 2, "{}", exported.stderr);
    let read_only = home.run(&[&bare[..], &["--read-only"]].concat());
    assert_eq!(read_only.code, 5, "{}", read_only.stderr);
    assert_eq!(posts(&node), 0);
}

#[test]
fn what_only_looks_sends_nothing() {
    let (node, home) = (still(), Home::new());
    let provider = northwind(&node);
    let (url, dseq) = (node.url(), DSEQ.to_string());
    let dry = home.accept(&[&node], &[&provider], &["--dry-run"]);
    assert_eq!(dry.outcome(), (0, "would_send"));
    assert!(dry.document["fee"]["gas"].as_u64().unwrap() > 100_000);
    let common = ["accept", "--rest", &url, "--chain-id", demo::CHAIN_ID, "--dseq", &dseq, "--bid", &provider];
    // Without any key: that is what it is for.
    let unsigned = home.run(&[&common[..], &["--generate-only"]].concat()).json();
    assert_eq!(unsigned["body"]["messages"][0]["bid_id"]["provider"], *provider);
    assert_eq!(unsigned["auth_info"]["signer_infos"], serde_json::json!([]));
    // A keyring that akbids cannot read is no hindrance to that either, and is said where a key is needed.
    let other =
        |more: &[&str]| home.program(&[&common[..], more].concat()).env("AKASH_KEYRING_BACKEND", "kwallet").run();
    assert_eq!(other(&["--generate-only"]).json(), unsigned);
    let refused = other(&["--dry-run"]);
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    assert!(refused.stderr.contains("--key-command"), "{}", refused.stderr);
    assert_eq!((posts(&node), home.journal(&node, &[]).1.len()), (0, 0));
}

#[test]
fn an_answer_that_is_lost_is_found() {
    for act in [Act::DropAnswer, Act::Mask { status: 502, body: "<html>".into() }, Act::CutBody] {
        let (node, home) = (chain(), Home::new());
        node.misbehave(Fault::on(POST, act).method("POST"));
        let done = home.accept(&[&node], &[&northwind(&node)], &[]);
        assert_eq!(done.outcome(), (0, "leased"), "{}", done.stderr);
        assert_eq!(leases(&node), 1);
    }
}

#[test]
fn what_is_sent_again_is_the_same_bytes() {
    let (node, home) = (still(), Home::new());
    // It never arrives, and nobody can know that.
    node.misbehave(Fault::on(POST, Act::Refuse).method("POST").times(1));
    let provider = northwind(&node);
    let done = std::thread::scope(|scope| {
        let run = scope.spawn(|| home.accept(&[&node], &[&provider], &[]));
        wait(|| posts(&node) > 1);
        step_until(&node, &run);
        run.join().unwrap()
    });
    assert_eq!(done.outcome(), (0, "leased"), "{}", done.stderr);
    let sent = node.requests().into_iter().filter(|request| request.method == "POST" && request.path == POST);
    let bodies: Vec<Vec<u8>> = sent.map(|request| request.body).collect();
    assert!(bodies.len() > 1 && bodies.iter().all(|body| *body == bodies[0]), "{}", bodies.len());
    assert_eq!(leases(&node), 1);
}

#[test]
fn an_index_that_is_off_does_not_matter() {
    for index in [demo::Index::Off, demo::Index::Forgot] {
        let (node, home) = (chain(), Home::new());
        node.misbehave(Fault::on(POST, Act::Index(index)).method("GET"));
        let done = home.accept(&[&node], &[&northwind(&node)], &[]);
        assert_eq!(done.outcome(), (0, "leased"), "{}", done.stderr);
    }
}

#[test]
fn a_price_that_is_not_the_quoted_one_is_said_loudly() {
    let (node, home) = (chain(), Home::new());
    let dearer = |body: &mut Value| {
        for lease in body["leases"].as_array_mut().into_iter().flatten() {
            lease["lease"]["price"]["amount"] = "9000.000000000000000001".into();
        }
    };
    node.misbehave(Fault::on(LEASES, Act::Rewrite(Arc::new(dearer))));
    let done = home.accept(&[&node], &[&northwind(&node)], &[]);
    assert_eq!(done.outcome(), (1, "leased_not_as_quoted"), "{}", done.stderr);
    assert!(
        done.stderr.contains("BUT NOT AS QUOTED") && done.stderr.contains("9000.000000000000000001"),
        "{}",
        done.stderr
    );
}

#[test]
fn what_never_comes_into_a_block_expires() {
    let (node, home) = (chain(), Home::new());
    node.with(|chain| chain.hold(100_000));
    let done = home.accept(&[&node], &[&northwind(&node)], &[]);
    assert_eq!(done.outcome(), (6, "expired"), "{}", done.stderr);
    assert_eq!(leases(&node), 0);
}

#[test]
fn another_transaction_of_the_account_is_waited_for() {
    let (node, home) = (still(), Home::new());
    let provider = northwind(&node);
    node.with(|chain| chain.compete(OWNER)).unwrap();
    let done = std::thread::scope(|scope| {
        let run = scope.spawn(|| home.accept(&[&node], &[&provider], &["--timeout", "60"]));
        wait(|| node.count("/cosmos/tx/v1beta1/simulate") > 0);
        assert_eq!(posts(&node), 0);
        step_until(&node, &run);
        run.join().unwrap()
    });
    assert_eq!(done.outcome(), (0, "leased"), "{}", done.stderr);
    assert!(done.stderr.contains("another transaction of this account waits"), "{}", done.stderr);

    let node = still();
    node.with(|chain| chain.compete(OWNER)).unwrap();
    let gave_up = home.accept(&[&node], &[&provider], &["--timeout", "1"]);
    assert_eq!((gave_up.code, gave_up.blockers()), (7, vec!["timeout"]), "{}", gave_up.stderr);
    assert_eq!(posts(&node), 0);
}

#[test]
fn a_node_that_is_silent_is_given_up_before_anything_is_sent() {
    let (node, home) = (still(), Home::new());
    node.misbehave(Fault::on("/akash", Act::Hang));
    let gave_up = home.accept(&[&node], &[&northwind_offline()], &["--timeout", "1"]);
    assert_eq!((gave_up.code, gave_up.blockers()), (7, vec!["timeout"]), "{}", gave_up.stderr);
    let gone = node.url();
    drop(node);
    let args = ["accept", "--json", "--dry-run", "--rest", &gone, "--dseq", "1", "--bid", OWNER];
    let gone = Accepted::of(home.run(&args));
    assert_eq!(gone.outcome(), (1, "refused"), "{}", gone.stderr);
}

fn northwind_offline() -> String {
    northwind(&still())
}

#[test]
fn a_second_endpoint_is_heard() {
    let (node, other, home) = (still(), still(), Home::new());
    let provider = northwind(&node);
    // Both are at the same height; the other has lost the bid.
    let id = bid_id(&other, &provider);
    other.with(|chain| chain.act(|state, height| state.withdraw_bid(height, &id)));
    let refused = home.accept(&[&node, &other], &[&provider], &[]);
    assert_eq!((refused.code, refused.blockers()), (5, vec!["contradicted"]), "{}", refused.stderr);
    assert!(refused.text().contains("takeable") && refused.text().contains("withdrew"), "{}", refused.text());

    let behind = still();
    node.step_to(node.height() + 5);
    let dry = home.accept(&[&node, &behind], &[&provider], &["--dry-run"]);
    assert_eq!(dry.outcome(), (0, "would_send"), "{}", dry.stderr);
    assert!(dry.codes("warnings").contains(&"unwitnessed"), "{}", dry.document);
    assert!(dry.document["warnings"].to_string().contains("behind"), "{}", dry.document);
    assert_eq!(posts(&node), 0);
}

#[test]
fn an_escrow_that_is_used_up_asks_for_a_deposit_first() {
    let (node, home) = (still(), Home::new());
    let empty = |body: &mut Value| {
        for funds in body["escrow_account"]["state"]["funds"].as_array_mut().into_iter().flatten() {
            funds["amount"] = "0.000000000000000000".into();
        }
    };
    node.misbehave(Fault::on("/akash/deployment/v1beta4/deployments/info", Act::Rewrite(Arc::new(empty))));
    let refused = home.accept(&[&node], &[&northwind(&node)], &[]);
    assert_eq!((refused.code, refused.blockers()), (5, vec!["escrow_empty"]), "{}", refused.stderr);
    assert!(refused.text().contains("deposit first"), "{}", refused.text());
    assert_eq!(posts(&node), 0);
}

#[test]
fn an_account_without_coins_cannot_pay() {
    let (node, home) = (still(), Home::new());
    let poor = |body: &mut Value| {
        for coin in body["balances"].as_array_mut().into_iter().flatten() {
            coin["amount"] = "7".into();
        }
    };
    node.misbehave(Fault::on("/cosmos/bank", Act::Rewrite(Arc::new(poor))));
    let refused = home.accept(&[&node], &[&northwind(&node)], &[]);
    assert_eq!((refused.code, refused.blockers()), (5, vec!["balance_below_fee"]), "{}", refused.stderr);
    assert_eq!(posts(&node), 0);
}

#[test]
fn without_a_journal_no_money_moves() {
    let (node, home) = (still(), Home::new());
    // A file where the folder should be.
    home.write("state", "");
    let refused = home.accept(&[&node], &[&northwind(&node)], &[]);
    assert_eq!((refused.code, refused.blockers()), (5, vec!["journal"]), "{}", refused.stderr);
    assert_eq!(posts(&node), 0);
}

#[test]
fn a_second_akbids_on_the_account_says_who_holds_it() {
    let (node, home) = (chain(), Home::new());
    let provider = northwind(&node);
    let path = home.0.join("state/akbids/journal.jsonl");
    let held = akbids::lease::journal::Journal::open(&path, demo::CHAIN_ID, OWNER).unwrap();
    let refused = home.accept(&[&node], &[&provider], &[]);
    assert_eq!((refused.code, refused.blockers()), (5, vec!["journal"]), "{}", refused.stderr);
    assert!(refused.text().contains(&std::process::id().to_string()), "{}", refused.text());
    assert_eq!(posts(&node), 0);
    drop(held);
    assert_eq!(home.accept(&[&node], &[&provider], &[]).outcome(), (0, "leased"));
}

#[test]
fn an_unfinished_entry_is_found_out_by_the_journal() {
    let (node, home) = (still(), Home::new());
    let provider = northwind(&node);
    let interrupted = std::thread::scope(|scope| {
        let run = scope.spawn(|| {
            let (dseq, key, url) = (DSEQ.to_string(), home.0.join("key"), node.url());
            let mut args = vec!["accept", "--json", "--yes", "--max-usd-per-hour", "100", "--chain-id", demo::CHAIN_ID];
            args.extend(["--dseq", &dseq, "--key-file", key.to_str().unwrap(), "--rest", &url, "--bid", &provider]);
            let ran = home.program(&args).run_until(|| posts(&node) == 1);
            Accepted::of(ran)
        });
        run.join().unwrap()
    });
    assert_eq!(interrupted.outcome(), (8, "unknown"), "{}", interrupted.stderr);
    let hash = interrupted.document["hash"].as_str().unwrap();
    assert!(interrupted.stderr.contains(hash), "{}", interrupted.stderr);
    // Not in a block yet: still unknown, and nothing is signed meanwhile.
    let (code, entries) = home.journal(&node, &["--resume", "--timeout", "1"]);
    assert_eq!((code, entries[0]["outcome"].as_str()), (8, Some("unknown")));
    node.step();
    let (code, entries) = home.journal(&node, &["--resume"]);
    assert_eq!((code, entries[0]["outcome"].as_str()), (0, Some("leased")));
    assert_eq!(entries[0]["hash"], hash);
    assert_eq!(posts(&node), 1);
}

#[test]
fn the_demo_can_be_accepted_on_at_once() {
    let home = Home::new();
    let provider = northwind_offline();
    let args = [
        "accept",
        "--demo",
        "--demo-block-time",
        "0.1",
        "--json",
        "--yes",
        "--max-price",
        "4000uact",
        "--bid",
        &provider,
    ];
    let done = Accepted::of(home.run(&args));
    assert_eq!(done.outcome(), (0, "leased"), "{}", done.stderr);
    assert_eq!(done.document["chain_id"], demo::CHAIN_ID);
}
