//! The real binary in a pseudo-terminal, against the embedded chain in this process: what a person sees and does.

use crate::support::robot::{Exit, Key, Launch, Robot};
use akbids::demo::{self, Act, Chain, Clock, Fault, Options, Running};
use rustix::process::Signal;

/// A chain whose blocks come when the test says so.
pub fn market() -> Running {
    let chain = Chain::demo_market(Clock::Fixed(jiff::Timestamp::now()), demo::BLOCK_TIME);
    demo::serve(chain, Options::default()).unwrap()
}

pub fn launch(node: &Running, dseq: u64) -> Launch {
    Launch::akbids().args(["--rest", &node.url(), "--dseq", &dseq.to_string()])
}

/// A screen with all its bids and providers there.
fn look(node: &Running) -> Robot {
    let mut robot = launch(node, demo::DSEQ).start();
    robot.wait_for("live").wait_for("Northwind");
    robot
}

/// The row, counted from 0, under the cursor: the one in reverse video.
fn selected(screen: &vt100::Screen) -> Option<String> {
    let (rows, columns) = screen.size();
    let reversed = |row: u16| screen.cell(row, 10).is_some_and(vt100::Cell::inverse);
    let text = |row: u16| screen.rows(0, columns.get()).nth(row.into());
    (4..rows.get()).find(|row| reversed(*row)).and_then(text)
}

#[test]
fn the_first_frame_does_not_wait_for_the_node() {
    let node = market();
    node.misbehave(Fault::on("", Act::Hang));
    let mut robot = launch(&node, demo::DSEQ).start();
    robot.wait_for("13759787").wait_for("connecting");
    node.behave();
    robot.send("q");
    assert_eq!(robot.wait_exit(), Exit::Code(0));
    assert_eq!(robot.modes_left_on(), Vec::<String>::new());
}

#[test]
fn the_market_is_there_with_what_is_wrong() {
    let node = market();
    let mut robot = look(&node);
    robot.wait_for("✓ exact").wait_for("~ unclear").wait_for("! short").wait_for("✗ wrong");
    robot.wait_for("asks 2× A100 80 GiB or H100").wait_for("9 of 9 shown");
    assert!(selected(&robot.screen()).unwrap().contains("Northwind"), "{}", robot.text());
}

#[test]
fn sorting_moves_the_arrow_and_the_rows_and_keeps_the_cursor() {
    let node = market();
    let mut robot = look(&node);
    let bid = |screen: &vt100::Screen| selected(screen).unwrap_or_default().contains("Northwind");
    robot.press(Key::Right).press(Key::Right);
    robot.wait("sorted by dollars, the cheapest first", |screen| {
        screen.contents().lines().nth(4).is_some_and(|row| row.contains("Pixel Barn")) && bid(screen)
    });
    robot.send("S");
    robot.wait("the dearest first", |screen| {
        screen.contents().lines().nth(4).is_some_and(|row| row.contains("Quanta Ridge")) && bid(screen)
    });
}

#[test]
fn a_filter_works_while_it_is_typed() {
    let node = market();
    let mut robot = look(&node);
    robot.send("/gpu=a100");
    robot.wait("only A100", |screen| !screen.contents().contains("RTX 4090"));
    robot.send(" usd<2.6").wait_gone("Halden");
    robot.press(Key::Enter).wait_for("usd<2.6");
    robot.press(Key::Esc).wait_for("RTX 4090").wait_for("9 of 9 shown");
    robot.send("/vrm>4").wait_for("nearest");
    robot.press(Key::Esc).wait_for("9 of 9 shown");
}

#[test]
fn the_detail_holds_asked_against_offered() {
    let node = market();
    let mut robot = look(&node);
    robot.press(Key::Enter);
    robot.wait_for("asked").wait_for("offered").wait_for("(stated)").wait_for("estimate");
    robot.press(Key::Esc).wait_gone("(stated)");
    robot.send("?").wait_for("filter as you type");
    robot.press(Key::Esc).wait_gone("filter as you type");
}

#[test]
fn the_doctor_says_why_nobody_bids_and_what_mends_it() {
    let node = market();
    let mut robot = launch(&node, demo::NO_ATTRIBUTE_DSEQ).start();
    robot.wait_for("No bids yet.").wait_for("D says why nobody bids");
    robot.send("D").wait_for("none of the 24 registered providers").wait_for("region=ap-south");
    let before = robot.raw().len();
    robot.send("y").wait_bytes(before, b"\x1b]52;c;");
    robot.press(Key::Esc).wait_gone("registered providers").wait_for("No bids yet.");
}

#[test]
fn marked_bids_stand_side_by_side_with_their_past() {
    let node = market();
    let mut robot = look(&node);
    robot.send(" ").wait_for("■").send("j v").wait_for("side by side").wait_for("$/GiB VRAM");
    // Read from the chain.
    robot.wait_for("it closed").wait_for("0 of its 8");
    robot.press(Key::Esc).wait_gone("side by side").wait_for("9 of 9 shown");
}

#[test]
fn new_bids_arrive_and_the_cursor_stays() {
    let node = market();
    let mut robot = look(&node);
    robot.send("jj");
    robot.wait("the third bid selected", |screen| selected(screen).unwrap_or_default().contains("Halden"));
    node.step_to(demo::START_HEIGHT + 4);
    robot.send("r").wait_for("#27011294");
    robot.wait("more bids, and the same one selected", |screen| {
        screen.contents().contains("13 of 13 shown") && selected(screen).unwrap_or_default().contains("Halden")
    });
}

#[test]
fn a_withdrawn_bid_says_so_and_is_counted() {
    let node = market();
    node.step_to(demo::START_HEIGHT + 14);
    let mut robot = look(&node);
    node.step_to(demo::START_HEIGHT + 16);
    robot.send("r").wait_for("withdrawn");
}

#[test]
fn a_node_that_dies_and_returns_is_told_while_the_rows_stay() {
    let node = market();
    let mut robot = look(&node);
    let port = node.port();
    let chain = node.stop();
    robot.send("r").wait_for("offline").wait_for("Northwind");
    let again = demo::serve(chain, Options { port, ..Options::default() }).unwrap();
    again.step();
    robot.send("r").wait_for("live").wait_for("#27011291").wait_gone("offline");
}

#[test]
fn every_size_is_drawn() {
    let node = market();
    let mut robot = look(&node);
    for (columns, rows) in [(40, 10), (1, 1), (200, 50), (30, 8), (80, 24)] {
        robot.resize(columns, rows);
    }
    robot.wait_for("Northwind").wait_for("9 of 9 shown");
    robot.send("q");
    assert_eq!(robot.wait_exit(), Exit::Code(0));
}

#[test]
fn no_color_keeps_bold_and_the_cursor() {
    let node = market();
    let mut robot = launch(&node, demo::DSEQ).env("NO_COLOR", "1").start();
    robot.wait_for("Northwind");
    let screen = robot.screen();
    assert!(selected(&screen).is_some(), "{}", robot.text());
    let (rows, columns) = screen.size();
    let cells = (0..rows.get()).flat_map(|row| (0..columns.get()).map(move |column| (row, column)));
    let (mut bold, mut coloured) = (false, false);
    for cell in cells.filter_map(|(row, column)| screen.cell(row, column)) {
        bold |= cell.bold();
        coloured |= cell.fgcolor() != vt100::Color::Default || cell.bgcolor() != vt100::Color::Default;
    }
    assert!(bold && !coloured, "bold {bold}, coloured {coloured}");
}

#[test]
fn colour_is_there_without_no_color() {
    let node = market();
    let robot = look(&node);
    let screen = robot.screen();
    // The row under the cursor is in reverse video instead.
    let coloured =
        (0..80).filter_map(|column| screen.cell(5, column)).any(|cell| cell.fgcolor() != vt100::Color::Default);
    assert!(coloured, "the fit of a row is coloured");
}

#[test]
fn sigterm_gives_the_terminal_back() {
    let node = market();
    let mut robot = look(&node);
    robot.signal(Signal::TERM);
    assert_eq!(robot.wait_exit(), Exit::Code(130));
    assert_eq!(robot.modes_left_on(), Vec::<String>::new());
}

#[test]
fn a_terminal_that_vanishes_ends_the_program() {
    let node = market();
    let mut robot = look(&node);
    robot.hang_up("j");
    robot.wait_exit_unseen();
}

#[test]
fn suspended_and_back() {
    let node = market();
    // Only a shell with job control can have it stopped from the keyboard.
    let program = env!("CARGO_BIN_EXE_akbids");
    let script = format!(
        "set -m; {program} --rest {} --dseq {}; echo it stopped; read -r go; fg; echo it ended",
        node.url(),
        demo::DSEQ
    );
    let mut robot = Launch::new("/bin/sh").args(["-c", &script]).start();
    robot.wait_for("Northwind");
    robot.send("\x1a").wait_for("it stopped").wait_gone("Northwind");
    robot.send("go\n").wait_for("Northwind");
    robot.send("q").wait_for("it ended");
    assert_eq!(robot.wait_exit(), Exit::Code(0));
    assert_eq!(robot.modes_left_on(), Vec::<String>::new());
}

#[test]
fn a_hostile_provider_reaches_no_terminal() {
    let node = market();
    node.step_to(demo::START_HEIGHT + 12);
    let mut robot = launch(&node, demo::DSEQ).size(160, 48).start();
    robot.wait_for("Northwind").wait_for("Evil");
    robot.send("/evil").wait_for("1 of 19 shown").press(Key::Enter);
    robot.press(Key::Enter).wait_for("asked");
    let raw = robot.raw();
    for forbidden in
        [&b"\x1b]52"[..], b"\x1b[2J\x1b]", "\u{202e}".as_bytes(), "\u{200b}".as_bytes(), "\u{2066}".as_bytes()]
    {
        assert!(!raw.windows(forbidden.len()).any(|window| window == forbidden), "{forbidden:?}");
    }
}

#[test]
fn copying_goes_through_the_terminal() {
    let node = market();
    let mut robot = look(&node);
    robot.send("y");
    robot.wait_bytes(0, b"\x1b]52;c;");
    robot.wait_for("sent to the terminal");
}

#[test]
fn a_saved_answer_opens_on_the_screen() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/samples/02-v1beta4-a100-bid-2023.json");
    let mut robot = Launch::akbids().args(["--input", file]).start();
    robot.wait_for("A100").wait_for("saved").wait_for("13759787");
    robot.send("q");
    assert_eq!(robot.wait_exit(), Exit::Code(0));
}

#[test]
fn what_does_not_exist_ends_with_a_sentence() {
    let node = market();
    let mut robot = launch(&node, 987_654).start();
    assert_eq!(robot.wait_exit(), Exit::Code(3));
    assert!(robot.text().contains("987654"), "{}", robot.text());
    assert_eq!(robot.modes_left_on(), Vec::<String>::new());
}

#[test]
fn an_exported_dseq_is_told() {
    let node = market();
    let mut robot =
        Launch::akbids().args(["--rest", &node.url()]).env("AKASH_DSEQ", demo::DSEQ.to_string()).size(120, 40).start();
    robot.wait_for("AKASH_DSEQ").wait_for("Northwind");
}

#[test]
fn the_demo_runs_by_itself() {
    let mut robot = Launch::akbids().args(["--demo", "--demo-block-time", "0.2"]).start();
    robot.wait_for("DEMO").wait_for("Northwind").wait_for("#2701129");
    robot.wait_for("#2701130").send("q");
    assert_eq!(robot.wait_exit(), Exit::Code(0));
}
