//! README says what is true: its tables, and its picture.

use crate::journeys::{launch, market};
use crate::support::{program::akbids, svg};
use akbids::app::keymap;
use akbids::demo;
use akbids::domain::field::Field;
use akbids::exit::Code;
use std::cell::RefCell;

const README: &str = include_str!("../../README.md");

#[test]
fn the_keys_are_those_of_the_key_table() {
    for (keys, what) in keymap::rows() {
        let line = format!("| `{keys}` | {what} |");
        assert!(README.contains(&line), "README lacks the line\n{line}");
    }
    let listed = README.lines().skip_while(|line| *line != "| key | what it does |").skip(2);
    assert_eq!(listed.take_while(|line| line.starts_with('|')).count(), keymap::rows().count());
}

#[test]
fn the_fields_are_all_there() {
    let line = README.lines().find(|line| line.starts_with("Fields: ")).unwrap();
    let rest: String =
        README.lines().skip_while(|l| *l != line).take_while(|l| !l.is_empty()).collect::<Vec<_>>().join(" ");
    for field in Field::ALL {
        assert!(rest.contains(&format!("`{}`", field.alias())), "README does not name the field {}", field.alias());
    }
}

#[test]
fn the_exit_codes_are_those_of_the_program() {
    for code in [Code::Done, Code::Error, Code::Usage, Code::Nothing, Code::Interrupted] {
        assert!(README.contains(&format!("| {} |", code.number())), "README lacks exit code {}", code.number());
    }
}

#[test]
fn the_flags_it_names_exist() {
    let helps: [&[&str]; 5] =
        [&["--help"], &["accept", "--help"], &["journal", "--help"], &["doctor", "--help"], &["config", "--help"]];
    let help: String = helps.map(|args| akbids(args).stdout).concat();
    let words = README.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let foreign = ["--release", "--locked", "--path", "--profile", "--no-default-features", "--bench", "--test"];
    let is_flag =
        |word: &&str| word.strip_prefix("--").is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
    for flag in words.filter(is_flag).filter(|word| !foreign.contains(word)) {
        assert!(help.contains(flag), "README names {flag}, --help does not");
    }
}

#[test]
fn the_picture_is_the_program() {
    let node = market();
    node.step_to(demo::START_HEIGHT + 8);
    let mut robot = launch(&node, demo::DSEQ).size(84, 24).start();
    robot.wait_for("live").wait_for("Northwind").wait_for("#27011298");
    robot.wait("every provider known", |screen| !screen.contents().contains("akash1u"));
    node.step();
    // The frame in which the new block appears: a second later the ages are others.
    let taken = RefCell::new(None);
    robot.wait("the new block, just come", |screen| {
        let text = screen.contents();
        let found = text.contains("#27011299") && text.contains("live 0s");
        if found {
            taken.replace(Some(screen.clone()));
        }
        found
    });
    svg::golden("akbids", &svg::draw(&taken.take().unwrap(), "akbids on its embedded chain", true));
}
