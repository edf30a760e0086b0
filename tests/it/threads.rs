//! What users asked for in the trackers (`fn` names are the threads), with the real binary against the embedded chain.

use crate::journeys::market;
use crate::support::program::{Ran, akbids};
use akbids::demo::{self, DSEQ, Fault, Running};
use serde_json::Value;

const BIDS: &str = "/akash/market/v1beta5/bids/list";

fn run(node: &Running, more: &[&str]) -> Ran {
    let (url, dseq) = (node.url(), DSEQ.to_string());
    let ran = akbids(&[&["--rest", &url, "--dseq", &dseq], more].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran
}

fn json(node: &Running) -> Value {
    run(node, &["--json"]).json()
}

/// The bid of a provider by its name.
fn bid<'a>(document: &'a Value, organization: &str) -> &'a Value {
    let mut bids = document["bids"].as_array().unwrap().iter();
    bids.find(|bid| bid["provider"]["organization"] == organization).unwrap_or_else(|| panic!("{organization}"))
}

/// A number of the document as it is written, digit by digit.
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn console_2295_console_2859_dollars_an_hour_come_first() {
    let plain = run(&market(), &[]).stdout;
    let head: Vec<&str> = plain.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(head[..3], ["group", "fit", "usd/hr"]);
}

#[test]
fn support_254_console_1736_cloudmos_deploy_100_the_block_time_is_measured_and_told() {
    let document = json(&market());
    assert!((number(&document["chain"]["block_time_s"]) - 6.0).abs() < 0.2, "{}", document["chain"]);
    assert!(document["chain"]["block_time_source"].as_str().unwrap().starts_with("measured over "));
    let told = run(&market(), &[]).stderr;
    assert!(told.contains("s a block (measured)"), "{told}");
}

#[test]
fn console_old_111_console_3042_every_coin_has_its_own_value() {
    let document = json(&market());
    let (act, akt) = (bid(&document, "Northwind Compute"), bid(&document, "Baltic Iron"));
    assert_eq!((&act["price"]["denom"], &akt["price"]["denom"]), (&"uact".into(), &"uakt".into()));
    let a_block = |bid: &Value| bid["price"]["amount"].as_str().unwrap().parse::<f64>().unwrap() / 1e6;
    let blocks = 3600.0 / number(&document["chain"]["block_time_s"]);
    let rate = number(&document["rates"]["uakt"]["usd"]);
    let near = |told: &Value, reckoned: f64| (number(told) - reckoned).abs() < reckoned * 1e-4;
    assert!(near(&act["usd_per_hour"], a_block(act) * blocks));
    assert!(near(&akt["usd_per_hour"], a_block(akt) * blocks * rate));
}

#[test]
fn console_3583_without_a_rate_only_akt_has_no_dollars() {
    let node = market();
    node.misbehave(Fault::answer(
        "/akash/oracle",
        500,
        r#"{"code":2,"message":"collections: not found","details":[]}"#,
    ));
    let document = json(&node);
    assert!(bid(&document, "Northwind Compute")["usd_per_hour"].is_number());
    assert_eq!(bid(&document, "Baltic Iron")["usd_per_hour"], Value::Null);
    assert_eq!(document["complete"], false);
}

#[test]
fn support_48_node_1460_the_rate_of_akt_has_a_source_and_an_age() {
    let rate = &json(&market())["rates"]["uakt"];
    assert!(rate["source"].as_str().unwrap().contains("oracle"), "{rate}");
    assert!(rate["at"].as_str().unwrap().ends_with('Z'), "{rate}");
}

#[test]
fn node_277_no_bare_micro_units() {
    let plain = run(&market(), &[]).stdout;
    assert_eq!(plain.matches("3236.41827").count(), plain.matches("3236.41827 uact").count(), "{plain}");
    let price = &bid(&json(&market()), "Northwind Compute")["price"].clone();
    assert_eq!((price["denom"].as_str(), price["amount"].as_str()), (Some("uact"), Some("3236.41827")));
}

#[test]
fn support_264_escrow_and_fee_are_told_apart() {
    let node = market();
    let (url, dseq) = (node.url(), DSEQ.to_string());
    let northwind = bid(&json(&node), "Northwind Compute")["provider"]["address"].as_str().unwrap().to_owned();
    let args = ["accept", "--rest", &url, "--dseq", &dseq, "--chain-id", demo::CHAIN_ID, "--bid", &northwind];
    let ran = akbids(&[&args[..], &["--key-command", "false", "--dry-run"]].concat());
    let line = |start: &str| ran.stderr.lines().any(|line| line.trim_start().starts_with(start));
    assert!(line("escrow of ") && line("fee "), "{}", ran.stderr);
}

#[test]
fn node_1501_node_1176_all_groups_of_one_deployment_are_asked_for() {
    let node = market();
    let document = json(&node);
    let groups: std::collections::BTreeSet<_> =
        document["bids"].as_array().unwrap().iter().map(|bid| bid["id"]["gseq"].as_u64().unwrap()).collect();
    assert_eq!(groups.into_iter().collect::<Vec<_>>(), [1, 2]);
    let asked: Vec<String> = node.requests().into_iter().map(|r| r.path).filter(|p| p.starts_with(BIDS)).collect();
    assert!(!asked.is_empty());
    for path in asked {
        assert!(
            path.contains(&format!("filters.dseq={DSEQ}")) && !path.contains("gseq") && !path.contains("oseq"),
            "{path}"
        );
    }
}

#[test]
fn node_717_one_provider() {
    let node = market();
    let address = bid(&json(&node), "Northwind Compute")["provider"]["address"].as_str().unwrap().to_owned();
    let document = run(&node, &["--json", "--filter", &format!("provider={address}")]).json();
    let providers: Vec<_> =
        document["bids"].as_array().unwrap().iter().map(|bid| &bid["provider"]["address"]).collect();
    assert!(!providers.is_empty() && providers.iter().all(|provider| **provider == *address));
}

#[test]
fn support_435_console_3314_an_estimate_is_one_and_counts_from_the_bid() {
    let node = market();
    // Long after the five minutes that providers wait by default.
    node.step_to(node.height() + 80);
    let document = json(&node);
    let height = document["chain"]["height"].as_u64().unwrap();
    let seconds = number(&document["chain"]["block_time_s"]);
    let open = document["bids"].as_array().unwrap().iter().filter(|bid| bid["state"] == "open");
    let overdue: Vec<_> = open.filter(|bid| bid["closes_in_s"].as_i64().is_some_and(|left| left < 0)).collect();
    assert!(!overdue.is_empty());
    for bid in overdue {
        // Not closed for that: the chain says when it is.
        assert_eq!(bid["takeable"], true, "{bid}");
        let blocks = height - bid["created_height"].as_u64().unwrap();
        let reckoned = f64::from(u32::try_from(blocks).unwrap()) * seconds;
        assert!((number(&bid["age_s"]) - reckoned).abs() <= 1.0, "{bid}");
        assert!(bid["closes_in_basis"].as_str().unwrap().starts_with("estimate"));
    }
}

#[test]
fn console_3440_a_node_that_fails_once_is_asked_again() {
    let node = market();
    node.misbehave(Fault::answer(BIDS, 502, "<html>bad gateway</html>").times(1));
    assert!(json(&node)["bids"].as_array().unwrap().len() > 5);
}
