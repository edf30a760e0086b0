//! The settings file, what beats it, what is wrong in it; the state file; a run's length; the commands about them.

use crate::support::program::{Program, Ran, akbids};
use crate::support::schema;
use akbids::chain::{Ask, Client, Endpoint, once};
use akbids::demo::{self, Chain, Clock, Options, Running};
use akbids::domain::appraise::appraise;
use akbids::domain::bid::Address;
use akbids::domain::field::Field;
use akbids::domain::kept::Kept;
use akbids::domain::preferences::Preferences;
use akbids::domain::query::{Query, SavedFilters};
use akbids::domain::rank::Sort;
use akbids::domain::run::RunLength;
use akbids::domain::text::Clean;
use akbids::{config, report, state};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A home of its own, with a settings file.
struct Home(PathBuf);

impl Home {
    fn new(name: &str, settings: &str) -> Self {
        let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("config-{name}"));
        let _ = std::fs::remove_dir_all(&home);
        std::fs::create_dir_all(home.join("config/akbids")).unwrap();
        std::fs::create_dir_all(home.join("state/akbids")).unwrap();
        std::fs::write(home.join("config/akbids/config.toml"), settings).unwrap();
        Self(home)
    }

    fn state(&self) -> PathBuf {
        self.0.join("state/akbids/state.json")
    }

    fn program(&self, args: &[&str]) -> Program {
        let path = |name: &str| self.0.join(name).display().to_string();
        Program::new(args).env("XDG_CONFIG_HOME", &path("config")).env("XDG_STATE_HOME", &path("state"))
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.program(args).run()
    }

    /// A value of `akbids config --json`: the value, the kind of its origin, and the line or name.
    fn value(&self, args: &[&str], key: &str) -> (Value, String, Value) {
        let mut all = vec!["config", "--json"];
        all.extend(args);
        found(&self.run(&all), key)
    }
}

fn found(ran: &Ran, key: &str) -> (Value, String, Value) {
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let document = ran.json();
    let entry = document["values"].as_array().unwrap().iter().find(|entry| entry["key"] == key);
    let entry = entry.unwrap_or_else(|| panic!("no {key} in {document}"));
    let from = &entry["from"];
    let place = if from["line"].is_null() { &from["name"] } else { &from["line"] };
    (entry["value"].clone(), from["kind"].as_str().unwrap().to_owned(), place.clone())
}

fn market() -> Running {
    let node = demo::serve(Chain::demo_market(Clock::Wall, demo::BLOCK_TIME), Options::default()).unwrap();
    node.step_to(demo::START_HEIGHT + 12);
    node
}

const OWNER: &str = "akash19rl4cm2hmr8afy4kldpxz3fka4jguq0a3mq6x0";

/// Why a text is no endpoint, as the program asks it.
fn endpoint(raw: &str) -> Result<(), String> {
    Endpoint::parse(raw).map(drop).map_err(|error| error.to_string())
}

/// The documented file with every setting put in force, but for what excludes another.
fn all_in_force() -> String {
    let setting = |line: &str| {
        line.strip_prefix('#').is_some_and(|rest| rest.starts_with(|c: char| c == '[' || c.is_ascii_lowercase()))
    };
    let excluded = |line: &str| line.starts_with("#key_file") || line.starts_with("#key_command");
    let lines = config::show::DEFAULT.lines();
    lines
        .filter(|line| !excluded(line))
        .map(|line| if setting(line) { &line[1..] } else { line })
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn the_documented_file_changes_nothing_and_is_printed() {
    let printed = akbids(&["config", "--default"]);
    assert_eq!((printed.code, printed.stdout.as_str()), (0, config::show::DEFAULT));
    for line in config::show::DEFAULT.lines() {
        assert!(line.is_empty() || line.starts_with('#'), "{line} is in force");
    }
    let home = Home::new("default", config::show::DEFAULT);
    let values = |ran: &Ran| ran.json()["values"].clone();
    let bare = Home::new("bare", "");
    assert_eq!(values(&home.run(&["config", "--json"])), values(&bare.run(&["config", "--json"])));
}

#[test]
fn the_documented_file_has_every_key_and_each_is_read() {
    let text = all_in_force();
    let file = config::file::parse(&text, &endpoint);
    assert_eq!(file.problems, []);
    assert!(file.net.is_some() && file.chain_id.is_some() && file.rest.is_some() && file.owner.is_some());
    assert!(file.timeout.is_some() && file.run.is_some() && file.columns.is_some() && file.sort.is_some());
    assert!(file.filter.is_some() && file.provider_status.is_some());
    assert!(file.favourites.is_some() && file.blocked.is_some());
    assert_eq!((file.networks.len(), file.saved.iter().count(), file.priced.len()), (1, 2, 1));
    assert_eq!(file.auditors_at.len(), 1);
    let signing = &file.signing;
    assert!(signing.from.is_some() && signing.keyring_backend.is_some() && signing.keyring_dir.is_some());
    assert!(signing.home.is_some() && signing.gas_prices.is_some() && signing.gas_adjustment.is_some());
    assert!(signing.fee_granter.is_some() && signing.max_fee.is_some() && signing.read_only.is_some());
    let default = config::show::DEFAULT;
    let all = config::file::TOP.iter().chain(&config::file::NETWORK).chain(&config::file::USUAL);
    for key in all.chain(&config::file::SIGNING) {
        let names = [format!("\n#{key} = "), format!("\n#[{key}]"), format!("\n#[[{key}]]"), format!("\n#[{key}.")];
        assert!(names.iter().any(|name| default.contains(name)), "assets/config.toml does not document {key}");
    }
}

#[test]
fn flag_beats_variable_beats_file_beats_default() {
    let home = Home::new(
        "precedence",
        &format!("timeout = 7\nowner = \"{OWNER}\"\nfor = \"2h\"\n[signing]\ngas_prices = \"0.03uakt\"\n"),
    );
    let bare = Home::new("precedence-bare", "");
    let json = |value: &str| Value::from(value);
    assert_eq!(bare.value(&[], "timeout"), (15.into(), "default".to_owned(), Value::Null));
    assert_eq!(home.value(&[], "timeout"), (7.into(), "file".to_owned(), 1.into()));
    assert_eq!(home.value(&["--timeout", "9"], "timeout"), (9.into(), "flag".to_owned(), json("--timeout")));
    assert_eq!(home.value(&[], "for"), (json("2h"), "file".to_owned(), 3.into()));
    assert_eq!(home.value(&[], "signing.gas_prices"), (json("0.03uakt"), "file".to_owned(), 5.into()));
    assert_eq!(home.value(&[], "owner"), (json(OWNER), "file".to_owned(), 2.into()));
    let other = "akash1365yvmc4s7awdyj3n2sav7xfx76adc6dnmlx63";
    let exported = home
        .program(&["config", "--json"])
        .env("AKASH_OWNER", other)
        .env("AKASH_GAS_PRICES", "0.05uakt")
        .env("AKASH_DSEQ", "77")
        .run();
    assert_eq!(found(&exported, "owner"), (json(other), "environment".to_owned(), json("AKASH_OWNER")));
    assert_eq!(
        found(&exported, "signing.gas_prices"),
        (json("0.05uakt"), "environment".to_owned(), json("AKASH_GAS_PRICES"))
    );
    assert_eq!(found(&exported, "dseq"), (json("77"), "environment".to_owned(), json("AKASH_DSEQ")));
    let text = home.run(&["config"]).stdout;
    let line = text.lines().find(|line| line.starts_with("timeout")).unwrap();
    assert!(line.contains(" 7 ") && line.ends_with("config.toml:1"), "{line}");
}

#[test]
fn a_file_named_by_the_variable_is_read_instead() {
    let home = Home::new("named", "timeout = 7\n");
    let other = home.0.join("other.toml");
    std::fs::write(&other, "timeout = 8\n").unwrap();
    let ran = home.program(&["config", "--json"]).env("AKBIDS_CONFIG", &other.display().to_string()).run();
    assert_eq!(found(&ran, "timeout").0, 8);
    let missing = home.program(&["--demo", "--json"]).env("AKBIDS_CONFIG", "/no/such/file.toml").run();
    assert_eq!(missing.code, 0, "{}", missing.stderr);
    assert!(
        missing.stderr.contains("/no/such/file.toml") && missing.stderr.contains("AKBIDS_CONFIG"),
        "{}",
        missing.stderr
    );
}

/// A line of settings, and what is said of it.
const MISTAKES: [(&str, &str); 24] = [
    ("ownr = \"x\"", "there is no key ownr; the nearest is owner"),
    ("time-out = 3", "the nearest is timeout"),
    ("quite_another = 3", "there are net, rest"),
    ("timeout = 99999", "from 1 to 3600"),
    ("timeout = \"soon\"", "from 1 to 3600"),
    ("owner = \"akash1nonsense\"", "is no Akash address"),
    ("owner = 5", "a text in quotation marks"),
    ("for = \"6\"", "write 90s, 45m, 6h or 7d"),
    ("columns = [\"fit\", \"usdd\"]", "the nearest is usd"),
    ("columns = 3", "a list of texts"),
    ("sort = \"vrm\"", "the nearest is vram"),
    ("filter = \"vrm>=40\"", "the nearest is vram"),
    ("filter = \"@nosuch\"", "there is no saved filter @nosuch"),
    ("blocked = [\"akash1bad\"]", "is no Akash address"),
    ("provider_status = \"yes\"", "true or false"),
    ("net = \"sandbux\"", "the nearest is sandbox"),
    ("rest = \"localhost:1317\"", "http://"),
    ("max_fee = \"5uakt\"", "max_fee stands under [signing]"),
    ("signing = 3", "write [signing]"),
    ("filters = 3", "write [filters]"),
    ("usual_prices = 3", "[[usual_prices]]"),
    ("auditors = { me = \"akash1bad\" }", "is no Akash address"),
    ("networks = { home = { chain_id = \"home-1\" } }", "rest = "),
    (
        "networks = { mainnet = { chain_id = \"x\", rest = [\"http://localhost\"] } }",
        "the chain id of mainnet is akashnet-2",
    ),
];

#[test]
fn what_is_wrong_is_told_with_its_line_and_never_stops_looking() {
    let text = MISTAKES.map(|(line, _)| line).join("\n\n");
    // A key may stand once only: each mistake in a file of its own, all others with it in one where they can be.
    for (line, says) in MISTAKES {
        let file = config::file::parse(&format!("\n# a comment\n{line}\n"), &endpoint);
        let [problem] = &*file.problems else { panic!("{line}: {:?}", file.problems) };
        assert_eq!(problem.line, Some(3), "{line}");
        assert!(problem.text.contains(says), "{line}: {}", problem.text);
    }
    let home = Home::new("mistakes", &text);
    let ran = home.run(&["--demo", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(!ran.json()["bids"].as_array().unwrap().is_empty());
    let told = ran.stderr.lines().filter(|line| line.contains("config.toml:")).count();
    assert!(told >= 10, "{}", ran.stderr);
}

#[test]
fn what_may_concern_money_stops_accepting_and_nothing_else() {
    let provider = "akash1deufu64ph9jlgpkyt5vgqz29flughw9gzl3cka";
    let node = market();
    let (url, dseq) = (node.url(), demo::DSEQ.to_string());
    let accept =
        ["accept", "--rest", &url, "--chain-id", demo::CHAIN_ID, "--dseq", &dseq, "--bid", provider, "--dry-run"];
    for (n, settings) in [
        "[signing]\nmax_fee = \"5uact\"\n",
        "[signing]\nmax_fe = \"5uakt\"\n",
        "[signing]\nkeyring_backend = \"fil\"\n",
        "[signing]\nread_only = \"yes\"\n",
        "[signing]\nfrom = \"a\"\nkey_file = \"b\"\n",
        "max-fee = \"5uakt\"\n",
        "net = \"sandbux\"\n",
        "this is no toml\n",
    ]
    .into_iter()
    .enumerate()
    {
        let home = Home::new(&format!("money-{n}"), settings);
        let ran = home.run(&accept);
        assert_eq!(ran.code, 2, "{settings}: {}", ran.stderr);
        assert!(
            ran.stderr.contains("config.toml:") && ran.stderr.contains("before anything is accepted"),
            "{}",
            ran.stderr
        );
        let looked = home.run(&["--rest", &url, "--dseq", &dseq, "--json"]);
        assert_eq!(looked.code, 0, "{settings}: {}", looked.stderr);
    }
    // A mistake about looking does not.
    let home = Home::new("money-looking", "colums = [\"fit\"]\n");
    let ran = home.run(&accept);
    assert!(ran.stderr.contains("colums") && !ran.stderr.contains("before anything"), "{}", ran.stderr);
}

#[test]
fn a_secret_is_refused_by_name_and_never_repeated() {
    for settings in [
        "mnemonic = \"zebra zebra zebra\"\n",
        "[signing]\nkey = \"zebra zebra zebra\"\n",
        "[signing]\nPrivate-Key = \"zebra zebra zebra\"\n",
    ] {
        let home = Home::new("secret", settings);
        let ran = home.run(&["config"]);
        assert!(
            ran.stderr.contains("a secret is never read from here") && ran.stderr.contains("key_file"),
            "{}",
            ran.stderr
        );
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("zebra"), "{}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn read_only_settings_sign_nothing() {
    let node = market();
    let (url, dseq) = (node.url(), demo::DSEQ.to_string());
    let home = Home::new("read-only", "[signing]\nread_only = true\n");
    let provider = "akash1deufu64ph9jlgpkyt5vgqz29flughw9gzl3cka";
    let ran =
        home.run(&["accept", "--rest", &url, "--dseq", &dseq, "--bid", provider, "--max-usd-per-hour", "9", "--yes"]);
    assert_eq!(ran.code, 5, "{}", ran.stderr);
    assert!(ran.stderr.contains("line 2 of the settings file"), "{}", ran.stderr);
}

#[test]
fn a_network_of_the_file_is_asked_by_its_name() {
    let node = market();
    let url = node.url();
    let settings = format!(
        "[networks.home]\nchain_id = \"{}\"\nrest = [\"{url}\"]\n[networks.off]\nchain_id = \"other-1\"\nrest = [\"{url}\"]\n",
        demo::CHAIN_ID
    );
    let home = Home::new("networks", &settings);
    let dseq = demo::DSEQ.to_string();
    let ran = home.run(&["--net", "home", "--dseq", &dseq, "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.json()["chain"]["id"], demo::CHAIN_ID);
    // Of another chain than the one it is said to be: refused.
    let ran = home.run(&["--net", "off", "--dseq", &dseq, "--json"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("other-1"), "{}", ran.stderr);
    let ran = home.run(&["--net", "hom", "--dseq", &dseq]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("the nearest is home") && ran.stderr.contains("mainnet, sandbox, home, off"),
        "{}",
        ran.stderr
    );
    // `net` in the file chooses it too, and --rest beats its endpoints without being held to its chain.
    let chosen = Home::new("networks-chosen", &format!("net = \"off\"\n{settings}"));
    assert_eq!(chosen.run(&["--dseq", &dseq, "--json"]).code, 1);
    assert_eq!(chosen.run(&["--dseq", &dseq, "--json", "--rest", &url]).code, 0);
    assert_eq!(chosen.run(&["--dseq", &dseq, "--json", "--net", "home"]).code, 0);
    let (rest, kind, _) = chosen.value(&["--net", "sandbox"], "rest");
    assert_eq!((rest, kind.as_str()), (Value::Array(Vec::new()), "default"));
}

#[test]
fn the_embedded_chain_minds_no_setting_of_another() {
    let home = Home::new(
        "demo",
        "net = \"nosuch\"\nrest = [\"http://127.0.0.1:1\"]\nchain_id = \"other-1\"\n[signing]\nfrom = \"tenant\"\n",
    );
    let ran = home.run(&["--demo", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let document = ran.json();
    let best = document["bids"].as_array().unwrap().iter().find(|bid| bid["id"]["gseq"] == 1).unwrap();
    let best = best["id"]["provider"].as_str().unwrap();
    let ran =
        home.run(&["accept", "--demo", "--dseq", &demo::DSEQ.to_string(), "--bid", &format!("1/{best}"), "--dry-run"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn blocked_providers_are_left_out_and_counted() {
    let node = market();
    let url = node.url();
    let dseq = demo::DSEQ.to_string();
    let all = akbids(&["--rest", &url, "--dseq", &dseq, "--json"]).json();
    let provider = all["bids"][0]["id"]["provider"].as_str().unwrap();
    let favourite = all["bids"][1]["id"]["provider"].as_str().unwrap();
    let of = |document: &Value, provider: &str| {
        document["bids"].as_array().unwrap().iter().filter(|bid| bid["id"]["provider"] == provider).count()
    };
    // Blocked in the settings, a favourite in the state file.
    let home = Home::new("blocked", &format!("blocked = [\"{provider}\"]\n"));
    state::write(&home.state(), &Kept { favourites: BTreeSet::from([Address::new(favourite)]), ..Kept::default() })
        .unwrap();
    let ran = home.run(&["--rest", &url, "--dseq", &dseq, "--json"]);
    let document = ran.json();
    schema::assert_valid(include_str!("../../assets/bids.schema.json"), &document);
    assert_eq!(of(&document, provider), 0);
    assert_eq!(document["filter"]["blocked"], of(&all, provider));
    assert_eq!(
        document["filter"]["shown"].as_u64().unwrap() + document["filter"]["blocked"].as_u64().unwrap(),
        all["filter"]["shown"].as_u64().unwrap()
    );
    for bid in document["bids"].as_array().unwrap() {
        assert_eq!(bid["favourite"], bid["id"]["provider"] == favourite);
        assert_eq!(bid["blocked"], false);
    }
    let plain = home.run(&["--rest", &url, "--dseq", &dseq]);
    assert!(plain.stderr.contains("1 of blocked providers"), "{}", plain.stderr);
    assert!(plain.stdout.contains("  * "), "{}", plain.stdout);
}

#[test]
fn saved_filters_stand_for_what_they_say() {
    let node = market();
    let (url, dseq) = (node.url(), demo::DSEQ.to_string());
    let home = Home::new("filters", "filter = \"@big\"\n[filters]\nbig = \"vram>=80\"\ncheap = \"@big usd<2.6\"\n");
    let shown = |args: &[&str]| {
        let mut all = vec!["--rest", &url, "--dseq", &dseq, "--json"];
        all.extend(args);
        let ran = home.run(&all);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.json()["filter"].clone()
    };
    let typed = shown(&["--filter", "vram>=80"]);
    let by_default = shown(&[]);
    assert_eq!(by_default["expr"], "@big");
    assert_eq!(by_default["shown"], typed["shown"]);
    assert_eq!(by_default["clauses"][0]["removed"], typed["clauses"][0]["removed"]);
    assert_eq!(shown(&["--filter", "@cheap"])["shown"], shown(&["--filter", "vram>=80 usd<2.6"])["shown"]);
    // A flag beats the filter of the settings, also with nothing.
    assert!(shown(&["--filter", ""])["shown"].as_u64() > typed["shown"].as_u64());
    let wrong = home.run(&["--rest", &url, "--dseq", &dseq, "--filter", "usd<9 @bgi"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("column 7") && wrong.stderr.contains("the nearest is @big"), "{}", wrong.stderr);
}

#[test]
fn a_saved_filter_names_only_those_before_it() {
    let mut saved = SavedFilters::default();
    assert!(saved.add("a", "@b usd<3").is_err());
    assert!(saved.add("b", "@b").is_err());
    saved.add("b", "vram>=24").unwrap();
    saved.add("a", "@b usd<3").unwrap();
    assert!(saved.add("with blank", "usd<3").is_err());
    assert_eq!(Query::parse_with("!@A", &saved).unwrap().to_string(), "!@a");
    // What only looks like a name is a word, and in quotation marks it always is.
    for text in ["@", "@example.com", "\"@a\""] {
        let query = Query::parse_with(text, &saved).unwrap();
        assert_eq!(Query::parse_with(&query.to_string(), &saved).unwrap(), query, "{text}");
        assert_ne!(query, Query::parse_with("@a", &saved).unwrap());
    }
}

#[test]
fn a_run_has_its_price_and_may_outlast_the_escrow() {
    let node = market();
    let (url, dseq) = (node.url(), demo::DSEQ.to_string());
    let ask = |length: &str| akbids(&["--rest", &url, "--dseq", &dseq, "--json", "--for", length]).json();
    let (short, long) = (ask("1h"), ask("3650d"));
    schema::assert_valid(include_str!("../../assets/bids.schema.json"), &short);
    let mut known = 0;
    for (one, ten_years) in short["bids"].as_array().unwrap().iter().zip(long["bids"].as_array().unwrap()) {
        assert_eq!(one["run"]["seconds"], 3600);
        assert_eq!(one["run"]["usd"], one["usd_per_hour"]);
        let lasts = &one["run"]["escrow_lasts"];
        match one["runway_h"].as_f64() {
            Some(hours) => assert_eq!(lasts, hours >= 1.0, "{one}"),
            None => assert!(lasts.is_null(), "{one}"),
        }
        if one["takeable"] == true && one["usd_per_hour"].is_number() {
            known += 1;
            assert_eq!(ten_years["run"]["escrow_lasts"], false);
        }
    }
    assert!(known > 3);
    let bare = akbids(&["--rest", &url, "--dseq", &dseq, "--json"]).json();
    assert!(bare["bids"][0].get("run").is_none());
    let plain = akbids(&["--rest", &url, "--dseq", &dseq, "--for", "3650d"]);
    assert!(plain.stdout.lines().next().unwrap().contains("usd/3650d"), "{}", plain.stdout);
    assert!(plain.stderr.contains("the escrow does not last 3650d"), "{}", plain.stderr);
    let wrong = akbids(&["--rest", &url, "--dseq", &dseq, "--for", "6"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("--for: 6 is no length of a run"), "{}", wrong.stderr);
}

#[test]
fn console_old_29_support_119_auditors_go_by_the_names_of_the_settings() {
    let node = market();
    let (url, dseq) = (node.url(), demo::DSEQ.to_string());
    let home = Home::new("auditors", "[auditors]\nmine = \"akash1365yvmc4s7awdyj3n2sav7xfx76adc6dnmlx63\"\n");
    let document = home.run(&["--rest", &url, "--dseq", &dseq, "--json", "--filter", "auditor=mine"]).json();
    let bids = document["bids"].as_array().unwrap();
    assert!(!bids.is_empty());
    for bid in bids {
        let named = bid["provider"]["auditors"].as_array().unwrap();
        assert!(named.iter().any(|auditor| auditor["name"] == "mine"), "{bid}");
        let addresses: Vec<&Value> = named.iter().map(|auditor| &auditor["address"]).collect();
        assert_eq!(addresses, bid["provider"]["audited_by"].as_array().unwrap().iter().collect::<Vec<_>>());
    }
}

#[test]
fn support_198_support_119_asked_declared_and_signed_stand_side_by_side() {
    let node = market();
    let client = Client::new(vec![Endpoint::parse(&node.url()).unwrap()], Duration::from_secs(10)).unwrap();
    let ask = Ask { dseq: demo::DSEQ, owner: Some(Address::new(OWNER)), akt_usd: None, chain_id: None };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let deadline = || tokio::time::Instant::now() + Duration::from_secs(10);
    let mut snapshot = runtime.block_on(async { once(&client, &ask, deadline()).await }).unwrap().snapshot;
    // The demo's orders ask for no attributes: this one does.
    let asked = [("tier", "community"), ("tier", "nowhere"), ("no-such-key", "true")];
    let asked: Vec<(Clean, Clean)> = asked.iter().map(|(key, value)| (Clean::new(key), Clean::new(value))).collect();
    for order in snapshot.orders.iter_mut().flatten() {
        Arc::make_mut(&mut order.spec).requirements.attributes.clone_from(&asked);
    }
    let market = appraise(&snapshot);
    let (mut declared, mut alone, mut signatures) = (0, 0, 0);
    for row in &market.rows {
        let document = report::bid_document(row, &snapshot, &Preferences::default()).unwrap();
        let bid: Value = serde_json::from_str(&document).unwrap();
        let requirements = &bid["requirements"];
        let checked = requirements["attributes"].as_array().unwrap();
        let own = &bid["provider"]["attributes"]["tier"];
        let has_it = own.as_array().is_some_and(|values| values.contains(&"community".into()));
        assert_eq!(checked[0]["met"], has_it, "{bid}");
        declared += usize::from(has_it);
        alone += usize::from(checked[0]["self_declared"] == true);
        assert_eq!(checked[1]["met"], false);
        assert_eq!(checked[1]["declared"], if own.is_null() { Value::Array(Vec::new()) } else { own.clone() });
        assert_eq!((&checked[2]["met"], &checked[2]["declared"]), (&false.into(), &Value::Array(Vec::new())));
        assert_eq!(requirements["met"], false, "nobody has all three");
        for signature in requirements["signatures"].as_array().unwrap() {
            signatures += 1;
            assert_eq!((&signature["of"], &signature["signed"]), (&"any_of".into(), &false.into()), "{bid}");
        }
    }
    assert!(declared > 0 && alone > 0 && alone <= declared && signatures > 0, "{declared} {alone} {signatures}");
    // As the chain has it, the auditor that the second group asks for did sign for some of its bidders.
    let url = node.url();
    let document = akbids(&["--rest", &url, "--dseq", &demo::DSEQ.to_string(), "--json"]).json();
    for bid in document["bids"].as_array().unwrap().iter().filter(|bid| bid["id"]["gseq"] == 2) {
        let signature = &bid["requirements"]["signatures"][0];
        let audits = bid["provider"]["audited_by"].as_array().unwrap();
        assert_eq!(signature["signed"], audits.contains(&signature["auditor"]), "{bid}");
        assert_eq!(bid["requirements"]["met"], signature["signed"]);
    }
}

#[test]
fn cloudmos_explorer_11_support_166_usual_prices_are_the_persons_own() {
    let node = market();
    let (url, dseq) = (node.url(), demo::DSEQ.to_string());
    let home = Home::new(
        "usual",
        "[[usual_prices]]\nmodel = \"a100\"\nmemory_gib = 80\nlow = 1.05\nhigh = 1.95\nsource = \"my leases\"\nas_of = \"2026-11\"\n",
    );
    let document = home.run(&["--rest", &url, "--dseq", &dseq, "--json", "--filter", "gpu=a100 vram=80"]).json();
    let bids = document["bids"].as_array().unwrap();
    assert!(!bids.is_empty());
    for bid in bids.iter().filter(|bid| bid["gpus"].as_array().unwrap().len() == 1) {
        let expected = serde_json::json!({ "low": 1.05, "high": 1.95, "source": "my leases", "as_of": "2026-11" });
        assert_eq!(bid["usual_usd_per_gpu_hour"], expected);
    }
}

#[test]
fn what_is_kept_is_read_again() {
    let home = Home::new("state", "");
    let kept = Kept {
        favourites: BTreeSet::from([Address::new(OWNER)]),
        blocked: BTreeSet::from([Address::new("akash1365yvmc4s7awdyj3n2sav7xfx76adc6dnmlx63")]),
        columns: Some(vec![Field::Fit, Field::Usd, Field::parse("attr.tier").unwrap()]),
        sort: Some(Sort::parse("vram-,usd").unwrap()),
        filter: Some("vram>=40 \"two words\"".to_owned()),
    };
    assert_eq!(state::read(&home.state()), (Kept::default(), Vec::new()));
    state::write(&home.state(), &kept).unwrap();
    assert_eq!(state::read(&home.state()), (kept.clone(), Vec::new()));
    let mode = std::fs::metadata(home.state()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let beside: Vec<_> = std::fs::read_dir(home.0.join("state/akbids")).unwrap().collect();
    assert_eq!(beside.len(), 1, "{beside:?}");
    // What another version wrote there stays.
    let text = std::fs::read_to_string(home.state()).unwrap().replacen('{', "{ \"later\": [1],", 1);
    std::fs::write(home.state(), text).unwrap();
    state::write(&home.state(), &Kept::default()).unwrap();
    let value: Value = serde_json::from_str(&std::fs::read_to_string(home.state()).unwrap()).unwrap();
    assert_eq!((&value["later"][0], &value["favourites"]), (&Value::from(1), &Value::Array(Vec::new())));
    // The settings' own favourites are not written a second time, and shown with where they came from.
    state::write(&home.state(), &kept).unwrap();
    assert_eq!(home.value(&[], "favourites").1, "state");
    assert_eq!(home.value(&[], "filter (screen)").0, "vram>=40 \"two words\"");
    assert_eq!(home.value(&[], "filter").0, "", "what the screen kept is not for scripts");
}

#[test]
fn a_damaged_state_file_is_a_note_and_is_put_aside() {
    for (n, text) in ["{\"favourites\": [", "[]", "\u{0}\u{1}"].into_iter().enumerate() {
        let home = Home::new(&format!("damaged-{n}"), "");
        std::fs::write(home.state(), text).unwrap();
        let ran = home.run(&["--demo", "--json"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(ran.stderr.contains("state.json"), "{}", ran.stderr);
        state::write(&home.state(), &Kept::default()).unwrap();
        assert_eq!(state::read(&home.state()), (Kept::default(), Vec::new()));
        assert_eq!(std::fs::read_to_string(home.state().with_extension("json.damaged")).unwrap(), text);
    }
    let home = Home::new("damaged-part", "");
    std::fs::write(
        home.state(),
        "{\"favourites\": 3, \"blocked\": [\"akash1x\"], \"columns\": [\"nosuch\"], \"sort\": \"vrm\"}",
    )
    .unwrap();
    let (kept, notes) = state::read(&home.state());
    assert_eq!((kept.blocked.len(), kept.columns, kept.sort), (1, None, None));
    assert_eq!(notes.len(), 2, "{notes:?}");
}

#[test]
fn the_doctor_says_why_and_ends_with_0_or_3() {
    let node = market();
    let url = node.url();
    for (number, code) in [(demo::NO_ATTRIBUTE_DSEQ, "attribute_nobody"), (demo::MISSPELT_DSEQ, "gpu_model_unknown")] {
        let ran = akbids(&["doctor", "--rest", &url, "--dseq", &number.to_string(), "--json"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let document = ran.json();
        schema::assert_valid(include_str!("../../assets/doctor.schema.json"), &document);
        assert_eq!(document["ails"], true);
        assert_eq!(document["registry"]["complete"], true);
        let causes = document["groups"][0]["causes"].as_array().unwrap();
        assert!(causes.iter().any(|cause| cause["code"] == code), "{document}");
        let text = akbids(&["doctor", "--rest", &url, "--dseq", &number.to_string()]);
        assert_eq!(text.code, 0, "{}", text.stderr);
        assert!(text.stdout.contains(causes[0]["text"].as_str().unwrap()), "{}", text.stdout);
        assert!(!text.stderr.contains("providers read"), "progress is for terminals: {}", text.stderr);
    }
    let served = akbids(&["doctor", "--rest", &url, "--dseq", &demo::DSEQ.to_string(), "--json"]).json();
    assert_eq!((&served["ails"], &served["registry"]), (&Value::from(false), &Value::Null));
    assert_eq!(akbids(&["doctor", "--rest", &url, "--dseq", "987654"]).code, 3);
    assert_eq!(akbids(&["doctor", "--rest", &url]).code, 2);
    let demo = akbids(&["doctor", "--demo", "--dseq", &demo::MISSPELT_DSEQ.to_string()]);
    assert!(demo.stdout.contains("rtx4090"), "{}{}", demo.stdout, demo.stderr);
    let input = akbids(&["--input", "x.json", "doctor", "--dseq", "8"]);
    assert_eq!(input.code, 2);
    assert!(input.stderr.contains("goes with no command"), "{}", input.stderr);
}

#[test]
fn without_a_number_the_owners_deployments_are_listed() {
    let node = market();
    let url = node.url();
    let ran = akbids(&["--rest", &url, "--owner", OWNER]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    let line = ran.stdout.lines().find(|line| line.starts_with(&demo::DSEQ.to_string())).unwrap();
    assert!(line.contains('2'), "two groups: {line}");
    assert!(!ran.stdout.contains(&demo::CLOSED_DSEQ.to_string()), "{}", ran.stdout);
    assert!(ran.stderr.contains("--dseq"), "{}", ran.stderr);
    let json = akbids(&["--rest", &url, "--owner", OWNER, "--json"]);
    assert_eq!((json.code, json.stdout.as_str()), (2, ""));
    let nobody = akbids(&["--rest", &url, "--owner", "akash1365yvmc4s7awdyj3n2sav7xfx76adc6dnmlx63"]);
    assert_eq!(nobody.code, 3, "{}", nobody.stderr);
}

#[test]
fn completions_and_the_manual_come_from_the_flags() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = akbids(&["completions", shell]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(ran.stdout.contains("max-usd-per-hour"), "{shell}");
    }
    let man = akbids(&["man"]);
    assert!(man.code == 0 && man.stdout.contains(".TH") && man.stdout.contains("\\-\\-filter"), "{}", man.stdout);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_as_settings_without_a_panic(text in "([a-z_\\[\\]=\" .0-9\n#{},'\\\\]|\\PC){0,200}") {
        let file = config::file::parse(&text, &endpoint);
        let lines = text.matches('\n').count() + 1;
        for problem in &file.problems {
            prop_assert!(problem.line.is_some_and(|line| (1..=lines).contains(&line)), "{problem:?}");
            prop_assert!(!problem.text.is_empty() && problem.text.chars().all(|c| !c.is_control()));
        }
    }

    #[test]
    fn a_length_that_is_printed_is_read_as_the_same(n in 1u32..100_000, unit in "[smhd]") {
        if let Ok(length) = RunLength::parse(&format!("{n}{unit}")) {
            prop_assert_eq!(RunLength::parse(&length.to_string()), Ok(length));
        } else {
            prop_assert!(unit == "d" && n > 36_525);
        }
    }

    #[test]
    fn a_filter_with_saved_names_prints_as_it_is_read(parts in prop::collection::vec(
        prop::sample::select(vec!["@big", "!@cheap", "usd<2", "@", "\"@big\"", "@no.name", "audited"]), 0..6)) {
        let mut saved = SavedFilters::default();
        saved.add("big", "vram>=80 gpus>=2").unwrap();
        saved.add("cheap", "@big usd<5").unwrap();
        let query = Query::parse_with(&parts.join(" "), &saved).unwrap();
        prop_assert_eq!(Query::parse_with(&query.to_string(), &saved).unwrap(), query);
    }
}
