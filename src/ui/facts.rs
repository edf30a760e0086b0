//! What is known of a bid beyond its row, in words: for the detail and for the comparison.

use super::table::auditor;
use super::theme::Meaning;
use super::words::duration;
use crate::app::{Closes, Lookup, Model};
use crate::domain::appraise::{BID_TIMEOUT_S, Blocker, Row};
use crate::domain::bid::{Address, Provider};
use crate::domain::money::four_digits;
use crate::domain::run::{RunLength, runway_s};
use crate::domain::usual::UsualPrice;

/// `$0.7353`, `?` where not known.
pub fn dollars(usd: Option<rust_decimal::Decimal>) -> String {
    usd.map_or("?".to_owned(), |usd| format!("${}", four_digits(usd)))
}

/// When it closes, `estimate` and its basis left out.
pub fn closes(model: &Model, row: &Row) -> String {
    match model.closes(row) {
        Closes::In(s) => format!("in {}", duration(s)),
        Closes::Overdue(s) => format!("overdue {}", duration(s)),
        Closes::Never => "–".to_owned(),
        Closes::Unknown => "?".to_owned(),
    }
}

/// That what closes is an estimate, and whose.
pub fn closing_basis() -> String {
    format!("estimate: providers withdraw after {BID_TIMEOUT_S} s by default")
}

/// How long the escrow lasts with this bid and all that runs; a dash where it is too late for the bid.
pub fn runway(model: &Model, row: &Row) -> String {
    let Some(snapshot) = model.snapshot() else { return "?".to_owned() };
    let matters = row.takeable() || row.blockers == [Blocker::Leased];
    match runway_s(row, snapshot) {
        _ if !matters => "–".to_owned(),
        None => "?".to_owned(),
        Some(left) if left <= 0 => "nothing: deposit first".to_owned(),
        Some(left) => duration(left.unsigned_abs()),
    }
}

/// What a run of that length costs, and whether the escrow lasts.
pub fn run(model: &Model, row: &Row, length: RunLength) -> (String, Meaning) {
    let Some(snapshot) = model.snapshot() else { return ("?".to_owned(), Meaning::Plain) };
    let run = length.of(row, snapshot);
    let usd = dollars(run.usd);
    match run.escrow_lasts {
        Some(true) => (format!("{usd}, the escrow lasts"), Meaning::Plain),
        Some(false) => (format!("{usd}, the escrow does not last"), Meaning::Warn),
        None => (usd, Meaning::Plain),
    }
}

/// What one of its cards usually costs, and which card that is; `None` where the bid names no one card, or nobody says.
pub fn usual<'a>(model: &'a Model, row: &Row) -> Option<(String, &'a UsualPrice)> {
    let [gpu] = row.gpus.kinds() else { return None };
    let kind = gpu.model()?;
    let price = model.settings().usual.of(kind, gpu.vram)?;
    let name = gpu.vram.map_or_else(|| kind.name(), |vram| format!("{} {vram}", kind.name()));
    Some((name, price))
}

/// `$2.50–3.50`
pub fn usual_range(price: &UsualPrice) -> String {
    format!("${:.2}–{:.2}", price.low, price.high)
}

/// Who signed anything of the provider, by name.
pub fn signed_by(model: &Model, provider: Option<&Provider>) -> String {
    match provider.and_then(|provider| provider.audits.as_deref()) {
        None => "?".to_owned(),
        Some([]) => "nobody".to_owned(),
        Some(audits) => audits.iter().map(|audit| auditor(model, &audit.auditor)).collect::<Vec<_>>().join(", "),
    }
}

/// `3 of its last 100`: how many leases it closed itself, with the window.
pub fn track_short(model: &Model, provider: &Address) -> String {
    match model.track(provider) {
        Some(Lookup::Known(record)) if record.of > 0 => {
            let window = match (record.complete, record.read > record.of) {
                (true, true) => format!("its last {}", record.of),
                (true, false) => format!("its {}", record.of),
                (false, _) => format!("{} that were read", record.of),
            };
            format!("{} of {window}", record.closed_by_provider.of_its_own())
        }
        _ => track(model, provider),
    }
}

/// What became of the provider's past leases, with the window that was read.
pub fn track(model: &Model, provider: &Address) -> String {
    match model.track(provider) {
        Some(Lookup::Known(record)) => {
            let since = record.since_height.zip(model.snapshot().and_then(|snapshot| snapshot.chain.height));
            let since = since.and_then(|(since, now)| {
                let ms = model.block_time().millis_of(now.checked_sub(since)?);
                Some(format!("; the oldest began {} ago", duration(u64::try_from(ms).ok()? / 1000)))
            });
            let since = since.filter(|_| record.of > 0).unwrap_or_else(String::new);
            format!("{}{since}", record.sentence())
        }
        Some(Lookup::Failed(why)) => format!("? {why}"),
        Some(Lookup::Asked) => "being read …".to_owned(),
        None => "?".to_owned(),
    }
}
