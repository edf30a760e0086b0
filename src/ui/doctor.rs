//! Why nobody bids: the causes with what shows them and what mends them.
//!
//! ```text
//! group 1 (order 1) has been open for 4 min, no bid can be taken
//!
//! ✗ none of the 24 registered providers declares region=mars
//!   → leave it out of the SDL's attributes: 23 are left then
//!   $ akash tx deployment close …
//!
//! providers left        not known
//! ```

use super::page::Page;
use super::theme::{Meaning, Theme};
use super::words::count;
use crate::app::{Model, Reading};
use crate::domain::cause::{Diagnosis, Verdict, Weight};
use crate::domain::registry::{Progress, Stage};
use ratatui::text::Line;

/// What the box is about.
pub fn title(model: &Model) -> String {
    let verdict = model.group().and_then(|group| model.survey().diagnosis(group.gseq)).map(|found| found.verdict);
    let question = match verdict {
        Some(Verdict::NoBids | Verdict::NotOpen | Verdict::Unknown) => "why nobody bids",
        Some(Verdict::NoneFits { .. }) => "why nothing fits",
        Some(Verdict::Served { .. } | Verdict::Leased) | None => "doctor",
    };
    match model.group().filter(|_| model.groups().count() > 1) {
        Some(group) => format!("{question} · {} {}", group.gseq, group.name),
        None => question.to_owned(),
    }
}

/// The diagnosis of the group shown, in lines of at most `room` columns.
pub fn lines(model: &Model, theme: Theme, room: usize) -> Vec<Line<'static>> {
    let mut page = Page::new(theme, room);
    let Some(found) = model.group().and_then(|group| model.survey().diagnosis(group.gseq)) else {
        page.text("Nothing is known of this group.", Meaning::Plain);
        return page.lines;
    };
    page.text(&found.headline, Meaning::Strong);
    causes(found, &mut page);
    reading(model.survey().reading(), found, &mut page);
    if !found.steps.is_empty() {
        page.gap();
        page.text("providers left", Meaning::Faint);
        for step in &found.steps {
            let left = step.left.map_or("?".to_owned(), |n| n.to_string());
            page.behind(&format!("{left:>7}  "), &step.text, Meaning::Plain);
        }
    }
    if !found.unknown.is_empty() {
        page.gap();
        page.text("not known", Meaning::Faint);
        for unknown in &found.unknown {
            page.behind("· ", unknown, Meaning::Plain);
        }
    }
    page.lines
}

fn causes(found: &Diagnosis, page: &mut Page) {
    for cause in &found.causes {
        page.gap();
        let (sign, meaning) = match cause.weight {
            Weight::Stops => ("✗ ", Meaning::Bad),
            Weight::Narrows => ("! ", Meaning::Warn),
            Weight::Note => ("· ", Meaning::Plain),
        };
        page.behind(sign, &cause.text, meaning);
        page.behind("  → ", &cause.fix, Meaning::Plain);
        for command in &cause.commands {
            page.behind("  $ ", command, Meaning::Strong);
        }
    }
    if found.verdict.ails() && found.causes.is_empty() {
        page.gap();
        page.text("Nothing that was read explains it.", Meaning::Plain);
    }
}

/// How far the registry was read; nothing once all of it was.
fn reading(reading: &Reading, found: &Diagnosis, page: &mut Page) {
    if !found.verdict.ails() {
        return;
    }
    let (text, meaning) = match reading {
        Reading::NotAsked | Reading::Read => return,
        Reading::Running(None) => ("reading who is registered …".to_owned(), Meaning::Faint),
        Reading::Running(Some(Progress { stage: Stage::Providers, done, .. })) => {
            (format!("reading who is registered: {} so far …", count(*done, "provider")), Meaning::Faint)
        }
        Reading::Running(Some(Progress { stage: Stage::Audits, done, of })) => {
            let of = of.map_or(String::new(), |of| format!(" of {of}"));
            (format!("reading what auditors signed: {done}{of} providers …"), Meaning::Faint)
        }
        Reading::Failed(why) => (format!("! the registry could not be read: {why}; r tries again"), Meaning::Warn),
    };
    page.gap();
    page.text(&text, meaning);
}
