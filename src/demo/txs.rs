//! Routes of `cosmos.tx.v1beta1`: simulating, sending, and finding transactions.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::ante::{Emitted, Purpose};
use super::encoding;
use super::ledger::{Included, Outcome, message_data, response_type};
use super::node::Chain;
use super::record::Quoted;
use super::reply::{Answer, Ask, Asked, Heights, Index, Reply, malformed, not_implemented, refusal};
use super::transaction::Transaction;

const ROOT: &str = "/cosmos/tx/v1beta1";

/// A body of a POST; what else it holds is ignored.
#[derive(Deserialize)]
struct Posted {
    #[serde(default)]
    tx_bytes: String,
    #[serde(default)]
    mode: Value,
}

/// The node's answer to a POST. What is broadcast waits in `chain` from then on.
pub fn post(chain: &mut Chain, ask: Ask<'_>) -> Answer {
    let result = match ask.path.strip_prefix(ROOT) {
        Some("/simulate") => posted(ask).and_then(|(_, bytes)| simulate(chain, ask, &bytes)),
        Some("/txs") => posted(ask).and_then(|(mode, bytes)| broadcast(chain, ask, &mode, &bytes)),
        _ => Err(not_implemented()),
    };
    match result {
        Ok(answer) | Err(answer) => answer,
    }
}

/// The mode and the transaction's bytes.
fn posted(ask: Ask<'_>) -> Result<(Value, Vec<u8>), Answer> {
    // By way of an object: serde would also read the fields from a list.
    let body = serde_json::from_slice(ask.body).map(Value::Object);
    let body: Posted = body.and_then(serde_json::from_value).map_err(|reason| malformed(&reason.to_string()))?;
    let bytes = encoding::from_base64(&body.tx_bytes)
        .map_err(|at| malformed(&format!("illegal base64 data at input byte {at}")))?;
    Ok((body.mode, bytes))
}

fn simulate(chain: &Chain, ask: Ask<'_>, bytes: &[u8]) -> Reply {
    let tip = chain.height().saturating_sub(ask.lag);
    if bytes.is_empty() {
        return Err(refusal(3, "empty txBytes is not allowed", Heights::Grpc(tip)));
    }
    let setting = chain.setting(Purpose::Simulate);
    match chain.ledger.simulate(&chain.state, &setting, bytes, ask.lag) {
        Ok((tx, outcome)) => {
            let responses: Vec<Value> = tx.bids.iter().map(|_| json!({"@type": response_type()})).collect();
            let body = json!({
                "gas_info": {"gas_wanted": Quoted(u64::MAX), "gas_used": Quoted(outcome.gas_used)},
                "result": {
                    "data": encoding::base64(&message_data(&tx)), "log": "",
                    "events": events(&outcome.events, false), "msg_responses": responses,
                },
            });
            Ok(Answer { status: 200, heights: Heights::Both(tip), body: body.to_string() })
        }
        Err((refused, gas_used)) => {
            let place = if refused.place.is_empty() { String::new() } else { format!(" [{}]", refused.place) };
            let message = format!("{}{place} with gas used: '{gas_used}'", refused.text);
            Err(refusal(2, &message, Heights::Grpc(tip)))
        }
    }
}

fn broadcast(chain: &mut Chain, ask: Ask<'_>, mode: &Value, bytes: &[u8]) -> Reply {
    let asynchronous = match mode.as_str() {
        Some("BROADCAST_MODE_SYNC") => false,
        Some("BROADCAST_MODE_ASYNC") => true,
        _ => {
            let message = "unsupported return type unspecified; supported types: sync, async";
            return Err(refusal(2, message, Heights::None));
        }
    };
    if bytes.is_empty() {
        return Err(refusal(3, "invalid empty tx", Heights::None));
    }
    let (hash, refused) = chain.broadcast(bytes, ask.lag);
    let refused = refused.filter(|_| !asynchronous);
    let body = json!({"tx_response": {
        "height": "0", "txhash": encoding::hex(&hash),
        "codespace": refused.as_ref().map_or("", |refused| refused.codespace),
        "code": refused.as_ref().map_or(0, |refused| refused.code),
        "data": "", "raw_log": refused.as_ref().map_or("", |refused| &refused.text),
        "logs": [], "info": "", "gas_wanted": "0", "gas_used": "0",
        "tx": null, "timestamp": "", "events": [],
    }});
    Ok(Answer { status: 200, heights: Heights::None, body: body.to_string() })
}

/// `index`: whether they are of a block, where they can be searched for.
fn events(all: &[Emitted], index: bool) -> Vec<Value> {
    let attributes = |event: &Emitted| -> Vec<Value> {
        let all = event.attributes.iter();
        all.map(|(key, value)| json!({"key": key, "value": value, "index": index})).collect()
    };
    all.iter().map(|event| json!({"type": event.kind, "attributes": attributes(event)})).collect()
}

impl Asked<'_> {
    /// Up to which block the index of this node knows transactions.
    fn indexed(&self) -> Result<u64, Answer> {
        match self.index {
            Index::On => Ok(self.tip),
            Index::Behind(blocks) => Ok(self.tip.saturating_sub(blocks)),
            Index::Forgot => Ok(0),
            Index::Off => Err(self.refuse(2, "transaction indexing is disabled")),
        }
    }

    pub fn tx(&self, hash: &str) -> Reply {
        let bytes = encoding::from_hex(hash).map_err(|reason| self.refuse(2, &reason))?;
        let newest = self.indexed()?;
        let found = self.chain.ledger.by_hash(&bytes).filter(|found| found.height <= newest);
        let found = found.ok_or_else(|| self.missing(&format!("tx not found: {hash}")))?;
        self.say(&json!({"tx": found.tx.to_json(), "tx_response": self.tx_response(found)}))
    }

    pub fn txs_of_block(&self, number: i64) -> Reply {
        let height = match u64::try_from(number) {
            Ok(height) if (1..=self.tip).contains(&height) => height,
            _ => {
                let message = format!(
                    "codespace sdk code 26: invalid height: requested height {number} but height must not be less \
                     than 1 or greater than the current height {}",
                    self.tip
                );
                return Err(self.refuse(2, &message));
            }
        };
        let all = self.chain.ledger.of_block(height);
        let txs: Vec<Value> = all.iter().map(|found| found.tx.to_json()).collect();
        let mut body = self.block(height);
        body["txs"] = txs.into();
        body["pagination"] = json!({"next_key": null, "total": all.len().to_string()});
        if let Some(body) = body.as_object_mut() {
            body.remove("sdk_block");
        }
        self.say(&body)
    }

    fn tx_response(&self, found: &Included) -> Value {
        let Included { tx, height, outcome: Outcome { refusal, gas_used, events: emitted } } = found;
        let second = self.chain.time(*height).as_second();
        json!({
            "height": Quoted(height), "txhash": encoding::hex(&tx.hash),
            "codespace": refusal.as_ref().map_or("", |refused| refused.codespace),
            "code": refusal.as_ref().map_or(0, |refused| refused.code),
            "data": encoding::hex(&found.data()),
            "raw_log": refusal.as_ref().map_or("", |refused| &refused.text),
            "logs": [], "info": "", "gas_wanted": Quoted(tx.gas_limit), "gas_used": Quoted(gas_used),
            "tx": with_type(tx),
            "timestamp": jiff::Timestamp::from_second(second).unwrap_or_default().to_string(),
            "events": events(emitted, true),
        })
    }
}

/// `query`: conditions such as `tx.acc_seq='akash1…/7'`, with ` AND ` between.
pub fn search(asked: &Asked<'_>) -> Reply {
    let query = asked.query.text("query");
    if query.is_empty() {
        return Err(asked.refuse(13, "query cannot be empty"));
    }
    let mut conditions = Vec::new();
    for condition in query.split(" AND ") {
        let parts = condition.split_once('=').and_then(|(key, value)| {
            let value = value.trim();
            let bare = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
            Some((key.trim().rsplit_once('.')?, bare.unwrap_or(value)))
        });
        let Some(parts) = parts else {
            return Err(asked.refuse(2, &format!("failed to search for txs: cannot parse {condition:?}")));
        };
        conditions.push(parts);
    }
    let (limit, page): (usize, usize) = (asked.query.number("limit")?, asked.query.number("page")?);
    let newest = asked.indexed()?;
    let meets = |found: &Included| {
        conditions.iter().all(|((kind, key), value)| match (*kind, *key) {
            ("tx", "height") => found.height.to_string() == *value,
            ("tx", "hash") => encoding::hex(&found.tx.hash) == value.to_ascii_uppercase(),
            _ => found.outcome.events.iter().any(|event| {
                event.kind == *kind && event.attributes.iter().any(|(name, text)| name == key && text == value)
            }),
        })
    };
    let mut found: Vec<&Arc<Included>> = asked.chain.ledger.up_to(newest).filter(|found| meets(found)).collect();
    if matches!(asked.query.text("order_by"), "ORDER_BY_DESC" | "2") {
        found.reverse();
    }
    let total = found.len();
    let limit = if limit == 0 { 100 } else { limit };
    let shown: Vec<_> = found.into_iter().skip(page.saturating_sub(1).saturating_mul(limit)).take(limit).collect();
    let txs: Vec<Value> = shown.iter().map(|found| found.tx.to_json()).collect();
    let responses: Vec<Value> = shown.iter().map(|found| asked.tx_response(found)).collect();
    let body = json!({"txs": txs, "tx_responses": responses, "pagination": null, "total": total.to_string()});
    asked.say(&body)
}

fn with_type(tx: &Transaction) -> Value {
    let mut json = tx.to_json();
    json["@type"] = "/cosmos.tx.v1beta1.Tx".into();
    json
}
