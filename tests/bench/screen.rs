//! The screen: one frame over 10,000 rows.

use crate::measure::{median, report};
use akbids::app::{Model, Msg, Settings, update};
use akbids::domain::bid::Snapshot;
use akbids::ui::{Theme, view};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::sync::Arc;
use std::time::Duration;

/// Design section 8.
const FRAME: Duration = Duration::from_micros(600);

pub fn rows(snapshot: Snapshot) {
    let bids = snapshot.bids.len();
    let mut model = Model::new(Settings::default());
    update(&mut model, Msg::Now(0));
    update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
    let mut terminal = Terminal::new(TestBackend::new(160, 48)).unwrap();
    let mut draw = |model: &mut Model| {
        let mut map = None;
        terminal.draw(|frame| map = Some(view(model, Theme::default(), frame))).unwrap();
        update(model, Msg::Drawn(map.unwrap().extent));
    };
    draw(&mut model);
    let frame = median(|| draw(&mut model));
    report(&format!("frame, {bids} rows, 160x48"), frame, FRAME);
}
