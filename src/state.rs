//! The state file: what a person marked and arranged, kept from one run to the next.
//!
//! One JSON object, replaced whole. What this program does not know in it stays; what cannot be read counts for nothing
//! and is put aside, not lost, when something new is kept.

use crate::domain::bid::Address;
use crate::domain::field::Field;
use crate::domain::kept::Kept;
use crate::domain::rank::Sort;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The largest state file that is read, in bytes.
const LIMIT: u64 = 4 << 20;

/// What is kept, and a sentence about each part that could not be read. No file is an empty one.
pub fn read(path: &Path) -> (Kept, Vec<String>) {
    let shown = crate::domain::text::clean(&path.display().to_string(), 300);
    match object(path) {
        Ok(object) => {
            let mut notes = Vec::new();
            let kept = kept(&object, &mut |what| notes.push(format!("{shown}: {what}")));
            (kept, notes)
        }
        Err(error) => {
            (Kept::default(), vec![format!("{shown} cannot be read, favourites and blocks are missing: {error}")])
        }
    }
}

/// The object in the file; an empty one where there is no file.
fn object(path: &Path) -> io::Result<Map<String, Value>> {
    let mut bytes = Vec::new();
    match std::fs::File::open(path) {
        Ok(file) => file.take(LIMIT + 1).read_to_end(&mut bytes)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Map::new()),
        Err(error) => return Err(error),
    };
    if bytes.len() as u64 > LIMIT {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is larger than 4 MiB"));
    }
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "it is no JSON object")),
        Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error)),
    }
}

fn kept(object: &Map<String, Value>, note: &mut dyn FnMut(&str)) -> Kept {
    let mut texts = |name: &str| -> Option<Vec<&str>> {
        let value = object.get(name).filter(|value| !value.is_null())?;
        let list = value.as_array().and_then(|items| items.iter().map(Value::as_str).collect());
        if list.is_none() {
            note(&format!("{name} is no list of texts"));
        }
        list
    };
    let mut addresses = |name: &str| -> BTreeSet<Address> {
        texts(name).into_iter().flatten().map(Address::new).filter(|address| !address.as_str().is_empty()).collect()
    };
    let (favourites, blocked) = (addresses("favourites"), addresses("blocked"));
    let columns = texts("columns").map(|names| names.into_iter().filter_map(|name| Field::parse(name).ok()));
    let columns: Option<Vec<Field>> = columns.map(Iterator::collect);
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    let sort = text("sort").and_then(|text| match Sort::parse(text) {
        Ok(sort) => Some(sort),
        Err(error) => {
            note(&format!("sort: {error}"));
            None
        }
    });
    Kept {
        favourites,
        blocked,
        columns: columns.filter(|columns| !columns.is_empty()),
        sort,
        filter: text("filter").map(|filter| crate::domain::text::clean(filter, 4096)),
    }
}

/// Replaces the file by one that holds this, readable by its owner only: whole or not at all. One that could not be
/// read is put aside as `….damaged`.
///
/// # Errors
/// The folder or the file cannot be written.
pub fn write(path: &Path, kept: &Kept) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new(""));
    std::fs::create_dir_all(folder)?;
    let mut all = match object(path) {
        Ok(object) => object,
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            std::fs::rename(path, beside(path, "damaged"))?;
            Map::new()
        }
        Err(error) => return Err(error),
    };
    let addresses = |set: &BTreeSet<Address>| set.iter().map(Address::as_str).collect::<Value>();
    let mut set = |name: &str, value: Value| drop(all.insert(name.to_owned(), value));
    set("schema", json!(1));
    set("favourites", addresses(&kept.favourites));
    set("blocked", addresses(&kept.blocked));
    let columns = kept.columns.as_ref();
    set("columns", json!(columns.map(|columns| columns.iter().map(Field::alias).collect::<Vec<_>>())));
    set("sort", json!(kept.sort.as_ref().map(ToString::to_string)));
    set("filter", json!(kept.filter));
    let mut text = serde_json::to_vec_pretty(&Value::Object(all))?;
    text.push(b'\n');
    let fresh = beside(path, &format!("{}.new", std::process::id()));
    // A leftover of a run that was killed is nobody's.
    let _ = std::fs::remove_file(&fresh);
    let written = (|| {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        file.write_all(&text)?;
        file.sync_all()?;
        std::fs::rename(&fresh, path)
    })();
    if written.is_err() {
        let _ = std::fs::remove_file(&fresh);
    }
    written
}

/// `state.json` → `state.json.damaged`.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(end);
    PathBuf::from(name)
}
