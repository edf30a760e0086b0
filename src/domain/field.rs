//! Every comparable field of a bid, once: columns, sort, filter and JSON take their names from here.

use super::appraise::{Gpus, OfferedGpu, Row};
use super::bid::{Audit, BidState, Provider};
use super::diff::Fit;
use super::gpu::{GpuKind, Vram};
use super::money::BlockTime;
use super::text::Clean;
use rust_decimal::Decimal;
use std::borrow::Cow;
use std::fmt;

/// When a row is looked at: what ages are reckoned from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct At {
    /// Height of the newest block known; `None` from a saved answer, then no age is known.
    pub height: Option<u64>,
    pub block_time: BlockTime,
}

/// What kind of value a field has, and so how it is compared and which units its numbers take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Dollars or coins: `k M G`.
    Money,
    /// A whole number: `k M G`.
    Count,
    /// CPUs: `m` is a thousandth.
    Cpus,
    /// Bytes: `Ki Mi Gi Ti` binary, `k M G T` decimal.
    Bytes,
    /// GiB of GPU memory: `Gi`, `Mi`, `Ti`, and `G` meaning the same as `Gi`, as cards are sold.
    Gib,
    /// Seconds: `s m h d`.
    Duration,
    /// A share: `5%` is 0.05.
    Ratio,
    /// Text: `=` and `!=` only, `*` is a wildcard, case is nothing.
    Text,
    /// Yes or no: the name alone, or with `!`.
    Flag,
    /// A level of [`Fit`], from exact to wrong.
    Level,
}

/// What a row has in a field.
#[derive(Clone, PartialEq, Debug)]
pub enum Value<'a> {
    Number(Decimal),
    Text(Cow<'a, str>),
    /// Any of these stands for the field: several auditors, a card's token and its name.
    AnyOf(Vec<Cow<'a, str>>),
    /// The bid leaves open which of these it is: what holds must hold of all.
    AllOf(Vec<Value<'a>>),
    Flag(bool),
    Level(Fit),
    /// Known not to be there: the memory of no card.
    Absent,
    Unknown,
}

macro_rules! fields {
    ($($(#[$doc:meta])* $variant:ident: $name:literal $alias:literal $title:literal $kind:ident),+ $(,)?) => {
        /// A comparable field.
        #[derive(Clone, PartialEq, Eq, Hash, Debug)]
        pub enum Field {
            $($(#[$doc])* $variant,)+
            /// A provider attribute by its key: `attr.tier`.
            Attribute(Clean),
        }

        impl Field {
            /// All but the attributes, whose keys are the providers' own.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in the JSON document.
            pub fn name(&self) -> Cow<'static, str> {
                match self {
                    $(Self::$variant => Cow::Borrowed($name),)+
                    Self::Attribute(key) => Cow::Owned(format!("{ATTRIBUTE}{key}")),
                }
            }

            /// The short name for typing.
            pub fn alias(&self) -> Cow<'static, str> {
                match self {
                    $(Self::$variant => Cow::Borrowed($alias),)+
                    Self::Attribute(_) => self.name(),
                }
            }

            /// The head of its column.
            pub fn title(&self) -> Cow<'static, str> {
                match self {
                    $(Self::$variant => Cow::Borrowed($title),)+
                    Self::Attribute(key) => Cow::Owned(key.to_string()),
                }
            }

            pub fn kind(&self) -> Kind {
                match self {
                    $(Self::$variant => Kind::$kind,)+
                    Self::Attribute(_) => Kind::Text,
                }
            }
        }
    };
}

/// What the name of a provider attribute starts with.
const ATTRIBUTE: &str = "attr.";

fields! {
    Fit: "fit" "fit" "fit" Level,
    /// Dollars an hour for the whole group.
    Usd: "usd_per_hour" "usd" "$/hr" Money,
    /// Dollars for 30.4375 days.
    UsdMonth: "usd_per_month" "usd_month" "$/month" Money,
    /// Dollars an hour over the cards.
    UsdGpu: "usd_per_gpu_hour" "usd_gpu" "$/GPU" Money,
    /// Dollars an hour over the GiB of all cards.
    UsdVram: "usd_per_vram_gib_hour" "usd_vram" "$/GiB" Money,
    /// The model, as its token (`rtx4090`) or its name (`RTX 4090`).
    Gpu: "model" "gpu" "GPU" Text,
    Vendor: "vendor" "vendor" "vendor" Text,
    /// GiB of one card.
    Vram: "vram_gib" "vram" "VRAM" Gib,
    /// GiB of all cards.
    VramTotal: "vram_total_gib" "vram_total" "VRAM all" Gib,
    /// Cards in all.
    Gpus: "gpus" "gpus" "GPUs" Count,
    Interface: "interface" "interface" "interface" Text,
    /// The native amount a block, whatever the coin.
    Price: "price" "price" "native" Money,
    Denom: "denom" "denom" "denom" Text,
    /// Price over the tenant's ceiling.
    Ceiling: "ceiling_ratio" "ceiling" "ceiling" Ratio,
    /// CPUs of all replicas.
    Cpu: "cpu_m" "cpu" "CPU" Cpus,
    Mem: "memory_bytes" "mem" "memory" Bytes,
    Disk: "storage_bytes" "disk" "disk" Bytes,
    Org: "organization" "org" "organisation" Text,
    Host: "host" "host" "host" Text,
    Provider: "provider" "provider" "provider" Text,
    Region: "region" "region" "region" Text,
    Country: "country" "country" "country" Text,
    /// Whether any auditor signed attributes of the provider.
    Audited: "audited" "audited" "audited" Flag,
    /// Addresses of the auditors that did.
    Auditor: "audited_by" "auditor" "auditors" Text,
    /// The bid's own state on the chain.
    State: "state" "state" "state" Text,
    Takeable: "takeable" "takeable" "takeable" Flag,
    /// Codes of what stops the bid from being taken.
    Blocker: "blockers" "blocker" "blockers" Text,
    /// Seconds since it was made.
    Age: "age_s" "age" "age" Duration,
    /// Seconds until providers withdraw by default; negative when overdue.
    Closes: "closes_in_s" "closes" "closes" Duration,
    /// Seconds of notice before the provider may take the lease back.
    Reclaim: "reclamation_s" "reclaim" "notice" Duration,
    Gseq: "gseq" "gseq" "group" Count,
}

/// A name that no field has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownField {
    pub name: Clean,
    /// The field most like it, if any is.
    pub nearest: Option<Field>,
}

impl fmt::Display for UnknownField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.nearest {
            Some(field) => write!(f, "there is no field {}; the nearest is {}", self.name, field.alias()),
            None => write!(
                f,
                "there is no field {}; there are for example usd, gpu, vram, region, org, fit and attr.KEY",
                self.name
            ),
        }
    }
}

impl Field {
    /// Finds a field by its name or alias, in either case; `attr.KEY` is any provider attribute.
    pub fn parse(name: &str) -> Result<Self, UnknownField> {
        let of_name =
            |field: &&Self| name.eq_ignore_ascii_case(&field.name()) || name.eq_ignore_ascii_case(&field.alias());
        if let Some(field) = Self::ALL.iter().find(of_name) {
            return Ok(field.clone());
        }
        let prefixed = name.get(..ATTRIBUTE.len()).is_some_and(|head| head.eq_ignore_ascii_case(ATTRIBUTE));
        if prefixed && let Some(key) = Clean::new(&name[ATTRIBUTE.len()..]).non_empty() {
            return Ok(Self::Attribute(key));
        }
        Err(UnknownField { name: Clean::new(name), nearest: nearest_field(name) })
    }

    /// How many of [`Field::value`]'s units one unit of the JSON name is: `cpu_m` counts thousandths of a CPU.
    pub fn name_unit(&self) -> Decimal {
        match self {
            Self::Cpu => Decimal::new(1, 3),
            _ => Decimal::ONE,
        }
    }

    /// What a row has in this field, in the units of its [`Kind`].
    pub fn value<'a>(&self, row: &'a Row, at: &At) -> Value<'a> {
        match self {
            Self::Fit => row.fit.map_or(Value::Unknown, Value::Level),
            Self::Usd => number(row.usd_hour),
            Self::UsdMonth => number(row.usd_month()),
            Self::UsdGpu => per_card(row, row.usd_gpu_hour()),
            Self::UsdVram => per_card(row, row.usd_vram_gib_hour()),
            Self::Gpu => each_kind(row, |_, kind| match &kind.model {
                None => Value::Unknown,
                Some(model) => {
                    let names = [Some(&**model), kind.known_name()];
                    Value::AnyOf(names.into_iter().flatten().map(Cow::Borrowed).collect())
                }
            }),
            Self::Vendor => each_kind(row, |_, kind| text(Some(&kind.vendor))),
            Self::Vram => each_kind(row, |gpu, kind| {
                let known = match gpu.model() {
                    Some(_) => gpu.vram,
                    None => kind.vram(row.provider.iter().flat_map(|p| &p.declared_gpus)).0,
                };
                number(known.map(Vram::mib).and_then(gib))
            }),
            Self::VramTotal => per_card(row, row.gpus.vram_total().and_then(gib)),
            Self::Gpus => number(row.gpus.count().map(Decimal::from)),
            Self::Interface => each_kind(row, |_, kind| text(kind.interface.as_ref())),
            Self::Price => Value::Number(row.bid.price.value),
            Self::Denom => Value::Text(Cow::Borrowed(row.bid.price.denom.as_str())),
            Self::Ceiling => number(row.ceiling_ratio),
            Self::Cpu => number(row.total.cpu_m.and_then(|m| Decimal::try_from_i128_with_scale(m.into(), 3).ok())),
            Self::Mem => number(row.total.memory_bytes.map(Decimal::from)),
            Self::Disk => number(row.total.storage_bytes.map(Decimal::from)),
            Self::Org => of_provider(row, Provider::organization),
            Self::Host => of_provider(row, |provider| provider.host.as_ref()),
            Self::Provider => Value::Text(Cow::Borrowed(row.bid.id.provider.as_str())),
            Self::Region => of_provider(row, Provider::region),
            Self::Country => of_provider(row, Provider::country),
            Self::Audited => audits(row).map_or(Value::Unknown, |audits| Value::Flag(!audits.is_empty())),
            Self::Auditor => match audits(row) {
                None => Value::Unknown,
                Some([]) => Value::Absent,
                Some(audits) => Value::AnyOf(audits.iter().map(|a| Cow::Borrowed(a.auditor.as_str())).collect()),
            },
            Self::State => Value::Text(Cow::Borrowed(row.bid.state.as_str())),
            Self::Takeable => Value::Flag(row.takeable()),
            Self::Blocker if row.takeable() => Value::Absent,
            Self::Blocker => Value::AnyOf(row.blockers.iter().map(|b| Cow::Borrowed(b.code())).collect()),
            Self::Age => number(row.age_s(at.height, at.block_time).map(Decimal::from)),
            Self::Closes if row.bid.state == BidState::Open => {
                number(row.closes_in_s(at.height, at.block_time).map(Decimal::from))
            }
            Self::Closes => Value::Absent,
            Self::Reclaim => row.bid.reclamation_s.map_or(Value::Absent, |s| Value::Number(Decimal::from(s))),
            Self::Gseq => Value::Number(Decimal::from(row.bid.id.gseq)),
            Self::Attribute(key) => attribute(row, key),
        }
    }

    /// What rows are ordered by: the same as [`Field::value`], but dollars before the division by the block time,
    /// and a card by its token alone.
    pub fn sort_value<'a>(&self, row: &'a Row, at: &At) -> Value<'a> {
        let over = |n: Option<u64>| {
            let n = n.filter(|n| *n > 0)?;
            row.usd_block?.checked_div(Decimal::from(n))
        };
        match self {
            Self::Usd | Self::UsdMonth => number(row.usd_block),
            Self::UsdGpu => number(over(row.gpus.count())),
            Self::UsdVram => number(over(row.gpus.vram_total())),
            Self::Gpu => each_kind(row, |_, kind| text(kind.model.as_ref())),
            _ => self.value(row, at),
        }
    }
}

fn number<'a>(value: Option<Decimal>) -> Value<'a> {
    value.map_or(Value::Unknown, Value::Number)
}

fn text(value: Option<&Clean>) -> Value<'_> {
    value.map_or(Value::Unknown, |text| Value::Text(Cow::Borrowed(text)))
}

fn gib(mib: u64) -> Option<Decimal> {
    Decimal::from(mib).checked_div(Decimal::from(1024u32))
}

/// A figure over the cards, which an offer without any does not have.
fn per_card<'a>(row: &Row, value: Option<Decimal>) -> Value<'a> {
    if row.gpus == Gpus::None { Value::Absent } else { number(value) }
}

/// One value per kind of card that the bid names, folded to one where they are the same.
fn each_kind<'a>(row: &'a Row, value: impl Fn(&'a OfferedGpu, &'a GpuKind) -> Value<'a>) -> Value<'a> {
    let gpus = match &row.gpus {
        Gpus::Unstated => return Value::Unknown,
        Gpus::None => return Value::Absent,
        Gpus::Some(gpus) => gpus,
    };
    if let [gpu] = &**gpus
        && let [kind] = &*gpu.kinds
    {
        return value(gpu, kind);
    }
    let mut all: Vec<Value<'a>> = Vec::new();
    for gpu in gpus {
        let nameless = gpu.kinds.is_empty().then_some(Value::Unknown);
        for found in gpu.kinds.iter().map(|kind| value(gpu, kind)).chain(nameless) {
            if !all.contains(&found) {
                all.push(found);
            }
        }
    }
    if all.len() == 1 { all.swap_remove(0) } else { Value::AllOf(all) }
}

fn of_provider(row: &Row, value: impl Fn(&Provider) -> Option<&Clean>) -> Value<'_> {
    text(row.provider.as_deref().and_then(value))
}

fn audits(row: &Row) -> Option<&[Audit]> {
    row.provider.as_ref()?.audits.as_deref()
}

/// The values of a provider's attribute; a key may come several times.
fn attribute<'a>(row: &'a Row, key: &str) -> Value<'a> {
    let mut values: Vec<Cow<'a, str>> = row
        .provider
        .iter()
        .flat_map(|provider| &provider.attributes)
        .filter(|(k, v)| k.eq_ignore_ascii_case(key) && !v.is_empty())
        .map(|(_, v)| Cow::Borrowed(&**v))
        .collect();
    match values.len() {
        0 => Value::Unknown,
        1 => Value::Text(values.swap_remove(0)),
        _ => Value::AnyOf(values),
    }
}

/// The field whose name or alias is most like what was typed.
fn nearest_field(typed: &str) -> Option<Field> {
    let names: Vec<(Cow<'static, str>, &Field)> =
        Field::ALL.iter().flat_map(|field| [(field.alias(), field), (field.name(), field)]).collect();
    let near = nearest(typed, names.iter().map(|(name, _)| &**name))?;
    names.iter().find(|(name, _)| *name == near).map(|(_, field)| (*field).clone())
}

/// The name most like what was typed, if any is like it; the first of those that are equally so.
pub fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let length = typed.chars().count();
    let likeness = |name: &str| {
        let begun = length >= 2 && (name.starts_with(&typed) || (name.len() >= 3 && typed.starts_with(name)));
        if begun { 1 } else { edits(&typed, name) }
    };
    let near = names.into_iter().map(|name| (likeness(name), name));
    near.filter(|(edits, _)| *edits <= (length / 3).max(1)).min_by_key(|(edits, _)| *edits).map(|(_, name)| name)
}

/// How many letters to add, leave out, change or swap with their neighbour to get from one word to the other.
pub fn edits(from: &str, to: &str) -> usize {
    // Names are short: a pasted text is no misspelt name, and must not cost its square.
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().take(64).collect(), to.chars().take(64).collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for i in 0..from.len() {
        let mut row = vec![i + 1];
        for j in 0..to.len() {
            let change = above[j] + usize::from(from[i] != to[j]);
            let mut least = change.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && from[i] == to[j - 1] && from[i - 1] == to[j] {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[to.len()]
}
