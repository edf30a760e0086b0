//! What a transaction must pass before its messages run, in the order in which the node checks it.
//!
//! ```text
//! messages well-formed -> gas limit, signatures there -> timeouts -> memo -> size -> fee -> keys
//!   -> sequence, signature
//! ```
//!
//! Nothing is changed while checking: what passed is a [`Passed`], which can be put into the state.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use k256::ecdsa::signature::Verifier as _;
use k256::ecdsa::{Signature, VerifyingKey};

use super::encoding;
use super::gas::{self, Meter, OutOfGas};
use super::record::{Account, BidId, Coin, PubKey, Quoted};
use super::state::State;
use super::transaction::{Transaction, coins_text};
use super::wire::PUBLIC_KEY;

/// Why a transaction is not taken, or failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub codespace: &'static str,
    pub code: u32,
    pub text: String,
    /// Where in the node's source; simulate says it. Empty: simulate says none.
    pub place: &'static str,
}

impl Refusal {
    pub fn new(codespace: &'static str, code: u32, text: impl Into<String>, place: &'static str) -> Self {
        Self { codespace, code, text: text.into(), place }
    }

    fn sdk(code: u32, text: impl Into<String>, place: &'static str) -> Self {
        Self::new("sdk", code, text, place)
    }

    /// The bytes are no transaction the node knows.
    pub fn undecodable(reason: &str) -> Self {
        Self::sdk(2, format!("{reason}: tx parse error: tx parse error"), WRAP)
    }
}

impl From<OutOfGas> for Refusal {
    fn from(OutOfGas(text): OutOfGas) -> Self {
        Self::sdk(11, text, WRAPF)
    }
}

const WRAP: &str = "cosmossdk.io/errors@v1.0.2/errors.go:151";
const WRAPF: &str = "cosmossdk.io/errors@v1.0.2/errors.go:155";
const BASIC: &str = "github.com/cosmos/cosmos-sdk/x/auth/ante/basic.go:68";
const FEE: &str = "github.com/cosmos/cosmos-sdk/x/auth/ante/fee.go:137";
const SIGNATURE: &str = "github.com/cosmos/cosmos-sdk/x/auth/ante/sigverify.go:364";
const TX_TYPES: &str = "github.com/cosmos/cosmos-sdk/types/tx/types.go:61";
const GROUP: &str = "pkg.akt.dev/go/node/deployment/v1/group.go:39";

/// Most characters of a memo.
const MEMO: usize = 256;
/// How far ahead the timestamp of an unordered transaction may lie.
const UNORDERED_WINDOW: SignedDuration = SignedDuration::from_secs(600);

/// What for it is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be let into the mempool: also the fee must be what this node asks for.
    Check,
    /// Tells gas: neither the fee's minimum nor keys nor signatures are looked at.
    Simulate,
    /// In a block.
    Deliver,
    /// In a block, with a signature that nobody looks at: what tests let another program send.
    Unsigned,
}

/// What the checks depend on besides transaction and state.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    pub chain_id: &'a str,
    /// The block it would be in, or the newest one when it is for the mempool.
    pub height: u64,
    pub time: Timestamp,
    pub purpose: Purpose,
}

/// Something that happened, as the answer to a transaction tells it.
#[derive(Clone, Debug)]
pub struct Emitted {
    pub kind: &'static str,
    pub attributes: Vec<(&'static str, String)>,
}

impl Emitted {
    pub fn new<const N: usize>(kind: &'static str, attributes: [(&'static str, &str); N]) -> Self {
        Self { kind, attributes: attributes.map(|(key, value)| (key, value.to_owned())).into() }
    }

    /// The four events of coins that change hands.
    pub fn payment(from: &str, to: &str, amount: &str) -> [Self; 4] {
        [
            Self::new("coin_spent", [("spender", from), ("amount", amount)]),
            Self::new("coin_received", [("receiver", to), ("amount", amount)]),
            Self::new("transfer", [("recipient", to), ("sender", from), ("amount", amount)]),
            Self::new("message", [("sender", from)]),
        ]
    }
}

/// Granter and grantee of an allowance, and what is left of it.
type Left = ((Arc<str>, Arc<str>), Vec<Coin>);

/// What a transaction that passed does to the state before its messages run, and what that looks like.
#[derive(Clone, Debug, Default)]
pub struct Passed {
    payer: Arc<str>,
    fee: Vec<Coin>,
    allowance: Option<Left>,
    accounts: Vec<Account>,
    /// Timestamps that the signers of an unordered transaction have used up.
    nonces: Vec<(Arc<str>, Timestamp)>,
    pub events: Vec<Emitted>,
}

impl Passed {
    pub fn apply(self, state: &mut State, height: u64) {
        let collector: Arc<str> = encoding::module_address("fee_collector").into();
        for coin in &self.fee {
            state.debit(height, &self.payer, &coin.denom, coin.amount.0);
            state.credit(height, &collector, &coin.denom, coin.amount.0);
        }
        if let Some((key, left)) = self.allowance {
            if left.is_empty() {
                state.allowances.delete(height, key);
            } else {
                state.allowances.put(height, key, left);
            }
        }
        for account in self.accounts {
            state.accounts.put(height, account.address.clone(), account);
        }
        for nonce in self.nonces {
            state.nonces.put(height, nonce, ());
        }
    }
}

/// Checks `tx` against the rows of `state` at height `at`; the gas it took comes along either way.
pub fn check(state: &State, at: u64, setting: &Setting<'_>, tx: &Transaction) -> (Meter, Result<Passed, Refusal>) {
    let simulate = setting.purpose == Purpose::Simulate;
    let mut meter = Meter::new(if simulate { u64::MAX } else { tx.gas_limit });
    let result = run(state, at, setting, tx, &mut meter);
    (meter, result)
}

fn run(state: &State, at: u64, setting: &Setting<'_>, tx: &Transaction, meter: &mut Meter) -> Result<Passed, Refusal> {
    if let Err(refusal) = messages(tx) {
        // Simulate tells this much, whoever asks; nothing has been charged yet.
        meter.used = gas::MESSAGES;
        return Err(refusal);
    }
    let signers = tx.must_sign();
    basic(tx, &signers)?;
    timeouts(setting, tx)?;
    meter.spend(gas::PARAMS, "ReadFlat")?;
    if tx.memo.len() > MEMO {
        let text =
            format!("maximum number of characters is {MEMO} but received {} characters: memo too large", tx.memo.len());
        return Err(Refusal::sdk(12, text, BASIC));
    }
    let size = u64::try_from(tx.bytes.len()).unwrap_or(u64::MAX);
    meter.spend(size.saturating_mul(gas::BYTE), "txSize")?;
    let mut passed = Passed::default();
    fee(state, at, setting, tx, &signers, meter, &mut passed)?;
    for (signer, info) in signers.iter().zip(&tx.signers) {
        let account = keyed_account(state, at, setting, signer, info.public_key.as_deref())?;
        passed.accounts.push(account);
    }
    for (info, (signer, signature)) in tx.signers.iter().zip(signers.iter().zip(&tx.signatures)) {
        if !tx.unordered {
            let used = format!("{signer}/{}", info.sequence);
            passed.events.push(Emitted::new("tx", [("acc_seq", &used)]));
        }
        passed.events.push(Emitted::new("tx", [("signature", &encoding::base64(signature))]));
    }
    meter.spend(gas::KEYS, "ReadFlat")?;
    if tx.unordered {
        passed.nonces = nonces(state, at, setting, tx, &signers)?;
    }
    for (at, account) in passed.accounts.iter_mut().enumerate() {
        verify(setting, tx, at, account)?;
        if tx.unordered {
            meter.spend(gas::SIGNATURE_UNORDERED, "ante verify: secp256k1")?;
        } else {
            account.sequence.0 += 1;
            meter.spend(gas::SIGNATURE_AND_SEQUENCE, "WriteFlat")?;
        }
    }
    Ok(passed)
}

/// What each message can be refused for without looking at the state.
fn messages(tx: &Transaction) -> Result<(), Refusal> {
    if tx.bids.is_empty() {
        return Err(Refusal::sdk(18, "must contain at least one message: invalid request", WRAP));
    }
    tx.bids.iter().try_for_each(bid_id)
}

fn bid_id(id: &BidId) -> Result<(), Refusal> {
    let order = "BidID: Invalid OrderID: OrderID: ";
    let group = format!("{order}Invalid GroupID: GroupID: ");
    let deployment = format!("{group}Invalid DeploymentID: DeploymentID: ");
    if encoding::address(&id.owner).is_err() {
        let text = format!("{deployment}Invalid Owner Address: invalid address");
        return Err(Refusal::sdk(7, text, WRAP));
    }
    if id.dseq.0 == 0 {
        let text = format!("{deployment}Invalid Deployment Sequence: invalid sequence");
        return Err(Refusal::sdk(3, text, WRAP));
    }
    if id.gseq == 0 {
        return Err(Refusal::sdk(3, format!("{group}Invalid Group Sequence: invalid sequence"), GROUP));
    }
    if id.oseq == 0 {
        return Err(Refusal::sdk(3, format!("{order}Invalid Order Sequence: invalid sequence"), WRAP));
    }
    if encoding::address(&id.provider).is_err() {
        return Err(Refusal::sdk(7, "BidID: Invalid Provider Address: invalid address", WRAP));
    }
    if id.owner == id.provider {
        return Err(Refusal::sdk(36, "BidID: self-bid: conflict", WRAP));
    }
    if id.bseq != 0 {
        return Err(Refusal::sdk(36, "BidID: invalid bseq: conflict", WRAP));
    }
    Ok(())
}

fn basic(tx: &Transaction, signers: &[Arc<str>]) -> Result<(), Refusal> {
    const MOST: u64 = i64::MAX.cast_unsigned();
    if tx.gas_limit > MOST {
        let text = format!("invalid gas supplied; {} > {MOST}: invalid request", tx.gas_limit);
        return Err(Refusal::sdk(18, text, TX_TYPES));
    }
    if tx.signatures.is_empty() {
        return Err(Refusal::sdk(15, "no signatures supplied", ""));
    }
    let (want, got) = (signers.len(), tx.signatures.len());
    if want != got || tx.signers.len() != got {
        let text = format!("wrong number of signers; expected {want}, got {got}: unauthorized");
        return Err(Refusal::sdk(4, text, TX_TYPES));
    }
    Ok(())
}

fn timeouts(setting: &Setting<'_>, tx: &Transaction) -> Result<(), Refusal> {
    if tx.timeout_height > 0 && setting.height > tx.timeout_height {
        let text =
            format!("block height: {}, timeout height: {}: tx timeout height", setting.height, tx.timeout_height);
        return Err(Refusal::sdk(30, text, WRAPF));
    }
    match tx.timeout_timestamp {
        Some(until) if until < setting.time => {
            let text = format!("block time: {}, timeout timestamp: {until}: tx timeout", setting.time);
            Err(Refusal::sdk(42, text, WRAPF))
        }
        _ => Ok(()),
    }
}

/// Who pays, whether he may and can.
fn fee(
    state: &State,
    at: u64,
    setting: &Setting<'_>,
    tx: &Transaction,
    signers: &[Arc<str>],
    meter: &mut Meter,
    passed: &mut Passed,
) -> Result<(), Refusal> {
    if setting.purpose != Purpose::Simulate && tx.gas_limit == 0 {
        return Err(Refusal::sdk(41, "must provide positive gas: invalid gas limit", WRAP));
    }
    if setting.purpose == Purpose::Check {
        minimum(state, tx)?;
    }
    meter.spend(gas::ACCOUNT, "ReadFlat")?;
    let first = signers.first().cloned().unwrap_or_default();
    let payer: Arc<str> = if tx.payer.is_empty() { first } else { tx.payer.as_str().into() };
    let from: Arc<str> = if tx.granter.is_empty() { payer.clone() } else { tx.granter.as_str().into() };
    if from != payer {
        passed.allowance = Some(granted(state, at, tx, &from, &payer, &mut passed.events)?);
        meter.spend(gas::ALLOWANCE, "ReadFlat")?;
    }
    if state.accounts.get(at, &from).is_none() {
        let text = format!("fee payer address: {} does not exist: unknown address", raw(&from));
        return Err(Refusal::sdk(9, text, WRAPF));
    }
    let fee: Vec<Coin> = tx.fee.iter().filter(|coin| coin.amount.0 > 0).cloned().collect();
    if !fee.is_empty() {
        if fee.len() != tx.fee.len() || !fee.is_sorted_by(|a, b| a.denom < b.denom) {
            return Err(Refusal::sdk(13, format!("invalid fee amount: {}: insufficient fee", tx.fee_text()), FEE));
        }
        meter.spend(gas::BALANCE, "ReadFlat")?;
        let held = state.balances.get(at, &from);
        for coin in &fee {
            let same = held.and_then(|coins| coins.iter().find(|held| held.denom == coin.denom));
            let spendable = same.map_or(0, |held| held.amount.0);
            if spendable < coin.amount.0 {
                let (denom, amount) = (&coin.denom, coin.amount.0);
                let text = format!(
                    "spendable balance {spendable}{denom} is smaller than {amount}{denom}: \
                     insufficient funds: insufficient funds"
                );
                return Err(Refusal::sdk(5, text, FEE));
            }
        }
        meter.spend(gas::TRANSFER, "WriteFlat")?;
        let collector = encoding::module_address("fee_collector");
        passed.events.extend(Emitted::payment(&from, &collector, &coins_text(&fee)));
    }
    passed.events.push(Emitted::new("tx", [("fee", &coins_text(&fee)), ("fee_payer", &from)]));
    passed.payer = from;
    passed.fee = fee;
    Ok(())
}

/// The fee this node asks for: its minimum price times the gas limit, rounded up.
fn minimum(state: &State, tx: &Transaction) -> Result<(), Refusal> {
    let price = &state.params.minimum_gas_price;
    let digits = price.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(price.len());
    let (amount, denom) = price.split_at(digits);
    let Ok(amount) = amount.parse::<super::record::Dec>() else {
        return Ok(());
    };
    let exact = amount.times(tx.gas_limit);
    let required = exact.truncated() + u128::from(!exact.fraction().is_zero());
    if required == 0 || tx.fee.iter().any(|coin| *coin.denom == *denom && coin.amount.0 >= required) {
        return Ok(());
    }
    let text = format!("insufficient fees; got: {} required: {required}{denom}: insufficient fee", tx.fee_text());
    Err(Refusal::sdk(13, text, WRAPF))
}

/// What is left of the allowance of `from` for `to` once the fee is taken from it.
fn granted(
    state: &State,
    at: u64,
    tx: &Transaction,
    from: &Arc<str>,
    to: &Arc<str>,
    events: &mut Vec<Emitted>,
) -> Result<Left, Refusal> {
    let refuse = |codespace, code, reason: &str| {
        let text = format!("{} does not allow to pay fees for {}: {reason}", raw(from), raw(to));
        Refusal::new(codespace, code, text, WRAP)
    };
    let key = (from.clone(), to.clone());
    let Some(limit) = state.allowances.get(at, &key) else {
        return Err(refuse("sdk", 38, "fee-grant not found: not found"));
    };
    let mut left = Vec::clone(limit);
    for coin in &tx.fee {
        let same = left.iter_mut().find(|held| held.denom == coin.denom);
        let enough = same.and_then(|held| Some((held.amount.0.checked_sub(coin.amount.0)?, held)));
        match enough {
            Some((rest, held)) => held.amount.0 = rest,
            None => return Err(refuse("feegrant", 2, "basic allowance: fee limit exceeded")),
        }
    }
    left.retain(|coin| coin.amount.0 > 0);
    let event = |kind| Emitted::new(kind, [("granter", &**from), ("grantee", &**to)]);
    if left.is_empty() {
        events.extend([event("revoke_feegrant"), event("use_feegrant")]);
    } else {
        events.extend([event("use_feegrant"), event("update_feegrant")]);
    }
    Ok((key, left))
}

/// An address as Go prints its bytes into these texts.
fn raw(address: &str) -> String {
    encoding::go_text(&encoding::address(address).unwrap_or_default())
}

/// The signer's account, with the key of this transaction if it had none.
fn keyed_account(
    state: &State,
    at: u64,
    setting: &Setting<'_>,
    signer: &Arc<str>,
    key: Option<&[u8]>,
) -> Result<Account, Refusal> {
    let other = key.is_some_and(|key| encoding::key_address(key) != **signer);
    if other && setting.purpose != Purpose::Simulate {
        let text = format!("pubKey does not match signer address {signer} with signer index: 0: invalid pubkey");
        return Err(Refusal::sdk(8, text, WRAPF));
    }
    let Some(account) = state.accounts.get(at, signer) else {
        let text = format!("account {signer} does not exist: unknown address");
        return Err(Refusal::sdk(9, text, WRAPF));
    };
    let mut account = Account::clone(account);
    if account.pub_key.is_none() {
        account.pub_key = key.map(|key| PubKey { kind: PUBLIC_KEY.into(), key: encoding::base64(key).into() });
    }
    Ok(account)
}

fn nonces(
    state: &State,
    at: u64,
    setting: &Setting<'_>,
    tx: &Transaction,
    signers: &[Arc<str>],
) -> Result<Vec<(Arc<str>, Timestamp)>, Refusal> {
    let refuse = |text: &str| Refusal::sdk(18, format!("{text}: invalid request"), WRAP);
    let Some(until) = tx.timeout_timestamp else {
        return Err(refuse("unordered transaction must have timeout_timestamp set"));
    };
    if until.duration_since(setting.time) > UNORDERED_WINDOW {
        return Err(refuse("unordered tx ttl exceeds 10m0s"));
    }
    let nonces: Vec<_> = signers.iter().map(|signer| (signer.clone(), until)).collect();
    match nonces.iter().find(|nonce| state.nonces.get(at, nonce).is_some()) {
        Some((signer, _)) if setting.purpose != Purpose::Simulate => {
            let nanos = until.as_nanosecond();
            Err(refuse(&format!("failed to add unordered nonce: already used timeout {nanos} for address {signer}")))
        }
        _ => Ok(nonces),
    }
}

/// Sequence and signature of signer `number`.
fn verify(setting: &Setting<'_>, tx: &Transaction, number: usize, account: &Account) -> Result<(), Refusal> {
    let (Some(info), Some(signature)) = (tx.signers.get(number), tx.signatures.get(number)) else {
        return Ok(());
    };
    let Quoted(expected) = account.sequence;
    if !tx.unordered && info.sequence != expected {
        let text = format!(
            "account sequence mismatch, expected {expected}, got {}: incorrect account sequence",
            info.sequence
        );
        return Err(Refusal::sdk(32, text, SIGNATURE));
    }
    if matches!(setting.purpose, Purpose::Simulate | Purpose::Unsigned) {
        return Ok(());
    }
    let Some(key) = &account.pub_key else {
        return Err(Refusal::sdk(8, "pubkey on account is not set: invalid pubkey", WRAP));
    };
    let Quoted(account_number) = account.account_number;
    let message = tx.sign_doc(setting.chain_id, account_number);
    // Other sign modes put other bytes under the signature; they do not verify.
    if info.mode == 1 && is_signed(&encoding::from_base64(&key.key).unwrap_or_default(), &message, signature) {
        return Ok(());
    }
    let text = format!(
        "signature verification failed; please verify account number ({account_number}) and chain-id ({}): \
         (unable to verify single signer signature): unauthorized",
        setting.chain_id
    );
    Err(Refusal::sdk(4, text, WRAP))
}

/// Whether `signature` (64 bytes, the lower of the two possible S) is `key`'s of SHA-256 of `message`.
fn is_signed(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (VerifyingKey::from_sec1_bytes(key), Signature::from_slice(signature)) else {
        return false;
    };
    // The crate takes only the lower S of this curve, as the node does.
    key.verify(message, &signature).is_ok()
}
