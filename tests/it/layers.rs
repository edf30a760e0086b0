//! The rooms of the house: who may name whom, and that no files import each other in a ring.
//!
//! Every line of `src/` is read, comments, strings and unit tests cut; then every path in it is followed to a file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Rooms that are still to come. The house is complete when this list is empty.
const AWAITED: &[&str] = &[];

/// A room: a file or a folder of `src/`.
struct Room {
    name: &'static str,
    /// Modules it may name besides its own.
    uses: &'static [&'static str],
    crates: Crates,
    /// Paths and words that may not stand in its code.
    forbidden: &'static [&'static str],
}

/// Which dependencies a room may name.
enum Crates {
    Only(&'static [&'static str]),
    AllBut(&'static [&'static str]),
}

const CLOCK: &str = "std::time";
const SCREEN: &[&str] = &["ratatui", "crossterm", "clap"];

const ROOMS: &[Room] = &[
    Room {
        name: "domain",
        uses: &[],
        crates: Crates::Only(&["serde", "rust_decimal"]),
        forbidden: &[
            CLOCK,
            "std::env",
            "std::fs",
            "std::thread",
            "std::net",
            "std::process",
            "std::io",
            "f32",
            "f64",
            "unwrap_or_default",
        ],
    },
    Room {
        name: "app",
        uses: &["domain"],
        crates: Crates::Only(&["rust_decimal", "unicode_width", "zeroize"]),
        forbidden: &[
            CLOCK,
            "std::env",
            "std::fs",
            "std::thread",
            "std::net",
            "std::process",
            "std::io",
            "cosmos",
            "tendermint",
            "comet",
            "protobuf",
            "bech32",
            "f32",
            "f64",
        ],
    },
    Room {
        name: "ui",
        uses: &["app", "domain"],
        crates: Crates::Only(&["ratatui", "rust_decimal", "unicode_width"]),
        forbidden: &[CLOCK, "std::env", "std::fs", "std::thread", "std::net", "std::process", "std::io", "crossterm"],
    },
    Room {
        name: "report",
        uses: &["domain"],
        crates: Crates::Only(&["rust_decimal", "serde", "serde_json", "jiff", "unicode_width"]),
        forbidden: &["std::net", "std::thread", "std::process", "std::env"],
    },
    Room {
        name: "chain",
        uses: &["domain"],
        crates: Crates::AllBut(&["ratatui", "crossterm", "clap", "axum"]),
        forbidden: &[],
    },
    Room {
        name: "lease",
        uses: &["domain", "chain", "wallet"],
        crates: Crates::AllBut(&["ratatui", "crossterm", "clap", "axum"]),
        forbidden: &[],
    },
    Room {
        name: "wallet",
        uses: &["domain::text"],
        crates: Crates::AllBut(&["ratatui", "crossterm", "clap", "axum", "reqwest", "url", "rustls"]),
        forbidden: &["std::net", "tokio::net"],
    },
    Room {
        name: "demo",
        uses: &["domain"],
        crates: Crates::AllBut(&["ratatui", "crossterm", "clap", "reqwest"]),
        forbidden: &[],
    },
    Room {
        name: "term",
        uses: &["app", "ui", "domain", "report", "chain", "lease", "demo", "cli", "config", "exit"],
        crates: Crates::AllBut(&["axum", "reqwest"]),
        forbidden: &[],
    },
    Room { name: "cli", uses: &["domain"], crates: Crates::AllBut(&["ratatui", "reqwest", "axum"]), forbidden: &[] },
    Room { name: "exit", uses: &["domain", "chain", "lease", "cli"], crates: Crates::AllBut(SCREEN), forbidden: &[] },
    Room {
        name: "config",
        uses: &["domain", "cli", "exit"],
        crates: Crates::AllBut(&["ratatui", "crossterm", "reqwest", "axum"]),
        forbidden: &[],
    },
    // Accepting without a screen: between the flags and the desk.
    Room {
        name: "headless",
        uses: &["domain", "chain", "lease", "report", "cli", "config", "exit"],
        crates: Crates::AllBut(&["ratatui", "crossterm", "reqwest", "axum"]),
        forbidden: &[],
    },
    // Why nobody bids: between the flags and the chain.
    Room {
        name: "diagnose",
        uses: &["domain", "chain", "report", "cli", "config", "exit"],
        crates: Crates::AllBut(&["ratatui", "crossterm", "reqwest", "axum"]),
        forbidden: &[],
    },
    Room {
        name: "state",
        uses: &["domain"],
        crates: Crates::Only(&["serde_json"]),
        forbidden: &["std::net", "std::thread", "std::env"],
    },
    // All, and nobody names it but `main`.
    Room {
        name: "lib",
        uses: &[
            "domain", "app", "ui", "report", "chain", "lease", "wallet", "demo", "term", "cli", "config", "exit",
            "headless", "diagnose", "state",
        ],
        crates: Crates::AllBut(&[]),
        forbidden: &[],
    },
    Room { name: "main", uses: &["lib"], crates: Crates::Only(&[]), forbidden: &[] },
];

/// Source files by module path (`domain::gpu`; a folder's `mod.rs` is the folder), with their code.
type House = BTreeMap<String, String>;

/// Cuts comments, the insides of strings and characters, and what stands under `#[cfg(test)]`.
fn code_of(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    let starts = |at: usize, text: &str| chars[at..].iter().copied().take(text.len()).eq(text.chars());
    let word = |c: char| c.is_alphanumeric() || c == '_';
    while at < chars.len() {
        if starts(at, "//") {
            while at < chars.len() && chars[at] != '\n' {
                at += 1;
            }
        } else if starts(at, "/*") {
            let mut depth = 0;
            while at < chars.len() {
                if starts(at, "/*") {
                    depth += 1;
                    at += 2;
                } else if starts(at, "*/") {
                    depth -= 1;
                    at += 2;
                    if depth == 0 {
                        break;
                    }
                } else {
                    at += 1;
                }
            }
        } else if chars[at] == 'r'
            && (at == 0 || !word(chars[at - 1]) || (chars[at - 1] == 'b' && (at == 1 || !word(chars[at - 2]))))
            && chars[at + 1..].iter().find(|c| **c != '#') == Some(&'"')
        {
            let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
            let end = format!("\"{}", "#".repeat(hashes));
            at += hashes + 2;
            while at < chars.len() && !starts(at, &end) {
                at += 1;
            }
            at += end.len();
            out.push_str("\"\"");
        } else if chars[at] == '"' {
            at += 1;
            while at < chars.len() && chars[at] != '"' {
                at += if chars[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
            out.push_str("\"\"");
        } else if chars[at] == '\'' && chars.get(at + 1) == Some(&'\\') {
            at += 3;
            while at < chars.len() && chars[at] != '\'' {
                at += 1;
            }
            at += 1;
        } else if chars[at] == '\'' && chars.get(at + 2) == Some(&'\'') {
            at += 3;
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    without_tests(&out)
}

/// Cuts `#[cfg(test)] mod … { … }`.
fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut out = String::new();
    let mut rest = code;
    while let Some(found) = rest.find(MARK) {
        out.push_str(&rest[..found]);
        rest = &rest[found + MARK.len()..];
        let Some(open) = rest.find(['{', ';']) else { break };
        let mut depth = 0i32;
        let end = rest[open..].char_indices().find_map(|(at, c)| {
            depth += match c {
                '{' => 1,
                '}' => -1,
                _ => 0,
            };
            (depth == 0).then_some(open + at + 1)
        });
        rest = &rest[end.unwrap_or(rest.len())..];
    }
    out.push_str(rest);
    out
}

/// Every path of two or more names, `use` trees written out: `super::money::Amount`. Also single names, for words.
fn paths(code: &str) -> BTreeSet<Vec<String>> {
    let mut tokens: Vec<String> = Vec::new();
    let mut chars = code.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_alphanumeric() || c == '_' {
            let mut name = String::from(c);
            while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || *c == '_') {
                name.push(c);
            }
            tokens.push(name);
        } else if c == ':' && chars.next_if_eq(&':').is_some() {
            tokens.push("::".to_owned());
        } else if !c.is_whitespace() {
            tokens.push(c.to_string());
        }
    }
    let mut found = BTreeSet::new();
    let mut at = 0;
    while at < tokens.len() {
        if is_name(&tokens[at]) {
            at = tree(&tokens, at, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Reads a path from `at`, with its `{…}` if it ends in one; gives where it ends.
fn tree(tokens: &[String], mut at: usize, before: &[String], found: &mut BTreeSet<Vec<String>>) -> usize {
    let mut path = before.to_vec();
    loop {
        match tokens.get(at).map(String::as_str) {
            Some("{") if !path.is_empty() => {
                at += 1;
                while tokens.get(at).is_some_and(|t| t != "}") {
                    at =
                        if is_name(&tokens[at]) || tokens[at] == "*" { tree(tokens, at, &path, found) } else { at + 1 };
                }
                return at + 1;
            }
            Some(name) if is_name(name) => {
                path.push(name.to_owned());
                at += 1;
            }
            // `use super::*`
            Some("*") if !path.is_empty() => {
                path.push("*".to_owned());
                at += 1;
            }
            _ => break,
        }
        if tokens.get(at).map(String::as_str) != Some("::") {
            break;
        }
        at += 1;
    }
    found.insert(path);
    at
}

/// The module of the house that a path written in `module` leads to.
fn target(house: &House, module: &str, path: &[String]) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    let mut rest = path;
    let here = || if module == "lib" { Vec::new() } else { module.split("::").map(str::to_owned).collect::<Vec<_>>() };
    match path.first()?.as_str() {
        "crate" | "akbids" => rest = &rest[1..],
        "self" => {
            names = here();
            rest = &rest[1..];
        }
        "super" => {
            names = here();
            while rest.first().is_some_and(|name| name == "super") {
                names.pop();
                rest = &rest[1..];
            }
        }
        // A child that this file declares, named without `self`.
        first => {
            let mut child = here();
            child.push(first.to_owned());
            if !house.contains_key(&child.join("::")) || module == "main" {
                return None;
            }
            names = here();
        }
    }
    names.extend(rest.iter().cloned());
    while !names.is_empty() {
        let name = names.join("::");
        if house.contains_key(&name) {
            return Some(name);
        }
        names.pop();
    }
    Some("lib".to_owned())
}

/// Which modules each module names; declaring a child (`mod x;`) is not naming it.
fn imports(house: &House) -> BTreeMap<String, BTreeSet<String>> {
    house
        .iter()
        .map(|(module, code)| {
            let named = paths(code)
                .into_iter()
                .filter(|path| path.len() > 1)
                .filter_map(|path| target(house, module, &path))
                .filter(|other| other != module)
                .collect();
            (module.clone(), named)
        })
        .collect()
}

/// A ring of imports, if there is one: `a → b → a`.
fn ring(imports: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn visit<'a>(
        module: &'a String,
        imports: &'a BTreeMap<String, BTreeSet<String>>,
        way: &mut Vec<&'a String>,
        done: &mut BTreeSet<&'a String>,
    ) -> Option<Vec<String>> {
        if let Some(start) = way.iter().position(|m| *m == module) {
            return Some(way[start..].iter().copied().chain([module]).cloned().collect());
        }
        if done.contains(module) {
            return None;
        }
        way.push(module);
        let found = imports.get(module).into_iter().flatten().find_map(|next| visit(next, imports, way, done));
        way.pop();
        done.insert(module);
        found
    }
    let mut done = BTreeSet::new();
    imports.keys().find_map(|module| visit(module, imports, &mut Vec::new(), &mut done))
}

/// Everything that breaks the table, in sentences.
fn trespasses(house: &House, rooms: &[Room], awaited: &[&str], dependencies: &[String]) -> Vec<String> {
    let room_of = |module: &str| module.split("::").next().unwrap_or(module).to_owned();
    let mut found = Vec::new();
    for room in rooms {
        let exists = house.keys().any(|module| room_of(module) == room.name);
        if !exists && !awaited.contains(&room.name) {
            found.push(format!("the room {} has vanished, and its rule with it", room.name));
        }
        for used in room.uses {
            let known = house.contains_key(*used) || awaited.contains(&&*room_of(used));
            if !known {
                found.push(format!("the rule of {} names {used}, which is not there", room.name));
            }
        }
    }
    for name in awaited {
        if !rooms.iter().any(|room| room.name == *name) {
            found.push(format!("{name} is awaited but has no rule"));
        }
    }
    let named = imports(house);
    for (module, code) in house {
        let Some(room) = rooms.iter().find(|room| room.name == room_of(module)) else {
            found.push(format!("{module} stands in no room"));
            continue;
        };
        for other in &named[module] {
            let inside = room_of(other) == room.name;
            let allowed = room.uses.iter().any(|u| other == u || other.starts_with(&format!("{u}::")));
            if !inside && !allowed {
                found.push(format!("{module} names {other}"));
            }
        }
        for path in paths(code) {
            let joined = path.join("::");
            for word in room.forbidden {
                let hit = if word.contains("::") {
                    joined == *word || joined.starts_with(&format!("{word}::"))
                } else {
                    path.iter().any(|name| name == word)
                };
                if hit {
                    found.push(format!("{module} says {joined}"));
                }
            }
            let first = &path[0];
            let allowed = match room.crates {
                Crates::Only(only) => only.contains(&&**first),
                Crates::AllBut(but) => !but.contains(&&**first),
            };
            if path.len() > 1 && dependencies.contains(first) && !allowed {
                found.push(format!("{module} uses the crate {first}"));
            }
        }
        if code.split_whitespace().collect::<Vec<_>>().windows(3).any(|w| w[0] == "mod" && w[2].starts_with('{')) {
            found.push(format!("{module} has a module inside itself, whose imports cannot be followed"));
        }
    }
    if let Some(ring) = ring(&named) {
        found.push(format!("a ring of imports: {}", ring.join(" → ")));
    }
    found
}

fn read_house(folder: &Path, prefix: &str, house: &mut House) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let name = if prefix.is_empty() { stem.clone() } else { format!("{prefix}::{stem}") };
        if path.is_dir() {
            read_house(&path, &name, house);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let module = if stem == "mod" { prefix.to_owned() } else { name };
            let twice = house.insert(module.clone(), code_of(&std::fs::read_to_string(&path).unwrap()));
            assert!(twice.is_none(), "{module} has two files");
        }
    }
}

/// The crates of `[dependencies]`, as code names them.
fn dependencies() -> Vec<String> {
    let manifest = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let table = manifest.split("\n[dependencies]\n").nth(1).unwrap().split("\n[").next().unwrap();
    let names: Vec<String> =
        table.lines().filter_map(|line| Some(line.split_once(" =")?.0.trim().replace('-', "_"))).collect();
    assert!(names.iter().any(|n| n == "rust_decimal"), "the dependencies were not found");
    names
}

fn fake(files: &[(&str, &str)]) -> House {
    files.iter().map(|(module, source)| ((*module).to_owned(), code_of(source))).collect()
}

#[test]
fn every_room_keeps_to_its_rule() {
    let mut house = House::new();
    read_house(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut house);
    let found = trespasses(&house, ROOMS, AWAITED, &dependencies());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn main_is_short() {
    let main = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join("main.rs")).unwrap();
    assert!(main.lines().count() < 40, "main.rs is for arguments and the exit code");
}

#[test]
fn what_is_no_code_is_cut() {
    let code = code_of(
        r##"
        // std::time
        /* std::env /* nested */ f64 */
        let a = "f32 \" std::fs"; let b = r#"f64 "quoted" "#; let c = '"'; let d = b"f64"; let e = '\''; let f = br"f64";
        fn g<'a>(x: &'a str) -> &'a str { x }
        #[cfg(test)]
        mod tests { use std::time::Instant; fn x() { { f64::MAX } } }
        let kept = std::thread::sleep;
        "##,
    );
    for gone in ["std::time", "std::env", "f64", "f32", "std::fs", "quoted"] {
        assert!(!code.contains(gone), "{gone} is left in {code}");
    }
    assert!(code.contains("fn g<'a>(x: &'a str)") && code.contains("std::thread::sleep"), "{code}");
}

#[test]
fn a_trespass_is_seen() {
    let rules = || {
        [
            Room {
                name: "domain",
                uses: &[],
                crates: Crates::Only(&["serde"]),
                forbidden: &["std::time", "f64", "unwrap_or_default"],
            },
            Room { name: "app", uses: &["domain::text"], crates: Crates::AllBut(&["reqwest"]), forbidden: &[] },
            Room { name: "lib", uses: &["domain", "app"], crates: Crates::AllBut(&[]), forbidden: &[] },
        ]
    };
    let crates = ["serde", "reqwest", "tokio"].map(str::to_owned);
    let good = [
        ("domain", "pub mod text; pub mod money; pub use money::Amount;"),
        ("domain::text", "use std::fmt; use serde::Serialize;"),
        ("domain::money", "use super::text::Clean;"),
        ("app", "use crate::domain::text::{self, Clean};"),
        ("lib", "pub mod app; pub mod domain; use domain::money::Amount;"),
    ];
    let with = |module: &str, more: &str| {
        let mut house = fake(&good);
        house.entry(module.to_owned()).or_default().push_str(&code_of(more));
        trespasses(&house, &rules(), &[], &crates)
    };
    assert_eq!(with("domain", ""), Vec::<String>::new());
    for (module, more, wanted) in [
        ("domain::money", "let x: f64 = 1;", "says f64"),
        ("domain::money", "use std::{fmt, time::{Duration, Instant}};", "says std::time::Instant"),
        ("domain::money", "let x = y.unwrap_or_default();", "says unwrap_or_default"),
        ("domain::money", "let x = ::std::time::Instant::now();", "says std::time::Instant::now"),
        ("domain::money", "use tokio::time;", "uses the crate tokio"),
        ("domain::money", "fn f(x: reqwest::Client) {}", "uses the crate reqwest"),
        ("domain::money", "use crate::app::Model;", "domain::money names app"),
        ("domain::money", "let x = super::super::app::Model;", "domain::money names app"),
        ("app", "use crate::domain::{text, money::Amount};", "app names domain::money"),
        ("app", "use crate::run;", "app names lib"),
        ("app", "use reqwest::Client;", "uses the crate reqwest"),
        ("domain::text", "use super::money::Amount;", "a ring of imports: domain::text → domain::money → domain::text"),
        ("domain::money", "use super::Amount;", "a ring of imports: domain → domain::money → domain"),
        ("domain::money", "use super::*;", "a ring of imports: domain → domain::money → domain"),
        ("domain::money", "fn f() -> super::text::Clean { self::g() } mod inner { use super::*; }", "inside itself"),
        ("stray", "", "stray stands in no room"),
    ] {
        let found = with(module, more);
        assert!(found.iter().any(|line| line.contains(wanted)), "{more}: {found:?}");
    }
    let mut empty = fake(&good);
    empty.remove("app");
    let found = trespasses(&empty, &rules(), &[], &crates);
    assert!(found.iter().any(|line| line.contains("the room app has vanished")), "{found:?}");
    assert_eq!(trespasses(&empty, &rules(), &["app"], &crates), Vec::<String>::new());
    let found = trespasses(&fake(&good), &rules(), &["cellar"], &crates);
    assert!(found.iter().any(|line| line.contains("cellar is awaited but has no rule")), "{found:?}");
}
