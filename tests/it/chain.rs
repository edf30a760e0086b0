//! The chain adapter: decoders against recordings, and the client against the embedded chain and its faults.

use akbids::chain::rhythm::Rhythm;
use akbids::chain::{
    Ask, ChainError, Client, Command, Endpoint, Event, Kind, Read, follow, once, saved, wire_market, wire_meta,
};
use akbids::demo::{self, Act, Chain, Clock, Fault, OrderId, Quoted, Running, serve};
use akbids::domain::appraise::{Gpus, appraise};
use akbids::domain::bid::{Address, BidState, DeploymentState, LeaseState, OrderState, Snapshot};
use akbids::domain::money::{BlockTimeSource, Denom};
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

// ── decoding ────────────────────────────────────────────────────────────────────────────────────────────────────────

fn data(file: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn recordings(file: &str) -> Vec<Value> {
    let text = String::from_utf8(data(&format!("node-v2.1/{file}.jsonl"))).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn all_recordings() -> impl Iterator<Item = Value> {
    ["accept", "groups", "lookups", "failures"].into_iter().flat_map(recordings)
}

#[test]
fn every_recorded_answer_is_read() {
    let mut read = std::collections::BTreeMap::<&str, usize>::new();
    for record in all_recordings() {
        let path = record["request"]["path"].as_str().unwrap();
        let body = &record["response"]["body"];
        let bytes = body.to_string().into_bytes();
        let count = |list: &str| body[list].as_array().map_or(0, Vec::len);
        let route = path.split('?').next().unwrap();
        if record["request"]["method"] != "GET" {
            continue;
        }
        if record["response"]["status"] != 200 {
            let (code, message) = wire_meta::grpc_error(&bytes).unwrap();
            assert_eq!(u64::from(code), body["code"].as_u64().unwrap());
            assert!(!message.is_empty());
            *read.entry("errors").or_default() += 1;
            continue;
        }
        let tail = |suffix: &str| route.ends_with(suffix);
        let kind = if tail("/bids/list") {
            let page = wire_market::bids(&bytes, 0).unwrap();
            assert_eq!((page.items.len(), page.unreadable.len()), (count("bids"), 0), "{path}");
            assert_eq!(page.next_key.as_deref(), body["pagination"]["next_key"].as_str());
            for (bid, sent) in page.items.iter().zip(body["bids"].as_array().unwrap()) {
                let sent = &sent["bid"];
                assert_eq!(bid.id.provider.as_str(), sent["id"]["provider"].as_str().unwrap());
                assert_eq!(bid.state.as_str(), sent["state"].as_str().unwrap());
                let amount: Decimal = sent["price"]["amount"].as_str().unwrap().parse().unwrap();
                assert_eq!(bid.price.value, amount);
                assert_eq!(bid.price.denom.as_str(), sent["price"]["denom"].as_str().unwrap());
                assert_eq!(bid.offer.as_ref().unwrap().len(), sent["resources_offer"].as_array().unwrap().len());
            }
            "bids"
        } else if tail("/bids/info") {
            let bid = wire_market::bid(&bytes).unwrap();
            assert_eq!(bid.id.dseq.to_string(), body["bid"]["id"]["dseq"].as_str().unwrap());
            "bid"
        } else if tail("/orders/list") {
            let page = wire_market::orders(&bytes, 0).unwrap();
            assert_eq!((page.items.len(), page.unreadable.len()), (count("orders"), 0), "{path}");
            assert!(page.items.iter().all(|order| !order.spec.units.is_empty() && order.spec.ceiling().is_some()));
            "orders"
        } else if tail("/leases/list") {
            let page = wire_market::leases(&bytes, 0).unwrap();
            assert_eq!((page.items.len(), page.unreadable.len()), (count("leases"), 0), "{path}");
            for lease in &page.items {
                assert_eq!(lease.state == LeaseState::Active, lease.reason.is_none(), "{lease:?}");
            }
            "leases"
        } else if tail("/deployments/info") {
            let (deployment, bad) = wire_market::deployment(&bytes).unwrap();
            assert!(bad.is_empty());
            assert_eq!(deployment.groups.len(), count("groups"));
            assert!(deployment.escrow.is_some());
            "deployment"
        } else if tail("/deployments/list") {
            let page = wire_market::deployments(&bytes, 0).unwrap();
            assert_eq!((page.items.len(), page.unreadable.len()), (count("deployments"), 0), "{path}");
            "deployments"
        } else if route.contains("/audit/attributes/akash") && tail("/list") {
            let owner = Address::new(route.split('/').nth(6).unwrap());
            let audits = wire_meta::audits(&bytes, &owner).unwrap();
            assert_eq!((audits.audits.len(), audits.garbage), (count("providers"), 0));
            "audits"
        } else if tail("/audit/attributes/list") {
            // Attribute bytes as owner: nothing of it counts.
            let audits =
                wire_meta::audits(&bytes, &Address::new("akash1pvskd94jtkph9vgqpf6ecg2as8pvck9w5a7wga")).unwrap();
            assert_eq!((audits.audits.len(), audits.garbage), (0, count("providers")));
            "garbage"
        } else if route.contains("/providers/") {
            let provider = wire_meta::provider(&bytes).unwrap();
            assert_eq!(provider.address.as_str(), body["provider"]["owner"].as_str().unwrap());
            assert!(provider.host.as_ref().unwrap().ends_with(":8443"));
            assert!(provider.attributes.iter().all(|(k, v)| !k.chars().chain(v.chars()).any(char::is_control)));
            "provider"
        } else if route.contains("/blocks/") {
            let header = wire_meta::block(&bytes).unwrap();
            assert_eq!(header.height.to_string(), body["block"]["header"]["height"].as_str().unwrap());
            assert_eq!(&*header.chain_id, "local");
            assert!(header.time_ns % 1_000_000_000 != 0, "nanoseconds are kept");
            "block"
        } else if tail("/node_info") {
            assert_eq!(&*wire_meta::node_info(&bytes).unwrap().network, "local");
            "node_info"
        } else if route.contains("/account_info/") {
            let account = wire_meta::account_info(&bytes).unwrap();
            assert_eq!(account.sequence.to_string(), body["info"]["sequence"].as_str().unwrap());
            "account_info"
        } else if route.contains("/bank/v1beta1/balances/") && body.get("balances").is_some() {
            let page = wire_meta::balances(&bytes, 0).unwrap();
            assert_eq!((page.items.len(), page.unreadable.len()), (count("balances"), 0));
            "balances"
        } else if tail("/discovery/v1/info") {
            assert_eq!(wire_meta::market_version(&bytes).unwrap().as_deref(), Some("v1beta5"));
            "discovery"
        } else if tail("/market/v1beta5/params") {
            assert_eq!(wire_meta::market_params(&bytes).unwrap().order_max_bids, Some(20));
            "params"
        } else if tail("/aggregated_price/akt") {
            let price = wire_meta::oracle_price(&bytes, "v2").unwrap();
            let wire_meta::OraclePrice::Healthy(rate) = price else { panic!("{price:?}") };
            assert_eq!((rate.usd, &*rate.source), (Decimal::new(8125, 4), "oracle v2 median"));
            assert!(rate.at_ms.is_some());
            "oracle"
        } else {
            continue;
        };
        *read.entry(kind).or_default() += 1;
    }
    // None of them was skipped because a path was written otherwise.
    for kind in [
        "errors",
        "bids",
        "bid",
        "orders",
        "leases",
        "deployment",
        "deployments",
        "audits",
        "garbage",
        "provider",
        "block",
        "node_info",
        "account_info",
        "balances",
        "discovery",
        "params",
        "oracle",
    ] {
        assert!(read.contains_key(kind), "{kind}: {read:?}");
    }
    assert!(read["bids"] > 20, "{read:?}");
}

#[test]
fn both_bids_of_2023() {
    let snapshot = saved(&data("saved/02-v1beta4-a100-bid-2023.json")).unwrap();
    let market = appraise(&snapshot);
    let row = &market.rows[0];
    assert_eq!(row.bid.price.to_string(), "1432.735519 uakt");
    assert_eq!(row.bid.state, BidState::Closed);
    assert_eq!(row.gpus.count(), Some(1));
    assert_eq!(row.gpus.kinds()[0].model().unwrap().name(), "A100");
    assert!(!row.takeable());
    assert!(snapshot.saved && snapshot.chain.height.is_none() && snapshot.chain.rest.is_none());
    assert_eq!(snapshot.chain.block_time.source, BlockTimeSource::Assumed);

    let snapshot = saved(&data("saved/01-v1beta3-gpu-bid-no-offer-2023.json")).unwrap();
    let market = appraise(&snapshot);
    let row = &market.rows[0];
    assert_eq!(row.bid.price.to_string(), "368.320765 uakt");
    assert_eq!(row.gpus, Gpus::Unstated);
    assert_eq!(row.bid.offer, None);
    assert_eq!(row.bid.id.owner.as_str(), "akash1...tkvk");
}

#[test]
fn every_saved_sample_loads() {
    let load = |file: &str| saved(&data(&format!("saved/{file}"))).unwrap();
    let list = load("04-v1beta5-bids-list-2026.json");
    assert_eq!(list.bids[0].price.denom, Denom::UsdcMainnet);
    assert_eq!(list.warnings.iter().map(|w| w.code).collect::<Vec<_>>(), ["saved_page"]);
    let leases = load("07-v1beta5-leases-list-uact-2026.json").leases.unwrap();
    assert_eq!((leases[0].price.to_string().as_str(), leases[0].closed_height), ("4.826603 uact", None));
    let audited = load("08-audit-attributes-list-2026.json");
    let provider = audited.providers.values().next().unwrap();
    assert_eq!(provider.audits.as_ref().unwrap().len(), 1);
    let provider = load("09-provider-v1beta4-2026.json");
    assert_eq!(provider.providers.values().next().unwrap().host.as_deref(), Some("provider.forgeelectronics.uk:8443"));
}

#[test]
fn output_of_the_command_line_loads() {
    let failures = recordings("failures");
    let said = |line: usize| failures[line - 1]["response"]["body"].clone();
    let list = saved(said(233).to_string().as_bytes()).unwrap();
    assert_eq!(list.bids.len(), said(233)["bids"].as_array().unwrap().len());
    let one = saved(said(234).to_string().as_bytes()).unwrap();
    assert_eq!(one.bids.len(), 1);
    assert_eq!(one.bids[0].price.to_string(), "1500 uact");
    let yaml = saved(said(235).as_str().unwrap().as_bytes()).unwrap_err();
    assert!(yaml.to_string().contains("-o json"), "{yaml}");
    assert_eq!(yaml.kind(), Kind::Usage);
    let deployment = saved(said(236).to_string().as_bytes()).unwrap();
    assert_eq!(deployment.deployment.unwrap().state, DeploymentState::Closed);
    // Several answers after each other are one.
    let both = format!("{}\n{}\n", said(233), said(236));
    let both = saved(both.as_bytes()).unwrap();
    assert_eq!(both.bids.len(), list.bids.len());
    assert_eq!(both.deployment.unwrap().dseq, 1768);
    // As `jq` leaves them: the list alone, the bids alone.
    let bare = said(233)["bids"].to_string();
    assert_eq!(saved(bare.as_bytes()).unwrap().bids, list.bids);
    let unwrapped: Vec<Value> = said(233)["bids"].as_array().unwrap().iter().map(|b| b["bid"].clone()).collect();
    assert_eq!(saved(json!(unwrapped).to_string().as_bytes()).unwrap().bids, list.bids);
    assert_eq!(saved(unwrapped[0].to_string().as_bytes()).unwrap().bids[0], list.bids[0]);
    // One document that holds it all.
    let lookups = recordings("accept");
    let mut all = said(236);
    all["bids"] = said(233)["bids"].clone();
    all["orders"] = lookups[6]["response"]["body"]["orders"].clone();
    all["leases"] = json!([]);
    let all = saved(all.to_string().as_bytes()).unwrap();
    assert_eq!((all.bids.len(), all.orders.unwrap().len(), all.leases), (list.bids.len(), 1, Some(Vec::new())));
}

#[test]
fn what_is_no_saved_answer_is_told_in_a_sentence() {
    for (input, says) in [
        ("", "empty"),
        ("bids:\n- bid:", "-o json"),
        ("<html>", "-o json"),
        ("{\"bids\":[", "stops in the middle"),
        ("{\"bids\": 5}", "not a list"),
        ("{\"tx\": {}}", "no answer about bids"),
        ("17", "no answer about bids"),
        ("{} x", "not JSON"),
    ] {
        let error = saved(input.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(says), "{input}: {error}");
    }
}

fn a_bid(price: &str) -> String {
    format!(
        r#"{{"bid":{{"id":{{"owner":"o","dseq":"1","gseq":1,"oseq":1,"provider":"p","bseq":0}},"state":"open","price":{price},"resources_offer":[]}}}}"#
    )
}

#[test]
fn money_is_exact_or_unreadable() {
    let read = |price: &str| {
        let page = wire_market::bids(format!("{{\"bids\":[{}]}}", a_bid(price)).as_bytes(), 0).unwrap();
        assert_eq!(page.items.len() + page.unreadable.len(), 1);
        page.items.first().map(|bid| bid.price.value.to_string()).ok_or_else(|| page.unreadable[0].reason.to_string())
    };
    // A number keeps the digits that were sent.
    assert_eq!(read(r#"{"denom":"uact","amount":1432.735519}"#).unwrap(), "1432.735519");
    assert_eq!(read(r#"{"denom":"uact","amount":"0.000000000000000001"}"#).unwrap(), "0.000000000000000001");
    assert_eq!(
        read(r#"{"denom":"uact","amount":12345678901234.123456789012}"#).unwrap(),
        "12345678901234.123456789012"
    );
    for bad in [
        r#"{"denom":"uact","amount":"1e3"}"#,
        r#"{"denom":"uact","amount":1e3}"#,
        r#"{"denom":"uact","amount":"1,5"}"#,
        r#"{"denom":"uact","amount":""}"#,
        r#"{"denom":"uact","amount":null}"#,
        r#"{"denom":"uact","amount":{}}"#,
        r#"{"denom":"uact"}"#,
        r#"{"denom":"","amount":"5"}"#,
        r#"{"amount":"5"}"#,
        r#"{"denom":"uact","amount":"1.0000000000000000001"}"#,
        r#"{"denom":"uact","amount":"99999999999999999999999999999999"}"#,
        "null",
        r#""5uact""#,
        "[]",
    ] {
        let reason = read(bad).unwrap_err();
        assert!(reason.contains("price") || reason.contains("shape"), "{bad}: {reason}");
    }
}

#[test]
fn one_unreadable_bid_is_one_entry() {
    let good = a_bid(r#"{"denom":"uact","amount":"5"}"#);
    for bad in ["null", "7", "\"x\"", "[]", "{}", "{\"bid\":null}", "{\"bid\":{\"id\":{}}}", "{\"bid\":{\"id\":[1]}}"] {
        let list = format!(
            "{{\"bids\":[{good},{bad},{}],\"pagination\":{{\"next_key\":\"k+/=\"}}}}",
            good.replace("\"p\"", "\"q\"")
        );
        let page = wire_market::bids(list.as_bytes(), 100).unwrap();
        assert_eq!(page.items.len(), 2, "{bad}");
        assert_eq!(page.unreadable[0].where_, "bids[101]", "{bad}");
        assert!(!page.unreadable[0].reason.is_empty());
        assert_eq!(page.next_key.as_deref(), Some("k+/="));
    }
    // The same bid twice is one row, and counted.
    let twice = saved(format!("[{good},{good}]").as_bytes()).unwrap();
    assert_eq!((twice.bids.len(), twice.unreadable.len()), (1, 1));
}

#[test]
fn scalars_are_read_leniently() {
    let text = r#"{"bids":[{"bid":{"id":{"owner":"o","dseq":27011234,"gseq":"2","oseq":1,"provider":"p","bseq":null},
        "state":null,"price":{"denom":"uact","amount":"5"},"created_at":27011237,"reclamation_window":"1.500s","new_key":[[]],
        "resources_offer":[{"count":"3","resources":{"id":"1","cpu":null,"memory":{"quantity":{"val":1024}},"storage":null,
            "gpu":null,"endpoints":[{"kind":"LEASED_IP"}]}}]}}],"pagination":null}"#;
    let page = wire_market::bids(text.as_bytes(), 0).unwrap();
    let bid = &page.items[0];
    assert_eq!((bid.id.dseq, bid.id.gseq, bid.id.bseq, bid.created_height), (27_011_234, 2, 0, Some(27_011_237)));
    assert_eq!(bid.state, BidState::Other("?".into()));
    assert_eq!(bid.reclamation_s, Some(1));
    let unit = &bid.offer.as_ref().unwrap()[0];
    assert_eq!((unit.count, unit.cpu_m, unit.memory_bytes, unit.gpus), (3, None, Some(1024), Some(0)));
    assert_eq!(&*unit.endpoints[0], "LEASED_IP");
}

#[test]
fn a_list_nested_200_000_deep_is_a_sentence() {
    let deep = "[".repeat(200_000) + &"]".repeat(200_000);
    let page = wire_market::bids(format!("{{\"bids\":[{deep}]}}").as_bytes(), 0).unwrap();
    assert_eq!((page.items.len(), page.unreadable.len()), (0, 1));
    for text in [format!("{{\"bids\":{}", "[".repeat(200_000)), deep.clone(), format!("{{\"x\":{deep}}}")] {
        assert!(!wire_market::bids(text.as_bytes(), 0).unwrap_err().to_string().is_empty());
        assert!(!wire_market::deployment(text.as_bytes()).unwrap_err().to_string().is_empty());
        assert!(wire_meta::grpc_error(text.as_bytes()).is_none());
    }
    assert_eq!(saved(format!("{{\"bids\":[{deep}]}}").as_bytes()).unwrap().unreadable.len(), 1);
}

#[test]
fn older_escrow_and_ids_are_read() {
    let text = r#"{"deployment":{"deployment_id":{"owner":"o","dseq":"5"},"state":"active","created_at":"6"},
        "groups":[{"group_id":{"owner":"o","dseq":"5","gseq":1},"state":"open","group_spec":{"name":"g","requirements":null,
            "resources":[{"resource":{"id":1,"cpu":{"units":{"val":"100"}},"gpu":{"units":{"val":"1"},"attributes":[
                {"key":"vendor/nvidia/model/*","value":"true"}]}},"count":2,"price":{"denom":"uakt","amount":"10.5"}}]}}, 7],
        "escrow_account":{"id":{},"owner":"o","state":"open","balance":{"denom":"uakt","amount":"100"},"settled_at":"9",
            "funds":{"denom":"uakt","amount":"5.5"}}}"#;
    let (deployment, bad) = wire_market::deployment(text.as_bytes()).unwrap();
    assert_eq!(bad[0].where_, "groups[1]");
    let escrow = deployment.escrow.unwrap();
    assert_eq!((escrow.funds[0].to_string().as_str(), escrow.settled_height), ("105.5 uakt", Some(9)));
    let spec = &deployment.groups[0].spec;
    assert_eq!(spec.ceiling().unwrap().to_string(), "21 uakt");
    assert_eq!(spec.units[0].gpu_kinds[0].model, None);
}

#[test]
fn an_unhealthy_price_is_none() {
    let price = |healthy: bool, median: &str| {
        let body = json!({"aggregated_price": {"median_price": median, "timestamp": "2026-11-21T04:53:27.2Z"},
            "price_health": {"is_healthy": healthy, "failure_reason": ["too old"]}});
        wire_meta::oracle_price(body.to_string().as_bytes(), "v2")
    };
    assert!(matches!(price(true, "0.5").unwrap(), wire_meta::OraclePrice::Healthy(_)));
    assert_eq!(price(false, "0.5").unwrap(), wire_meta::OraclePrice::Unhealthy("too old".into()));
    assert!(matches!(price(true, "0.000000000000000000").unwrap(), wire_meta::OraclePrice::Unhealthy(_)));
    assert!(price(true, "much").is_err());
}

/// Every place in a JSON document.
fn places(value: &Value, path: &mut Vec<String>, out: &mut Vec<Vec<String>>) {
    out.push(path.clone());
    let mut into = |key: String, inner: &Value| {
        path.push(key);
        places(inner, path, out);
        path.pop();
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, inner)| into(key.clone(), inner)),
        Value::Array(list) => list.iter().enumerate().for_each(|(at, inner)| into(at.to_string(), inner)),
        _ => {}
    }
}

fn at<'v>(value: &'v mut Value, path: &[String]) -> Option<&'v mut Value> {
    path.iter().try_fold(value, |value, key| match value {
        Value::Array(list) => list.get_mut(key.parse::<usize>().ok()?),
        other => other.get_mut(key),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is changed in a recorded list: nothing panics, no entry gets lost, and what stays readable is clean.
    #[test]
    fn changed_lists_lose_nothing(
        which in 0usize..4,
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0usize..9), 1..8),
    ) {
        let (file, line) = [("groups", 2), ("failures", 237), ("accept", 1), ("failures", 233)][which];
        let mut body = recordings(file)[line - 1]["response"]["body"].clone();
        for (index, change) in changes {
            let mut all = Vec::new();
            places(&body["bids"], &mut vec!["bids".to_owned()], &mut all);
            // The list itself stays one.
            all.retain(|path| path.len() > 1);
            if all.is_empty() { break; }
            let path = index.get(&all).clone();
            let Some(place) = at(&mut body, &path) else { continue };
            *place = match change {
                0 => Value::Null,
                1 => json!(-1),
                2 => json!("x\u{1b}[2J\u{202e}"),
                3 => json!([[], {}]),
                4 => json!({"val": {"a": []}}),
                5 => json!(1.5e300),
                6 => json!("99999999999999999999999999999999999999999999.9"),
                7 => json!(true),
                _ => json!(["", null, 3]),
            };
        }
        let entries = body["bids"].as_array().unwrap().len();
        let page = wire_market::bids(body.to_string().as_bytes(), 0).unwrap();
        prop_assert_eq!(page.items.len() + page.unreadable.len(), entries);
        let snapshot = saved(body.to_string().as_bytes()).unwrap();
        prop_assert_eq!(snapshot.bids.len() + snapshot.unreadable.len(), entries);
        appraise(&snapshot);
        let text = format!("{snapshot:?}");
        prop_assert!(!text.chars().any(|c| c.is_control() || c == '\u{202e}'), "{}", text);
    }

    /// Bytes that are no answer at all.
    #[test]
    fn any_bytes_are_an_answer_or_a_sentence(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in any::<prop::sample::Index>()) {
        let _ = wire_market::bids(&bytes, 0);
        let _ = saved(&bytes);
        let whole = recordings("accept")[0]["response"]["body"].to_string();
        let half = &whole.as_bytes()[..cut.index(whole.len())];
        prop_assert!(wire_market::bids(half, 0).is_err());
        prop_assert!(wire_market::deployment(half).is_err());
        prop_assert!(wire_meta::provider(half).is_err());
        prop_assert!(saved(half).is_err());
    }
}

// ── endpoints ───────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_bad_url_is_a_sentence_without_the_password() {
    for (url, says) in [
        ("localhost:1317", "http://localhost:1317"),
        ("api.example.com", "https://api.example.com"),
        ("tcp://me:secret@127.0.0.1:26657", "REST"),
        ("ftp://x", "http://"),
        ("https://", "no URL"),
        ("", "no URL"),
        ("http://me:secret@host:99999", "no URL"),
        ("https://me:secret@x/?key=1", "query"),
        ("http://\u{1b}[2J", "no URL"),
    ] {
        let error = Endpoint::parse(url).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(says), "{url}: {text}");
        assert!(!text.contains("secret") && !text.contains('\u{1b}'), "{text}");
        assert_eq!(error.kind(), Kind::Usage);
    }
    let endpoint = Endpoint::parse("https://me:secret@host:443/rest/").unwrap();
    assert_eq!(&**endpoint.shown(), "https://host/rest");
    assert_eq!(akbids::chain::mainnet().len(), 11);
    assert_eq!(akbids::chain::sandbox().len(), 1);
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn market(block_time: Option<Duration>) -> Running {
    let time = block_time.unwrap_or(demo::BLOCK_TIME);
    serve(Chain::demo_market(Clock::Wall, time), demo::Options { block_time, port: 0 }).unwrap()
}

fn client(urls: &[&str], timeout: Duration) -> Client {
    Client::new(urls.iter().map(|url| Endpoint::parse(url).unwrap()).collect(), timeout).unwrap()
}

fn ask(dseq: u64) -> Ask {
    Ask { dseq, owner: Some(Address::new(demo::OWNER)), akt_usd: None, chain_id: None }
}

const PATIENCE: Duration = Duration::from_secs(30);

fn read_from(urls: &[&str], ask: &Ask) -> Result<Read, ChainError> {
    let client = client(urls, PATIENCE);
    runtime().block_on(once(&client, ask, Instant::now() + PATIENCE))
}

fn read(node: &Running, ask: &Ask) -> Result<Read, ChainError> {
    read_from(&[&node.url()], ask)
}

const BIDS: &str = "/akash/market/v1beta5/bids/list";
const ORDERS: &str = "/akash/market/v1beta5/orders/list";
const LEASES: &str = "/akash/market/v1beta5/leases/list";
const DEPLOYMENT: &str = "/akash/deployment/v1beta4/deployments/info";

#[test]
fn once_reads_everything() {
    let node = market(None);
    let Read { snapshot, notes } = read(&node, &ask(demo::DSEQ)).unwrap();
    assert_eq!(notes, Vec::new());
    assert_eq!(snapshot.warnings, Vec::new());
    assert_eq!(snapshot.unreadable, Vec::new());
    assert_eq!(snapshot.chain.id.as_deref(), Some(demo::CHAIN_ID));
    assert_eq!(snapshot.chain.rest.as_deref(), Some(&*node.url()));
    assert_eq!(snapshot.chain.height, Some(node.height()));
    assert!(snapshot.chain.height_at_ms.is_some());
    let time = snapshot.chain.block_time;
    assert_eq!((time.source, time.blocks_measured()), (BlockTimeSource::Measured, 2000));
    assert_eq!(time.seconds(), Decimal::new(594, 2));
    assert_eq!(snapshot.order_max_bids, Some(20));
    assert!(snapshot.rates.akt.is_some(), "a bid in uakt needs its price");
    assert_eq!(snapshot.deployment.as_ref().unwrap().groups.len(), 2);
    assert!(snapshot.bids.len() >= 12);
    for bid in &snapshot.bids {
        let provider = &snapshot.providers[&bid.id.provider];
        assert!(provider.audits.is_some());
    }
    // Nothing was asked twice.
    let paths: Vec<String> = node.requests().into_iter().map(|r| r.path).collect();
    assert_eq!(paths.iter().collect::<BTreeSet<_>>().len(), paths.len(), "{paths:#?}");
    // Never narrowed to one group or order.
    assert!(!paths.iter().any(|path| path.contains("gseq") || path.contains("oseq")));
}

#[test]
fn a_price_in_dollars_is_not_asked_for() {
    let node = market(None);
    let given = Ask { akt_usd: Some(Decimal::TWO), ..ask(demo::DSEQ) };
    let snapshot = read(&node, &given).unwrap().snapshot;
    assert_eq!(snapshot.rates.akt.unwrap().usd, Decimal::TWO);
    assert_eq!(node.count("/akash/oracle"), 0);
    node.with(|chain| chain.set_oracle_healthy(false));
    let snapshot = read(&node, &ask(demo::DSEQ)).unwrap().snapshot;
    assert_eq!(snapshot.rates.akt, None);
    assert_eq!(codes(&snapshot), ["oracle_unhealthy"]);
}

fn codes(snapshot: &Snapshot) -> Vec<&str> {
    snapshot.warnings.iter().map(|warning| warning.code).collect()
}

#[test]
fn states_are_those_of_the_chain() {
    let node = market(None);
    let leased = read(&node, &ask(demo::LEASED_DSEQ)).unwrap().snapshot;
    assert_eq!(leased.orders.as_ref().unwrap()[0].state, OrderState::Active);
    assert!(leased.leases.as_ref().unwrap().iter().any(|lease| lease.state.runs()));
    assert!(appraise(&leased).rows.iter().all(|row| !row.takeable()));
    let empty = read(&node, &ask(demo::NO_BIDS_DSEQ)).unwrap().snapshot;
    assert_eq!((empty.bids.len(), empty.warnings.len()), (0, 0));
    let closed = read(&node, &ask(demo::CLOSED_DSEQ)).unwrap().snapshot;
    assert_eq!(closed.deployment.unwrap().state, DeploymentState::Closed);
    let again = read(&node, &ask(demo::REOPENED_DSEQ)).unwrap().snapshot;
    assert!(again.orders.unwrap().iter().any(|order| order.oseq == 2));
}

#[test]
fn pages_are_followed_to_the_end() {
    let node = market(None);
    let order = OrderId { owner: demo::OWNER.into(), dseq: Quoted(demo::NO_BIDS_DSEQ), gseq: 1, oseq: 1 };
    node.with(|chain| chain.add_bids(&order, 1200));
    let snapshot = read(&node, &ask(demo::NO_BIDS_DSEQ)).unwrap().snapshot;
    let ids: BTreeSet<_> = snapshot.bids.iter().map(|bid| bid.id.clone()).collect();
    assert_eq!((snapshot.bids.len(), ids.len(), snapshot.unreadable.len()), (1200, 1200, 0));
    let pages: Vec<_> = node.requests().into_iter().filter(|r| r.path.starts_with(BIDS)).collect();
    assert!(pages.len() >= 3);
    for page in &pages[1..] {
        assert!(page.path.contains("filters.owner=akash1") && page.path.contains("filters.dseq="));
        assert_eq!(page.pin, Some(node.height().to_string()), "at the height of the first page");
    }

    // A key that comes again ends the list, and that is said.
    let endless = |body: &mut Value| body["pagination"]["next_key"] = json!("a+b/c==");
    node.misbehave(Fault::on(BIDS, Act::Rewrite(Arc::new(endless))));
    let snapshot = read(&node, &ask(demo::DSEQ));
    let error = snapshot.unwrap_err();
    assert!(matches!(error, ChainError::Node { status: 400, .. }), "{error}");
    node.behave();
    let empty = r#"{"bids":[],"pagination":{"next_key":"a+b/c=="}}"#;
    node.misbehave(Fault::answer(BIDS, 200, empty));
    node.forget_requests();
    let snapshot = read(&node, &ask(demo::DSEQ)).unwrap().snapshot;
    assert_eq!(codes(&snapshot), ["bids_cut"]);
    assert!(node.requests().iter().any(|r| r.path.contains("pagination.key=a%2Bb%2Fc%3D%3D")));
}

#[test]
fn answers_that_straddle_a_block_are_asked_again_pinned() {
    for (late, others) in [(ORDERS, BIDS), (BIDS, DEPLOYMENT), (DEPLOYMENT, LEASES)] {
        let node = market(None);
        node.misbehave(Fault::on(late, Act::Lag(1)).times(1));
        let before = node.height() - 1;
        let snapshot = read(&node, &ask(demo::LEASED_DSEQ)).unwrap().snapshot;
        assert_eq!(snapshot.chain.height, Some(before));
        assert_eq!(snapshot.warnings, Vec::new());
        let pinned = |prefix: &str| {
            node.requests().iter().any(|r| r.path.starts_with(prefix) && r.pin == Some(before.to_string()))
        };
        assert!(pinned(others) && !pinned(late), "{late}");
    }
}

#[test]
fn the_owner_is_found_by_the_number() {
    let node = market(None);
    let nobody = Ask { owner: None, ..ask(demo::DSEQ) };
    let found = read(&node, &nobody).unwrap();
    assert_eq!(found.snapshot.deployment.unwrap().owner.as_str(), demo::OWNER);
    assert!(found.notes[0].contains(demo::OWNER));

    let another = Ask { owner: Some(Address::new(demo::AUDITOR)), ..ask(demo::DSEQ) };
    let found = read(&node, &another).unwrap();
    assert!(found.notes[0].contains(demo::AUDITOR) && found.notes[0].contains(demo::OWNER), "{:?}", found.notes);

    let no_address = Ask { owner: Some(Address::new("akash1mistyped")), ..ask(demo::DSEQ) };
    assert!(read(&node, &no_address).unwrap().notes[0].contains("akash1mistyped"));

    let error = read(&node, &Ask { dseq: 987_654, ..ask(0) }).unwrap_err();
    assert_eq!((error.kind(), error), (Kind::Missing, ChainError::NoDeployment { dseq: 987_654 }));

    let twice = |body: &mut Value| {
        let list = body["deployments"].as_array_mut().unwrap();
        let mut other = list[0].clone();
        other["deployment"]["id"]["owner"] = json!(demo::AUDITOR);
        list.push(other);
    };
    node.misbehave(Fault::on("/akash/deployment/v1beta4/deployments/list", Act::Rewrite(Arc::new(twice))));
    let error = read(&node, &nobody).unwrap_err();
    assert_eq!(error.kind(), Kind::Usage);
    assert!(error.to_string().contains("--owner") && error.to_string().contains(demo::AUDITOR), "{error}");
}

#[test]
fn another_endpoint_is_asked_when_one_fails() {
    let good = market(None);
    let gone = market(None).url();
    let html = market(None);
    let page = "<!doctype html><title>502</title>".to_owned();
    let headers = vec![("content-type", "text/html".to_owned())];
    html.misbehave(Fault::on("", Act::Answer { status: 200, headers, body: page }));
    let old = market(None);
    old.misbehave(Fault::on("", Act::OldGeneration));
    let cut = market(None);
    cut.misbehave(Fault::on("", Act::CutBody));
    let busy = market(None);
    busy.misbehave(Fault::answer("", 429, "slow down"));
    let urls = [gone, html.url(), old.url(), cut.url(), busy.url(), good.url()];
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let Read { snapshot, notes } = read_from(&urls, &ask(demo::DSEQ)).unwrap();
    assert_eq!(snapshot.chain.rest.as_deref(), Some(&*good.url()));
    assert_eq!(notes.len(), 5);
    let says = ["cannot reach", "other than JSON", "market v1beta4", "stopped in the middle", "too often"];
    for ((note, says), url) in notes.iter().zip(says).zip(&urls) {
        assert!(note.contains(says) && note.contains(url), "{note}");
    }
    // Without a good one all of it is told.
    let error = read_from(&urls[..2], &ask(demo::DSEQ)).unwrap_err();
    assert_eq!(error.kind(), Kind::Failed);
    assert!(error.to_string().contains("cannot reach") && error.to_string().contains("JSON"), "{error}");
}

#[test]
fn an_endpoint_of_another_generation_is_named_with_both() {
    let node = market(None);
    node.misbehave(Fault::on("", Act::OldGeneration));
    for owner in [Some(Address::new(demo::OWNER)), None] {
        let error = read(&node, &Ask { owner, ..ask(demo::DSEQ) }).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, ChainError::WrongGeneration { .. }), "{text}");
        assert!(text.contains("market v1beta4") && text.contains("v1beta5") && text.contains(&node.url()), "{text}");
        assert_eq!(error.kind(), Kind::Failed);
    }
    // 501 everywhere.
    node.behave();
    node.misbehave(Fault::on("", Act::NotImplemented));
    let text = read(&node, &ask(demo::DSEQ)).unwrap_err().to_string();
    assert!(text.contains("no market v1beta5"), "{text}");
    // A node that says what it speaks.
    node.behave();
    let newer = r#"{"info":{"supported_versions":[{"modules":[{"module":"market","version":"v2beta1"}]}]}}"#;
    node.misbehave(Fault::answer("/akash/discovery", 200, newer));
    node.misbehave(Fault::on("/akash/market", Act::NotImplemented));
    let text = read(&node, &ask(demo::DSEQ)).unwrap_err().to_string();
    assert!(text.contains("market v2beta1"), "{text}");
}

#[test]
fn another_chain_is_refused() {
    let node = market(None);
    let error = read(&node, &Ask { chain_id: Some("akashnet-2".to_owned()), ..ask(demo::DSEQ) }).unwrap_err();
    assert!(error.to_string().contains("akashnet-2") && error.to_string().contains(demo::CHAIN_ID), "{error}");
    read(&node, &Ask { chain_id: Some(demo::CHAIN_ID.to_owned()), ..ask(demo::DSEQ) }).unwrap();
}

#[test]
fn bad_answers_are_sentences() {
    let deep = "[".repeat(200_000) + &"]".repeat(200_000);
    let html = vec![("content-type", "text/html".to_owned())];
    let cases: Vec<(Act, &str)> = vec![
        (Act::Answer { status: 200, headers: html.clone(), body: "<html>".to_owned() }, "other than JSON"),
        (Act::Answer { status: 404, headers: html, body: "404 page not found".to_owned() }, "HTTP 404"),
        (Act::Answer { status: 200, headers: Vec::new(), body: deep }, "another shape"),
        (Act::Answer { status: 200, headers: Vec::new(), body: String::new() }, "other than JSON"),
        (Act::Answer { status: 200, headers: Vec::new(), body: "{}".to_owned() }, "another shape"),
        (Act::Answer { status: 200, headers: Vec::new(), body: "{\"bids\":[".to_owned() }, "stopped in the middle"),
        (Act::Answer { status: 200, headers: Vec::new(), body: " ".repeat((8 << 20) + 1) }, "8 MiB"),
        (
            Act::Answer {
                status: 500,
                headers: Vec::new(),
                body: r#"{"code":13,"message":"boo \u001b[2J\u202e"}"#.to_owned(),
            },
            "boo",
        ),
        (Act::CutBody, "stopped in the middle"),
        (Act::Refuse, "cannot reach"),
    ];
    for (act, says) in cases {
        let node = market(None);
        node.misbehave(Fault::on(BIDS, act));
        let error = read(&node, &ask(demo::DSEQ)).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(says) && text.contains(&node.url()), "{says}: {text}");
        assert!(!text.chars().any(|c| c.is_control() || c == '\u{202e}'), "{text}");
        assert_eq!(error.kind(), Kind::Failed);
    }
}

#[test]
fn nobody_waits_longer_than_the_deadline() {
    let node = market(None);
    node.misbehave(Fault::on(BIDS, Act::Hang));
    let client = client(&[&node.url()], Duration::from_millis(200));
    let error = runtime().block_on(once(&client, &ask(demo::DSEQ), Instant::now() + PATIENCE)).unwrap_err();
    assert!(matches!(error, ChainError::Timeout { .. }), "{error}");

    // What stands beside the market does not hold it up, it is missing and that is said.
    node.behave();
    for hang in ["/akash/audit", "/akash/oracle", "/akash/market/v1beta5/params", "/cosmos/base/tendermint"] {
        node.misbehave(Fault::on(hang, Act::Hang));
    }
    node.misbehave(Fault::on(ORDERS, Act::Answer { status: 500, headers: Vec::new(), body: String::new() }));
    let snapshot = runtime().block_on(once(&client, &ask(demo::DSEQ), Instant::now() + PATIENCE)).unwrap().snapshot;
    let codes: BTreeSet<&str> = codes(&snapshot).into_iter().collect();
    let expected =
        ["orders_unreachable", "audit_unreachable", "oracle_unreachable", "params_unreachable", "block_time_assumed"];
    assert_eq!(codes, expected.into_iter().collect());
    assert_eq!((snapshot.orders, snapshot.order_max_bids, snapshot.chain.id), (None, None, None));
    assert_eq!(snapshot.chain.block_time.source, BlockTimeSource::Assumed);
    assert!(snapshot.providers.values().all(|p| p.audits.is_none()) && !snapshot.providers.is_empty());
}

#[test]
fn one_endpoint_is_tried_again() {
    let node = market(None);
    let wait = |after: &str| Act::Answer {
        status: 429,
        headers: vec![("retry-after", after.to_owned())],
        body: String::new(),
    };
    node.misbehave(Fault::on(BIDS, wait("1")).times(1));
    node.misbehave(Fault::answer(BIDS, 502, "<html>bad gateway").times(1));
    node.misbehave(Fault::on(ORDERS, Act::Refuse).times(1));
    read(&node, &ask(demo::DSEQ)).unwrap();
    let asked: Vec<_> = node.requests().into_iter().filter(|r| r.path.starts_with(BIDS)).map(|r| r.at).collect();
    assert_eq!(asked.len(), 3);
    assert!(asked[1] - asked[0] >= Duration::from_secs(1), "it said how long to wait");
    // A date, and one that is further away than anybody waits.
    node.misbehave(Fault::on(BIDS, wait("Tue, 31 Dec 2999 23:59:59 GMT")).times(1));
    let error = read(&node, &ask(demo::DSEQ)).unwrap_err();
    assert_eq!(error, ChainError::Busy { endpoint: (*node.url()).into(), wait: Some(Duration::from_secs(120)) });
    // The node's own error is an answer: asked once.
    node.forget_requests();
    node.misbehave(Fault::answer(BIDS, 500, r#"{"code":2,"message":"no"}"#));
    read(&node, &ask(demo::DSEQ)).unwrap_err();
    assert_eq!(node.count(BIDS), 1);
}

#[test]
fn bids_of_another_deployment_are_no_bids_of_this_one() {
    let node = market(None);
    let other = |body: &mut Value| {
        body["bids"][0]["bid"]["id"]["owner"] = json!(demo::AUDITOR);
        body["bids"][1]["bid"]["id"]["dseq"] = json!("1");
        body["bids"][2]["bid"]["price"]["amount"] = json!("cheap");
    };
    let all = read(&node, &ask(demo::DSEQ)).unwrap().snapshot.bids.len();
    node.misbehave(Fault::on(BIDS, Act::Rewrite(Arc::new(other))));
    let snapshot = read(&node, &ask(demo::DSEQ)).unwrap().snapshot;
    assert_eq!((snapshot.bids.len(), snapshot.unreadable.len()), (all - 3, 3));
    // Providers and audits about somebody else are not believed.
    node.behave();
    let garbage = |body: &mut Value| {
        // Of somebody nobody audited there is no list.
        if body.get("providers").is_some() {
            body["providers"][0]["owner"] = json!("\n\u{4}tier");
        }
    };
    node.misbehave(Fault::on("/akash/audit", Act::Rewrite(Arc::new(garbage))));
    let snapshot = read(&node, &ask(demo::DSEQ)).unwrap().snapshot;
    assert_eq!(codes(&snapshot), ["audit_garbage"]);
    node.behave();
    let wrong = |body: &mut Value| body["provider"]["owner"] = json!(demo::AUDITOR);
    node.misbehave(Fault::on("/akash/provider", Act::Rewrite(Arc::new(wrong))));
    let snapshot = read(&node, &ask(demo::DSEQ)).unwrap().snapshot;
    assert_eq!((codes(&snapshot), snapshot.providers.len()), (vec!["provider_unreachable"], 0));
}

#[test]
fn block_time_is_measured_as_far_back_as_the_node_keeps() {
    let node = market(None);
    let pruned =
        format!(r#"{{"code":2,"message":"height 1 is not available, lowest height is {}"}}"#, node.height() - 300);
    let far = format!("/cosmos/base/tendermint/v1beta1/blocks/{}", node.height() - 2000);
    node.misbehave(Fault::answer(&far, 500, &pruned));
    let time = read(&node, &ask(demo::DSEQ)).unwrap().snapshot.chain.block_time;
    assert_eq!((time.source, time.blocks_measured()), (BlockTimeSource::Measured, 295));
    // A node that only says no.
    node.misbehave(Fault::answer(
        "/cosmos/base/tendermint/v1beta1/blocks/2701",
        500,
        r#"{"code":2,"message":"pruned"}"#,
    ));
    let snapshot = read(&node, &ask(demo::DSEQ)).unwrap().snapshot;
    assert_eq!(codes(&snapshot), ["block_time_assumed"]);
}

#[test]
fn the_path_prefix_is_kept() {
    let node = market(None);
    let url = format!("{}/rest/", node.url());
    // The embedded chain has no such prefix: what counts is what it was asked.
    read_from(&[&url], &ask(demo::DSEQ)).unwrap_err();
    assert!(node.count("/rest/akash/market/v1beta5/bids/list?") > 0);
    assert_eq!(node.count("/akash"), 0);
}

// ── following ───────────────────────────────────────────────────────────────────────────────────────────────────────

/// A poller under test, and what it told.
struct Followed {
    commands: mpsc::Sender<Command>,
    events: mpsc::Receiver<Event>,
}

impl Followed {
    async fn next(&mut self) -> Event {
        tokio::time::timeout(PATIENCE, self.events.recv()).await.expect("an event in time").expect("the poller runs")
    }

    /// The next snapshot for which `wanted` holds; other events pass.
    async fn snapshot(&mut self, wanted: impl Fn(&Snapshot, bool) -> bool) -> Arc<Snapshot> {
        loop {
            if let Event::Snapshot { snapshot, fresh } = self.next().await
                && wanted(&snapshot, fresh)
            {
                return snapshot;
            }
        }
    }

    async fn trouble(&mut self) -> String {
        loop {
            if let Event::Trouble { text, .. } = self.next().await {
                return text.to_string();
            }
        }
    }

    async fn log(&mut self, says: &str) {
        loop {
            if let Event::Log(text) = self.next().await
                && text.contains(says)
            {
                return;
            }
        }
    }
}

/// Runs `test` beside a poller.
fn following(urls: &[&str], ask: &Ask, test: impl AsyncFnOnce(Followed)) -> Result<(), ChainError> {
    let client = client(urls, Duration::from_secs(5));
    let (commands, wishes) = mpsc::channel(16);
    let (told, events) = mpsc::channel(16);
    runtime().block_on(async {
        let (ended, ()) =
            futures_util::future::join(follow(&client, ask, wishes, told), test(Followed { commands, events })).await;
        ended
    })
}

fn height(snapshot: &Snapshot) -> u64 {
    snapshot.chain.height.unwrap()
}

#[test]
fn a_new_bid_is_told_and_the_table_waits_for_nobody() {
    let node = market(Some(Duration::from_millis(200)));
    node.misbehave(Fault::on("/akash/provider", Act::Hang).times(3));
    let url = node.url();
    following(&[&url], &ask(demo::NO_BIDS_DSEQ), async |mut told| {
        let first = told.snapshot(|_, _| true).await;
        assert_eq!((first.bids.len(), first.chain.block_time.source), (0, BlockTimeSource::Assumed));
        let order = OrderId { owner: demo::OWNER.into(), dseq: Quoted(demo::NO_BIDS_DSEQ), gseq: 1, oseq: 1 };
        node.with(|chain| chain.add_bids(&order, 5));
        let next = told.snapshot(|snapshot, _| !snapshot.bids.is_empty()).await;
        assert_eq!(next.bids.len(), 5);
        assert!(height(&next) >= height(&first));
        // Three providers hang; the others come, and the blocks go on.
        told.snapshot(|snapshot, _| snapshot.providers.len() == 2).await;
        let later = told.snapshot(|snapshot, _| height(snapshot) > height(&next) + 3).await;
        assert_eq!(later.chain.block_time.source, BlockTimeSource::Measured);
        assert_eq!(later.warnings, Vec::new());
    })
    .unwrap();
}

#[test]
fn about_one_question_a_block() {
    let node = market(Some(Duration::from_millis(400)));
    let url = node.url();
    following(&[&url], &ask(demo::LEASED_DSEQ), async |mut told| {
        let first = told.snapshot(|snapshot, _| snapshot.providers.len() > 20).await;
        let from = node.height();
        node.forget_requests();
        let mut heights = vec![height(&first)];
        while node.height() < from + 22 {
            heights.push(height(&*told.snapshot(|_, _| true).await));
        }
        assert!(heights.is_sorted());
        let blocks = usize::try_from(node.height() - from).unwrap();
        let bids = node.count(BIDS);
        assert!(bids <= blocks * 2 + 2, "{bids} questions for {blocks} blocks");
        assert!(bids >= blocks / 4, "{bids} questions for {blocks} blocks");
        // Nothing changed: the rest only every tenth block; providers never again.
        let rest = node.count(ORDERS);
        assert!((1..=3).contains(&rest), "{rest}");
        assert_eq!((node.count(LEASES), node.count(DEPLOYMENT)), (rest, rest));
        assert_eq!((node.count("/akash/provider"), node.count("/akash/audit")), (0, 0));
        let pins: Vec<_> = node.requests().into_iter().filter(|r| r.path.starts_with(ORDERS)).map(|r| r.pin).collect();
        assert!(pins.iter().all(Option::is_some), "at the height of the bids");
    })
    .unwrap();
}

#[test]
fn a_change_of_the_bids_brings_their_orders() {
    let node = market(None);
    let url = node.url();
    following(&[&url], &ask(demo::DSEQ), async |mut told| {
        let first = told.snapshot(|_, _| true).await;
        let bid = first.bids.iter().find(|bid| bid.state == BidState::Open && bid.id.gseq == 1).unwrap();
        let id = demo::BidId {
            owner: demo::OWNER.into(),
            dseq: Quoted(demo::DSEQ),
            gseq: bid.id.gseq,
            oseq: bid.id.oseq,
            provider: bid.id.provider.as_str().into(),
            bseq: 0,
        };
        node.with(|chain| {
            chain.step();
            chain.act(|state, height| state.create_lease(height, &id).unwrap());
        });
        // Well before the next block is due by the clock.
        told.commands.try_send(Command::Fresh).unwrap();
        let leased = told.snapshot(|snapshot, fresh| fresh && height(snapshot) > height(&first)).await;
        assert_eq!(leased.leases.as_ref().unwrap().len(), 1);
        assert!(leased.orders.as_ref().unwrap().iter().any(|order| order.state == OrderState::Active));
    })
    .unwrap();
}

#[test]
fn a_node_that_dies_and_returns_is_told() {
    let time = Duration::from_millis(200);
    let node = market(Some(time));
    let (url, port) = (node.url(), node.port());
    let mut node = Some(node);
    following(&[&url], &ask(demo::DSEQ), async |mut told| {
        let first = told.snapshot(|_, _| true).await;
        let chain = node.take().unwrap().stop();
        assert!(told.trouble().await.contains(&url));
        let again = told.trouble().await;
        assert!(again.contains("cannot reach"), "{again}");
        node = Some(serve(chain, demo::Options { block_time: Some(time), port }).unwrap());
        let back = told.snapshot(|_, _| true).await;
        assert!(height(&back) >= height(&first));
        assert!(back.bids.len() >= first.bids.len());
    })
    .unwrap();
}

#[test]
fn nothing_older_is_told() {
    let node = market(Some(Duration::from_millis(200)));
    let behind = market(None);
    let (url, other) = (node.url(), behind.url());
    // The second endpoint stands still at the start height.
    following(&[&url, &other], &ask(demo::DSEQ), async |mut told| {
        let first = told.snapshot(|snapshot, _| height(snapshot) > demo::START_HEIGHT + 2).await;
        node.misbehave(Fault::answer("", 503, "").times(200));
        told.log(&format!("{other} is behind")).await;
        node.behave();
        let next = told.snapshot(|_, _| true).await;
        assert!(height(&next) > height(&first));
        assert_eq!(next.chain.rest.as_deref(), Some(&*url));
    })
    .unwrap();
    assert!(behind.count(BIDS) > 0);
}

#[test]
fn an_endpoint_of_another_chain_is_not_fallen_back_on() {
    let node = market(Some(Duration::from_millis(200)));
    let path = format!("{}/tests/data/node-v2.1/state/state-182.json", env!("CARGO_MANIFEST_DIR"));
    let foreign =
        serve(Chain::load(&std::fs::read_to_string(path).unwrap()).unwrap(), demo::Options::default()).unwrap();
    let (url, other) = (node.url(), foreign.url());
    following(&[&url, &other], &ask(demo::DSEQ), async |mut told| {
        told.snapshot(|snapshot, _| snapshot.chain.id.is_some()).await;
        node.misbehave(Fault::answer("", 503, ""));
        let text = told.trouble().await;
        assert!(text.contains("is on chain local, not on akbids-demo"), "{text}");
    })
    .unwrap();
    assert_eq!(foreign.count(BIDS), 0);
}

#[test]
fn paused_is_silent_and_a_refresh_asks_once() {
    let node = market(Some(Duration::from_millis(100)));
    let url = node.url();
    following(&[&url], &ask(demo::DSEQ), async |mut told| {
        told.snapshot(|snapshot, _| snapshot.chain.block_time.source == BlockTimeSource::Measured).await;
        told.commands.send(Command::Pause(true)).await.unwrap();
        told.commands.send(Command::Fresh).await.unwrap();
        let paused = told.snapshot(|_, fresh| fresh).await;
        node.forget_requests();
        let from = node.height();
        while node.height() < from + 10 {
            // Other work of the runtime goes on meanwhile.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(node.count(BIDS), 0);
        told.commands.send(Command::Pause(false)).await.unwrap();
        let next = told.snapshot(|_, _| true).await;
        assert!(height(&next) >= height(&paused));
    })
    .unwrap();
}

#[test]
fn what_asking_again_cannot_help_ends_it() {
    let node = market(None);
    let url = node.url();
    let gone = following(&[&url], &Ask { dseq: 5, ..ask(0) }, async |mut told| {
        assert!(told.events.recv().await.is_none());
    });
    assert_eq!(gone.unwrap_err().kind(), Kind::Missing);
    node.misbehave(Fault::on("", Act::OldGeneration));
    let old = following(&[&url], &ask(demo::DSEQ), async |mut told| while told.events.recv().await.is_some() {});
    assert!(matches!(old.unwrap_err(), ChainError::WrongGeneration { .. }));
}

// ── rhythm ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/// What came of following blocks that arrive at `arrivals` (seconds): questions a block, median lateness in seconds.
fn simulate(arrivals: &[f64], believed: f64, reply: f64) -> (f64, f64) {
    let mut rhythm = Rhythm::new(Duration::from_secs_f64(believed));
    let span = Duration::from_secs_f64;
    let newest = |at: f64| arrivals.partition_point(|arrival| *arrival <= at);
    let mut now = arrivals[0] + 0.3;
    let (mut questions, mut known, mut late) = (0u32, 0, Vec::new());
    while known < arrivals.len() - 1 {
        let there = newest(now);
        questions += 1;
        late.extend((known..there).skip(usize::from(known == 0)).map(|at| now - arrivals[at]));
        rhythm.seen(u64::try_from(there).unwrap(), span(now), span(now + reply));
        known = there;
        let next = rhythm.next().as_secs_f64();
        assert!(next > now, "time goes on");
        assert!(next - now < 200.0, "nobody waits for ever");
        now = next;
    }
    late.sort_by(f64::total_cmp);
    (f64::from(questions) / f64::from(u32::try_from(arrivals.len()).unwrap()), late[late.len() / 2])
}

/// Arrivals with a step of `mean` seconds, off by up to `jitter` either way, from a generator of its own.
fn arrivals(mean: f64, jitter: f64, n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed | 1;
    let mut at = 10.0;
    (0..n)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let unit = f64::from(u32::try_from(state >> 33).unwrap()) / f64::from(1u32 << 31);
            at += mean + jitter * (unit * 2.0 - 1.0);
            at
        })
        .collect()
}

#[test]
fn half_a_second_late_at_two_questions_a_block() {
    for (mean, jitter) in [(6.0, 0.1), (6.0, 0.5), (6.0, 1.2), (1.005, 0.02), (1.0, 0.2), (5.94, 0.0), (20.0, 1.0)] {
        for believed in [mean, 6.0] {
            for seed in [1, 7, 99] {
                let (questions, late) = simulate(&arrivals(mean, jitter, 600, seed), believed, 0.01);
                let what = format!("{mean} ± {jitter}, believed {believed}: {questions:.2} a block, {late:.2} s late");
                assert!(questions <= 2.0, "{what}");
                assert!(late <= 0.5_f64.max(mean * 0.04), "{what}");
            }
        }
    }
}

#[test]
fn the_rhythm_of_the_recorded_chain() {
    // Times of recorded blocks, as far as they follow each other.
    let mut times = std::collections::BTreeMap::new();
    for record in all_recordings() {
        if let Ok(header) = wire_meta::block(record["response"]["body"].to_string().as_bytes()) {
            times.insert(header.height, header.time_ns);
        }
    }
    let (first, last) = (times.iter().next().unwrap(), times.iter().next_back().unwrap());
    let blocks = u32::try_from(last.0 - first.0).unwrap();
    let span = u64::try_from((last.1 - first.1) / 1_000_000).unwrap();
    let mean = Duration::from_millis(span).as_secs_f64() / f64::from(blocks);
    assert!((1.0..1.02).contains(&mean), "the page says 1.005 s: {mean}");
    let (questions, late) = simulate(&arrivals(mean, 0.03, 500, 3), 6.0, 0.003);
    assert!(questions <= 2.0 && late <= 0.1, "{questions} {late}");
}

#[test]
fn a_chain_that_stands_still_is_asked_ever_less() {
    let span = Duration::from_secs_f64;
    let mut rhythm = Rhythm::new(span(6.0));
    let mut now = 0.0;
    for height in 1..50 {
        rhythm.seen(height, span(now), span(now + 0.01));
        now += 6.0;
    }
    let mut questions = 0;
    let stop = now + 3600.0;
    while now < stop {
        rhythm.seen(49, span(now), span(now + 0.01));
        now = rhythm.next().as_secs_f64();
        questions += 1;
    }
    assert!((200..400).contains(&questions), "{questions} in an hour");
    // It goes on: found within the longest pause, and the pace is the old one again.
    for height in 50..60 {
        rhythm.seen(height, span(now), span(now + 0.01));
        let next = rhythm.next().as_secs_f64();
        assert!(next - now <= 7.0, "{}", next - now);
        now += 6.0;
    }
    assert!((5.0..7.0).contains(&rhythm.period().as_secs_f64()));
}

#[test]
fn sleep_of_the_machine_and_older_heights_do_not_spoil_the_rhythm() {
    let span = Duration::from_secs_f64;
    let mut rhythm = Rhythm::new(span(6.0));
    let mut now = 0.0;
    for height in 100..130 {
        rhythm.seen(height, span(now), span(now + 0.01));
        now += 6.0;
    }
    // A night with the lid closed: the clock stood still, 5000 blocks went by.
    rhythm.seen(5130, span(now), span(now + 0.01));
    assert!(rhythm.next().as_secs_f64() - now <= 6.1);
    // Or it did not stand still.
    now += 30_000.0;
    rhythm.seen(10_130, span(now), span(now + 0.01));
    let next = rhythm.next().as_secs_f64();
    assert!(next > now && next - now <= 7.0, "{}", next - now);
    // An endpoint that is behind says nothing about when the next block comes.
    let before = rhythm.next();
    rhythm.seen(9000, span(now + 1.0), span(now + 1.1));
    assert_eq!(rhythm.next(), before);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever heights come whenever: the next question lies ahead, and not for ever.
    #[test]
    fn the_next_question_always_comes(steps in prop::collection::vec((0u64..20, 0u32..100_000, 0u32..5000), 1..200)) {
        let mut rhythm = Rhythm::new(Duration::from_secs(6));
        let (mut height, mut now) = (1000u64, Duration::ZERO);
        for (up, wait, reply) in steps {
            height = (height + up).saturating_sub(5);
            now += Duration::from_millis(wait.into());
            let answered = now + Duration::from_millis(reply.into());
            rhythm.seen(height, now, answered);
            let next = rhythm.next();
            prop_assert!(next < answered + Duration::from_secs(150), "{next:?} after {answered:?}");
            now = answered;
        }
    }
}
