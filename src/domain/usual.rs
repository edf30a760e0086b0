//! What a card usually costs an hour, and what usually stands beside it: dated hints, never a verdict.
//!
//! The figures are those of `assets/gpus.csv`; a person may lay others over them.

use super::diff::Fit;
use super::gpu::{GpuKind, Vram, table_lines, table_model};
use super::money::parse_decimal;
use super::resources::Unit;
use super::text::Clean;
use rust_decimal::Decimal;
use std::sync::LazyLock;

/// What one card usually costs an hour, in dollars.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UsualPrice {
    pub low: Decimal,
    pub high: Decimal,
    pub source: Clean,
    /// When the source said so: a year, or a day.
    pub as_of: Clean,
    /// The same card rented on demand from a big cloud, and which.
    pub cloud: Option<(Decimal, Clean)>,
}

/// CPUs and memory beside one card that the documentation pairs it with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pairing {
    pub cpu_low: u64,
    pub cpu_high: u64,
    pub memory_low_gib: u64,
    pub memory_high_gib: u64,
}

/// The price of a model, of one memory size or of all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UsualEntry {
    /// As in the GPU attributes: `nvidia`, `rtx4090`.
    pub vendor: String,
    pub model: String,
    pub memory: Option<Vram>,
    pub price: UsualPrice,
}

/// Usual prices: the built-in ones, and what a person laid over them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct UsualPrices {
    over: Vec<UsualEntry>,
}

impl UsualPrices {
    /// Lays an entry over all that came before.
    #[must_use]
    pub fn with(mut self, entry: UsualEntry) -> Self {
        self.over.push(entry);
        self
    }

    /// What a card of that memory usually costs.
    pub fn of(&self, kind: &GpuKind, vram: Option<Vram>) -> Option<&UsualPrice> {
        let fits = |entry: &&UsualEntry| is_model(entry, kind) && (entry.memory.is_none() || entry.memory == vram);
        self.over.iter().rev().find(fits).or_else(|| BUILT_IN.iter().find(fits)).map(|entry| &entry.price)
    }

    /// The least that a card may usually cost, over all sizes of it that have a figure and that the request leaves
    /// open. `None` for a wildcard.
    pub fn least(&self, kind: &GpuKind) -> Option<&UsualPrice> {
        if let Some(ram) = kind.ram {
            return self.of(kind, Some(ram));
        }
        let all = self.over.iter().chain(BUILT_IN.iter()).filter(|entry| is_model(entry, kind));
        let mut sizes: Vec<Option<Vram>> = all.map(|entry| entry.memory).collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes.into_iter().filter_map(|size| self.of(kind, size)).min_by_key(|price| price.low)
    }
}

fn is_model(entry: &UsualEntry, kind: &GpuKind) -> bool {
    let Some(model) = &kind.model else { return false };
    if entry.vendor != *kind.vendor {
        return false;
    }
    let known = table_model(&kind.vendor, model);
    *entry.model == **model || known.is_some_and(|known| table_model(&entry.vendor, &entry.model) == Some(known))
}

static BUILT_IN: LazyLock<Vec<UsualEntry>> = LazyLock::new(|| table_lines().filter_map(priced).collect());
static PAIRED: LazyLock<Vec<(&'static str, &'static str, Pairing)>> =
    LazyLock::new(|| table_lines().filter_map(paired).collect());

/// The price in a row of the table.
fn priced(line: &str) -> Option<UsualEntry> {
    let cells: Vec<&str> = line.split(',').collect();
    let [vendor, model, _, _, memory, _, low, high, source, as_of, cloud, cloud_source, ..] = *cells else {
        return None;
    };
    let cloud = parse_decimal(cloud).ok().map(|usd| (usd, Clean::new(cloud_source)));
    Some(UsualEntry {
        vendor: vendor.to_owned(),
        model: model.to_owned(),
        memory: memory.parse().ok().map(Vram::from_gib),
        price: UsualPrice {
            low: parse_decimal(low).ok()?,
            high: parse_decimal(high).ok()?,
            source: Clean::new(source),
            as_of: Clean::new(as_of),
            cloud,
        },
    })
}

fn paired(line: &'static str) -> Option<(&'static str, &'static str, Pairing)> {
    let cells: Vec<&str> = line.split(',').collect();
    let [vendor, model, .., cpu_low, cpu_high, memory_low, memory_high] = *cells else { return None };
    let pairing = Pairing {
        cpu_low: cpu_low.parse().ok()?,
        cpu_high: cpu_high.parse().ok()?,
        memory_low_gib: memory_low.parse().ok()?,
        memory_high_gib: memory_high.parse().ok()?,
    };
    Some((vendor, model, pairing))
}

/// What is documented beside a card; `None` for most.
pub fn pairing(kind: &GpuKind) -> Option<Pairing> {
    let model = table_model(&kind.vendor, kind.model.as_ref()?)?;
    PAIRED.iter().find(|(vendor, name, _)| **vendor == *kind.vendor && *name == model).map(|(.., pairing)| *pairing)
}

/// How a unit's CPUs and memory stand to what is documented beside its cards. `None` where nothing is documented, a
/// figure is unknown, or the pairing is kept.
pub fn pairing_hint(unit: &Unit) -> Option<String> {
    let cards = unit.gpus.filter(|cards| *cards > 0)?;
    let [kind] = &*unit.gpu_kinds else { return None };
    let pair = pairing(kind)?;
    let judged = |has: u64, low: u64, high: u64, one: u64| {
        let (low, high) = (low.checked_mul(cards)?.checked_mul(one)?, high.checked_mul(cards)?.checked_mul(one)?);
        Some(if has < low {
            Fit::Short
        } else if has > high {
            Fit::More
        } else {
            Fit::Exact
        })
    };
    let cpu = judged(unit.cpu_m?, pair.cpu_low, pair.cpu_high, 1000)?;
    let memory = judged(unit.memory_bytes?, pair.memory_low_gib, pair.memory_high_gib, 1 << 30)?;
    let told = |what: &str, fit: Fit| match fit {
        Fit::Short => Some(format!("little {what}")),
        Fit::More => Some(format!("much {what}")),
        _ => None,
    };
    let parts: Vec<String> = [told("CPU", cpu), told("memory", memory)].into_iter().flatten().collect();
    if parts.is_empty() {
        return None;
    }
    Some(format!(
        "{} for {cards}× {}: {}–{} CPUs and {}–{} GiB are usual beside each",
        parts.join(", "),
        kind.name(),
        pair.cpu_low,
        pair.cpu_high,
        pair.memory_low_gib,
        pair.memory_high_gib
    ))
}
