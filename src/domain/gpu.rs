//! What a GPU attribute key says, which models there are, and where a memory size is known from.
//!
//! Grammar (provider `inventory.go`, chain-sdk `go/sdl/gpu.go`): `vendor/V/model/M[/ram/R][/interface/I]`,
//! value `"true"`. The pairs are read in any order: provider attributes are seen with theirs reversed.

use super::text::Clean;
use std::fmt;
use std::sync::LazyLock;

/// Mebibytes in a gibibyte.
const MIB_PER_GIB: u64 = 1024;

/// The memory of one card in MiB; whole GiB in everything seen so far.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Vram(u64);

impl Vram {
    pub const fn from_gib(gib: u64) -> Self {
        Self(gib * MIB_PER_GIB)
    }

    /// Reads `80Gi`, `81920Mi`, `1Ti` (also `80GiB`); `None` for other units, zero or what overflows.
    pub fn parse(raw: &str) -> Option<Self> {
        let raw = raw.trim_end_matches(['B', 'b']);
        let (digits, factor) =
            ["Gi", "Mi", "Ti"].iter().zip([MIB_PER_GIB, 1, MIB_PER_GIB * MIB_PER_GIB]).find_map(|(unit, factor)| {
                let at = raw.len().checked_sub(unit.len())?;
                let tail = raw.get(at..)?;
                tail.eq_ignore_ascii_case(unit).then(|| (&raw[..at], factor))
            })?;
        let mib = digits.parse::<u64>().ok()?.checked_mul(factor)?;
        (mib > 0).then_some(Self(mib))
    }

    pub fn mib(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Vram {
    /// `80 GiB`; what is no whole number of GiB in MiB.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(MIB_PER_GIB) {
            write!(f, "{} GiB", self.0 / MIB_PER_GIB)
        } else {
            write!(f, "{} MiB", self.0)
        }
    }
}

/// Where a card's memory size is known from, best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum VramSource {
    /// The offer says it.
    Stated,
    /// The model is made with one size only (`assets/gpus.csv`).
    Inferred,
    /// The provider's own attributes name one size for the model.
    Declared,
    Unknown,
}

impl VramSource {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Inferred => "inferred",
            Self::Declared => "declared",
            Self::Unknown => "unknown",
        }
    }
}

/// One GPU attribute: a kind of card, asked for or offered.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct GpuKind {
    /// Lower case: `nvidia`.
    pub vendor: Clean,
    /// Lower case; `None` is the wildcard `*`.
    pub model: Option<Clean>,
    pub ram: Option<Vram>,
    /// Lower case, `sxm2` to `sxm5` folded to `sxm` as providers do.
    pub interface: Option<Clean>,
}

impl GpuKind {
    /// Reads an attribute. `None` if the value is not `"true"`, the key does not start with one of the pairs
    /// (`interconnect/group` and the like), or it names no vendor and model.
    pub fn parse(key: &str, value: &str) -> Option<Self> {
        let (first, _) = key.split_once('/')?;
        if value != "true" || !matches!(first, "vendor" | "model" | "ram" | "interface") {
            return None;
        }
        Self::parse_pairs(key)
    }

    /// Reads the pairs of `vendor/V/model/M…` in any order. Unknown names are skipped.
    fn parse_pairs(key: &str) -> Option<Self> {
        let (mut vendor, mut model, mut ram, mut interface) = (None, None, None, None);
        let mut tokens = key.split('/');
        while let (Some(name), Some(value)) = (tokens.next(), tokens.next()) {
            match name {
                "vendor" => vendor = lower(value),
                "model" => model = lower(value),
                "ram" => ram = Vram::parse(value),
                "interface" => {
                    interface = lower(value).map(|i| if i.starts_with("sxm") { Clean::new("sxm") } else { i });
                }
                _ => {}
            }
        }
        let model = model?;
        Some(Self { vendor: vendor?, model: (&*model != "*").then_some(model), ram, interface })
    }

    /// What people call it: `A100`, `RTX 4060 Ti`, `any nvidia`. A model not in the table shows as its token.
    pub fn name(&self) -> String {
        match (&self.model, self.known_name()) {
            (_, Some(name)) => name.to_owned(),
            (Some(model), None) => model.to_uppercase(),
            (None, None) => format!("any {}", self.vendor),
        }
    }

    /// The name in the table, if the model is there.
    pub fn known_name(&self) -> Option<&'static str> {
        Some(table_rows(&self.vendor, self.model.as_ref()?).next()?.name)
    }

    /// Name, and what the key states besides: `A100 80 GiB sxm`.
    pub fn long_name(&self) -> String {
        let mut out = self.name();
        if let Some(ram) = self.ram {
            out = format!("{out} {ram}");
        }
        if let Some(interface) = &self.interface {
            out = format!("{out} {interface}");
        }
        out
    }

    /// Whether both name the same card, `4090` and `rtx4090` alike. A wildcard is no card.
    pub fn same_model(&self, other: &Self) -> bool {
        match (&self.model, &other.model) {
            (Some(a), Some(b)) => {
                self.vendor == other.vendor
                    && (a == b
                        || table_rows(&self.vendor, a)
                            .next()
                            .zip(table_rows(&other.vendor, b).next())
                            .is_some_and(|(a, b)| a.model == b.model))
            }
            _ => false,
        }
    }

    /// The memory of the card and where that is known from. `declared` are the kinds that the provider's own
    /// attributes name ([`GpuKind::parse_capability`]).
    pub fn vram<'a>(&self, declared: impl Iterator<Item = &'a GpuKind>) -> (Option<Vram>, VramSource) {
        if let Some(ram) = self.ram {
            return (Some(ram), VramSource::Stated);
        }
        let Some(model) = &self.model else {
            return (None, VramSource::Unknown);
        };
        let sizes = table_rows(&self.vendor, model)
            .filter(|row| self.interface.as_ref().is_none_or(|i| row.interface.eq_ignore_ascii_case(i)))
            .map(|row| row.memory);
        if let Some(only) = single(sizes) {
            return (Some(only), VramSource::Inferred);
        }
        let declared = declared
            .filter(|kind| kind.same_model(self))
            .filter(|kind| self.interface.is_none() || kind.interface.is_none() || kind.interface == self.interface)
            .filter_map(|kind| kind.ram);
        match single(declared) {
            Some(only) => (Some(only), VramSource::Declared),
            None => (None, VramSource::Unknown),
        }
    }

    /// Reads a provider attribute `capabilities/gpu/vendor/V/model/M…` = `true`.
    pub fn parse_capability(key: &str, value: &str) -> Option<Self> {
        Self::parse(key.strip_prefix("capabilities/gpu/")?, value)
    }
}

/// The one value there is, however often it comes.
fn single<T: PartialEq>(mut values: impl Iterator<Item = T>) -> Option<T> {
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

fn lower(token: &str) -> Option<Clean> {
    let clean = if token.bytes().any(|b| b.is_ascii_uppercase()) {
        Clean::new(&token.to_lowercase())
    } else {
        Clean::new(token)
    };
    clean.non_empty()
}

/// One row of `assets/gpus.csv`.
#[derive(Debug)]
struct TableRow {
    vendor: &'static str,
    model: &'static str,
    name: &'static str,
    /// Folded like [`GpuKind::interface`].
    interface: &'static str,
    memory: Vram,
}

/// The lines of `assets/gpus.csv` that hold a row: `vendor,model,name,interface,memory_gib,source,…`; what stands
/// behind is read by [`super::usual`].
pub(super) fn table_lines() -> impl Iterator<Item = &'static str> {
    include_str!("../../assets/gpus.csv").lines().filter(|line| !line.starts_with('#')).skip(1)
}

/// The table's own word for a model of a vendor, however it was written; `None` for one that is not there.
pub(super) fn table_model(vendor: &str, model: &str) -> Option<&'static str> {
    table_rows(vendor, model).next().map(|row| row.model)
}

/// The models of a vendor in the table, each once, in alphabetical order.
pub fn models_of(vendor: &str) -> Vec<&'static str> {
    let mut models: Vec<&'static str> = TABLE.iter().filter(|row| row.vendor == vendor).map(|row| row.model).collect();
    models.dedup();
    models
}

static TABLE: LazyLock<Vec<TableRow>> = LazyLock::new(|| {
    let mut rows: Vec<TableRow> = table_lines()
        .filter_map(|line| {
            let mut cells = line.split(',');
            let (vendor, model, name) = (cells.next()?, cells.next()?, cells.next()?);
            let interface = cells.next().map(|i| if i.starts_with("SXM") { "sxm" } else { i })?;
            let memory = Vram::from_gib(cells.next()?.parse().ok()?);
            Some(TableRow { vendor, model, name, interface, memory })
        })
        .collect();
    rows.sort_by_key(|row| (row.model, row.vendor));
    rows
});

/// The table's rows of a model, looked up without case, `-`, `_` and blanks, and under the names of old
/// provider attributes too (`4090`, `a6000`).
fn table_rows(vendor: &str, model: &str) -> impl Iterator<Item = &'static TableRow> {
    let exact = rows_named(vendor, model);
    let rows = if exact.is_empty() {
        let folded: String = model.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).collect::<String>().to_lowercase();
        ["", "rtx", "gtx"]
            .iter()
            .map(|prefix| rows_named(vendor, &format!("{prefix}{folded}")))
            .find(|rows| !rows.is_empty())
            .unwrap_or(&[])
    } else {
        exact
    };
    rows.iter()
}

fn rows_named(vendor: &str, model: &str) -> &'static [TableRow] {
    let start = TABLE.partition_point(|row| (row.model, row.vendor) < (model, vendor));
    let rest = &TABLE[start..];
    let len = rest.iter().take_while(|row| row.model == model && row.vendor == vendor).count();
    &rest[..len]
}
