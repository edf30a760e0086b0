//! Asked against offered, unit by unit.
//!
//! The chain checks only unit ids and counts of an offer (chain-sdk `MatchGSpec`): fewer GPUs, other models and
//! vendors, empty offers and missing units have all been seen standing on a real node.

use super::gpu::{GpuKind, VramSource};
use super::resources::{Bytes, Cpus, Unit, Volume};
use std::fmt::{self, Display};

/// How an offer meets the request; the worst level of its differences.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Fit {
    Exact,
    /// More of something, less of nothing.
    More,
    /// It cannot be told: wildcard, empty offer, several models, asked memory not stated.
    Unclear,
    /// Less of anything, or a missing unit.
    Short,
    /// Another vendor or model, or no GPU where some were asked.
    Wrong,
}

impl Fit {
    pub const ALL: [Self; 5] = [Self::Exact, Self::More, Self::Unclear, Self::Short, Self::Wrong];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::More => "more",
            Self::Unclear => "unclear",
            Self::Short => "short",
            Self::Wrong => "wrong",
        }
    }

    /// Whether all that was asked is there.
    pub fn met(self) -> bool {
        matches!(self, Self::Exact | Self::More)
    }
}

impl Display for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One difference between a unit asked and the unit offered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The unit's id; 0 for the offer as a whole.
    pub unit: u32,
    pub level: Fit,
    /// `cpu`, `memory`, `storage default`, `gpus`, `gpu`, `vram`, `interface`, `endpoints`, `count`, `unit`, `offer`.
    pub field: String,
    pub asked: String,
    pub offered: String,
    /// A sentence for a person.
    pub text: String,
}

/// The worst level; [`Fit::Exact`] where nothing differs.
pub fn fit(differences: &[Difference]) -> Fit {
    differences.iter().map(|d| d.level).max().unwrap_or(Fit::Exact)
}

/// Compares an offer with the request, units matched by id. `declared` are the GPU kinds of the provider's own
/// attributes, `offer` is `None` where the generation knows none.
pub fn compare(asked: &[Unit], offer: Option<&[Unit]>, declared: &[GpuKind]) -> Vec<Difference> {
    let mut out = Vec::new();
    let offer = match offer {
        Some([]) | None => {
            out.push(Difference {
                unit: 0,
                level: Fit::Unclear,
                field: "offer".to_owned(),
                asked: format!("{} {}", asked.len(), plural(asked.len(), "unit")),
                offered: "?".to_owned(),
                text: match offer {
                    None => "this chain's bids do not say what is offered".to_owned(),
                    Some(_) => "the offer is empty: the provider does not say what it gives".to_owned(),
                },
            });
            return out;
        }
        Some(offer) => offer,
    };
    // Offers mostly come in the request's order, so the unit is looked for at its own place first.
    let at = |units: &'_ [Unit], place: usize, id: u32| -> Option<usize> {
        match units.get(place) {
            Some(unit) if unit.id == id => Some(place),
            _ => units.iter().position(|unit| unit.id == id),
        }
    };
    for (place, want) in asked.iter().enumerate() {
        match at(offer, place, want.id) {
            Some(found) => compare_unit(want, &offer[found], declared, &mut out),
            None => out.push(Difference {
                unit: want.id,
                level: Fit::Short,
                field: "unit".to_owned(),
                asked: super::resources::summary(std::slice::from_ref(want)),
                offered: "nothing".to_owned(),
                text: format!("unit {} is missing from the offer", want.id),
            }),
        }
    }
    for (place, got) in offer.iter().enumerate() {
        if at(asked, place, got.id).is_none() {
            out.push(Difference {
                unit: got.id,
                level: Fit::More,
                field: "unit".to_owned(),
                asked: "nothing".to_owned(),
                offered: super::resources::summary(std::slice::from_ref(got)),
                text: format!("offers a unit {} that was not asked for", got.id),
            });
        }
    }
    out
}

fn compare_unit(want: &Unit, got: &Unit, declared: &[GpuKind], out: &mut Vec<Difference>) {
    let unit = want.id;
    amount(out, unit, "count", Some(u64::from(want.count)), Some(u64::from(got.count)), |n| {
        let n = usize::try_from(n).unwrap_or(usize::MAX);
        format!("{n} {}", plural(n, "replica"))
    });
    compare_gpus(want, got, declared, out);
    amount(out, unit, "cpu", want.cpu_m, got.cpu_m, |m| format!("{} CPU", Cpus(m)));
    amount(out, unit, "memory", want.memory_bytes, got.memory_bytes, |b| format!("{} memory", Bytes(b)));
    for volume in &want.storage {
        compare_volume(unit, volume, got.storage.iter().find(|v| v.name == volume.name), out);
    }
    let missing: Vec<&str> = missing_endpoints(want, got);
    if !missing.is_empty() {
        out.push(Difference {
            unit,
            level: Fit::Short,
            field: "endpoints".to_owned(),
            asked: kinds_of(&want.endpoints),
            offered: kinds_of(&got.endpoints),
            text: format!("offers no {}", missing.join(", ")),
        });
    }
}

fn kinds_of(endpoints: &[super::text::Clean]) -> String {
    if endpoints.is_empty() {
        return "none".to_owned();
    }
    endpoints.iter().map(|e| &**e).collect::<Vec<_>>().join(", ")
}

/// The asked endpoints that the offer has fewer of.
fn missing_endpoints<'a>(want: &'a Unit, got: &Unit) -> Vec<&'a str> {
    if want.endpoints == got.endpoints {
        return Vec::new();
    }
    let mut left: Vec<_> = got.endpoints.iter().collect();
    let mut missing = Vec::new();
    for endpoint in &want.endpoints {
        match left.iter().position(|e| *e == endpoint) {
            Some(at) => drop(left.swap_remove(at)),
            None => missing.push(&**endpoint),
        }
    }
    missing
}

/// Compares one figure. An unknown request asks nothing; an unknown offer of something asked is unclear.
fn amount(
    out: &mut Vec<Difference>,
    unit: u32,
    field: &str,
    asked: Option<u64>,
    offered: Option<u64>,
    show: impl Fn(u64) -> String,
) {
    let Some(want) = asked else { return };
    let (level, text) = match offered {
        Some(got) if got == want => return,
        Some(got) if got < want => (Fit::Short, format!("offers {}, {} asked for", show(got), were(&show(want), want))),
        Some(got) => (Fit::More, format!("offers {}, {} asked for", show(got), were(&show(want), want))),
        None => (Fit::Unclear, format!("does not say its {field}, {} asked for", were(&show(want), want))),
    };
    out.push(Difference {
        unit,
        level,
        field: field.to_owned(),
        asked: show(want),
        offered: offered.map_or("?".to_owned(), show),
        text,
    });
}

fn were(shown: &str, n: u64) -> String {
    format!("{shown} {}", if n == 1 { "was" } else { "were" })
}

fn plural(n: usize, word: &str) -> String {
    if n == 1 { word.to_owned() } else { format!("{word}s") }
}

fn compare_volume(unit: u32, want: &Volume, got: Option<&Volume>, out: &mut Vec<Difference>) {
    let field = format!("storage {}", want.name);
    let Some(got) = got else {
        out.push(Difference {
            unit,
            level: Fit::Short,
            asked: volume_text(want),
            offered: "nothing".to_owned(),
            text: format!("the volume {} is missing", want.name),
            field,
        });
        return;
    };
    amount(out, unit, &field, want.bytes, got.bytes, |b| Bytes(b).to_string());
    if want.persistent && !got.persistent {
        out.push(Difference {
            unit,
            level: Fit::Short,
            asked: volume_text(want),
            offered: volume_text(got),
            text: format!("the volume {} is not persistent", want.name),
            field,
        });
    } else if want.class.is_some() && want.class != got.class {
        out.push(Difference {
            unit,
            level: Fit::Unclear,
            asked: volume_text(want),
            offered: volume_text(got),
            text: format!("the volume {} is of another storage class", want.name),
            field,
        });
    }
}

/// `100 GiB beta3 persistent`.
pub fn volume_text(volume: &Volume) -> String {
    let mut text = volume.bytes.map_or("?".to_owned(), |b| Bytes(b).to_string());
    if let Some(class) = &volume.class {
        text = format!("{text} {class}");
    }
    if volume.persistent {
        text.push_str(" persistent");
    }
    text
}

fn compare_gpus(want: &Unit, got: &Unit, declared: &[GpuKind], out: &mut Vec<Difference>) {
    let asked_cards = match want.gpus {
        None => return,
        Some(0) => {
            // Only a surplus is possible.
            return amount(out, want.id, "gpus", Some(0), got.gpus.or(Some(0)), cards);
        }
        Some(n) => n,
    };
    if got.gpus == Some(0) {
        out.push(Difference {
            unit: want.id,
            level: Fit::Wrong,
            field: "gpus".to_owned(),
            asked: format!("{asked_cards}× {}", alternatives(&want.gpu_kinds)),
            offered: "none".to_owned(),
            text: format!("offers no GPU, {} asked for", were(&cards(asked_cards), asked_cards)),
        });
        return;
    }
    amount(out, want.id, "gpus", want.gpus, got.gpus, cards);
    if want.gpu_kinds.is_empty() {
        return;
    }
    let mut say = |level: Fit, field: &str, asked: String, offered: String, text: String| {
        out.push(Difference { unit: want.id, level, field: field.to_owned(), asked, offered, text });
    };
    let asked = alternatives(&want.gpu_kinds);
    let offered = alternatives(&got.gpu_kinds);
    let accepted = |kind: &GpuKind| want.gpu_kinds.iter().any(|alternative| accepts(alternative, kind));
    let possible = |kind: &GpuKind| {
        accepted(kind) || (kind.model.is_none() && want.gpu_kinds.iter().any(|a| a.vendor == kind.vendor))
    };
    let Some(first) = got.gpu_kinds.first() else {
        return say(Fit::Unclear, "gpu", asked, "?".to_owned(), "does not say which GPU it gives".to_owned());
    };
    if !got.gpu_kinds.iter().any(possible) {
        let text = format!("offers {offered}, asked for {asked}");
        return say(Fit::Wrong, "gpu", asked, offered, text);
    }
    if got.gpu_kinds.iter().any(|kind| !(kind == first || kind.same_model(first))) {
        let text = format!("names several GPUs and does not say which it gives: {offered}");
        return say(Fit::Unclear, "gpu", asked, offered, text);
    }
    if first.model.is_none() {
        let text = format!("offers {offered}: the model is left open");
        return say(Fit::Unclear, "gpu", asked, offered, text);
    }
    // Of the alternatives that name this model, the one it meets best counts.
    let best = want
        .gpu_kinds
        .iter()
        .filter(|alternative| accepts(alternative, first))
        .map(|alternative| details(alternative, first, declared))
        .min_by_key(|found| found.iter().map(|d| d.0).max().unwrap_or(Fit::Exact));
    for (level, field, asked, offered, text) in best.into_iter().flatten() {
        say(level, field, asked, offered, text);
    }
}

type Detail = (Fit, &'static str, String, String, String);

/// Memory and interface of one card against one alternative that names its model.
fn details(asked: &GpuKind, offered: &GpuKind, declared: &[GpuKind]) -> Vec<Detail> {
    let mut out = Vec::new();
    if let Some(want) = asked.ram {
        let (vram, source) = offered.vram(declared.iter());
        let given = match (vram, source) {
            (Some(got), VramSource::Stated) => Some((got, "")),
            (Some(got), VramSource::Inferred) => Some((got, " (inferred from the model)")),
            _ => None,
        };
        match given {
            Some((got, _)) if got == want => {}
            Some((got, how)) => {
                let level = if got < want { Fit::Short } else { Fit::More };
                let text = format!("offers {got} a GPU{how}, {want} was asked for");
                out.push((level, "vram", want.to_string(), got.to_string(), text));
            }
            None => {
                let (shown, text) = match vram {
                    Some(got) => (
                        format!("{got} (declared)"),
                        format!(
                            "the offer does not say its GPU memory; the provider declares {got}, {want} was asked for"
                        ),
                    ),
                    None => ("?".to_owned(), format!("the offer does not say its GPU memory, {want} was asked for")),
                };
                out.push((Fit::Unclear, "vram", want.to_string(), shown, text));
            }
        }
    }
    if let Some(want) = &asked.interface {
        match &offered.interface {
            Some(got) if got == want => {}
            Some(got) => {
                let text = format!("offers interface {got}, {want} was asked for");
                out.push((Fit::Short, "interface", want.to_string(), got.to_string(), text));
            }
            None => {
                let text = format!("the offer does not say its interface, {want} was asked for");
                out.push((Fit::Unclear, "interface", want.to_string(), "?".to_owned(), text));
            }
        }
    }
    out
}

/// Whether an alternative takes the card's model; memory and interface aside.
fn accepts(alternative: &GpuKind, kind: &GpuKind) -> bool {
    match alternative.model {
        None => alternative.vendor == kind.vendor && kind.model.is_some(),
        Some(_) => alternative.same_model(kind),
    }
}

fn cards(n: u64) -> String {
    if n == 1 { "1 GPU".to_owned() } else { format!("{n} GPUs") }
}

/// `A100 80 GiB or H100`.
pub fn alternatives(kinds: &[GpuKind]) -> String {
    if kinds.is_empty() {
        return "GPU".to_owned();
    }
    kinds.iter().map(GpuKind::long_name).collect::<Vec<_>>().join(" or ")
}
