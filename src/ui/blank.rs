//! What stands where no row is: what is known, and what one can do.

use super::theme::{Meaning, Theme};
use super::words::{duration, wrap};
use crate::app::{Freshness, Model};
use crate::domain::appraise::GroupView;
use crate::domain::bid::{DeploymentState, GroupState, OrderState};
use crate::domain::money::four_digits;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// A strong sentence, then plain ones.
struct Blank {
    head: String,
    body: Vec<String>,
}

/// Draws the words for a table without rows.
pub fn draw(model: &Model, theme: Theme, buffer: &mut Buffer, area: Rect) {
    let Blank { head, body } = words(model);
    let room = usize::from(area.width.saturating_sub(4)).min(76);
    let mut lines: Vec<(String, Meaning)> = wrap(&head, room).into_iter().map(|l| (l, Meaning::Strong)).collect();
    for sentence in body {
        if area.height > 6 {
            lines.push((String::new(), Meaning::Plain));
        }
        lines.extend(wrap(&sentence, room).into_iter().map(|l| (l, Meaning::Plain)));
    }
    let top = area.y + u16::from(area.height > 6);
    for ((text, meaning), y) in lines.iter().zip(top..area.bottom()) {
        buffer.set_stringn(area.x + 2, y, text, room, theme.style(*meaning));
    }
}

fn words(model: &Model) -> Blank {
    if model.snapshot().is_none() {
        return first_answer(model);
    }
    let view = model.view();
    let hidden = view.map(|view| &view.hidden);
    if let Some(hidden) = hidden.filter(|hidden| hidden.filtered > 0) {
        let mut body = vec![format!("Filter: {}", model.query()), "Esc clears it, / changes it.".to_owned()];
        if hidden.blocked > 0 {
            body.push(format!("{} more of blocked providers: B shows them.", hidden.blocked));
        }
        body.extend(older(model));
        return Blank { head: format!("The filter hides all {} bids.", hidden.filtered), body };
    }
    if let Some(hidden) = hidden.filter(|hidden| hidden.blocked > 0) {
        let head = match hidden.blocked {
            1 => "The only bid is of a provider that you blocked.".to_owned(),
            n => format!("All {n} bids are of providers that you blocked."),
        };
        let body = vec!["B shows them, b on one of them takes its provider back.".to_owned()];
        return Blank { head, body: body.into_iter().chain(older(model)).collect() };
    }
    let deployment = model.snapshot().and_then(|snapshot| snapshot.deployment.as_ref());
    if let Some(state) = deployment.map(|d| &d.state).filter(|state| **state != DeploymentState::Active) {
        let head = format!("This deployment is {state}: nobody bids on it any more.");
        return Blank { head, body: vec!["Create a new one to get bids.".to_owned()] };
    }
    let Some(group) = model.group() else {
        let saved = model.snapshot().is_some_and(|snapshot| snapshot.saved);
        let head = if saved { "The saved answer holds no bids." } else { "This deployment has no groups." };
        return Blank { head: head.to_owned(), body: Vec::new() };
    };
    if group.state == Some(GroupState::Paused) {
        let head = "Your provider left: start the group to get new bids.".to_owned();
        return Blank { head, body: vec![older(model)].into_iter().flatten().collect() };
    }
    if let Some(lease) = &group.lease {
        let winner = group.winner_name.as_ref().map_or_else(|| lease.id.provider.short(), ToString::to_string);
        return Blank { head: format!("This group is leased to {winner}."), body: Vec::new() };
    }
    match &group.order_state {
        Some(OrderState::Open) => no_bids(model, group),
        Some(state) => Blank {
            head: format!("The order of this group is {state}: nobody can bid on it."),
            body: older(model).into_iter().collect(),
        },
        None => Blank {
            head: "There is no open order for this group, as far as is known.".to_owned(),
            body: older(model).into_iter().collect(),
        },
    }
}

fn first_answer(model: &Model) -> Blank {
    let asked = model.settings().endpoint.as_ref().map_or("the node".to_owned(), ToString::to_string);
    match (model.freshness(), model.trouble()) {
        (Freshness::Unreachable { for_s, retry_s }, Some(trouble)) => Blank {
            head: format!("No answer yet, for {}.", duration(for_s)),
            body: vec![
                trouble.to_string(),
                format!("The next try is in {}; r tries now, --rest URL asks another endpoint.", duration(retry_s)),
            ],
        },
        _ => Blank { head: format!("Asking {asked} …"), body: Vec::new() },
    }
}

/// Bids that are counted but not shown.
fn older(model: &Model) -> Option<String> {
    let hidden = &model.view()?.hidden;
    let (older, withdrawn) = (hidden.older, hidden.withdrawn);
    match (older, withdrawn) {
        (0, 0) => None,
        (0, m) => Some(format!("Not shown: {m} withdrawn.")),
        (n, 0) => Some(format!("Not shown: {n} of earlier orders.")),
        (n, m) => Some(format!("Not shown: {n} of earlier orders, {m} withdrawn.")),
    }
}

fn no_bids(model: &Model, group: &GroupView) -> Blank {
    let open =
        model.order_age_s().map_or(String::new(), |age| format!(" The order has been open for {}.", duration(age)));
    let mut body = vec![format!("Providers mostly bid within 30 s.{open} Bids show here as they come.")];
    body.extend(older(model));
    let mut narrows: Vec<String> = Vec::new();
    if let Some(ceiling) = group.ceiling_usd_hour {
        narrows.push(format!("the ceiling of ${} an hour", four_digits(ceiling)));
    }
    if !group.requirements.attributes.is_empty() {
        let asked: Vec<String> =
            group.requirements.attributes.iter().map(|(key, value)| format!("{key}={value}")).collect();
        narrows.push(format!("the attributes asked for ({})", asked.join(", ")));
    }
    if !(group.requirements.all_of.is_empty() && group.requirements.any_of.is_empty()) {
        narrows.push("the auditors asked for".to_owned());
    }
    if group.request.iter().any(|unit| unit.gpus.is_some_and(|n| n > 0)) {
        narrows.push("GPU models that nobody has free".to_owned());
    }
    if model.ails().is_some() {
        body.push("D says why nobody bids, and what mends it.".to_owned());
    } else if !narrows.is_empty() {
        body.push(format!("What may keep bids away: {}.", narrows.join(", ")));
    }
    Blank { head: "No bids yet.".to_owned(), body }
}
