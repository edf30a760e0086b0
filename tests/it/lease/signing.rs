//! What is signed, against vectors of three other implementations.

use std::fs;
use std::path::Path;

use akbids::lease::tx::{self, Account, Coin, Fee, LeaseId, Message, Transaction, TxError};
use akbids::wallet::{Derivation, Key, hex};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

fn vectors(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/vectors").join(file);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn number(value: &Value) -> u64 {
    value.as_str().unwrap().parse().unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn key(vectors: &Value) -> Key {
    Key::from_mnemonic(vectors["mnemonic"].as_str().unwrap(), &Derivation::default()).unwrap()
}

fn fee(input: &Value) -> Fee {
    let coins = input["fee"].as_array().unwrap().iter();
    Fee {
        amount: coins
            .map(|coin| Coin {
                denom: coin["denom"].as_str().unwrap().to_owned(),
                amount: number(&coin["amount"]).into(),
            })
            .collect(),
        gas_limit: number(&input["gas_limit"]),
        granter: input["fee_granter"].as_str().map(str::to_owned),
    }
}

fn account(input: &Value) -> Account {
    Account {
        chain_id: input["chain_id"].as_str().unwrap().to_owned(),
        number: number(&input["account_number"]),
        sequence: number(&input["sequence"]),
    }
}

#[test]
fn every_vector_comes_out_byte_for_byte() {
    let vectors = vectors("tx-direct.json");
    let key = key(&vectors);
    let list = vectors["vectors"].as_array().unwrap();
    assert_eq!(list.len(), 15, "the vectors are all there");
    let mut own_body = 0;
    for vector in list {
        let (name, input) = (vector["name"].as_str().unwrap(), &vector["input"]);
        let account = account(input);
        // `unordered` and `timeout_timestamp` are not built here: there the vector's own body is signed.
        let plain = input["unordered"] == false && input["timeout_timestamp"].is_null();
        let body = if plain {
            own_body += 1;
            let messages = input["messages"].as_array().unwrap().iter();
            let messages = messages.map(|message| Message {
                type_url: message["type_url"].as_str().unwrap().to_owned(),
                value: bytes(&message["value_hex"]),
            });
            tx::body(messages.collect(), input["memo"].as_str().unwrap(), number(&input["timeout_height"]))
        } else {
            bytes(&vector["body_bytes_hex"])
        };
        assert_eq!(body, bytes(&vector["body_bytes_hex"]), "{name}: body");
        let auth_info = fee(input).auth_info(account.sequence, Some(key.public_key()));
        assert_eq!(auth_info, bytes(&vector["auth_info_bytes_hex"]), "{name}: auth info");
        assert_eq!(tx::sign_bytes(&body, &auth_info, &account), bytes(&vector["sign_doc_hex"]), "{name}: sign doc");
        let signed = tx::sign(body, auth_info, &account, &key);
        assert_eq!(hex(&signed.bytes), vector["tx_raw_hex"].as_str().unwrap(), "{name}: signed");
        assert_eq!(signed.base64(), vector["tx_raw_b64"].as_str().unwrap(), "{name}: base64");
        assert_eq!(signed.hash, vector["tx_hash"].as_str().unwrap(), "{name}: hash");
    }
    assert_eq!(own_body, 13, "all but two bodies are built here");
}

/// The ids in a vector's messages, read independently of the encoder.
fn leases(input: &Value) -> Vec<LeaseId> {
    let messages = input["messages"].as_array().unwrap().iter();
    messages
        .map(|message| {
            let value = bytes(&message["value_hex"]);
            let mut rest = &value[2..];
            let mut id = LeaseId { owner: String::new(), dseq: 0, gseq: 0, oseq: 0, provider: String::new(), bseq: 0 };
            let varint = |rest: &mut &[u8]| {
                let mut value = 0u64;
                for place in 0.. {
                    let byte = rest[0];
                    *rest = &rest[1..];
                    value |= u64::from(byte & 127) << (7 * place);
                    if byte < 128 {
                        break;
                    }
                }
                value
            };
            while !rest.is_empty() {
                let tag = varint(&mut rest);
                let value = varint(&mut rest);
                let mut text = || {
                    let (text, after) = rest.split_at(usize::try_from(value).unwrap());
                    rest = after;
                    String::from_utf8(text.to_vec()).unwrap()
                };
                match tag >> 3 {
                    1 => id.owner = text(),
                    2 => id.dseq = value,
                    3 => id.gseq = u32::try_from(value).unwrap(),
                    4 => id.oseq = u32::try_from(value).unwrap(),
                    5 => id.provider = text(),
                    6 => id.bseq = u32::try_from(value).unwrap(),
                    other => panic!("field {other}"),
                }
            }
            id
        })
        .collect()
}

#[test]
fn every_create_lease_vector_is_built_from_its_ids() {
    let vectors = vectors("tx-direct.json");
    let key = key(&vectors);
    let mut built = Vec::new();
    for vector in vectors["vectors"].as_array().unwrap() {
        let input = &vector["input"];
        let ours = input["messages"].as_array().unwrap().iter().all(|message| message["type_url"] == tx::CREATE_LEASE);
        if !ours || input["unordered"] == true || !input["timeout_timestamp"].is_null() {
            continue;
        }
        let transaction = Transaction {
            leases: leases(input),
            memo: input["memo"].as_str().unwrap().to_owned(),
            timeout_height: number(&input["timeout_height"]),
            fee: fee(input),
        };
        let name = vector["name"].as_str().unwrap();
        let signed = transaction.sign(&account(input), &key).unwrap();
        assert_eq!(hex(&signed.bytes), vector["tx_raw_hex"].as_str().unwrap(), "{name}");
        let simulated = transaction.simulation(account(input).sequence, Some(key.public_key())).unwrap();
        assert_eq!(simulated.base64(), vector["simulate_tx_b64"].as_str().unwrap(), "{name}: to simulate");
        built.push(name);
    }
    assert_eq!(built.len(), 9, "{built:?}");
    assert!(built.iter().any(|name| name.contains("two")), "several messages: {built:?}");
    assert!(built.iter().any(|name| name.contains("granter")), "a fee granter: {built:?}");
}

#[test]
fn the_unsigned_transaction_is_what_the_official_cli_takes() {
    let example = vectors("unsigned-tx-example.json");
    let id = &example["tx"]["body"]["messages"][0]["bid_id"];
    let text = |field: &str| id[field].as_str().unwrap().to_owned();
    let transaction = Transaction {
        leases: vec![LeaseId {
            owner: text("owner"),
            dseq: number(&id["dseq"]),
            gseq: 1,
            oseq: 1,
            provider: text("provider"),
            bseq: 0,
        }],
        memo: String::new(),
        timeout_height: 0,
        fee: Fee { amount: vec![Coin { denom: "uakt".to_owned(), amount: 6250 }], gas_limit: 250_000, granter: None },
    };
    assert_eq!(transaction.unsigned().unwrap(), example["tx"]);
}

#[test]
fn what_the_chain_would_refuse_after_taking_the_fee_is_not_signed() {
    let vectors = vectors("tx-direct.json");
    let (key, input) = (key(&vectors), &vectors["vectors"][0]["input"]);
    let good = leases(input).remove(0);
    let sign = |leases: Vec<LeaseId>| {
        Transaction { leases, memo: String::new(), timeout_height: 9, fee: fee(input) }.sign(&account(input), &key)
    };
    assert!(sign(vec![good.clone()]).is_ok());
    assert_eq!(sign(vec![]).unwrap_err(), TxError::Empty);
    let other_bid = LeaseId { provider: good.owner.clone(), ..good.clone() };
    assert_eq!(sign(vec![good.clone(), other_bid]).unwrap_err(), TxError::SameOrder { gseq: 1 });
    let other_group = LeaseId { gseq: 2, ..good.clone() };
    assert!(sign(vec![good.clone(), other_group]).is_ok());
    let stranger = LeaseId { owner: good.provider.clone(), ..good };
    assert!(matches!(sign(vec![stranger]).unwrap_err(), TxError::OtherOwner { .. }));
}

#[test]
fn a_recorded_hash_is_that_of_the_recorded_bytes() {
    // accept.jsonl line 26 of the recorded node, and the hash under which it found the transaction.
    let sent = "CpIBCowBCiQvYWthc2gubWFya2V0LnYxYmV0YTUuTXNnQ3JlYXRlTGVhc2USZApiCixha2FzaDFxZHM1N25xcndrN2o0MjU4am41N2dkbmYydXk2YW5rZ3VkMGE0dxAIGAEgASosYWthc2gxbXg0cWxtanhjeTB0ZGx3dzI0OWpxc3I2ejZwbXhzZzhoc3BkNTQYzgESZgpQCkYKHy9jb3Ntb3MuY3J5cHRvLnNlY3AyNTZrMS5QdWJLZXkSIwohAom5TiRwNOjliSzaldpSBacp8FX5UdAN0x3f2CJLaY77EgQKAggBGAMSEgoMCgR1YWt0EgQ4ODkzEPjaFRpAMmIKTwr3p+lXss1dkG8lYiDXLlCRNyTugxeQvQ/Vf6QnoDhqhBLx42zkOxmLXVOsSqXhFpWZenAto5/vH93tLg==";
    let hash = "AFB5D9BF796B77217192AB35A8534B643F79EC2112FA95AB7F18E1F406F5146F";
    assert_eq!(tx::hash(&STANDARD.decode(sent).unwrap()), hash);
}
