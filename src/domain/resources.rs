//! Units of CPU, memory, storage and GPU, of a request and of an offer alike.

use super::attribute::Attribute;
use super::gpu::GpuKind;
use super::money::Amount;
use super::text::Clean;
use std::fmt;

/// One resource unit: what one replica gets, and how many replicas there are.
///
/// A figure is `None` where the chain's answer has none (or none that can be read): unknown, not zero.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Unit {
    /// The unit's id in the order; offers repeat it. 0 where an old answer has none.
    pub id: u32,
    /// Replicas.
    pub count: u32,
    /// Thousandths of a CPU.
    pub cpu_m: Option<u64>,
    pub memory_bytes: Option<u64>,
    /// Cards per replica. A unit without a `gpu` object has 0.
    pub gpus: Option<u64>,
    /// The `vendor/…` attributes: alternatives in a request, the pick in an offer.
    pub gpu_kinds: Vec<GpuKind>,
    pub storage: Vec<Volume>,
    /// `SHARED_HTTP`, `RANDOM_PORT`, `LEASED_IP`, one entry per endpoint.
    pub endpoints: Vec<Clean>,
    /// Ceiling of one replica per block, in a request only.
    pub price: Option<Amount>,
    /// In a request only.
    pub demands: Demands,
}

/// What the chain itself holds against a provider's `capabilities/…` attributes before it takes a bid, letter by
/// letter as it was asked: [`GpuKind`] folds case and `sxm5`, the chain does not.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Demands {
    /// GPU attributes: one of them has to be declared.
    pub gpu: Vec<Attribute>,
    /// Attributes of each volume that has any: one declared class has to have them all.
    pub storage: Vec<Vec<Attribute>>,
}

/// One storage volume of a unit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Volume {
    pub name: Clean,
    pub bytes: Option<u64>,
    /// `beta3` and the like; `None` is ephemeral storage of no class.
    pub class: Option<Clean>,
    pub persistent: bool,
}

/// Sums over units × count. `None` where a part is unknown or the sum does not fit 64 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Total {
    pub cpu_m: Option<u64>,
    pub memory_bytes: Option<u64>,
    pub storage_bytes: Option<u64>,
    pub gpus: Option<u64>,
}

impl Unit {
    /// Bytes of all volumes of one replica.
    pub fn storage_bytes(&self) -> Option<u64> {
        self.storage.iter().try_fold(0u64, |sum, volume| sum.checked_add(volume.bytes?))
    }
}

/// The sums of all units.
pub fn total(units: &[Unit]) -> Total {
    let sum = |figure: fn(&Unit) -> Option<u64>| {
        units.iter().try_fold(0u64, |sum, unit| sum.checked_add(figure(unit)?.checked_mul(u64::from(unit.count))?))
    };
    Total {
        cpu_m: sum(|unit| unit.cpu_m),
        memory_bytes: sum(|unit| unit.memory_bytes),
        storage_bytes: sum(Unit::storage_bytes),
        gpus: sum(|unit| unit.gpus),
    }
}

/// Bytes for people, in binary units: `64 GiB`, `512 MiB`, `1.5 TiB`; at most one decimal, a figure that is not
/// whole is cut, not rounded up, so that less never reads as enough.
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(1u64 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
        let Some((size, unit)) = units.into_iter().find(|(size, _)| self.0 >= *size) else {
            return f.pad(&format!("{} B", self.0));
        };
        let tenths = u128::from(self.0) * 10 / u128::from(size);
        if tenths.is_multiple_of(10) {
            f.pad(&format!("{} {unit}", tenths / 10))
        } else {
            f.pad(&format!("{}.{} {unit}", tenths / 10, tenths % 10))
        }
    }
}

/// Thousandths of a CPU for people: `8`, `0.5`, `1.25`.
pub struct Cpus(pub u64);

impl fmt::Display for Cpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, milli) = (self.0 / 1000, self.0 % 1000);
        if milli == 0 {
            return f.pad(&whole.to_string());
        }
        f.pad(format!("{whole}.{milli:03}").trim_end_matches('0'))
    }
}

/// One line for what a unit or a total asks: `2× A100 80 GiB or H100 · 8 CPU · 64 GiB · 100 GiB disk`.
pub fn summary(units: &[Unit]) -> String {
    let total = total(units);
    let mut parts = Vec::new();
    let mut gpus: Vec<(u64, String)> = Vec::new();
    for unit in units {
        let cards = unit.gpus.and_then(|n| n.checked_mul(u64::from(unit.count)));
        let Some(cards) = cards.filter(|n| *n > 0) else { continue };
        let kinds: Vec<String> = unit.gpu_kinds.iter().map(GpuKind::long_name).collect();
        let kinds = if kinds.is_empty() { "GPU".to_owned() } else { kinds.join(" or ") };
        match gpus.iter_mut().find(|(_, known)| *known == kinds) {
            Some((n, _)) => *n = n.saturating_add(cards),
            None => gpus.push((cards, kinds)),
        }
    }
    parts.extend(gpus.into_iter().map(|(n, kinds)| format!("{n}× {kinds}")));
    parts.push(total.cpu_m.map_or("? CPU".to_owned(), |m| format!("{} CPU", Cpus(m))));
    parts.push(total.memory_bytes.map_or("? memory".to_owned(), |b| Bytes(b).to_string()));
    parts.push(total.storage_bytes.map_or("? disk".to_owned(), |b| format!("{} disk", Bytes(b))));
    parts.join(" · ")
}
