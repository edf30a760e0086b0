//! The transaction that accepts bids: `SIGN_MODE_DIRECT` bytes, their hash, and the unsigned JSON for the official CLI.
//!
//! The messages are declared by hand with the field numbers of Cosmos SDK 0.53 and of Akash's market v1beta5; there is no
//! generated code. That they are right is held by vectors of three other implementations, byte for byte.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::domain::bid;
use crate::wallet::{self, Key};

/// The message that takes a bid, as the chain registers it since market v1beta5.
pub const CREATE_LEASE: &str = "/akash.market.v1beta5.MsgCreateLease";
const PUBLIC_KEY: &str = "/cosmos.crypto.secp256k1.PubKey";
/// `SignMode::SIGN_MODE_DIRECT`: the bytes themselves are signed.
const DIRECT: i32 = 1;

/// A bid, and the lease it becomes: both have the same id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LeaseId {
    pub owner: String,
    pub dseq: u64,
    pub gseq: u32,
    pub oseq: u32,
    pub provider: String,
    /// The provider's count of bids on this order. 0 on today's chain; copied as it was read, never assumed.
    pub bseq: u32,
}

impl From<&bid::BidId> for LeaseId {
    fn from(id: &bid::BidId) -> Self {
        let bid::BidId { owner, dseq, gseq, oseq, provider, bseq } = id;
        let (owner, provider) = (owner.to_string(), provider.to_string());
        Self { owner, dseq: *dseq, gseq: *gseq, oseq: *oseq, provider, bseq: *bseq }
    }
}

impl From<&LeaseId> for bid::BidId {
    fn from(id: &LeaseId) -> Self {
        let LeaseId { owner, dseq, gseq, oseq, provider, bseq } = id;
        let (owner, provider) = (bid::Address::new(owner), bid::Address::new(provider));
        Self { owner, dseq: *dseq, gseq: *gseq, oseq: *oseq, provider, bseq: *bseq }
    }
}

impl LeaseId {
    /// Whether both are bids on the same order, of which at most one can become a lease.
    pub fn same_order(&self, other: &Self) -> bool {
        let order = |id: &Self| (id.dseq, id.gseq, id.oseq);
        self.owner == other.owner && order(self) == order(other)
    }
}

/// An amount of a fee, in the smallest unit of its denom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coin {
    pub denom: String,
    pub amount: u128,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fee {
    pub amount: Vec<Coin>,
    pub gas_limit: u64,
    /// Who pays instead of the signer (`--fee-granter`).
    pub granter: Option<String>,
}

/// Leases to make at once, all of them or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    pub leases: Vec<LeaseId>,
    pub memo: String,
    /// The last block that may hold it; 0 for none.
    pub timeout_height: u64,
    pub fee: Fee,
}

/// Which account signs, as the chain counts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub chain_id: String,
    pub number: u64,
    pub sequence: u64,
}

/// What is sent, and under which name it will be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    pub bytes: Vec<u8>,
    /// Upper-case hex of SHA-256 of the bytes.
    pub hash: String,
}

impl Signed {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { hash: hash(&bytes), bytes }
    }

    /// As `tx_bytes` of a broadcast or a simulation.
    pub fn base64(&self) -> String {
        STANDARD.encode(&self.bytes)
    }
}

/// Why a transaction is not signed. These are mistakes of the caller: the person never meets them.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TxError {
    #[error("there is no bid to accept")]
    Empty,
    #[error("the bid is on a deployment of {owner}, and the key is that of {signer}")]
    OtherOwner { owner: String, signer: String },
    #[error("two bids on the same order (group {gseq}): one can be accepted")]
    SameOrder { gseq: u32 },
}

impl Transaction {
    /// Signs. The same input gives the same bytes every time.
    ///
    /// # Errors
    /// [`TxError`]: the chain would take the fee and refuse.
    pub fn sign(&self, account: &Account, key: &Key) -> Result<Signed, TxError> {
        self.check()?;
        let signer = key.address().to_string();
        if let Some(other) = self.leases.iter().find(|lease| lease.owner != signer) {
            return Err(TxError::OtherOwner { owner: other.owner.clone(), signer });
        }
        let auth_info = self.fee.auth_info(account.sequence, Some(key.public_key()));
        Ok(sign(self.body(), auth_info, account, key))
    }

    /// What to simulate: one empty signature, which a simulation accepts, and the fee, without which it reckons too
    /// little gas. `public_key` may be left out for an account that has signed before.
    ///
    /// # Errors
    /// [`TxError`].
    pub fn simulation(&self, sequence: u64, public_key: Option<&[u8; 33]>) -> Result<Signed, TxError> {
        self.check()?;
        let auth_info = self.fee.auth_info(sequence, public_key);
        Ok(Signed::new(raw(self.body(), auth_info, Vec::new())))
    }

    /// What `akash tx sign` takes, for keys that cannot sign here.
    ///
    /// # Errors
    /// [`TxError`].
    pub fn unsigned(&self) -> Result<serde_json::Value, TxError> {
        self.check()?;
        let messages: Vec<_> = self
            .leases
            .iter()
            .map(|lease| {
                json!({ "@type": CREATE_LEASE, "bid_id": {
                    "owner": lease.owner, "dseq": lease.dseq.to_string(), "gseq": lease.gseq, "oseq": lease.oseq,
                    "provider": lease.provider, "bseq": lease.bseq,
                }})
            })
            .collect();
        let amount: Vec<_> = self
            .fee
            .amount
            .iter()
            .map(|coin| json!({ "denom": coin.denom, "amount": coin.amount.to_string() }))
            .collect();
        Ok(json!({
            "body": {
                "messages": messages, "memo": self.memo, "timeout_height": self.timeout_height.to_string(),
                "extension_options": [], "non_critical_extension_options": [],
            },
            "auth_info": { "signer_infos": [], "fee": {
                "amount": amount, "gas_limit": self.fee.gas_limit.to_string(),
                "payer": "", "granter": self.fee.granter.as_deref().unwrap_or(""),
            }},
            "signatures": [],
        }))
    }

    fn body(&self) -> Vec<u8> {
        body(self.leases.iter().map(Message::create_lease).collect(), &self.memo, self.timeout_height)
    }

    fn check(&self) -> Result<(), TxError> {
        if self.leases.is_empty() {
            return Err(TxError::Empty);
        }
        for (place, lease) in self.leases.iter().enumerate() {
            if self.leases[..place].iter().any(|earlier| earlier.same_order(lease)) {
                return Err(TxError::SameOrder { gseq: lease.gseq });
            }
        }
        Ok(())
    }
}

/// One message of a transaction: its type and its own bytes.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Message {
    #[prost(string, tag = "1")]
    pub type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    pub value: Vec<u8>,
}

impl Message {
    fn create_lease(id: &LeaseId) -> Self {
        let id = BidId {
            owner: id.owner.clone(),
            dseq: id.dseq,
            gseq: id.gseq,
            oseq: id.oseq,
            provider: id.provider.clone(),
            bseq: id.bseq,
        };
        Self { type_url: CREATE_LEASE.to_owned(), value: CreateLease { bid_id: Some(id) }.encode_to_vec() }
    }
}

/// The bytes of a transaction's body.
pub fn body(messages: Vec<Message>, memo: &str, timeout_height: u64) -> Vec<u8> {
    TxBody { messages, memo: memo.to_owned(), timeout_height }.encode_to_vec()
}

impl Fee {
    /// Who signs and who pays, in bytes.
    pub fn auth_info(&self, sequence: u64, public_key: Option<&[u8; 33]>) -> Vec<u8> {
        let key = public_key.map(|key| Message {
            type_url: PUBLIC_KEY.to_owned(),
            value: PublicKey { key: key.to_vec() }.encode_to_vec(),
        });
        let amount = self.amount.iter();
        let fee = WireFee {
            amount: amount
                .map(|coin| WireCoin { denom: coin.denom.clone(), amount: coin.amount.to_string() })
                .collect(),
            gas_limit: self.gas_limit,
            granter: self.granter.clone().unwrap_or_default(),
        };
        let mode_info = Some(ModeInfo { single: Some(Single { mode: DIRECT }) });
        let signer_infos = vec![SignerInfo { public_key: key, mode_info, sequence }];
        AuthInfo { signer_infos, fee: Some(fee) }.encode_to_vec()
    }
}

/// Signs any body with any authorisation.
pub fn sign(body: Vec<u8>, auth_info: Vec<u8>, account: &Account, key: &Key) -> Signed {
    let signature = key.sign(&sign_bytes(&body, &auth_info, account));
    Signed::new(raw(body, auth_info, signature.to_vec()))
}

/// What the signature is over.
pub fn sign_bytes(body: &[u8], auth_info: &[u8], account: &Account) -> Vec<u8> {
    SignDoc {
        body_bytes: body.to_vec(),
        auth_info_bytes: auth_info.to_vec(),
        chain_id: account.chain_id.clone(),
        account_number: account.number,
    }
    .encode_to_vec()
}

/// The name of a transaction, from the very bytes that are sent.
pub fn hash(bytes: &[u8]) -> String {
    wallet::hex(&Sha256::digest(bytes)).to_uppercase()
}

fn raw(body_bytes: Vec<u8>, auth_info_bytes: Vec<u8>, signature: Vec<u8>) -> Vec<u8> {
    TxRaw { body_bytes, auth_info_bytes, signatures: vec![signature] }.encode_to_vec()
}

/// `akash.market.v1.BidID`.
#[derive(Clone, PartialEq, prost::Message)]
struct BidId {
    #[prost(string, tag = "1")]
    owner: String,
    #[prost(uint64, tag = "2")]
    dseq: u64,
    #[prost(uint32, tag = "3")]
    gseq: u32,
    #[prost(uint32, tag = "4")]
    oseq: u32,
    #[prost(string, tag = "5")]
    provider: String,
    #[prost(uint32, tag = "6")]
    bseq: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct CreateLease {
    #[prost(message, optional, tag = "1")]
    bid_id: Option<BidId>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct TxBody {
    #[prost(message, repeated, tag = "1")]
    messages: Vec<Message>,
    #[prost(string, tag = "2")]
    memo: String,
    #[prost(uint64, tag = "3")]
    timeout_height: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct PublicKey {
    #[prost(bytes = "vec", tag = "1")]
    key: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ModeInfo {
    #[prost(message, optional, tag = "1")]
    single: Option<Single>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Single {
    #[prost(int32, tag = "1")]
    mode: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct SignerInfo {
    #[prost(message, optional, tag = "1")]
    public_key: Option<Message>,
    #[prost(message, optional, tag = "2")]
    mode_info: Option<ModeInfo>,
    #[prost(uint64, tag = "3")]
    sequence: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct WireCoin {
    #[prost(string, tag = "1")]
    denom: String,
    #[prost(string, tag = "2")]
    amount: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct WireFee {
    #[prost(message, repeated, tag = "1")]
    amount: Vec<WireCoin>,
    #[prost(uint64, tag = "2")]
    gas_limit: u64,
    #[prost(string, tag = "4")]
    granter: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct AuthInfo {
    #[prost(message, repeated, tag = "1")]
    signer_infos: Vec<SignerInfo>,
    #[prost(message, optional, tag = "2")]
    fee: Option<WireFee>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct SignDoc {
    #[prost(bytes = "vec", tag = "1")]
    body_bytes: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    auth_info_bytes: Vec<u8>,
    #[prost(string, tag = "3")]
    chain_id: String,
    #[prost(uint64, tag = "4")]
    account_number: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct TxRaw {
    #[prost(bytes = "vec", tag = "1")]
    body_bytes: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    auth_info_bytes: Vec<u8>,
    #[prost(bytes = "vec", repeated, tag = "3")]
    signatures: Vec<Vec<u8>>,
}
