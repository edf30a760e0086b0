//! 10,000 bids: from bytes to the rows to show, against parsing the same bytes to a `serde_json::Value`.
//!
//! What is compared runs in turn, so that a busy machine slows both; each figure is the best of its runs.

use crate::measure::{note, ratio, time};
use akbids::chain::{saved, wire_market};
use akbids::domain::appraise::appraise;
use akbids::domain::bid::Snapshot;
use akbids::domain::field::At;
use akbids::domain::query::Query;
use akbids::domain::rank::{Scope, Sort, arrange};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

const BIDS: usize = 10_000;
const RUNS: usize = 25;

/// Measures, and gives the snapshot it measured with.
pub fn rows() -> Snapshot {
    let bytes = bids_list(BIDS);
    let text = std::str::from_utf8(&bytes).unwrap();
    let page = wire_market::bids(&bytes, 0).unwrap();
    assert_eq!((page.items.len(), page.unreadable.len()), (BIDS, 0));
    let mut known = saved(DEPLOYMENT.as_bytes()).unwrap();
    let query = Query::parse("gpu=a100|h100 vram>=40 usd<100").unwrap();
    let sort = Sort::parse("usd,vram-").unwrap();
    let at = At { height: Some(13_759_900), block_time: known.chain.block_time };
    let scope = Scope { gseq: None, older: true, withdrawn: true, lingering: &|_| false, blocked: &BTreeSet::new() };
    let shown = |bytes: &[u8]| {
        let mut snapshot = known.clone();
        snapshot.bids = wire_market::bids(bytes, 0).unwrap().items;
        let market = appraise(&snapshot);
        let view = arrange(&market, &at, &scope, &query, &sort);
        (market, view)
    };
    let (_, view) = shown(&bytes);
    assert!(view.rows.len() > BIDS / 10 && view.rows.len() < BIDS, "the filter hides some: {}", view.rows.len());

    let (mut value, mut decode, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        value.push(time(|| serde_json::from_str::<serde_json::Value>(black_box(text)).unwrap()));
        decode.push(time(|| wire_market::bids(black_box(&bytes), 0).unwrap()));
        all.push(time(|| shown(black_box(&bytes))));
    }
    let (value, decode, all) = (best(value), best(decode), best(all));
    note(&format!("{BIDS} bids, {:.1} MB", bytes.len() as f64 / 1e6));
    note(&format!("parse to serde_json::Value               {value:>9.1?}"));
    note(&format!("decode                                   {decode:>9.1?}   {:.2}", ratio(decode, value)));
    note(&format!("decode + normalise + diff + sort + filter {all:>8.1?}   {:.2} (at most 1)", ratio(all, value)));
    known.bids = page.items;
    known
}

fn best(times: Vec<Duration>) -> Duration {
    times.into_iter().min().unwrap()
}

/// Two groups that ask for two A100 or an H100.
const DEPLOYMENT: &str = r#"{"deployment":{"id":{"owner":"akash1qds57nqrwk7j4258jn57gdnf2uy6ankgud0a4w","dseq":"13759787"},"state":"active","created_at":"13759780"},"groups":[
{"id":{"gseq":1},"state":"open","group_spec":{"name":"a","resources":[{"resource":{"id":1,"cpu":{"units":{"val":"8000"}},"memory":{"quantity":{"val":"68719476736"}},"storage":[{"name":"default","quantity":{"val":"107374182400"},"attributes":[]}],"gpu":{"units":{"val":"2"},"attributes":[{"key":"vendor/nvidia/model/a100/ram/80Gi","value":"true"},{"key":"vendor/nvidia/model/h100","value":"true"}]},"endpoints":[{"kind":"RANDOM_PORT"}]},"count":1,"price":{"denom":"uact","amount":"100000"}}]}},
{"id":{"gseq":2},"state":"open","group_spec":{"name":"b","resources":[{"resource":{"id":1,"cpu":{"units":{"val":"8000"}},"memory":{"quantity":{"val":"68719476736"}},"storage":[{"name":"default","quantity":{"val":"107374182400"},"attributes":[]}],"gpu":{"units":{"val":"2"},"attributes":[{"key":"vendor/nvidia/model/h100","value":"true"}]},"endpoints":[{"kind":"RANDOM_PORT"}]},"count":1,"price":{"denom":"uact","amount":"100000"}}]}}]}"#;

/// A list as the node writes it, every bid of another provider.
fn bids_list(n: usize) -> Vec<u8> {
    let mut out = String::from(r#"{"bids":["#);
    let owner = "akash1qds57nqrwk7j4258jn57gdnf2uy6ankgud0a4w";
    let models = ["a100", "h100", "rtx4090", "a100/ram/80Gi", "t4", "h200/interface/sxm"];
    for i in 0..n {
        let provider = format!("akash1{i:038x}");
        let model = models[i % models.len()];
        let gseq = 1 + i / 5000;
        let comma = if i == 0 { "" } else { "," };
        write!(
            out,
            r#"{comma}{{"bid":{{"id":{{"owner":"{owner}","dseq":"13759787","gseq":{gseq},"oseq":1,"provider":"{provider}","bseq":0}},"state":"open","price":{{"denom":"uact","amount":"{}.{:06}000000000000"}},"created_at":"{}","resources_offer":[{{"resources":{{"id":1,"cpu":{{"units":{{"val":"8000"}},"attributes":[]}},"memory":{{"quantity":{{"val":"68719476736"}},"attributes":[]}},"storage":[{{"name":"default","quantity":{{"val":"107374182400"}},"attributes":[]}}],"gpu":{{"units":{{"val":"2"}},"attributes":[{{"key":"vendor/nvidia/model/{model}","value":"true"}}]}},"endpoints":[{{"kind":"RANDOM_PORT","sequence_number":0}}]}},"count":1,"prices":null}}],"reclamation_window":null}},"escrow_account":{{"id":{{"scope":"bid","xid":"{owner}/13759787/{gseq}/1/{provider}"}},"state":{{"owner":"{provider}","state":"open","transferred":[{{"denom":"uact","amount":"0.000000000000000000"}}],"settled_at":"13759790","funds":[{{"denom":"uact","amount":"500000.000000000000000000"}}],"deposits":[{{"owner":"{provider}","height":"13759790","source":"balance","balance":{{"denom":"uact","amount":"500000.000000000000000000"}}}}]}}}}}}"#,
            1000 + i % 9000,
            i * 37 % 1_000_000,
            13_759_790 + i % 50
        )
        .unwrap();
    }
    out.push_str(r#"],"pagination":{"next_key":null,"total":"10000"}}"#);
    out.into_bytes()
}
