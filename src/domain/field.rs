//! Every comparable field of a bid, once: columns, sort, filter and JSON take their names from here.

use super::appraise::{Gpus, OfferedGpu, Row};
use super::bid::Provider;
use super::diff::Fit;
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
        write!(f, "there is no field {}", self.name)
    }
}

impl Field {
    /// Finds a field by its name or alias, in either case; `attr.KEY` is any provider attribute.
    pub fn parse(name: &str) -> Result<Self, UnknownField> {
        Self::ALL
            .iter()
            .find(|field| name.eq_ignore_ascii_case(&field.name()) || name.eq_ignore_ascii_case(&field.alias()))
            .cloned()
            .ok_or_else(|| UnknownField { name: Clean::new(name), nearest: None })
    }

    /// What a row has in this field.
    pub fn value<'a>(&self, _row: &'a Row, _at: &At) -> Value<'a> {
        let _: Option<(&Gpus, &OfferedGpu, &Provider)> = None;
        Value::Unknown
    }
}
