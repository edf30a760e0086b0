//! The table as plain text: aligned columns, no colour, one bid a line.

use crate::domain::appraise::{Gpus, Market, Row};
use crate::domain::bid::Snapshot;
use crate::domain::money::{BlockTimeSource, four_digits};
use crate::domain::preferences::Preferences;
use crate::domain::rank::{Hidden, View};
use crate::domain::run::Run;
use crate::domain::text::REMOVED;
use unicode_width::UnicodeWidthStr;

/// A rendered table: what goes to stdout, and what is said beside it on stderr.
pub struct Table {
    /// Header and rows, each ending in a newline; nothing at all without rows.
    pub rows: String,
    /// One sentence a line.
    pub notes: Vec<String>,
}

/// The columns, in order.
const TITLES: [&str; 10] =
    ["fit", "usd/hr", "gpu", "usd/gpu", "price/block", "provider", "host", "region", "closes", "state"];

/// Where the provider stands in them.
const PROVIDER: usize = 5;
/// Where the costs of a run go, if they are told.
const RUN: usize = 2;

/// The costs of a run, marked where the escrow does not last: `12.40 !`.
fn run(run: &Run) -> String {
    let usd = run.usd.map_or_else(|| "?".to_owned(), four_digits);
    if run.escrow_lasts == Some(false) { usd + " !" } else { usd }
}

/// Draws the rows of `view`. With `ascii` nothing outside ASCII is written, for locales that cannot show it.
pub fn table(snapshot: &Snapshot, market: &Market, view: &View, preferences: &Preferences, ascii: bool) -> Table {
    let several = market.groups.len() > 1;
    let mut shown: Vec<&Row> = view.rows.iter().filter_map(|&at| market.rows.get(at as usize)).collect();
    // A group's bids compete with each other, not with those of the next.
    shown.sort_by_key(|row| row.bid.id.gseq);
    let mut lines: Vec<Vec<String>> = vec![TITLES.iter().map(|title| (*title).to_owned()).collect()];
    lines.extend(shown.iter().map(|row| cells(row, snapshot).into()));
    for (line, row) in lines.iter_mut().skip(1).zip(&shown) {
        if preferences.is_favourite(&row.bid.id.provider)
            && let Some(provider) = line.get_mut(PROVIDER)
        {
            provider.insert_str(0, "* ");
        }
    }
    if let Some(length) = preferences.run {
        let head = format!("usd/{length}");
        let column = std::iter::once(head).chain(shown.iter().map(|row| run(&length.of(row, snapshot))));
        for (line, cell) in lines.iter_mut().zip(column) {
            line.insert(RUN, cell);
        }
    }
    if several {
        let group = |row: &&Row| row.bid.id.gseq.to_string();
        let column = std::iter::once("group".to_owned()).chain(shown.iter().map(group));
        for (line, cell) in lines.iter_mut().zip(column) {
            line.insert(0, cell);
        }
    }
    if ascii {
        for cell in lines.iter_mut().flatten() {
            *cell = to_ascii(cell);
        }
    }
    let mut notes = notes(snapshot, market, view);
    if let Some(length) = preferences.run
        && shown.iter().any(|row| length.of(row, snapshot).escrow_lasts == Some(false))
    {
        notes.insert(0, format!("! the escrow does not last {length} at this price beside what runs"));
    }
    if ascii {
        for note in &mut notes {
            *note = to_ascii(note);
        }
    }
    Table { rows: if view.rows.is_empty() { String::new() } else { align(&lines) }, notes }
}

fn cells(row: &Row, snapshot: &Snapshot) -> [String; 10] {
    let known = |text: Option<String>| text.unwrap_or_else(|| "?".to_owned());
    let provider = row.provider.as_deref();
    let words = |text: Option<&crate::domain::text::Clean>| text.map(ToString::to_string);
    [
        row.fit.map_or("?", |fit| fit.as_str()).to_owned(),
        known(row.usd_hour.map(four_digits)),
        row.gpu_text().replace("× ", "x ").replace(" GiB", "GiB").replace('≈', "~"),
        match row.gpus {
            Gpus::None => "-".to_owned(),
            _ => known(row.usd_gpu_hour().map(four_digits)),
        },
        format!("{} {}", row.bid.price.value, row.bid.price.denom.short()),
        words(provider.and_then(|p| p.organization())).unwrap_or_else(|| row.bid.id.provider.short()),
        known(words(provider.and_then(|p| p.host.as_ref()))),
        known(words(provider.and_then(|p| p.region()))),
        match row.closes_in_s(snapshot.chain.height, snapshot.chain.block_time) {
            _ if !row.takeable() => "-".to_owned(),
            Some(left) if left < 0 => format!("overdue {}s", left.unsigned_abs()),
            Some(left) => format!("{left}s"),
            None => "?".to_owned(),
        },
        match row.blockers.first() {
            _ if snapshot.saved => row.bid.state.to_string(),
            Some(blocker) => blocker.short().to_owned(),
            None => "open".to_owned(),
        },
    ]
}

/// Two spaces between columns, widths in terminal cells, nothing after the last.
fn align(lines: &[Vec<String>]) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |at: usize| lines.iter().filter_map(|l| l.get(at)).map(|c| c.width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for line in lines {
        let start = out.len();
        for (cell, width) in line.iter().zip(&widths) {
            out.push_str(cell);
            out.extend(std::iter::repeat_n(' ', width - cell.width() + 2));
        }
        out.truncate(start + out[start..].trim_end().len());
        out.push('\n');
    }
    out
}

fn notes(snapshot: &Snapshot, market: &Market, view: &View) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    for group in &market.groups {
        if let Some(lease) = &group.lease {
            let dollars = group
                .lease_usd_hour
                .map_or_else(|| lease.price.to_string() + " a block", |usd| format!("${}/hr", four_digits(usd)));
            let name = group.winner_name.as_deref().map_or_else(|| lease.id.provider.short(), ToOwned::to_owned);
            notes.push(format!("group {} {}: leased to {name} at {dollars}", group.gseq, group.name));
        } else if let Some(paused) = group.paused() {
            notes.push(format!("group {} {}: {paused}", group.gseq, group.name));
        }
    }
    notes.extend(
        snapshot.unreadable.iter().map(|entry| format!("{} could not be read: {}", entry.where_, entry.reason)),
    );
    notes.extend(snapshot.warnings.iter().map(|warning| warning.text.to_string()));
    let mut last = count_line(view);
    if snapshot.bids.is_empty() && snapshot.unreadable.is_empty() {
        "no bids yet".clone_into(&mut last);
        if let Some(deployment) =
            snapshot.deployment.as_ref().filter(|d| d.state != crate::domain::bid::DeploymentState::Active)
        {
            last = format!("no bids: the deployment is {}", deployment.state);
        }
    }
    let chain = &snapshot.chain;
    let basis = match chain.block_time.source {
        BlockTimeSource::Measured => "measured",
        BlockTimeSource::Assumed => "assumed",
    };
    let block = format!("{} s a block ({basis})", chain.block_time.seconds().round_dp(3).normalize());
    notes.push(match (&chain.id, chain.height) {
        (Some(id), Some(height)) => format!("{last}    {id} #{height}, {block}"),
        _ => format!("{last}    a saved answer, {block}"),
    });
    notes
}

/// `13 of 21 bids shown: vram>=40 hides 5, 1 withdrawn`.
fn count_line(view: &View) -> String {
    let Hidden { older, withdrawn, blocked, clauses, .. } = &view.hidden;
    let mut hidden: Vec<String> = clauses
        .iter()
        .filter(|c| c.removed + c.unknown > 0)
        .map(|c| match c.unknown {
            0 => format!("{} hides {}", c.clause, c.removed),
            unknown => format!("{} hides {} and {unknown} unknown", c.clause, c.removed),
        })
        .collect();
    if *withdrawn > 0 {
        hidden.push(format!("{withdrawn} withdrawn"));
    }
    if *blocked > 0 {
        hidden.push(format!("{blocked} of blocked providers"));
    }
    if *older > 0 {
        hidden.push(format!("{older} of earlier orders"));
    }
    let counts =
        format!("{} of {} {} shown", view.rows.len(), view.total, if view.total == 1 { "bid" } else { "bids" });
    if hidden.is_empty() { counts } else { format!("{counts}: {}", hidden.join(", ")) }
}

/// The text with our own marks spelled in ASCII and every other character outside it as `?`.
pub fn to_ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '×' | '✗' => out.push('x'),
            '–' | '−' => out.push('-'),
            '…' => out.push_str(".."),
            '≈' => out.push('~'),
            '·' => out.push('|'),
            '→' => out.push_str("->"),
            REMOVED => out.push('?'),
            c if c.is_ascii() => out.push(c),
            _ => out.push('?'),
        }
    }
    out
}
