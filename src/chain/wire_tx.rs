//! Decoders of what a node says about transactions. Their texts echo raw bytes and whole Go stacks: they are cleaned here.

use super::wire::{DecodeError, Num, Text, object, utf8};
use crate::domain::text::Clean;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rust_decimal::Decimal;
use serde::Deserialize;

/// `tx_response` of a broadcast, a look-up or a search.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TxResponse {
    /// Upper-case hex.
    pub hash: String,
    /// 0 for one that is in no block (the answer of a broadcast).
    pub height: u64,
    pub codespace: Clean,
    /// 0 is success.
    pub code: u32,
    pub log: Clean,
}

#[derive(Deserialize)]
struct ResponseBody<'a> {
    #[serde(borrow, default)]
    txhash: Text<'a>,
    #[serde(default)]
    height: Num,
    #[serde(borrow, default)]
    codespace: Text<'a>,
    #[serde(default)]
    code: Num,
    #[serde(borrow, default)]
    raw_log: Text<'a>,
}

impl ResponseBody<'_> {
    fn response(self) -> Result<TxResponse, DecodeError> {
        let hash = self.txhash.filled().filter(|hash| hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
        Ok(TxResponse {
            hash: hash.ok_or_else(|| DecodeError::shape("the transaction has no hash"))?.to_ascii_uppercase(),
            height: self.height.0.unwrap_or(0),
            codespace: Clean::new(self.codespace.as_deref().unwrap_or("")),
            // An answer without a code is no success.
            code: self.code.u32().ok_or_else(|| DecodeError::shape("the transaction has no code"))?,
            log: Clean::message(self.raw_log.as_deref().unwrap_or("")),
        })
    }
}

/// `POST txs`, `GET txs/{hash}`.
///
/// # Errors
/// Not JSON, cut off, or without hash or code.
pub fn tx_response(bytes: &[u8]) -> Result<TxResponse, DecodeError> {
    #[derive(Deserialize)]
    struct Outer<'a> {
        #[serde(borrow)]
        tx_response: ResponseBody<'a>,
    }
    let text = utf8(bytes);
    object::<Outer<'_>>(&text)?.tx_response.response()
}

/// `GET txs?query=`: the first page.
///
/// # Errors
/// As [`tx_response`], of any of them.
pub fn tx_responses(bytes: &[u8]) -> Result<Vec<TxResponse>, DecodeError> {
    #[derive(Deserialize)]
    struct Outer<'a> {
        #[serde(borrow)]
        tx_responses: Vec<ResponseBody<'a>>,
    }
    let text = utf8(bytes);
    object::<Outer<'_>>(&text)?.tx_responses.into_iter().map(ResponseBody::response).collect()
}

/// `POST simulate`: the gas that was used.
///
/// # Errors
/// Not JSON, cut off, or without gas.
pub fn gas_used(bytes: &[u8]) -> Result<u64, DecodeError> {
    #[derive(Deserialize)]
    struct Outer {
        gas_info: Body,
    }
    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        gas_used: Num,
    }
    let text = utf8(bytes);
    let used = object::<Outer>(&text)?.gas_info.gas_used.0;
    used.filter(|gas| *gas > 0).ok_or_else(|| DecodeError::shape("the simulation tells no gas"))
}

/// `blocks/{height}`: its height and the bytes of its transactions.
///
/// # Errors
/// Not JSON, cut off, or a transaction that is not base64.
pub fn block_txs(bytes: &[u8]) -> Result<(u64, Vec<Vec<u8>>), DecodeError> {
    #[derive(Deserialize)]
    struct Outer<'a> {
        #[serde(borrow)]
        block: Block<'a>,
    }
    #[derive(Deserialize)]
    struct Block<'a> {
        header: Head,
        #[serde(borrow)]
        data: Data<'a>,
    }
    #[derive(Deserialize)]
    struct Head {
        #[serde(default)]
        height: Num,
    }
    #[derive(Deserialize)]
    struct Data<'a> {
        #[serde(borrow, default)]
        txs: Option<Vec<Text<'a>>>,
    }
    let text = utf8(bytes);
    let block = object::<Outer<'_>>(&text)?.block;
    let bad = || DecodeError::shape("a transaction of the block is not base64");
    let height = block.header.height.0.ok_or_else(|| DecodeError::shape("the block has no height"))?;
    let txs = block.data.txs.unwrap_or_default();
    let bytes = |tx: &Text<'_>| STANDARD.decode(tx.as_deref().ok_or_else(bad)?).map_err(|_| bad());
    Ok((height, txs.iter().map(bytes).collect::<Result<_, _>>()?))
}

/// `node/v1beta1/config`: the least price of a unit of gas in uakt; `None` where the node asks for none.
///
/// # Errors
/// Not JSON or cut off; a price in uakt that is no number.
pub fn minimum_gas_price(bytes: &[u8]) -> Result<Option<Decimal>, DecodeError> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow, default)]
        minimum_gas_price: Text<'a>,
    }
    let text = utf8(bytes);
    let body: Body<'_> = object(&text)?;
    let mut prices = body.minimum_gas_price.as_deref().unwrap_or("").split(',');
    let Some(price) = prices.find_map(|price| price.trim().strip_suffix("uakt")) else { return Ok(None) };
    crate::domain::money::parse_decimal(price)
        .map(Some)
        .map_err(|error| DecodeError::shape(&format!("the minimum gas price: {error}")))
}
