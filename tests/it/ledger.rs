//! The embedded chain's transactions, where the recordings do not reach: its own key, what the mempool
//! forgets, how it can be told to misbehave.

use std::time::Duration;

use akbids::demo::{
    Account, Act, BLOCK_TIME, Chain, Clock, Coin, DSEQ, DeploymentId, Fault, Index, OWNER, Options, Quoted, Running,
    START_HEIGHT, provider_address, serve,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use k256::ecdsa::signature::Signer as _;
use k256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::http::{Got, ask, send};

/// First key of the demo's mnemonic (`vectors/addresses.json`).
const KEY: &str = "c4a48e2fce1481cd3294b4490f6678090ea98d3d0e5cd984558ab0968741b104";
const SEQUENCE: u64 = 11;
const SEND: &str = "/cosmos/tx/v1beta1/txs";
const SIMULATE: &str = "/cosmos/tx/v1beta1/simulate";

fn key() -> SigningKey {
    let bytes: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&KEY[at * 2..at * 2 + 2], 16).unwrap()).collect();
    SigningKey::from_slice(&bytes).unwrap()
}

/// A field of a message: a number when it is one, else bytes behind their length.
fn number(tag: u8, value: u64) -> Vec<u8> {
    let mut out = vec![tag << 3];
    let mut rest = value;
    while rest >= 0x80 {
        out.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    out.push(rest.to_le_bytes()[0]);
    if value == 0 { Vec::new() } else { out }
}

fn bytes(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = number(0, value.len() as u64);
    let mut out = vec![tag << 3 | 2];
    out.extend(if value.is_empty() { &[0][..] } else { &length[1..] });
    out.extend(value);
    out
}

/// A transaction to be signed: a lease of group 1 of the demo's deployment with one provider.
#[derive(Clone)]
struct Draft {
    key: SigningKey,
    owner: String,
    chain_id: String,
    account_number: u64,
    sequence: u64,
    bids: Vec<(u64, u64, String)>,
    memo: String,
    timeout_height: u64,
    fee: u64,
    granter: String,
    gas: u64,
}

impl Draft {
    fn new(provider: usize) -> Self {
        Self {
            key: key(),
            owner: OWNER.to_owned(),
            chain_id: "akbids-demo".to_owned(),
            account_number: 1,
            sequence: SEQUENCE,
            bids: vec![(DSEQ, 1, provider_address(provider))],
            memo: String::new(),
            timeout_height: 0,
            fee: 10_000,
            granter: String::new(),
            gas: 400_000,
        }
    }

    fn parts(&self) -> (Vec<u8>, Vec<u8>) {
        let messages = self.bids.iter().map(|(dseq, gseq, provider)| {
            let id = [bytes(1, self.owner.as_bytes()), number(2, *dseq), number(3, *gseq), number(4, 1)].concat();
            let id = [id, bytes(5, provider.as_bytes())].concat();
            let url = bytes(1, b"/akash.market.v1beta5.MsgCreateLease");
            bytes(1, &[url, bytes(2, &bytes(1, &id))].concat())
        });
        let mut body = messages.collect::<Vec<_>>().concat();
        if !self.memo.is_empty() {
            body.extend(bytes(2, self.memo.as_bytes()));
        }
        body.extend(number(3, self.timeout_height));
        let point = self.key.verifying_key().to_sec1_point(true);
        let any = [bytes(1, b"/cosmos.crypto.secp256k1.PubKey"), bytes(2, &bytes(1, point.as_bytes()))].concat();
        let signer = [bytes(1, &any), bytes(2, &bytes(1, &number(1, 1))), number(3, self.sequence)].concat();
        let coin = [bytes(1, b"uakt"), bytes(2, self.fee.to_string().as_bytes())].concat();
        let mut fee = [bytes(1, &coin), number(2, self.gas)].concat();
        if !self.granter.is_empty() {
            fee.extend(bytes(4, self.granter.as_bytes()));
        }
        (body, [bytes(1, &signer), bytes(2, &fee)].concat())
    }

    fn signature(&self) -> Signature {
        let (body, auth_info) = self.parts();
        let doc = [bytes(1, &body), bytes(2, &auth_info), bytes(3, self.chain_id.as_bytes())].concat();
        self.key.sign(&[doc, number(4, self.account_number)].concat())
    }

    fn signed(&self) -> Vec<u8> {
        self.with_signature(&self.signature().to_bytes())
    }

    fn with_signature(&self, signature: &[u8]) -> Vec<u8> {
        let (body, auth_info) = self.parts();
        [bytes(1, &body), bytes(2, &auth_info), bytes(3, signature)].concat()
    }
}

fn hash(tx: &[u8]) -> String {
    Sha256::digest(tx).iter().fold(String::new(), |text, byte| text + &format!("{byte:02X}"))
}

fn node() -> Running {
    let clock = Clock::Fixed("2026-11-21T05:00:00Z".parse().unwrap());
    serve(Chain::demo_market(clock, BLOCK_TIME), Options::default()).unwrap()
}

fn post(node: &Running, path: &str, tx: &[u8]) -> Got {
    let body = json!({"tx_bytes": STANDARD.encode(tx), "mode": "BROADCAST_MODE_SYNC"});
    send(node.port(), "POST", path, None, &body.to_string())
}

fn get(node: &Running, path: &str) -> (u16, Value) {
    let got = ask(node.port(), "GET", path, None);
    (got.status, serde_json::from_str(&got.body).unwrap())
}

/// Code and text of the answer to a broadcast.
fn broadcast(node: &Running, tx: &[u8]) -> (u64, String) {
    let got = post(node, SEND, tx);
    assert_eq!(got.status, 200, "{}", got.body);
    let body: Value = serde_json::from_str(&got.body).unwrap();
    assert_eq!(body["tx_response"]["txhash"], hash(tx));
    let response = &body["tx_response"];
    (response["code"].as_u64().unwrap(), response["raw_log"].as_str().unwrap().to_owned())
}

/// Code, codespace and text of a transaction in a block; `None` when it is in none.
fn found(node: &Running, tx: &[u8]) -> Option<(u64, String, String)> {
    let (status, body) = get(node, &format!("{SEND}/{}", hash(tx)));
    let response = &body["tx_response"];
    let text = |key: &str| response[key].as_str().unwrap().to_owned();
    (status == 200).then(|| (response["code"].as_u64().unwrap(), text("codespace"), text("raw_log")))
}

fn sequence(node: &Running) -> u64 {
    let (_, body) = get(node, &format!("/cosmos/auth/v1beta1/account_info/{OWNER}"));
    body["info"]["sequence"].as_str().unwrap().parse().unwrap()
}

fn leases(node: &Running) -> Vec<String> {
    let (_, body) = get(node, &format!("/akash/market/v1beta5/leases/list?filters.dseq={DSEQ}"));
    let all = body["leases"].as_array().unwrap();
    all.iter().map(|lease| lease["lease"]["id"]["provider"].as_str().unwrap().to_owned()).collect()
}

const OK: (u64, &str) = (0, "");

fn short(answer: &(u64, String)) -> (u64, &str) {
    (answer.0, answer.1.as_str())
}

#[test]
fn the_demos_key_leases_on_the_demo() {
    let node = node();
    let tx = Draft::new(0).signed();
    let simulated = post(&node, SIMULATE, &tx);
    assert_eq!(simulated.status, 200, "{}", simulated.body);
    assert_eq!(short(&broadcast(&node, &tx)), OK);
    assert_eq!((leases(&node), found(&node, &tx), sequence(&node)), (vec![], None, SEQUENCE));
    node.step();
    assert_eq!(leases(&node), [provider_address(0)]);
    assert_eq!(found(&node, &tx).unwrap().0, 0);
    assert_eq!(sequence(&node), SEQUENCE + 1);
    let (_, block) = get(&node, &format!("/cosmos/base/tendermint/v1beta1/blocks/{}", START_HEIGHT + 1));
    assert_eq!(block["block"]["data"]["txs"], json!([STANDARD.encode(&tx)]));
    assert_eq!(broadcast(&node, &tx).0, 19);
}

/// An escrow account of uact pays no bid in another coin.
#[test]
fn a_bid_in_a_coin_that_the_escrow_lacks_fails_in_its_block() {
    let node = node();
    let tx = Draft::new(7).signed();
    assert_eq!(short(&broadcast(&node, &tx)), OK);
    node.step();
    let text = "failed to execute message; message index: 0: invalid denomination".to_owned();
    assert_eq!(found(&node, &tx), Some((5, "escrow".to_owned(), text)));
    assert_eq!((leases(&node).len(), sequence(&node)), (0, SEQUENCE + 1));
}

/// What is taken must be what was signed: whichever byte changes, nothing is let in.
#[test]
fn no_changed_byte_of_a_signed_transaction_is_taken() {
    let node = node();
    let tx = Draft { memo: "x".to_owned(), timeout_height: START_HEIGHT + 20, ..Draft::new(0) }.signed();
    for at in 0..tx.len() {
        let mut changed = tx.clone();
        changed[at] ^= 1 << (at % 8);
        let answer = broadcast(&node, &changed);
        assert_ne!(answer.0, 0, "byte {at} was changed");
    }
    assert_eq!(short(&broadcast(&node, &tx)), OK);
}

#[test]
fn a_signature_with_the_higher_s_is_refused() {
    let node = node();
    let draft = Draft::new(0);
    let low = draft.signature();
    let high = Signature::from_scalars(low.r().to_bytes(), (-*low.s()).to_bytes()).unwrap();
    assert_ne!(low, high);
    let (code, text) = broadcast(&node, &draft.with_signature(&high.to_bytes()));
    assert_eq!(code, 4, "{text}");
}

#[test]
fn what_is_signed_for_another_key_chain_or_account_is_refused() {
    let node = node();
    let elsewhere = Draft { chain_id: "akashnet-2".to_owned(), ..Draft::new(0) };
    assert_eq!(broadcast(&node, &elsewhere.signed()).0, 4);
    let numbered = Draft { account_number: 2, ..Draft::new(0) };
    assert_eq!(broadcast(&node, &numbered.signed()).0, 4);
    let other = SigningKey::from_slice(&[7; 32]).unwrap();
    let (code, text) = broadcast(&node, &Draft { key: other, ..Draft::new(0) }.signed());
    assert_eq!(
        (code, text),
        (8, format!("pubKey does not match signer address {OWNER} with signer index: 0: invalid pubkey"))
    );
}

#[test]
fn the_first_transaction_sets_the_accounts_key() {
    let node = node();
    let owner = || -> Value {
        let (_, body) = get(&node, &format!("/cosmos/auth/v1beta1/account_info/{OWNER}"));
        body["info"]["pub_key"].clone()
    };
    let before = owner();
    node.with(|chain| {
        chain.act(|state, height| {
            let account = Account::clone(state.accounts.get(height, &OWNER.into()).unwrap());
            state.accounts.put(height, OWNER.into(), Account { pub_key: None, ..account });
        });
    });
    assert_eq!(owner(), Value::Null);
    assert_eq!(short(&broadcast(&node, &Draft::new(0).signed())), OK);
    node.step();
    assert_eq!(owner(), before);
}

#[test]
fn too_little_gas_for_the_checks_is_refused_at_once_and_for_the_message_in_the_block() {
    let node = node();
    let (code, text) = broadcast(&node, &Draft { gas: 20_000, ..Draft::new(0) }.signed());
    assert_eq!(code, 11);
    assert!(text.starts_with("out of gas in location: ") && text.ends_with(": out of gas"), "{text}");
    let tx = Draft { gas: 60_000, ..Draft::new(0) }.signed();
    assert_eq!(short(&broadcast(&node, &tx)), OK);
    node.step();
    assert_eq!(found(&node, &tx).unwrap().0, 11);
    assert_eq!((leases(&node).len(), sequence(&node)), (0, SEQUENCE + 1));
}

#[test]
fn an_allowance_that_is_used_up_is_gone() {
    let node = node();
    let granter = provider_address(1);
    node.with(|chain| {
        chain.act(|state, height| {
            let key = (granter.as_str().into(), OWNER.into());
            state.allowances.put(height, key, vec![Coin::new("uakt", 10_000)]);
        });
    });
    let tx = Draft { granter: granter.clone(), ..Draft::new(0) }.signed();
    assert_eq!(short(&broadcast(&node, &tx)), OK);
    node.step();
    assert_eq!(found(&node, &tx).unwrap().0, 0);
    let (status, _) = get(&node, &format!("/cosmos/feegrant/v1beta1/allowance/{granter}/{OWNER}"));
    assert_eq!(status, 500);
    let again = Draft { granter, sequence: SEQUENCE + 1, ..Draft::new(1) }.signed();
    assert_eq!(broadcast(&node, &again).0, 38);
}

#[test]
fn a_restarted_node_has_forgotten_what_waited() {
    let node = node();
    let tx = Draft::new(0).signed();
    assert_eq!(short(&broadcast(&node, &tx)), OK);
    assert_eq!(node.with(|chain| chain.waiting()), [hash(&tx)]);
    node.with(Chain::restart);
    node.step();
    assert_eq!((found(&node, &tx), sequence(&node)), (None, SEQUENCE));
    assert_eq!(short(&broadcast(&node, &tx)), OK);
    node.step();
    assert_eq!(found(&node, &tx).unwrap().0, 0);
}

#[test]
fn what_is_held_back_comes_later_or_expires_unseen() {
    let node = node();
    node.with(|chain| chain.hold(3));
    let tx = Draft { timeout_height: START_HEIGHT + 10, ..Draft::new(0) }.signed();
    assert_eq!(short(&broadcast(&node, &tx)), OK);
    node.step_to(START_HEIGHT + 3);
    assert_eq!((found(&node, &tx), broadcast(&node, &tx).0), (None, 19));
    node.step();
    assert_eq!(found(&node, &tx).unwrap().0, 0);

    let late = Draft { timeout_height: START_HEIGHT + 6, sequence: SEQUENCE + 1, ..Draft::new(1) }.signed();
    assert_eq!(short(&broadcast(&node, &late)), OK);
    node.with(|chain| chain.hold(9));
    node.step_to(START_HEIGHT + 6);
    assert_eq!(node.with(|chain| chain.waiting().len()), 1);
    node.step();
    assert_eq!(node.with(|chain| chain.waiting().len()), 0);
    node.step_to(START_HEIGHT + 20);
    assert_eq!((found(&node, &late), sequence(&node)), (None, SEQUENCE + 1));
}

#[test]
fn another_programs_transaction_takes_the_sequence() {
    let node = node();
    let tx = Draft::new(0).signed();
    assert_eq!(short(&broadcast(&node, &tx)), OK);
    let other = node.with(|chain| chain.compete(OWNER)).unwrap();
    node.step();
    assert_eq!((found(&node, &tx), sequence(&node), leases(&node).len()), (None, SEQUENCE + 1, 0));
    assert_eq!(broadcast(&node, &tx).0, 32);
    let (_, body) = get(&node, &format!("{SEND}?query=tx.acc_seq='{OWNER}/{SEQUENCE}'"));
    assert_eq!((body["total"].as_str(), body["tx_responses"][0]["txhash"].as_str()), (Some("1"), Some(&*other)));

    // While it waits, ours is told to come after it.
    node.with(|chain| chain.compete(OWNER)).unwrap();
    let (code, text) = broadcast(&node, &Draft { sequence: SEQUENCE + 1, ..Draft::new(0) }.signed());
    assert_eq!(
        (code, text.as_str()),
        (32, "account sequence mismatch, expected 13, got 12: incorrect account sequence")
    );
    let after = Draft { sequence: SEQUENCE + 2, ..Draft::new(0) }.signed();
    assert_eq!(short(&broadcast(&node, &after)), OK);
    node.step();
    assert_eq!((found(&node, &after).unwrap().0, sequence(&node)), (0, SEQUENCE + 3));
    assert_eq!(node.with(|chain| chain.compete("akash1nobody")), None);
}

/// A bid that is withdrawn in the block that holds the lease is withdrawn first.
#[test]
fn a_bid_that_goes_in_the_same_block_is_gone() {
    let node = node();
    let order = DeploymentId { owner: OWNER.into(), dseq: Quoted(DSEQ) }.order(1, 1);
    let tx = Draft::new(0).signed();
    assert_eq!(short(&broadcast(&node, &tx)), OK);
    node.with(|chain| chain.at(START_HEIGHT + 1, akbids::demo::Event::Withdraw(order.bid(&provider_address(0)))));
    node.step();
    assert_eq!(found(&node, &tx).unwrap().0, 12);
    assert_eq!(leases(&node), Vec::<String>::new());
}

#[test]
fn a_full_mempool_says_so() {
    let node = node();
    node.with(|chain| chain.limit_mempool(1));
    assert_eq!(short(&broadcast(&node, &Draft::new(0).signed())), OK);
    let next = Draft { sequence: SEQUENCE + 1, ..Draft::new(1) }.signed();
    assert_eq!(short(&broadcast(&node, &next)), (20, ""));
    node.step();
    assert_eq!(short(&broadcast(&node, &next)), OK);
}

#[test]
fn sent_without_waiting_for_the_check_nothing_is_said_of_it() {
    let node = node();
    let tx = Draft { fee: 1, ..Draft::new(0) }.signed();
    let body = json!({"tx_bytes": STANDARD.encode(&tx), "mode": "BROADCAST_MODE_ASYNC"});
    let got = send(node.port(), "POST", SEND, None, &body.to_string());
    let answer: Value = serde_json::from_str(&got.body).unwrap();
    assert_eq!((answer["tx_response"]["code"].as_u64(), node.with(|chain| chain.waiting().len())), (Some(0), 0));
}

#[test]
fn a_node_that_lags_checks_against_what_it_knows() {
    let node = node();
    let first = Draft::new(0).signed();
    assert_eq!(short(&broadcast(&node, &first)), OK);
    node.step();
    node.misbehave(Fault::on("/cosmos", Act::Lag(1)));
    assert_eq!((found(&node, &first), sequence(&node)), (None, SEQUENCE));
    // It has the old sequence: what comes next is above it, what was used is let through and lost.
    let next = Draft { sequence: SEQUENCE + 1, ..Draft::new(1) }.signed();
    let (code, text) = broadcast(&node, &next);
    assert_eq!(
        (code, text.as_str()),
        (32, "account sequence mismatch, expected 11, got 12: incorrect account sequence")
    );
    let again = Draft { memo: "again".to_owned(), ..Draft::new(0) }.signed();
    assert_eq!(short(&broadcast(&node, &again)), OK);
    assert_eq!(post(&node, SIMULATE, &again).status, 200);
    node.behave();
    node.step();
    assert_eq!((found(&node, &again), sequence(&node)), (None, SEQUENCE + 1));
}

#[test]
fn an_index_can_trail_forget_or_be_off() {
    let node = node();
    let tx = Draft::new(0).signed();
    assert_eq!(short(&broadcast(&node, &tx)), OK);
    node.step();
    let look = || {
        let (status, _) = get(&node, &format!("{SEND}/{}", hash(&tx)));
        let (search, body) = get(&node, &format!("{SEND}?query=tx.acc_seq='{OWNER}/{SEQUENCE}'"));
        (status, search, body["total"].as_str().map(str::to_owned))
    };
    let told = |total: &str| Some(total.to_owned());
    for (index, want) in [
        (Index::On, (200, 200, told("1"))),
        (Index::Behind(1), (404, 200, told("0"))),
        (Index::Behind(0), (200, 200, told("1"))),
        (Index::Forgot, (404, 200, told("0"))),
        (Index::Off, (500, 500, None)),
    ] {
        node.behave();
        node.misbehave(Fault::on(SEND, Act::Index(index)));
        assert_eq!(look(), want, "{index:?}");
    }
    // The block holds it all the same.
    let (_, block) = get(&node, &format!("/cosmos/base/tendermint/v1beta1/blocks/{}", START_HEIGHT + 1));
    assert_eq!(block["block"]["data"]["txs"][0], STANDARD.encode(&tx));
}

#[test]
fn a_masked_or_late_answer_has_acted_all_the_same() {
    let node = node();
    let tx = Draft::new(0).signed();
    let masked = Act::Mask { status: 502, body: "<html>bad gateway</html>".to_owned() };
    node.misbehave(Fault::on(SEND, masked).method("POST").skip(1).times(1));
    assert_eq!(broadcast(&node, &Draft { fee: 1, ..Draft::new(0) }.signed()).0, 13);
    assert_eq!(get(&node, &format!("{SEND}/{}", hash(&tx))).0, 404);
    let got = post(&node, SEND, &tx);
    assert_eq!((got.status, got.body.as_str()), (502, "<html>bad gateway</html>"));
    assert_eq!(broadcast(&node, &tx).0, 19);

    // The sender has gone before the node acts.
    let late = Draft { sequence: SEQUENCE + 1, ..Draft::new(1) }.signed();
    node.misbehave(Fault::on(SEND, Act::Truth).times(1).after(Duration::from_millis(5)));
    let body = json!({"tx_bytes": STANDARD.encode(&late), "mode": "BROADCAST_MODE_SYNC"}).to_string();
    let before = node.count(SEND);
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", node.port())).unwrap();
    let head = format!("POST {SEND} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
    std::io::Write::write_all(&mut stream, (head + &body).as_bytes()).unwrap();
    while node.count(SEND) == before {
        std::thread::yield_now();
    }
    drop(stream);
    while node.with(|chain| chain.waiting().len()) < 2 {
        std::thread::yield_now();
    }
    // Acted at once, answered later.
    node.misbehave(Fault::on(SIMULATE, Act::Truth).late(Duration::from_millis(5)));
    let next = Draft { sequence: SEQUENCE + 2, ..Draft::new(2) }.signed();
    assert_eq!(post(&node, SIMULATE, &next).status, 200);
}

/// What the gateway makes of bodies that are none.
#[test]
fn posts_that_are_no_json_or_go_nowhere_are_refused() {
    let node = node();
    for body in ["", "{", "[]", "null", r#"{"tx_bytes": 7}"#] {
        assert_eq!(send(node.port(), "POST", SEND, None, body).status, 400, "{body}");
    }
    assert_eq!(send(node.port(), "POST", "/cosmos/tx/v1beta1/decode", None, "{}").status, 501);
    let empty = json!({"mode": "BROADCAST_MODE_SYNC"}).to_string();
    assert_eq!(send(node.port(), "POST", SEND, None, &empty).status, 400);
    assert_eq!(get(&node, &format!("{SEND}/block/{}", START_HEIGHT + 1)).0, 500);
    assert_eq!(get(&node, &format!("{SEND}?query=nonsense")).0, 500);
}
