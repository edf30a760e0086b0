//! Figures of the design that can be measured without a network: `cargo bench`.
//!
//! Each row is the median of several runs; ratios are of the same run on the same machine.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

const BIDS: usize = 10_000;
const RUNS: usize = 15;

fn main() {
    let bytes = bids_list(BIDS);
    let text = std::str::from_utf8(&bytes).unwrap();
    let value = median(|| serde_json::from_str::<serde_json::Value>(black_box(text)).unwrap());
    let decode = median(|| akbids::chain::wire_market::bids(black_box(&bytes), 0).unwrap());
    let page = akbids::chain::wire_market::bids(&bytes, 0).unwrap();
    assert_eq!((page.items.len(), page.unreadable.len()), (BIDS, 0));
    report(&format!("machine: {} cores, {}", cores(), std::env::consts::ARCH));
    report(&format!("{BIDS} bids, {:.1} MB", bytes.len() as f64 / 1e6));
    report(&format!("parse to Value          {value:>10.2?}"));
    report(&format!("decode                  {decode:>10.2?}   {:.2} of Value", ratio(decode, value)));
}

#[allow(clippy::print_stdout)]
fn report(line: &str) {
    println!("{line}");
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(0, usize::from)
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
}

/// Median time of a run; what it makes is dropped outside the measure.
fn median<T>(mut run: impl FnMut() -> T) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            let made = black_box(run());
            let time = start.elapsed();
            drop(made);
            time
        })
        .collect();
    times.sort();
    times[RUNS / 2]
}

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
