//! A transaction's bytes taken apart, and put into words as the node does.
//!
//! ```text
//! TxRaw   1 body bytes   2 auth info bytes   3 signatures
//! body    1 messages   2 memo   3 timeout height   4 unordered   5 timeout timestamp
//! auth    1 signer infos (key, mode, sequence)   2 fee (coins, gas limit, payer, granter)
//! ```
//!
//! Refused are fields the node does not know, on every level, a `TxRaw` that is not canonical (ADR 027),
//! message types it does not serve.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::encoding;
use super::record::{BidId, Coin, Quoted};
use super::wire::{
    AUTH_INFO, CREATE_LEASE, PUBLIC_KEY, TX_BODY, TX_RAW, any, fields, put_bytes, reject_other_encodings,
    reject_unknown, text,
};

/// SHA-256 of a transaction's bytes.
pub type Hash = [u8; 32];

/// Who signs, and what is said of the signature.
#[derive(Clone, Debug)]
pub struct SignerInfo {
    /// Compressed secp256k1 key; `None` when the account's own is to be taken.
    pub public_key: Option<Vec<u8>>,
    /// `SignMode`; 1 is `SIGN_MODE_DIRECT`.
    pub mode: u64,
    pub sequence: u64,
}

#[derive(Clone, Debug)]
pub struct Transaction {
    pub bytes: Vec<u8>,
    pub hash: Hash,
    /// As sent: what is signed.
    pub body: Vec<u8>,
    /// As sent: what is signed.
    pub auth_info: Vec<u8>,
    /// The bids of its `MsgCreateLease`, in order.
    pub bids: Vec<BidId>,
    pub memo: String,
    /// 0: none.
    pub timeout_height: u64,
    pub unordered: bool,
    pub timeout_timestamp: Option<Timestamp>,
    pub signers: Vec<SignerInfo>,
    pub fee: Vec<Coin>,
    pub gas_limit: u64,
    /// Empty: the first signer.
    pub payer: String,
    /// Empty: nobody.
    pub granter: String,
    pub signatures: Vec<Vec<u8>>,
}

/// A 32-bit number: the upper half of a longer one is cut off, as Go does.
fn short(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or(0)
}

fn bid_id(message: &[u8]) -> Result<BidId, String> {
    let mut id = BidId { owner: "".into(), dseq: Quoted(0), gseq: 0, oseq: 0, provider: "".into(), bseq: 0 };
    for inner in fields(message)? {
        for raw in fields(inner.bytes)? {
            match raw.tag {
                1 => id.owner = text(raw.bytes).into(),
                2 => id.dseq = Quoted(raw.number),
                3 => id.gseq = short(raw.number),
                4 => id.oseq = short(raw.number),
                5 => id.provider = text(raw.bytes).into(),
                6 => id.bseq = short(raw.number),
                _ => {}
            }
        }
    }
    Ok(id)
}

fn coin(bytes: &[u8]) -> Result<Coin, String> {
    let (mut denom, mut amount) = (String::new(), String::new());
    for raw in fields(bytes)? {
        match raw.tag {
            1 => denom = text(raw.bytes),
            2 => amount = text(raw.bytes),
            _ => {}
        }
    }
    let amount = amount.parse().map_err(|_| format!("math/big: cannot unmarshal {amount:?} into a *big.Int"))?;
    Ok(Coin::new(&denom, amount))
}

fn signer_info(bytes: &[u8]) -> Result<SignerInfo, String> {
    let mut info = SignerInfo { public_key: None, mode: 0, sequence: 0 };
    for raw in fields(bytes)? {
        match raw.tag {
            1 => {
                let (_, key) = any(raw.bytes)?;
                info.public_key = fields(key)?.into_iter().next_back().map(|key| key.bytes.to_vec());
            }
            2 => {
                for single in fields(raw.bytes)?.iter().filter(|mode| mode.tag == 1) {
                    for mode in fields(single.bytes)? {
                        info.mode = mode.number;
                    }
                }
            }
            3 => info.sequence = raw.number,
            _ => {}
        }
    }
    Ok(info)
}

fn timestamp(bytes: &[u8]) -> Result<Timestamp, String> {
    let (mut seconds, mut nanos) = (0, 0);
    for raw in fields(bytes)? {
        match raw.tag {
            1 => seconds = raw.number.cast_signed(),
            2 => nanos = short(raw.number).cast_signed(),
            _ => {}
        }
    }
    Timestamp::from_second(seconds)
        .and_then(|time| time.checked_add(SignedDuration::from_nanos(i64::from(nanos))))
        .map_err(|_| format!("timestamp: seconds:{seconds} nanos:{nanos} out of range"))
}

impl Transaction {
    /// Takes `bytes` apart.
    ///
    /// # Errors
    /// The node's words, without its `tx parse error` behind them.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        reject_other_encodings(bytes)?;
        reject_unknown(bytes, &TX_RAW, false)?;
        let mut tx = Self {
            bytes: bytes.to_vec(),
            hash: encoding::sha256(bytes),
            body: Vec::new(),
            auth_info: Vec::new(),
            bids: Vec::new(),
            memo: String::new(),
            timeout_height: 0,
            unordered: false,
            timeout_timestamp: None,
            signers: Vec::new(),
            fee: Vec::new(),
            gas_limit: 0,
            payer: String::new(),
            granter: String::new(),
            signatures: Vec::new(),
        };
        for raw in fields(bytes)? {
            match raw.tag {
                1 => tx.body = raw.bytes.to_vec(),
                2 => tx.auth_info = raw.bytes.to_vec(),
                _ => tx.signatures.push(raw.bytes.to_vec()),
            }
        }
        tx.read_body()?;
        tx.read_auth_info()?;
        Ok(tx)
    }

    fn read_body(&mut self) -> Result<(), String> {
        let body = std::mem::take(&mut self.body);
        reject_unknown(&body, &TX_BODY, true)?;
        for raw in fields(&body)? {
            match raw.tag {
                1 => {
                    let (url, message) = any(raw.bytes)?;
                    if url != CREATE_LEASE {
                        return Err(format!(
                            "no concrete type registered for type URL {url} against interface *types.Msg"
                        ));
                    }
                    self.bids.push(bid_id(message)?);
                }
                2 => self.memo = text(raw.bytes),
                3 => self.timeout_height = raw.number,
                4 => self.unordered = raw.number != 0,
                5 => self.timeout_timestamp = Some(timestamp(raw.bytes)?),
                _ => {}
            }
        }
        self.body = body;
        Ok(())
    }

    fn read_auth_info(&mut self) -> Result<(), String> {
        let auth_info = std::mem::take(&mut self.auth_info);
        reject_unknown(&auth_info, &AUTH_INFO, false)?;
        for raw in fields(&auth_info)? {
            match raw.tag {
                1 => self.signers.push(signer_info(raw.bytes)?),
                2 => {
                    for raw in fields(raw.bytes)? {
                        match raw.tag {
                            1 => self.fee.push(coin(raw.bytes)?),
                            2 => self.gas_limit = raw.number,
                            3 => self.payer = text(raw.bytes),
                            _ => self.granter = text(raw.bytes),
                        }
                    }
                }
                _ => {}
            }
        }
        self.auth_info = auth_info;
        Ok(())
    }

    /// Who has to sign, each once: the owners of its messages in order, then the fee's payer.
    pub fn must_sign(&self) -> Vec<Arc<str>> {
        let mut all: Vec<Arc<str>> = Vec::new();
        let payer = Some(&self.payer).filter(|payer| !payer.is_empty()).map(|payer| payer.as_str().into());
        for address in self.bids.iter().map(|id| id.owner.clone()).chain(payer) {
            if !all.contains(&address) {
                all.push(address);
            }
        }
        all
    }

    /// What a signer signs with `SIGN_MODE_DIRECT`.
    pub fn sign_doc(&self, chain_id: &str, account_number: u64) -> Vec<u8> {
        let mut doc = Vec::with_capacity(self.bytes.len() + 32);
        for (key, part) in [(0x0a, &self.body[..]), (0x12, &self.auth_info), (0x1a, chain_id.as_bytes())] {
            if !part.is_empty() {
                put_bytes(&mut doc, key, part);
            }
        }
        if account_number > 0 {
            doc.push(0x20);
            encoding::varint(&mut doc, account_number);
        }
        doc
    }

    /// `7501uakt`; several with commas between.
    pub fn fee_text(&self) -> String {
        coins_text(&self.fee)
    }

    /// As the node answers it, without `@type`.
    pub fn to_json(&self) -> Value {
        let messages: Vec<Value> = self.bids.iter().map(|id| json!({"@type": CREATE_LEASE, "bid_id": id})).collect();
        let signers: Vec<Value> = self
            .signers
            .iter()
            .map(|info| {
                let key = info.public_key.as_ref();
                let mode = match info.mode {
                    0 => json!("SIGN_MODE_UNSPECIFIED"),
                    1 => json!("SIGN_MODE_DIRECT"),
                    2 => json!("SIGN_MODE_TEXTUAL"),
                    127 => json!("SIGN_MODE_LEGACY_AMINO_JSON"),
                    other => json!(other),
                };
                json!({
                    "public_key": key.map(|key| json!({"@type": PUBLIC_KEY, "key": encoding::base64(key)})),
                    "mode_info": {"single": {"mode": mode}},
                    "sequence": Quoted(info.sequence),
                })
            })
            .collect();
        let signatures: Vec<String> = self.signatures.iter().map(|bytes| encoding::base64(bytes)).collect();
        json!({
            "body": {
                "messages": messages, "memo": self.memo, "timeout_height": Quoted(self.timeout_height),
                "unordered": self.unordered,
                "timeout_timestamp": self.timeout_timestamp.map(|time| time.to_string()),
                "extension_options": [], "non_critical_extension_options": [],
            },
            "auth_info": {
                "signer_infos": signers,
                "fee": {"amount": self.fee, "gas_limit": Quoted(self.gas_limit),
                        "payer": self.payer, "granter": self.granter},
                "tip": null,
            },
            "signatures": signatures,
        })
    }
}

/// Coins as the node writes them into events and errors.
pub fn coins_text(coins: &[Coin]) -> String {
    let each: Vec<String> = coins.iter().map(|coin| format!("{}{}", coin.amount.0, coin.denom)).collect();
    each.join(",")
}

/// Bytes of a transaction that asks for a lease of a bid that does not exist, with a signature of zeros:
/// another program's use of the account, as far as the chain's sequence goes.
pub fn somebody_elses(owner: &str, sequence: u64, fee: &Coin, memo: &str) -> Vec<u8> {
    let number = |out: &mut Vec<u8>, key: u8, number: u64| {
        if number > 0 {
            out.push(key);
            encoding::varint(out, number);
        }
    };
    let nested = |key: u8, inner: &[u8]| {
        let mut out = Vec::new();
        put_bytes(&mut out, key, inner);
        out
    };
    let mut id = nested(0x0a, owner.as_bytes());
    for key in [0x10, 0x18, 0x20] {
        number(&mut id, key, 1);
    }
    put_bytes(&mut id, 0x2a, encoding::module_address("nobody").as_bytes());
    let mut message = nested(0x0a, CREATE_LEASE.as_bytes());
    put_bytes(&mut message, 0x12, &nested(0x0a, &id));
    let mut body = nested(0x0a, &message);
    put_bytes(&mut body, 0x12, memo.as_bytes());
    // SIGN_MODE_DIRECT, alone.
    let mut signer = nested(0x12, &nested(0x0a, &[0x08, 1]));
    number(&mut signer, 0x18, sequence);
    let mut coin = nested(0x0a, fee.denom.as_bytes());
    put_bytes(&mut coin, 0x12, fee.amount.0.to_string().as_bytes());
    let mut price = nested(0x0a, &coin);
    number(&mut price, 0x10, 200_000);
    let mut auth_info = nested(0x0a, &signer);
    put_bytes(&mut auth_info, 0x12, &price);
    let mut raw = nested(0x0a, &body);
    put_bytes(&mut raw, 0x12, &auth_info);
    put_bytes(&mut raw, 0x1a, &[0; 64]);
    raw
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        let fee = Coin::new("uakt", 5000);
        somebody_elses("akash19rl4cm2hmr8afy4kldpxz3fka4jguq0a3mq6x0", 300, &fee, "hello")
    }

    #[test]
    fn what_is_written_is_read_again() {
        let tx = Transaction::decode(&sample()).unwrap_or_else(|reason| panic!("{reason}"));
        assert_eq!((tx.memo.as_str(), tx.gas_limit, tx.fee_text().as_str()), ("hello", 200_000, "5000uakt"));
        assert_eq!((tx.signers[0].sequence, tx.signers[0].mode), (300, 1));
        assert_eq!((tx.bids[0].dseq.0, tx.bids[0].bseq), (1, 0));
        assert_eq!(*tx.must_sign()[0], *"akash19rl4cm2hmr8afy4kldpxz3fka4jguq0a3mq6x0");
    }

    #[test]
    fn every_cut_is_refused_and_none_panics() {
        let whole = sample();
        for end in 1..whole.len() {
            // Cut between two fields, it decodes; and must lack something then.
            if let Ok(tx) = Transaction::decode(&whole[..end]) {
                assert!(tx.signatures.is_empty(), "{end}");
            }
        }
    }

    #[test]
    fn unknown_fields_are_refused_on_every_level() {
        let wrap = |key: u8, inner: &[u8]| {
            let mut out = Vec::new();
            put_bytes(&mut out, key, inner);
            out
        };
        let refused = |bytes: &[u8]| Transaction::decode(bytes).err().unwrap_or_default();
        // Field 9 of the body, a number.
        assert_eq!(refused(&wrap(0x0a, &[0x48, 1])), r#"errUnknownField "*tx.TxBody": {TagNum: 9, WireType:"varint"}"#);
        // Field 1024 of the body is not critical; 1024 << 3 is [0x80, 0x40].
        assert_eq!(refused(&wrap(0x0a, &[0x80, 0x40, 1])), "");
        assert_eq!(
            refused(&wrap(0x12, &[0x80, 0x40, 1])),
            r#"errUnknownField "*tx.AuthInfo": {TagNum: 1024, WireType:"varint"}"#
        );
        let old = wrap(0x0a, &wrap(0x0a, &wrap(0x0a, b"/akash.market.v1beta4.MsgCreateLease")));
        assert_eq!(refused(&old), "unable to resolve type URL /akash.market.v1beta4.MsgCreateLease");
        let mut bid = wrap(0x0a, CREATE_LEASE.as_bytes());
        put_bytes(&mut bid, 0x12, &wrap(0x0a, &[0x38, 1]));
        let inner = wrap(0x0a, &wrap(0x0a, &bid));
        assert_eq!(refused(&inner), r#"errUnknownField "*v1.BidID": {TagNum: 7, WireType:"varint"}"#);
        assert_eq!(refused(&[0x12, 0, 0x0a, 0]), "txRaw must follow ADR-027, got tagNum 1 after tagNum 2");
        assert_eq!(
            refused(&[0x0a, 0x80, 0]),
            "length prefix varint for tagNum 1 is not as short as possible, read 2, only need 1"
        );
        assert_eq!(refused(&[0x08, 1]), "expected 2 wire type, got 0");
    }
}
