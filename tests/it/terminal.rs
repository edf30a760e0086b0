//! The guard of the terminal in a real terminal, and the tools that watch it: the robot and the pictures.
//!
//! [`stage`] is a small program in this very binary; the tests start it in a pseudo-terminal.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use akbids::term::{Guard, Input, Signal, Signals, clipboard, guard, streams};
use crossterm::event::{Event, KeyCode, KeyModifiers};
use ratatui::style::{Color, Style, Stylize};
use ratatui::text::{Line, Text};
use rustix::process::Signal as Number;

use crate::support::robot::{Exit, Key, Launch, Robot};
use crate::support::svg;

const STAGE: [&str; 5] = ["--exact", "terminal::stage", "--ignored", "--nocapture", "--test-threads=1"];

/// Starts [`stage`] and waits for its first frame.
fn on_stage(launch: impl FnOnce(Launch) -> Launch) -> Robot {
    let program = std::env::current_exe().unwrap();
    let mut robot = launch(Launch::new(program).args(STAGE)).start();
    robot.wait_for("on stage");
    robot
}

#[test]
#[ignore = "a program for the tests of this file, which start it in a terminal"]
#[allow(clippy::print_stderr)]
fn stage() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let code = match runtime.block_on(play()) {
        Ok(code) => code,
        Err(e) if guard::is_gone(&e) => 99,
        Err(e) => {
            eprintln!("the stage closed: {e}");
            1
        }
    };
    std::process::exit(code);
}

/// Says what it last saw, and does what the key stands for. Returns the exit code.
async fn play() -> std::io::Result<i32> {
    let mut guard = Guard::enter()?;
    let mut signals = Signals::new()?;
    let mut events = Input::start()?;
    let mut last = "nothing".to_owned();
    let mut frames: u8 = 0;
    let mut colourful = false;
    if std::env::var_os("STAGE_NONBLOCKING").is_some() {
        rustix::io::ioctl_fionbio(rustix::stdio::stdout(), true)?;
    }
    loop {
        frames = frames.wrapping_add(1);
        let area = guard.frame(|frame| {
            let area = frame.area();
            if colourful {
                let buffer = frame.buffer_mut();
                for (i, position) in (frames..=u8::MAX).chain(0..frames).cycle().zip(area.positions()) {
                    buffer[position].set_char('x').set_style(Style::new().fg(Color::Indexed(i)));
                }
            }
            let heading = Line::from("on stage").bold().reversed();
            let size = Line::from(format!("{} by {}", area.width, area.height));
            frame.render_widget(Text::from(vec![heading, size, Line::from(format!("last: {last}"))]), area);
            area
        })?;
        last = tokio::select! {
            biased;
            signal = signals.next() => match signal {
                Signal::Hangup if std::env::var_os("STAGE_DEAF").is_some() => {
                    while events.next().await.is_some() {}
                    return Ok(98);
                }
                Signal::Hangup => return Ok(129),
                Signal::Interrupt => return Ok(130),
                Signal::Terminate => return Ok(143),
                Signal::Continue => {
                    guard.resume()?;
                    "continued".to_owned()
                }
            },
            event = events.next() => match event {
                None => return Ok(98),
                Some(event) => match event? {
                    Event::Key(key) => match (key.code, key.modifiers) {
                        (KeyCode::Char('q'), _) => return Ok(0),
                        (KeyCode::Char('p'), _) => panic!("a staged panic"),
                        (KeyCode::Char('t'), _) => {
                            let task = tokio::spawn(async { panic!("a staged panic in a task") });
                            format!("a task ended: {}", task.await.is_err())
                        }
                        (KeyCode::Char('z'), KeyModifiers::CONTROL) => {
                            signals.suspend(&mut guard).await?;
                            "suspended".to_owned()
                        }
                        (KeyCode::Char('m'), _) => {
                            guard.set_mouse(!guard.mouse())?;
                            format!("mouse {}", guard.mouse())
                        }
                        (KeyCode::Char('y'), _) => {
                            let sent = clipboard::copy(&mut guard, "hi\x1b\u{9c}\n")?;
                            let refused = clipboard::copy(&mut guard, &"x".repeat(clipboard::LIMIT + 1)).is_err();
                            format!("sent {sent}, refused {refused}")
                        }
                        (KeyCode::Char('c'), _) => {
                            colourful = true;
                            "colours".to_owned()
                        }
                        (KeyCode::Char('e'), _) => format!("a second guard: {}", Guard::enter().is_err()),
                        (KeyCode::Char('l'), _) => {
                            guard.leave();
                            guard.leave();
                            guard.frame(|_| ())?;
                            guard.resume()?;
                            "left and back".to_owned()
                        }
                        (code, _) => format!("key {code:?}"),
                    },
                    Event::Paste(text) => format!("paste {text:?}"),
                    Event::Mouse(mouse) => {
                        format!("mouse at {} {} of {} {}", mouse.column, mouse.row, area.width, area.height)
                    }
                    Event::FocusGained => "focus gained".to_owned(),
                    Event::FocusLost => "focus lost".to_owned(),
                    Event::Resize(..) => "resize".to_owned(),
                },
            },
        };
    }
}

// --- the guard ---

#[test]
fn on_the_screen_the_modes_are_on_and_after_it_none_is() {
    let mut robot = on_stage(|launch| launch);
    assert_eq!(robot.modes_left_on(), ["25", "1004", "1049", "2004", "raw"]);
    assert!(robot.screen().alternate_screen());
    robot.send("q");
    assert_eq!(robot.wait_exit(), Exit::Code(0));
    assert_eq!(robot.modes_left_on(), [""; 0]);
    assert!(!robot.text().contains("on stage"), "{}", robot.text());
}

#[test]
fn a_panic_leaves_a_sane_screen_with_its_message_on_it() {
    let mut robot = on_stage(|launch| launch);
    robot.send("m").wait_for("mouse true").send("p");
    assert_eq!(robot.wait_exit(), Exit::Code(101));
    assert_eq!(robot.modes_left_on(), [""; 0]);
    // In raw mode a line would begin where the last one ended.
    assert_eq!(robot.find("a staged panic").map(|(_, column)| column), Some(0), "{}", robot.text());
}

#[test]
fn nothing_is_drawn_over_the_message_of_a_task_that_panicked() {
    let mut robot = on_stage(|launch| launch);
    robot.send("t");
    assert_eq!(robot.wait_exit(), Exit::Code(1));
    assert_eq!(robot.modes_left_on(), [""; 0]);
    assert!(robot.text().contains("a staged panic in a task"), "{}", robot.text());
    assert!(robot.text().contains("the stage closed: a part of the program has panicked"), "{}", robot.text());
}

#[test]
fn a_signal_that_ends_the_program_leaves_no_mode_on() {
    for (signal, code) in [(Number::TERM, 143), (Number::HUP, 129), (Number::INT, 130)] {
        let mut robot = on_stage(|launch| launch);
        robot.send("m").wait_for("mouse true").signal(signal);
        assert_eq!(robot.wait_exit(), Exit::Code(code));
        assert_eq!(robot.modes_left_on(), [""; 0], "{signal:?}");
    }
}

/// Runs [`stage`] under a shell with job control: a program without one cannot be stopped from the keyboard.
fn under_a_shell() -> Robot {
    let script = r#"set -m; "$0" "$@"; echo "stopped $?"; read -r go; $go; echo "ended $?""#;
    let program = std::env::current_exe().unwrap();
    let mut robot = Launch::new("/bin/sh").args(["-c", script]).args([program]).args(STAGE).start();
    robot.wait_for("on stage");
    robot
}

#[test]
fn suspended_it_leaves_no_mode_on_and_comes_back_whole() {
    let mut robot = under_a_shell();
    robot.send("m").wait_for("mouse true");
    robot.press(Key::Ctrl(b'z')).wait_for("stopped 1");
    let status = format!("stopped {}", 128 + Number::TSTP.as_raw());
    assert!(robot.text().contains(&status), "{}", robot.text());
    assert_eq!(robot.modes_left_on(), [""; 0]);

    let before = robot.raw().len();
    robot.send("fg\n").wait_for("last: suspended");
    // Everything is painted again, not only what has changed, and what was on is on.
    assert!(robot.screen().alternate_screen());
    assert_eq!(robot.row(0), "on stage");
    let raw = robot.raw();
    assert!(String::from_utf8_lossy(&raw[before..]).contains("\x1b[2J"));
    assert_eq!(robot.modes_left_on(), ["25", "1000", "1004", "1006", "1049", "2004", "raw"]);

    robot.send("q").wait_for("ended 0");
    assert_eq!(robot.wait_exit(), Exit::Code(0));
    assert_eq!(robot.modes_left_on(), [""; 0]);
}

#[test]
fn told_to_end_while_it_is_stopped_it_ends_and_leaves_the_terminal_alone() {
    let mut robot = under_a_shell();
    robot.press(Key::Ctrl(b'z')).wait_for("stopped 1");
    let before = robot.raw().len();
    robot.send("eval kill %1; bg; wait %1\n").wait_for("ended 143");
    assert_eq!(robot.wait_exit(), Exit::Code(0));
    assert_eq!(robot.modes_left_on(), [""; 0]);
    assert!(!String::from_utf8_lossy(&robot.raw()[before..]).contains('\x1b'));
}

#[test]
fn sent_on_in_the_background_it_stops_again_and_comes_back_in_front() {
    let mut robot = under_a_shell();
    robot.press(Key::Ctrl(b'z')).wait_for("stopped 1");
    let before = robot.raw().len();
    robot.send("eval bg; wait %1; echo again $?; read -r go; fg\n").wait_for("again 1");
    assert!(!String::from_utf8_lossy(&robot.raw()[before..]).contains('\x1b'));
    robot.press(Key::Enter).wait_for("last: suspended");
    robot.send("q").wait_for("ended 0");
    assert_eq!(robot.modes_left_on(), [""; 0]);
}

#[test]
fn without_a_shell_ctrl_z_cannot_stop_it_and_it_goes_on() {
    let mut robot = on_stage(|launch| launch);
    robot.press(Key::Ctrl(b'z')).wait_for("last: suspended");
    robot.send("q");
    assert_eq!(robot.wait_exit(), Exit::Code(0));
    assert_eq!(robot.modes_left_on(), [""; 0]);
}

#[test]
fn stopped_by_somebody_else_it_takes_the_terminal_anew() {
    let mut robot = on_stage(|launch| launch);
    robot.signal(Number::STOP).wait_stopped();
    let before = robot.raw().len();
    robot.signal(Number::CONT).wait_for("last: continued");
    let raw = robot.raw();
    let after = String::from_utf8_lossy(&raw[before..]);
    assert!(after.contains("\x1b[?1049h") && after.contains("on stage"), "{after:?}");
    robot.send("q");
    assert_eq!(robot.wait_exit(), Exit::Code(0));
    assert_eq!(robot.modes_left_on(), [""; 0]);
}

#[test]
fn a_terminal_that_vanishes_ends_it_without_a_panic() {
    let mut robot = on_stage(|launch| launch);
    robot.hang_up("x");
    let exit = robot.wait_exit_unseen();
    // By the signal, by the end of the input, or by a frame that cannot be written: whichever is noticed first.
    assert!([129, 98, 99].map(Exit::Code).contains(&exit), "{exit:?}");
}

#[test]
fn the_input_of_a_terminal_that_vanished_ends() {
    let mut robot = on_stage(|launch| launch.env("STAGE_DEAF", "1"));
    robot.hang_up("x");
    let exit = robot.wait_exit_unseen();
    // 99 if a last key was still drawn.
    assert!([98, 99].map(Exit::Code).contains(&exit), "{exit:?}");
}

#[test]
fn left_twice_and_taken_again_it_draws_nothing_between() {
    let mut robot = on_stage(|launch| launch);
    robot.send("l").wait_for("last: left and back");
    let raw = robot.raw();
    let text = String::from_utf8_lossy(&raw);
    assert_eq!(text.matches("\x1b[?1049l").count(), 1);
    let (_, away) = text.split_once("\x1b[?1049l").unwrap();
    let (away, _) = away.split_once("\x1b[?1049h").unwrap();
    assert_eq!(away, "");
    robot.send("e").wait_for("a second guard: true");
}

#[test]
fn a_frame_is_one_synchronized_update_with_nothing_outside() {
    let mut robot = on_stage(|launch| launch);
    robot.send("x").wait_for("key Char('x')").send("q").wait_exit();
    let raw = robot.raw();
    let text = String::from_utf8_lossy(&raw);
    // Between taking the terminal and giving it back.
    let (_, text) = text.split_once("\x1b[?25l").unwrap();
    let (text, _) = text.rsplit_once("\x1b[?2026l\x1b[0m").unwrap();
    let updates: Vec<&str> = text.split_inclusive("\x1b[?2026l").collect();
    assert_eq!(updates.len(), 2, "{updates:?}");
    for update in updates {
        assert!(update.starts_with("\x1b[?2026h") && update.ends_with("\x1b[?2026l"), "{update:?}");
    }
}

#[test]
fn the_mouse_is_off_until_it_is_asked_for_and_never_reports_motion() {
    let mut robot = on_stage(|launch| launch);
    robot.click(3, 4).send("m").wait_for("last: mouse true");
    robot.click(3, 4).wait_for("last: mouse at 3 4 of 80 24");
    robot.send("m").wait_for("last: mouse false").send("q").wait_exit();
    let raw = robot.raw();
    let text = String::from_utf8_lossy(&raw);
    assert!(!text.contains("?1002") && !text.contains("?1003"));
    assert_eq!(robot.modes_left_on(), [""; 0]);
}

#[test]
fn pasted_text_focus_and_size_arrive_as_what_they_are() {
    let mut robot = on_stage(|launch| launch);
    robot.paste("one\rtwo").wait_for(r#"last: paste "one\rtwo""#);
    robot.focus(false).wait_for("last: focus lost");
    robot.focus(true).wait_for("last: focus gained");
    robot.resize(50, 12).wait_for("50 by 12").wait_for("last: resize");
    robot.resize(100, 30).wait_for("100 by 30");
}

#[test]
fn a_copy_reaches_the_terminal_without_control_characters() {
    let mut robot = on_stage(|launch| launch);
    robot.send("y");
    // "hi" and a newline.
    robot.wait_bytes(0, b"\x1b]52;c;aGkK\x1b\\");
    robot.wait_for("sent 3, refused true");
}

#[test]
fn a_terminal_that_another_program_made_non_blocking_gets_whole_frames() {
    let mut robot = on_stage(|launch| launch.env("STAGE_NONBLOCKING", "1").size(250, 80));
    robot.send("c").wait("a screen full of colours", |screen| {
        screen.cell(79, 249).is_some_and(|cell| cell.contents() == "x" && cell.fgcolor() != vt100::Color::Default)
    });
    for key in 'A'..='H' {
        robot.send(key.to_string()).wait_for(&format!("last: key Char('{key}')"));
    }
    robot.send("q");
    assert_eq!(robot.wait_exit(), Exit::Code(0));
}

#[test]
fn without_a_terminal_nothing_is_written_and_the_reason_given() {
    let output = Command::new(std::env::current_exe().unwrap()).args(STAGE).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(!output.stdout.contains(&0x1b));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the stage closed: a screen needs a terminal"), "{said}");

    let mut robot = Launch::new(std::env::current_exe().unwrap()).args(STAGE).env("TERM", "dumb").start();
    assert_eq!(robot.wait_exit(), Exit::Code(1));
    assert!(!robot.raw().contains(&0x1b));
}

#[test]
fn a_screen_needs_both_streams_and_a_terminal_that_can_move_its_cursor() {
    let able = guard::Streams { stdin: true, stdout: true, dumb: false };
    assert!(able.screen());
    assert!(!guard::Streams { stdin: false, ..able }.screen());
    assert!(!guard::Streams { stdout: false, ..able }.screen());
    assert!(!guard::Streams { dumb: true, ..able }.screen());
    let _ = streams();
}

// --- the robot ---

#[test]
fn a_wait_in_vain_says_what_for_and_shows_the_screen() {
    let mut robot = Launch::new("/bin/sh").args(["-c", "echo what there is; read -r line"]).size(30, 3).start();
    robot.wait_for("what there is");
    let mut robot = robot.patience(Duration::from_millis(20));
    let panic = catch_unwind(AssertUnwindSafe(|| robot.wait_for("what there is not").text())).unwrap_err();
    let said = panic.downcast_ref::<String>().unwrap();
    assert!(said.contains(r#"waited for "what there is not" on the screen, but 20ms have passed"#), "{said}");
    assert!(said.contains("|what there is                 |"), "{said}");
}

#[test]
fn a_wait_for_a_program_that_has_ended_does_not_last() {
    let mut robot = Launch::new("/bin/sh").args(["-c", "echo its last words; exit 7"]).start();
    let panic = catch_unwind(AssertUnwindSafe(|| robot.wait_for("more").text())).unwrap_err();
    let said = panic.downcast_ref::<String>().unwrap();
    assert!(said.contains("the program has ended") && said.contains("its last words"), "{said}");
    assert_eq!(robot.wait_exit(), Exit::Code(7));
}

#[test]
fn modes_left_on_are_found() {
    let script = r"printf '\033[?1000;1006h\033[?25l\033[?2004h\033[?2004l'; stty -echo";
    let mut robot = Launch::new("/bin/sh").args(["-c", script]).start();
    robot.wait_exit();
    assert_eq!(robot.modes_left_on(), ["25", "1000", "1006", "raw"]);
}

#[test]
fn a_frame_is_seen_whole_or_not_at_all() {
    let script = r"printf 'old \033[?20'; printf '26hnew'; read -r go; printf ' frame\033[?2026l'; read -r go";
    let mut robot = Launch::new("/bin/sh").args(["-c", script]).start();
    robot.wait_bytes(0, b"2026hnew");
    assert_eq!(robot.text().trim_end(), "old");
    robot.press(Key::Enter).wait_for("old new").wait_for(" frame");
    assert!(!robot.text().contains("2026"));
}

#[test]
fn the_environment_is_the_robots_own() {
    let launch = Launch::new("/bin/sh").args(["-c", "env; cat mine"]).env("EXTRA", "yes").size(200, 30);
    let home = launch.home().to_owned();
    std::fs::write(home.join("mine"), "a file in its home").unwrap();
    let mut robot = launch.start();
    robot.wait_exit();
    let text = robot.text();
    let names: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    for name in ["EXTRA", "HOME", "LANG", "LC_ALL", "PATH", "TERM", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
        assert!(names.contains(&name), "{name} is missing: {text}");
    }
    assert!(!names.iter().any(|name| name.starts_with("CARGO") || *name == "USER"), "{text}");
    assert!(text.contains("a file in its home"), "{text}");
    drop(robot);
    assert!(!home.exists());
}

#[test]
fn keys_arrive_and_a_signal_kills() {
    let mut robot = on_stage(|launch| launch);
    for (key, seen) in [
        (Key::Up, "key Up"),
        (Key::Down, "key Down"),
        (Key::Left, "key Left"),
        (Key::Right, "key Right"),
        (Key::Home, "key Home"),
        (Key::End, "key End"),
        (Key::PageUp, "key PageUp"),
        (Key::PageDown, "key PageDown"),
        (Key::Tab, "key Tab"),
        (Key::Backspace, "key Backspace"),
        (Key::Enter, "key Enter"),
        (Key::Esc, "key Esc"),
    ] {
        robot.press(key).wait_for(seen);
    }
    robot.wait_gone("key Enter").signal(Number::KILL);
    assert!(matches!(robot.wait_exit(), Exit::Signal(_)));
    assert!(robot.modes_left_on().contains(&"1049".to_owned()));
}

#[test]
fn help_leaves_the_terminal_as_it_was() {
    let mut robot = Launch::akbids().args(["--help"]).start();
    assert_eq!(robot.wait_exit(), Exit::Code(0));
    assert_eq!(robot.modes_left_on(), [""; 0]);
}

// --- pictures ---

fn shown(columns: u16, rows: u16, bytes: &str) -> vt100::Screen {
    let (rows, columns) = (rows.try_into().unwrap(), columns.try_into().unwrap());
    let mut parser = vt100::Parser::new(rows, columns, 0);
    parser.process(b"\x1b[?25l");
    parser.process(bytes.as_bytes());
    parser.screen().clone()
}

#[test]
fn a_picture_holds_text_to_the_grid() {
    let svg = svg::draw(&shown(20, 2, "a b  <c>&\r\n\x1b[2C世é\u{301}≈x"), "A & B", false);
    let expected = [
        r#"<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 192 60" width="192" height="60">"#,
        "<title>A &amp; B</title>",
        r#"<text x="0" y="13.3" textLength="25.2">a b</text>"#,
        r#"<text x="42" y="13.3" textLength="33.6">&lt;c&gt;&amp;</text>"#,
        // Two cells of its own, then a letter with its accent, then a sign that may come from another font.
        r#"<text x="16.8" y="31.3" textLength="16.8">世</text>"#,
        "<text x=\"33.6\" y=\"31.3\">é\u{301}</text>",
        r#"<text x="42" y="31.3">≈</text>"#,
        r#"<text x="50.4" y="31.3">x</text>"#,
    ];
    for line in expected {
        assert!(svg.lines().any(|l| l == line), "{line} is not in\n{svg}");
    }
    assert_eq!(svg, svg::draw(&shown(20, 2, "a b  <c>&\r\n\x1b[2C世é\u{301}≈x"), "A & B", false));
}

#[test]
fn a_picture_shows_attributes_and_colours() {
    let svg = svg::draw(
        &shown(
            12,
            8,
            "\x1b[1;31mbold\x1b[0m\r\n\x1b[7mswapped\x1b[0m\r\n\x1b[2mdim\x1b[0m\r\n\x1b[3mslant\x1b[0m\r\n\
             \x1b[4munder\x1b[0m\r\n\x1b[38;5;196;48;5;232mcube\x1b[0m\r\n\x1b[38;2;1;2;3mexact\x1b[0m\r\n\x1b[44m  \x1b[0m",
        ),
        "t",
        false,
    );
    for part in [
        r##"fill="#ff7b72" font-weight="700">bold<"##,
        r##"fill="#0d1117">swapped<"##,
        r##"fill="#d1d7e0" d="M0 18h58.8v18h-58.8z"/>"##,
        r##"fill="#8f959d">dim<"##,
        r#"font-style="italic">slant<"#,
        r##"stroke="#d1d7e0" stroke-width="1" d="M0 87.3H42"/>"##,
        r##"fill="#ff0000">cube<"##,
        r##"fill="#080808" d="M0 90h33.6v18h-33.6z"/>"##,
        r##"fill="#010203">exact<"##,
        r##"fill="#6cb6ff" d="M0 126h16.8v18h-16.8z"/>"##,
    ] {
        assert!(svg.contains(part), "{part} is not in\n{svg}");
    }
}

#[test]
fn lines_and_blocks_are_shapes_that_join() {
    let svg = svg::draw(&shown(5, 5, "╭───╮\r\n│ █▌│\r\n╰─┬─╯\r\n╔═╗▁▔\r\n┏╸▚░┼"), "t", false);
    // One stroke from corner to corner, and one down each side, whatever is between.
    assert!(svg.contains("M8.4 9H33.6"), "{svg}");
    assert!(svg.contains("M4.2 18V36"), "{svg}");
    // The full and the half block touch.
    assert!(svg.contains("M16.8 18h12.6v18h-12.6z"), "{svg}");
    assert!(svg.contains(r#"stroke-width="2.2""#), "{svg}");
    assert!(!svg.contains("<text"), "{svg}");
}

#[test]
fn the_cursor_is_drawn_where_it_is_unless_it_is_hidden() {
    let cursor = "M16.8 0h2v18h-2z";
    assert!(svg::draw(&shown(5, 1, "ab\x1b[?25h"), "t", false).contains(cursor));
    assert!(!svg::draw(&shown(5, 1, "ab"), "t", false).contains(cursor));
}

#[test]
fn a_window_has_its_title_in_the_bar() {
    let screen = shown(40, 2, "text");
    let (bare, window) = (svg::draw(&screen, "akbids <1>", false), svg::draw(&screen, "akbids <1>", true));
    assert!(!bare.contains("<circle") && window.matches("<circle").count() == 3);
    assert!(window.contains(r##"text-anchor="middle" fill="#8b949e">akbids &lt;1&gt;</text>"##), "{window}");
}

#[test]
fn every_colour_can_be_read_on_the_picture() {
    // Relative luminance and contrast as WCAG 2 defines them; 4.5 is its level AA. Black is there to be a background.
    let linear = |v: u8| {
        let v = f64::from(v) / 255.0;
        if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    };
    let luminance = |(r, g, b): (u8, u8, u8)| 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    let paper = luminance(svg::BACKGROUND);
    for color in svg::PALETTE.iter().skip(1).chain([&svg::FOREGROUND]) {
        let contrast = (luminance(*color) + 0.05) / (paper + 0.05);
        assert!(contrast >= 4.5, "{color:?}: {contrast}");
    }
}

#[test]
fn a_picture_that_has_changed_is_refused_until_it_is_blessed() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("golden-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let name = "picture-of-a-test";
    let refused = svg::golden_in(&directory, name, "one\ntwo\n", false).unwrap_err();
    assert!(refused.contains("cannot be read") && refused.contains("AKBIDS_BLESS=1"), "{refused}");
    svg::golden_in(&directory, name, "one\ntwo\n", true).unwrap();
    svg::golden_in(&directory, name, "one\ntwo\n", false).unwrap();
    let refused = svg::golden_in(&directory, name, "one\n2\n", false).unwrap_err();
    assert!(refused.contains("differs in line 2:\n  kept two\n  now  2"), "{refused}");
    std::fs::remove_dir_all(&directory).unwrap();

    // Not while pictures are being blessed: it would be written then.
    if std::env::var_os("AKBIDS_BLESS").is_none() {
        assert!(catch_unwind(|| svg::golden("no-such-picture", "<svg/>")).is_err());
    }
}
