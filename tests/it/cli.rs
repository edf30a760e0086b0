//! The command as a script meets it: documents, plain tables, exit codes, sentences.

use crate::support::program::{Ran, akbids};
use crate::support::schema;
use akbids::demo::{self, Chain, Clock, Fault, Options, Running};
use serde_json::Value;
use std::time::Duration;

fn market() -> Running {
    let chain = Chain::demo_market(Clock::Wall, demo::BLOCK_TIME);
    demo::serve(chain, Options::default()).unwrap()
}

/// A run against a chain of its own.
fn at(node: &Running, args: &[&str]) -> Ran {
    let url = node.url();
    let mut all = vec!["--rest", &url];
    all.extend(args);
    akbids(&all)
}

fn dseq(number: u64) -> String {
    number.to_string()
}

fn assert_valid(document: &Value) {
    schema::assert_valid(include_str!("../../assets/bids.schema.json"), document);
}

#[test]
fn every_document_follows_the_schema() {
    let node = market();
    node.step_to(demo::START_HEIGHT + 12);
    for number in
        [demo::DSEQ, demo::NO_BIDS_DSEQ, demo::CLOSED_DSEQ, demo::LEASED_DSEQ, demo::PAUSED_DSEQ, demo::REOPENED_DSEQ]
    {
        let ran = at(&node, &["--dseq", &dseq(number), "--json", "--filter", "vram>=24"]);
        assert_eq!(ran.code, 0, "{number}: {}", ran.stderr);
        assert_valid(&ran.json());
    }
}

#[test]
fn the_document_counts_every_bid() {
    let node = market();
    node.step_to(demo::START_HEIGHT + 12);
    let all = at(&node, &["--dseq", &dseq(demo::DSEQ), "--json"]).json();
    let filtered = at(&node, &["--dseq", &dseq(demo::DSEQ), "--json", "--filter", "vram>=80"]).json();
    let (bids, kept) = (all["bids"].as_array().unwrap().len(), filtered["bids"].as_array().unwrap().len());
    let clause = &filtered["filter"]["clauses"][0];
    let hidden = clause["removed"].as_u64().unwrap() + clause["unknown"].as_u64().unwrap();
    assert_eq!(filtered["filter"]["shown"], kept);
    assert_eq!(bids as u64, kept as u64 + hidden);
    assert!(bids > 12 && kept > 0 && kept < bids, "{bids} {kept}");
    assert_eq!(all["complete"], true, "{}", all["warnings"]);
}

#[test]
fn figures_are_digits_of_their_own() {
    let node = market();
    let document = at(&node, &["--dseq", &dseq(demo::DSEQ), "--json"]);
    for bid in document.json()["bids"].as_array().unwrap() {
        let amount = bid["price"]["amount"].as_str().unwrap();
        assert!(!amount.contains('e') && (!amount.contains('.') || !amount.ends_with('0')), "{amount}");
        if let Some(usd) = bid["usd_per_hour"].as_number() {
            let digits = usd.to_string();
            assert!(digits.split_once('.').is_none_or(|(_, decimals)| decimals.len() <= 6), "{digits}");
        }
    }
}

#[test]
fn a_losing_bid_says_who_won() {
    let node = market();
    let document = at(&node, &["--dseq", &dseq(demo::LEASED_DSEQ), "--json"]).json();
    let open: Vec<&Value> = document["bids"].as_array().unwrap().iter().filter(|bid| bid["state"] == "open").collect();
    assert!(open.len() >= 2, "losing bids stay open: {document}");
    for bid in open {
        assert_eq!(bid["takeable"], false);
        assert_eq!(bid["blockers"][0]["code"], "order_taken");
        assert_eq!(bid["blockers"][0]["winner"], document["leases"][0]["id"]["provider"]);
        assert_eq!(bid["blockers"][0]["price"], document["leases"][0]["price"]);
    }
}

#[test]
fn piped_output_is_plain() {
    let node = market();
    let ran = at(&node, &["--dseq", &dseq(demo::DSEQ)]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.starts_with("group  fit"), "{}", ran.stdout);
    for text in [&ran.stdout, &ran.stderr] {
        let odd = text.chars().find(|c| *c != '\n' && !akbids::domain::text::plain(*c) && *c != '\u{fffd}');
        assert_eq!(odd, None, "{text}");
    }
    let last = ran.stderr.lines().last().unwrap();
    assert!(last.contains("bids shown") && last.contains("akbids-demo #27011290"), "{last}");
}

#[test]
fn a_locale_without_utf8_gets_ascii() {
    let node = market();
    let url = node.url();
    let ran = crate::support::program::Program::new(&["--rest", &url, "--dseq", &dseq(demo::DSEQ), "--plain"])
        .env("LC_ALL", "C")
        .run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.is_ascii() && ran.stderr.is_ascii(), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn a_closed_pipe_is_no_error() {
    let node = market();
    let ran = crate::support::program::Program::new(&["--rest", &node.url(), "--dseq", &dseq(demo::DSEQ), "--json"])
        .run_unread();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.stderr, "");
}

#[test]
fn no_bids_yet_is_an_empty_list() {
    let node = market();
    let ran = at(&node, &["--dseq", &dseq(demo::NO_BIDS_DSEQ), "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.json()["bids"], serde_json::json!([]));
    let plain = at(&node, &["--dseq", &dseq(demo::NO_BIDS_DSEQ), "--plain"]);
    assert_eq!((plain.code, plain.stdout.as_str()), (0, ""));
    assert!(plain.stderr.contains("no bids yet"), "{}", plain.stderr);
}

#[test]
fn a_closed_deployment_can_be_looked_at() {
    let node = market();
    let ran = at(&node, &["--dseq", &dseq(demo::CLOSED_DSEQ), "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.json()["deployment"]["state"], "closed");
}

#[test]
fn what_does_not_exist_ends_with_3() {
    let node = market();
    let ran = at(&node, &["--dseq", "987654", "--json"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("987654") && ran.stdout.is_empty(), "{}", ran.stderr);
}

#[test]
fn wrong_use_ends_with_2_and_a_sentence() {
    let cases: [(&[&str], &str); 11] = [
        (&[], "no deployment is named"),
        (&["--dseq", "abc"], "--dseq"),
        (&["--dseq", "0"], "--dseq"),
        (&["--dseq", "8", "--owner", "akash1nonsense"], "--owner"),
        (&["--dseq", "8", "--owner", "cosmos1jrkmdcwgq94uaamx6zax2luewlhf7u4kr4pzpx"], "--owner"),
        (&["--dseq", "8", "--filter", "vrm>=40"], "vram"),
        (&["--dseq", "8", "--sort", "usdd"], "usd"),
        (&["--dseq", "8", "--rest", "not a url"], "--rest"),
        (&["--dseq", "8", "--akt-usd", "-1"], "--akt-usd"),
        (&["--dseq", "8", "--timeout", "0"], "--timeout"),
        (&["--input", "no-such-file.json"], "no-such-file.json"),
    ];
    for (args, names) in cases {
        let ran = akbids(args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(names), "{args:?} does not name {names}: {}", ran.stderr);
        assert!(!ran.stderr.contains("panicked") && ran.stdout.is_empty(), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn an_endpoint_that_is_no_node_is_named() {
    let node = market();
    node.misbehave(Fault::answer("/", 200, "<html><body>hello</body></html>"));
    let ran = at(&node, &["--dseq", &dseq(demo::DSEQ), "--json", "--timeout", "3"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("127.0.0.1") && ran.stderr.contains("JSON"), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_node_that_hangs_is_given_up() {
    let node = market();
    node.misbehave(Fault::on("/", demo::Act::Hang));
    let ran = at(&node, &["--dseq", &dseq(demo::DSEQ), "--json", "--timeout", "1"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("did not answer"), "{}", ran.stderr);
}

#[test]
fn another_generation_is_named_with_both_versions() {
    let node = market();
    let not_implemented = r#"{"code":12,"message":"Not Implemented","details":[]}"#;
    node.misbehave(Fault::answer("/akash/market/v1beta5", 501, not_implemented));
    node.misbehave(Fault::answer("/akash/discovery", 501, not_implemented));
    node.misbehave(Fault::answer("/akash/market/v1beta4/params", 200, r#"{"params":{}}"#));
    let ran = at(&node, &["--dseq", &dseq(demo::DSEQ), "--json", "--timeout", "3"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("v1beta5"), "{}", ran.stderr);
}

#[test]
fn nothing_listening_is_told() {
    let ran = akbids(&["--dseq", "8", "--rest", "http://127.0.0.1:1", "--json", "--timeout", "2"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("127.0.0.1:1"), "{}", ran.stderr);
}

#[test]
fn an_exported_dseq_is_used_and_a_flag_beats_it() {
    let node = market();
    let url = node.url();
    let run = |args: &[&str]| {
        let mut all = vec!["--rest", &url, "--json"];
        all.extend(args);
        crate::support::program::Program::new(&all).env("AKASH_DSEQ", &dseq(demo::CLOSED_DSEQ)).run().json()
    };
    assert_eq!(run(&[])["deployment"]["dseq"], dseq(demo::CLOSED_DSEQ));
    assert_eq!(run(&["--dseq", &dseq(demo::DSEQ)])["deployment"]["dseq"], dseq(demo::DSEQ));
}

#[test]
fn a_chain_id_is_held_when_a_flag_names_it_and_not_when_it_is_exported() {
    let node = market();
    let url = node.url();
    let run = |args: &[&str]| {
        let number = dseq(demo::DSEQ);
        let mut all = vec!["--rest", &url, "--json", "--dseq", &number];
        all.extend(args);
        crate::support::program::Program::new(&all).env("AKASH_CHAIN_ID", "akashnet-2").run()
    };
    assert_eq!(run(&[]).json()["chain"]["id"], demo::CHAIN_ID);
    assert_eq!(run(&["--chain-id", demo::CHAIN_ID]).code, 0);
    let refused = run(&["--chain-id", "sandbox-2"]);
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    assert!(refused.stderr.contains("sandbox-2") && refused.stderr.contains(demo::CHAIN_ID), "{}", refused.stderr);
}

#[test]
fn saved_answers_of_every_generation_are_read() {
    let cases = [
        // File, amount of the first bid, its GPU text.
        ("01-v1beta3-gpu-bid-no-offer-2023.json", "368.320765", "? not stated"),
        ("02-v1beta4-a100-bid-2023.json", "1432.735519", "1× A100 ?"),
        ("04-v1beta5-bids-list-2026.json", "2.526488", "no GPU"),
    ];
    for (file, amount, gpu) in cases {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/samples/").to_owned() + file;
        let ran = akbids(&["--input", &path, "--json"]);
        assert_eq!(ran.code, 0, "{file}: {}", ran.stderr);
        let document = ran.json();
        assert_valid(&document);
        let bid = &document["bids"][0];
        assert_eq!((&bid["price"]["amount"], &bid["gpu_text"]), (&Value::from(amount), &Value::from(gpu)), "{file}");
        assert_eq!(
            (&bid["takeable"], &bid["blockers"][0]["code"]),
            (&Value::from(false), &Value::from("saved_answer"))
        );
        assert!(document["chain"]["rest"].is_null() && document["deployment"].is_null() && bid["fit"].is_null());
        assert_eq!(document["chain"]["block_time_source"], "assumed");
    }
}

#[test]
fn stdin_is_a_saved_answer_too() {
    let text = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/samples/02-v1beta4-a100-bid-2023.json"
    ));
    let ran = crate::support::program::Program::new(&["--input", "-", "--json"]).stdin(&text.unwrap()).run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.json()["bids"][0]["price"]["amount"], "1432.735519");
}

#[test]
fn a_saved_answer_that_is_none_is_told() {
    let deep = "[".repeat(200_000);
    for (text, names) in
        [("bids:\n- bid: {}\n", "-o json"), ("{\"bids\": [", "stops in the middle"), (deep.as_str(), ""), ("{}", "")]
    {
        let ran = crate::support::program::Program::new(&["--input", "-", "--json"]).stdin(text).run();
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.starts_with("akbids: ") && ran.stderr.contains(names), "{}", ran.stderr);
    }
}

#[test]
fn demo_needs_nothing_else() {
    let ran = akbids(&["--demo", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let document = ran.json();
    assert_valid(&document);
    assert_eq!(document["chain"]["id"], demo::CHAIN_ID);
    assert!(document["bids"].as_array().unwrap().len() >= 12);
}

#[test]
fn the_timeout_is_of_the_whole_run() {
    // Every answer comes, each a little late: together they are over the limit, so some figure misses its answer.
    let node = market();
    node.misbehave(Fault::on("/akash/provider", demo::Act::Hang));
    let ran = at(&node, &["--dseq", &dseq(demo::DSEQ), "--json", "--timeout", "1"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let document = ran.json();
    assert_eq!(document["complete"], false);
    assert!(!document["warnings"].as_array().unwrap().is_empty());
    assert!(ran.took < Duration::from_secs(8), "{:?}", ran.took);
}
