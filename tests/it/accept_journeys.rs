//! Accepting as a person does: the real binary in a pseudo-terminal, against the embedded chain in this process.

use crate::accept::{Home, bid_id, leases, northwind, posts, provider, still, wait};
use crate::support::robot::{Exit, Key, Launch, Robot};
use crate::support::svg;
use akbids::demo::{self, Act, DSEQ, Fault, OWNER, Running};
use rustix::process::Signal;
use serde_json::Value;
use std::sync::Arc;

const POST: &str = "/cosmos/tx/v1beta1/txs";
/// What confirms Northwind's bid while the other group is left out.
const PHRASE: &str = "partial 3cka";

fn launch(node: &Running, home: &Home, key: &[&str]) -> Launch {
    let dseq = DSEQ.to_string();
    Launch::akbids()
        .args(["--rest", &node.url(), "--dseq", &dseq, "--chain-id", demo::CHAIN_ID])
        .args(key)
        .env("XDG_STATE_HOME", home.0.join("state"))
}

fn start(node: &Running, home: &Home) -> Robot {
    let key = home.0.join("key");
    open(launch(node, home, &["--key-file", key.to_str().unwrap()]))
}

fn open(launch: Launch) -> Robot {
    let mut robot = launch.start();
    robot.wait_for("live").wait_for("Northwind");
    robot
}

/// Opens the dialog on Northwind's bid, up to its input.
fn dialog(robot: &mut Robot) {
    robot.send("a").wait_for("last four").wait_for("3236.41827 uact a block");
}

fn confirm(robot: &mut Robot) {
    dialog(robot);
    robot.send(PHRASE).wait_for(PHRASE);
    robot.press(Key::Enter);
}

#[test]
fn the_picture_of_the_dialog_is_the_program() {
    let (node, home) = (still(), Home::new());
    let mut robot = start(&node, &home);
    dialog(&mut robot);
    robot.send("partial 3ck").wait_for("partial 3ck");
    svg::golden("accept", &svg::draw(&dialog_only(&robot.screen()), "the accept dialog of akbids", true));
}

/// The dialog's own lines, without what ticks around it.
fn dialog_only(screen: &vt100::Screen) -> vt100::Screen {
    let (rows, columns) = screen.size();
    let lines: Vec<String> = screen.rows(0, columns.get()).collect();
    let formatted: Vec<String> = screen.rows_formatted(0, columns.get()).collect();
    let dialog: Vec<&String> = lines
        .iter()
        .zip(&formatted)
        .filter(|(line, _)| line.starts_with(['│', '┌', '└']))
        .map(|(_, formatted)| formatted)
        .collect();
    let height = std::num::NonZero::new(u16::try_from(dialog.len()).unwrap()).unwrap();
    let mut parser = vt100::Parser::new(height.min(rows), columns, 0);
    for (place, row) in dialog.into_iter().enumerate() {
        parser.process(format!("\u{1b}[{};1H\u{1b}[m", place + 1).as_bytes());
        parser.process(row.as_bytes());
    }
    parser.screen().clone()
}

#[test]
fn accept_to_the_end() {
    let (node, home) = (still(), Home::new());
    let mut robot = start(&node, &home);
    confirm(&mut robot);
    robot.wait_for("signed ").wait_for("waiting, block");
    assert_eq!(posts(&node), 1);
    node.step();
    robot.wait_for("as quoted").wait_for("send-manifest").wait_for("y copies it");
    assert_eq!(leases(&node), 1);
    robot.press(Key::Esc).wait_for("leased: Northwind Compute").wait_for("order taken").wait_for("● leased");
    robot.send("q");
    assert_eq!(robot.wait_exit(), Exit::Code(0));
}

#[test]
fn a_lie_about_the_price_is_said_loudly() {
    let (node, home) = (still(), Home::new());
    let mut robot = start(&node, &home);
    confirm(&mut robot);
    robot.wait_for("waiting, block");
    let dearer = |body: &mut Value| {
        for lease in body["leases"].as_array_mut().into_iter().flatten() {
            lease["lease"]["price"]["amount"] = "9000.000000000000000000".into();
        }
    };
    node.misbehave(Fault::on("/akash/market/v1beta5/leases/list", Act::Rewrite(Arc::new(dearer))));
    node.step();
    robot.wait_for("NOT AS QUOTED").wait_for("9000 uact");
}

#[test]
fn a_bid_that_closes_under_the_dialog_stops_it() {
    let (node, home) = (still(), Home::new());
    let mut robot = start(&node, &home);
    dialog(&mut robot);
    let id = bid_id(&node, &northwind(&node));
    node.with(|chain| chain.act(|state, height| state.withdraw_bid(height, &id)));
    node.step();
    robot.wait_for("withdrew it");
    robot.wait_gone("then Enter").send(PHRASE).press(Key::Enter);
    robot.press(Key::Esc).wait_gone("Accept this lease");
    assert_eq!(posts(&node), 0);
}

#[test]
fn killed_while_sending_it_finds_out_when_started_again() {
    for reaches_the_node in [true, false] {
        let (node, home) = (still(), Home::new());
        let mut robot = start(&node, &home);
        // The answer never comes; the transaction does, or not.
        let act = if reaches_the_node { Act::DropAnswer } else { Act::Hang };
        node.misbehave(Fault::on(POST, act).method("POST"));
        confirm(&mut robot);
        wait(|| posts(&node) > 0);
        robot.signal(Signal::KILL).wait_exit_unseen();
        node.behave();

        let mut robot = start(&node, &home);
        robot.wait_for("outcome unknown");
        // Nothing else is begun meanwhile.
        robot.send("a").wait_for("outcome unknown");
        let sent = posts(&node);
        if reaches_the_node {
            node.step();
            robot.wait_for("leased in block");
        } else {
            node.step_to(node.height() + 25);
            robot.wait_for("expired");
        }
        assert_eq!((posts(&node), leases(&node)), (sent, usize::from(reaches_the_node)));
        let (code, entries) = home.journal(&node, &[]);
        let outcome = if reaches_the_node { "leased" } else { "expired" };
        assert_eq!((code, entries.len(), entries[0]["outcome"].as_str()), (0, 1, Some(outcome)));
    }
}

#[test]
fn two_groups_of_which_one_bid_closes_lease_nothing() {
    let (node, home) = (still(), Home::new());
    let mut robot = start(&node, &home);
    robot
        .send("x")
        .wait_for("picked")
        .press(Key::Tab)
        .wait_for("Birch")
        .send("x")
        .wait_for("2 web  3/21 bids ✓ picked");
    robot.send("a").wait_for("last four");
    let four = |name: &str| {
        let address = provider(&node, name);
        address[address.len() - 4..].to_owned()
    };
    let phrase = format!("{} {}", four("Northwind Compute"), four("Birch Servers"));
    robot.send(&phrase).wait_for(&phrase).press(Key::Enter).wait_for("waiting, block");
    let id = bid_id(&node, &northwind(&node));
    node.with(|chain| chain.act(|state, height| state.withdraw_bid(height, &id)));
    node.step();
    robot.wait_for("no lease was made");
    assert_eq!(leases(&node), 0);
}

#[test]
fn typed_ahead_pasted_or_empty_does_not_confirm() {
    let (node, home) = (still(), Home::new());
    let mut robot = start(&node, &home);
    robot.send(format!("a{PHRASE}\r"));
    robot.wait_for("then Enter");
    robot.press(Key::Enter).paste(PHRASE).wait_for("pasting does not confirm");
    robot.press(Key::Enter).send("y").press(Key::Enter).wait_for("that is not it");
    assert_eq!(posts(&node), 0);
    robot.press(Key::Esc).wait_gone("Accept this lease").send("q");
    assert_eq!(robot.wait_exit(), Exit::Code(0));
    assert_eq!((posts(&node), home.journal(&node, &[]).1.len()), (0, 0));
}

/// Where the real binary's keyrings are kept for the tests.
fn keyring() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/vectors/keyring-node")
}

#[test]
fn a_keyring_with_a_passphrase_asks_for_it_after_the_confirmation() {
    let (node, home) = (still(), Home::new());
    let flags = ["--keyring-backend", "file", "--keyring-dir", keyring(), "--from", "bob"];
    let mut robot = open(launch(&node, &home, &flags));
    confirm(&mut robot);
    robot.wait_for("passphrase");
    robot.send("wrong horse").press(Key::Enter).wait_for("wrong passphrase");
    assert_eq!(posts(&node), 0);
    robot.send("correct horse").press(Key::Enter).wait_for("waiting, block");
    assert!(!String::from_utf8_lossy(&robot.raw()).contains("correct horse"));
    node.step();
    robot.wait_for("as quoted").wait_for("--from bob");
}

#[test]
fn a_key_command_has_the_terminal_to_itself() {
    let (node, home) = (still(), Home::new());
    let key = home.0.join("key");
    let command =
        format!("read -p 'PIN please: ' pin < /dev/tty 2> /dev/tty && test \"$pin\" = 1234 && cat {}", key.display());
    let command = format!("bash -c '{}'", command.replace('\'', r"'\''"));
    let mut robot = open(launch(&node, &home, &["--key-command", &command]));
    confirm(&mut robot);
    robot.wait_for("PIN please:").send("1234\n").wait_for("waiting, block");
    node.step();
    robot.wait_for("as quoted");
}

#[test]
fn leaving_while_it_is_on_its_way_asks_first() {
    let (node, home) = (still(), Home::new());
    let mut robot = start(&node, &home);
    confirm(&mut robot);
    robot.wait_for("waiting, block").press(Key::Esc).wait_gone("signed ");
    robot.send("q").wait_for("journal --resume").send("n").wait_gone("journal --resume");
    robot.send("q").wait_for("journal --resume").send("y");
    assert_eq!(robot.wait_exit(), Exit::Code(0));
    node.step();
    let (code, entries) = home.journal(&node, &["--resume"]);
    assert_eq!((code, entries[0]["outcome"].as_str()), (0, Some("leased")));
}

#[test]
fn a_disabled_accept_says_why() {
    let (node, home) = (still(), Home::new());
    let mut robot = open(launch(&node, &home, &["--read-only"]));
    robot.send("a").wait_for("--read-only");
    robot.press(Key::Esc).wait_gone("--read-only").send("q");
    assert_eq!(robot.wait_exit(), Exit::Code(0));

    let missing = home.0.join("nowhere");
    let mut robot =
        open(launch(&node, &home, &["--keyring-backend", "test", "--keyring-dir", missing.to_str().unwrap()]));
    robot.send("a").wait_for("no keyring");
}

#[test]
fn the_headless_command_asks_on_a_terminal() {
    let (node, home) = (still(), Home::new());
    let (dseq, key, bid) = (DSEQ.to_string(), home.0.join("key"), northwind(&node));
    let accept = || {
        Launch::akbids()
            .args(["accept", "--rest", &node.url(), "--chain-id", demo::CHAIN_ID, "--dseq", &dseq, "--bid", &bid])
            .args(["--key-file", key.to_str().unwrap()])
            .env("XDG_STATE_HOME", home.0.join("state"))
            .size(160, 48)
    };
    let mut robot = accept().start();
    robot.wait_for("then Enter:").send("y\n");
    assert_eq!(robot.wait_exit(), Exit::Code(130));
    let mut robot = accept().start();
    robot.wait_for("then Enter:").signal(Signal::INT);
    assert_eq!(robot.wait_exit(), Exit::Code(130));
    assert_eq!(posts(&node), 0);

    let mut robot = accept().start();
    robot.wait_for("then Enter:").send(format!("{PHRASE}\n")).wait_for("waiting, block");
    node.step();
    assert_eq!(robot.wait_exit(), Exit::Code(0));
    assert!(robot.text().contains("as quoted") && robot.text().contains(OWNER), "{}", robot.text());
}
