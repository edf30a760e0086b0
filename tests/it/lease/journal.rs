//! The journal on a real disk.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use akbids::lease::journal::{self, Journal, JournalError};
use akbids::lease::outcome::{Attempt, End, Verdict};
use akbids::lease::tx::Signed;

use super::steps::attempt;

fn scratch(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("journal-{name}"));
    fs::remove_dir_all(&dir).ok();
    dir.join("state").join("akbids").join("journal.jsonl")
}

fn other(bytes: &[u8]) -> Attempt {
    Attempt { tx: Signed::new(bytes.to_vec()), sequence: 8, ..attempt() }
}

fn open(path: &Path) -> Journal<journal::JournalFile> {
    Journal::open(path, "model", "akash1owner").unwrap()
}

#[test]
fn what_is_written_is_read_again_whole() {
    let path = scratch("whole");
    let ends = [
        End::Expired { timeout_height: 120, verdict: None },
        End::Failed { height: 3, verdict: Some(Verdict::new("market", 12, "bid not open")) },
        End::Superseded { by: None },
        End::NoLease,
        End::NotSent,
        End::Rejected { verdict: Verdict::new("sdk", 13, "insufficient fees") },
    ];
    for (place, end) in ends.iter().enumerate() {
        let mut journal = open(&path);
        let attempt = other(&[u8::try_from(place).unwrap()]);
        journal.begin(&attempt, 1_795_236_602).unwrap();
        journal.end(attempt.hash(), end, 1_795_236_700).unwrap();
    }
    let all = journal::read(&path).unwrap();
    assert_eq!(all.unreadable, [0; 0]);
    assert_eq!(all.entries.len(), ends.len());
    for (entry, end) in all.entries.iter().zip(&ends) {
        assert_eq!(entry.at, 1_795_236_602);
        assert_eq!(entry.end.as_ref().map(|ended| (&ended.end, ended.at)), Some((end, 1_795_236_700)));
        assert_eq!(entry.attempt, other(&entry.attempt.tx.bytes));
    }
    assert_eq!(journal::read(&path.with_extension("none")).unwrap(), journal::Entries::default());
}

#[test]
fn nothing_is_signed_while_an_earlier_one_is_open() {
    let path = scratch("open");
    let mut journal = open(&path);
    journal.begin(&attempt(), 0).unwrap();
    let why = journal.begin(&other(b"second"), 0).unwrap_err();
    assert!(matches!(&why, JournalError::Unfinished { hash, .. } if *hash == attempt().tx.hash), "{why}");
    assert!(why.to_string().contains("akbids journal --resume"), "{why}");
    drop(journal);

    // Also in the next process; and the account on another chain, or another account, is not concerned.
    let all = journal::read(&path).unwrap();
    assert_eq!(all.unfinished("model", "akash1owner").count(), 1);
    assert_eq!(all.unfinished("other", "akash1owner").count() + all.unfinished("model", "akash1x").count(), 0);
    let elsewhere = Attempt { account: "akash1x".to_owned(), ..other(b"x") };
    Journal::open(&path, "model", "akash1x").unwrap().begin(&elsewhere, 0).unwrap();

    let mut journal = open(&path);
    assert!(matches!(journal.begin(&other(b"second"), 0), Err(JournalError::Unfinished { .. })));
    assert!(matches!(journal.begin(&elsewhere, 0), Err(JournalError::OtherAccount { .. })));
    journal.end(attempt().hash(), &End::NotSent, 0).unwrap();
    journal.begin(&other(b"second"), 0).unwrap();
}

#[test]
fn the_same_bytes_signed_again_are_open_again() {
    let path = scratch("again");
    let mut journal = open(&path);
    journal.begin(&attempt(), 1).unwrap();
    journal.end(attempt().hash(), &End::NotSent, 2).unwrap();
    journal.begin(&attempt(), 3).unwrap();
    let all = journal.entries().unwrap();
    assert_eq!(all.unfinished("model", "akash1owner").map(|entry| entry.at).collect::<Vec<_>>(), [3]);
    journal.end(attempt().hash(), &End::NoLease, 4).unwrap();
    let all = journal.entries().unwrap();
    assert_eq!(all.unfinished("model", "akash1owner").count(), 0);
    assert_eq!(all.entries[0].end.as_ref().map(|ended| ended.at), Some(2));
}

#[test]
fn a_line_that_a_crash_cut_off_is_passed_over_and_ended() {
    let path = scratch("torn");
    let mut journal = open(&path);
    journal.begin(&attempt(), 0).unwrap();
    journal.end(attempt().hash(), &End::NotSent, 0).unwrap();
    drop(journal);
    let good = fs::read(&path).unwrap();
    let line = good.iter().position(|byte| *byte == b'\n').unwrap();
    // Every way of cutting off a third line, even just its end.
    for cut in [1, 20, line / 2, line - 1, line] {
        fs::write(&path, [&good, &good[..cut]].concat()).unwrap();
        let all = journal::read(&path).unwrap();
        assert_eq!((all.entries.len(), all.unreadable.as_slice()), (1, &[3][..]), "cut at {cut}");
        assert_eq!(all.unfinished("model", "akash1owner").count(), 0);
        let mut journal = open(&path);
        journal.begin(&other(b"after"), 0).unwrap();
        let all = journal.entries().unwrap();
        // Not even one that lacks nothing but its end comes alive by what follows: it was never sent.
        assert_eq!((all.entries.len(), all.unreadable.as_slice()), (2, &[3][..]), "cut at {cut}");
        assert_eq!(all.entries[1].attempt, other(b"after"));
    }
}

#[test]
fn a_damaged_line_is_counted_and_hides_no_other() {
    let path = scratch("damaged");
    let mut journal = open(&path);
    journal.begin(&attempt(), 0).unwrap();
    journal.end(attempt().hash(), &End::NotSent, 0).unwrap();
    journal.begin(&other(b"second"), 0).unwrap();
    let mut text = fs::read_to_string(&path).unwrap();
    // The bytes no longer belong to the hash.
    text = text.replacen(&attempt().tx.base64(), &Signed::new(b"other bytes!!!".to_vec()).base64(), 1);
    fs::write(&path, text).unwrap();
    let all = journal::read(&path).unwrap();
    assert_eq!(all.unreadable, [1]);
    assert_eq!(all.entries.len(), 1);
    assert_eq!(all.entries[0].attempt, other(b"second"));
}

#[test]
fn a_second_process_on_the_account_is_told_who_holds_it() {
    let path = scratch("held");
    let first = open(&path);
    let Err(why) = Journal::open(&path, "model", "akash1owner") else { panic!("both hold it") };
    let me = std::process::id();
    assert!(matches!(why, JournalError::Held { pid: Some(pid), .. } if pid == me), "{why}");
    assert!(why.to_string().contains(&format!("(process {me})")), "{why}");
    assert!(Journal::open(&path, "model", "akash1other").is_ok(), "another account is not concerned");
    assert!(Journal::open(&path, "other", "akash1owner").is_ok(), "nor another chain");
    drop(first);
    open(&path);
}

#[cfg(unix)]
#[test]
fn it_is_for_the_owner_only_and_without_it_nothing_is_signed() {
    use std::os::unix::fs::PermissionsExt as _;
    let path = scratch("private");
    open(&path).begin(&attempt(), 0).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);

    // A file where the folder should be: whoever runs this, even root, cannot write there.
    let blocked = scratch("blocked");
    fs::create_dir_all(blocked.parent().unwrap().parent().unwrap()).unwrap();
    fs::File::create(blocked.parent().unwrap()).unwrap().write_all(b"in the way").unwrap();
    let Err(why) = Journal::open(&blocked, "model", "akash1owner") else { panic!("it was opened") };
    assert!(why.to_string().contains("nothing is sent without it"), "{why}");
}
