//! Money: coins of the chain as exact decimals, and what they are in dollars.
//!
//! Nothing here rounds silently. `Decimal::from_str` does and its operators panic, so amounts are read by
//! [`Amount::parse`] and every operation is a checked one; what does not fit is `None`.

use super::text::Clean;
use rust_decimal::{Decimal, RoundingStrategy};
use std::fmt;

/// Seconds of an hour.
pub const HOUR_S: u32 = 3600;
/// Hours of a month of 30.4375 days (365.25 / 12).
pub const MONTH_HOURS: Decimal = Decimal::from_parts(7305, 0, 0, false, 1);

/// Axelar USDC on mainnet, 10⁻⁶ USD (chain-sdk, console `denom.config.ts`).
pub const USDC_MAINNET: &str = "ibc/170C677610AC31DF0904FFE09CD3B5C657492170E7E52372E48756B71E56F2F1";
/// USDC of the sandbox, 10⁻⁶ USD.
pub const USDC_SANDBOX: &str = "ibc/028CD1864059EEFB48A6048376165318E3E82C234390AE5A6D7B22001725B06E";

/// A coin's name on the chain. All known ones are millionths of their coin.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Denom {
    /// Millionths of ACT, pegged by the chain to 10⁻⁶ USD.
    Uact,
    /// Millionths of AKT; the only fee coin. Its dollars need a rate.
    Uakt,
    UsdcMainnet,
    UsdcSandbox,
    /// Anything else: shown as it is, never valued.
    Other(Clean),
}

impl Denom {
    pub fn new(raw: &str) -> Self {
        match raw {
            "uact" => Self::Uact,
            "uakt" => Self::Uakt,
            USDC_MAINNET => Self::UsdcMainnet,
            USDC_SANDBOX => Self::UsdcSandbox,
            _ => Self::Other(Clean::new(raw)),
        }
    }

    /// The name as the chain writes it (an unknown one cleaned).
    pub fn as_str(&self) -> &str {
        match self {
            Self::Uact => "uact",
            Self::Uakt => "uakt",
            Self::UsdcMainnet => USDC_MAINNET,
            Self::UsdcSandbox => USDC_SANDBOX,
            Self::Other(name) => name,
        }
    }

    /// A name short enough for a column: `uact`, `uUSDC`, `ibc/12C6…`.
    pub fn short(&self) -> String {
        match self {
            Self::UsdcMainnet | Self::UsdcSandbox => "uUSDC".to_owned(),
            Self::Other(name) if name.chars().count() > 12 => name.chars().take(8).chain(['…']).collect(),
            known => known.as_str().to_owned(),
        }
    }
}

impl fmt::Display for Denom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// An exact amount of one coin, without trailing zeros. May be negative (an overdrawn escrow).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Amount {
    pub value: Decimal,
    pub denom: Denom,
}

/// Why an amount was not read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AmountError {
    NotANumber,
    /// More digits than 96 bits hold, or more than 18 decimals: it would have to be rounded.
    TooLong,
}

impl fmt::Display for AmountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotANumber => "is not a number",
            Self::TooLong => "has more digits than can be kept exactly",
        })
    }
}

/// Reads `-?digits[.digits]` exactly: no exponent, sign `+`, underscore or rounding. At most 18 decimals
/// after trailing zeros are dropped, as many as the chain's `LegacyDec` has.
pub fn parse_decimal(raw: &str) -> Result<Decimal, AmountError> {
    let unsigned = raw.strip_prefix('-').unwrap_or(raw);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return Err(AmountError::NotANumber),
        None => (unsigned, ""),
    };
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return Err(AmountError::NotANumber);
    }
    let digits = fraction.trim_end_matches('0');
    if digits.len() > 18 {
        return Err(AmountError::TooLong);
    }
    let mut mantissa: i128 = 0;
    for byte in whole.bytes().chain(digits.bytes()) {
        mantissa = mantissa
            .checked_mul(10)
            .and_then(|m| m.checked_add(i128::from(byte - b'0')))
            .ok_or(AmountError::TooLong)?;
    }
    if raw.starts_with('-') {
        mantissa = -mantissa;
    }
    // At most 18, checked above.
    let scale = u32::try_from(digits.len()).map_err(|_| AmountError::TooLong)?;
    Decimal::try_from_i128_with_scale(mantissa, scale).map_err(|_| AmountError::TooLong)
}

impl Amount {
    /// Reads the chain's `{denom, amount}`.
    pub fn parse(amount: &str, denom: &str) -> Result<Self, AmountError> {
        Ok(Self { value: parse_decimal(amount)?, denom: Denom::new(denom) })
    }

    /// The amount as an integer of 10⁻¹⁸, for comparing a lease's price with the quoted one.
    /// `None` if it has more than 18 decimals or does not fit 128 bits.
    pub fn attos(&self) -> Option<i128> {
        let missing = 18u32.checked_sub(self.value.scale())?;
        self.value.mantissa().checked_mul(10i128.checked_pow(missing)?)
    }

    /// The same coin `n` times. `None` on overflow.
    pub fn times(&self, n: u64) -> Option<Self> {
        let value = exact_mul(self.value, Decimal::from(n))?;
        Some(Self { value, denom: self.denom.clone() })
    }

    /// The sum, of the same coin only. `None` on overflow or another coin.
    pub fn plus(&self, other: &Self) -> Option<Self> {
        if self.denom != other.denom {
            return None;
        }
        let value = exact_add(self.value, other.value)?;
        Some(Self { value, denom: self.denom.clone() })
    }

    /// What is left after `spent`, of the same coin only; may be negative.
    pub fn minus(&self, spent: &Self) -> Option<Self> {
        let negated = Self { value: -spent.value, denom: spent.denom.clone() };
        self.plus(&negated)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.value, self.denom.short())
    }
}

/// A product that is exact or nothing: `checked_mul` rounds what has more than 28 decimals.
fn exact_mul(a: Decimal, b: Decimal) -> Option<Decimal> {
    exact(a.mantissa().checked_mul(b.mantissa())?, a.scale() + b.scale())
}

/// A sum that is exact or nothing: `checked_add` rounds where digits of both ends do not fit 96 bits.
fn exact_add(a: Decimal, b: Decimal) -> Option<Decimal> {
    let (a, b) = (a.normalize(), b.normalize());
    let scale = a.scale().max(b.scale());
    let aligned = |d: Decimal| d.mantissa().checked_mul(10i128.checked_pow(scale - d.scale())?);
    exact(aligned(a)?.checked_add(aligned(b)?)?, scale)
}

/// `mantissa` × 10⁻ˢᶜᵃˡᵉ without trailing zeros, if 96 bits and 28 decimals hold it.
fn exact(mut mantissa: i128, mut scale: u32) -> Option<Decimal> {
    while scale > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    Decimal::try_from_i128_with_scale(mantissa, scale).ok()
}

/// What one whole coin (10⁶ of its micro coin) is in dollars, where that comes from, and of when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rate {
    /// Dollars for one whole coin, greater than 0.
    pub usd: Decimal,
    pub source: Clean,
    /// When the source says it was so, in milliseconds since 1970; `None` for a peg or a given price.
    pub at_ms: Option<i64>,
}

impl Rate {
    /// As a person gave it.
    pub fn given(usd: Decimal) -> Self {
        Self { usd, source: Clean::new("--akt-usd"), at_ms: None }
    }
}

/// The dollars of the coins met. ACT and USDC need no source; AKT is known only if somebody said so.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rates {
    /// Dollars of one AKT: the chain's oracle, or the person.
    pub akt: Option<Rate>,
}

impl Rates {
    /// Dollars of one whole coin of `denom`; `None` where nobody vouches for one.
    pub fn usd_per_coin(&self, denom: &Denom) -> Option<Decimal> {
        match denom {
            Denom::Uact | Denom::UsdcMainnet | Denom::UsdcSandbox => Some(Decimal::ONE),
            Denom::Uakt => self.akt.as_ref().map(|rate| rate.usd),
            Denom::Other(_) => None,
        }
    }

    /// The amount in dollars; `None` without a rate or on overflow.
    pub fn usd(&self, amount: &Amount) -> Option<Decimal> {
        let micro = amount.value.checked_mul(self.usd_per_coin(&amount.denom)?)?;
        micro.checked_mul(Decimal::new(1, 6))
    }
}

/// Where the length of a block is known from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BlockTimeSource {
    /// Two headers of the chain.
    Measured,
    /// No two headers could be had: 6.0 s, near what every Akash chain has shown.
    Assumed,
}

/// How long a block takes: a span of time and the blocks in it, kept as a fraction so that nothing is rounded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BlockTime {
    span_ns: u64,
    blocks: u64,
    pub source: BlockTimeSource,
}

impl BlockTime {
    pub const ASSUMED: Self = Self { span_ns: 6_000_000_000, blocks: 1, source: BlockTimeSource::Assumed };

    /// From two headers `blocks` apart whose times differ by `span_ns` nanoseconds.
    /// `None` unless both are positive (a clock that jumped back measures nothing).
    pub fn measured(span_ns: i128, blocks: u64) -> Option<Self> {
        let span_ns = u64::try_from(span_ns).ok().filter(|span| *span > 0)?;
        (blocks > 0).then_some(Self { span_ns, blocks, source: BlockTimeSource::Measured })
    }

    /// Blocks between the two headers; 1 when assumed.
    pub fn blocks_measured(&self) -> u64 {
        self.blocks
    }

    /// Seconds a block, to the nanosecond.
    pub fn seconds(&self) -> Decimal {
        let ns = i64::try_from(self.span_ns / self.blocks).unwrap_or(i64::MAX);
        Decimal::new(ns, 9).normalize()
    }

    /// Milliseconds that `blocks` take, rounded down.
    pub fn millis_of(&self, blocks: u64) -> i64 {
        let ns = u128::from(self.span_ns) * u128::from(blocks) / u128::from(self.blocks);
        i64::try_from(ns / 1_000_000).unwrap_or(i64::MAX)
    }

    /// Whole blocks that begin in `millis`, rounded down; none for a negative span.
    pub fn blocks_in(&self, millis: i64) -> u64 {
        let ns = u128::try_from(millis).map_or(0, |ms| ms * 1_000_000);
        u64::try_from(ns * u128::from(self.blocks) / u128::from(self.span_ns)).unwrap_or(u64::MAX)
    }

    /// `per_block` for every block of `seconds`: multiplied first, divided once. `None` on overflow.
    pub fn over_seconds(&self, per_block: Decimal, seconds: u32) -> Option<Decimal> {
        let blocks = Decimal::from(seconds)
            .checked_mul(Decimal::from(1_000_000_000u64))?
            .checked_mul(Decimal::from(self.blocks))?;
        per_block.checked_mul(blocks)?.checked_div(Decimal::from(self.span_ns))
    }

    /// `per_block` for an hour. `None` on overflow.
    pub fn per_hour(&self, per_block: Decimal) -> Option<Decimal> {
        self.over_seconds(per_block, HOUR_S)
    }
}

/// What a price is told for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Per {
    #[default]
    Hour,
    Day,
    Month,
    Block,
}

impl Per {
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Month, Self::Block];

    /// The suffix of a price: `hr`, `day`, `month`, `block`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Hour => "hr",
            Self::Day => "day",
            Self::Month => "month",
            Self::Block => "block",
        }
    }

    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Hour => Self::Day,
            Self::Day => Self::Month,
            Self::Month => Self::Block,
            Self::Block => Self::Hour,
        }
    }

    /// A price an hour told for this unit. `None` on overflow.
    pub fn of_hourly(self, hourly: Decimal, block: BlockTime) -> Option<Decimal> {
        match self {
            Self::Hour => Some(hourly),
            Self::Day => hourly.checked_mul(Decimal::from(24u8)),
            Self::Month => hourly.checked_mul(MONTH_HOURS),
            Self::Block => hourly.checked_mul(block.seconds())?.checked_div(Decimal::from(HOUR_S)),
        }
    }
}

/// Dollars for people: four significant digits, half-even, no exponent: `0.05000`, `0.7353`, `17.65`, `537.0`,
/// `12380`.
pub fn four_digits(value: Decimal) -> String {
    let rounded = value.round_sf_with_strategy(4, RoundingStrategy::MidpointNearestEven).unwrap_or(value);
    // Where the first digit stands decides how many follow the point, so that 537 reads 537.0 like its neighbours.
    let Some(digits) = rounded.mantissa().unsigned_abs().checked_ilog10() else {
        return "0.000".to_owned();
    };
    let decimals = (3 + rounded.scale()).saturating_sub(digits);
    format!("{rounded:.*}", decimals as usize)
}

/// A figure for JSON: six decimals, half-even, trailing zeros dropped; written from the decimal's own digits.
pub fn six_decimals(value: Decimal) -> Decimal {
    value.round_dp_with_strategy(6, RoundingStrategy::MidpointNearestEven).normalize()
}
