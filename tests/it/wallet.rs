//! Keys against the vectors: keyrings that the official binary wrote or lists, mnemonics of two other implementations.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use akbids::wallet::{self, Address, Backend, Derivation, Key, KeyError, Keyring, Kind, Secret};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

const ABANDON: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
const FIRST: &str = "akash19rl4cm2hmr8afy4kldpxz3fka4jguq0a3mq6x0";
const SECOND: &str = "akash1jrkmdcwgq94uaamx6zax2luewlhf7u4k3rtk0c";

fn vectors(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/vectors").join(path)
}

fn secret(text: &str) -> Secret {
    Secret::from(text.to_owned())
}

/// A keyring of one's own to spoil.
fn scratch(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("wallet-{name}"));
    fs::remove_dir_all(&dir).ok();
    fs::create_dir_all(&dir).unwrap();
    dir
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn every_mnemonic_vector_gives_its_key_and_address() {
    let vectors: Value = serde_json::from_slice(&fs::read(vectors("addresses.json")).unwrap()).unwrap();
    let list = vectors["derivations"].as_array().unwrap();
    assert_eq!(list.len(), 12, "the vectors are all there");
    for vector in list {
        let text = |field: &str| vector[field].as_str().unwrap();
        let path: Vec<u32> =
            text("path").split('/').skip(1).map(|step| step.trim_matches('\'').parse().unwrap()).collect();
        let [44, 118, account, 0, index] = path[..] else { panic!("another path: {path:?}") };
        let passphrase = Some(text("bip39_passphrase")).filter(|passphrase| !passphrase.is_empty()).map(secret);
        let key = Key::from_mnemonic(text("mnemonic"), &Derivation { account, index, passphrase }).unwrap();
        assert_eq!(key.address().to_string(), text("akash"), "{}", text("path"));
        assert_eq!(key.address().hex(), text("address_hex"));
        assert_eq!(key.public_key().as_slice(), hex(text("pubkey_compressed_hex")));
        let same = Key::from_hex(text("privkey_hex")).unwrap();
        assert_eq!(same.sign(b"x"), key.sign(b"x"), "the private key is the vector's");
        assert_eq!(text("akash").parse::<Address>().unwrap(), key.address());
        assert!(text("cosmos").parse::<Address>().is_err(), "an address of another chain");
    }
}

#[test]
fn every_record_of_the_test_keyrings_gives_its_key_or_its_refusal() {
    // (folder, name, address, None if it signs, else what the refusal says)
    let records: [(&str, &str, &str, Option<&str>); 9] = [
        ("keyring", "alice", FIRST, None),
        ("keyring", "team/ops 100%", SECOND, None),
        ("keyring", "old", "akash1r5v5srda7xfth3hn2s26txvrcrntldjuks2uw9", None),
        ("keyring", "nano", "akash1tehv5km5e9y706rc2gzk9yyun9dljjjnplxk94", Some("Ledger device (m/44'/118'/1'/0/0)")),
        ("keyring", "watch", "akash12fdxecq3dp28aaswp2n3yk35p782g3w9qeudzq", Some("an offline key")),
        ("keyring-node", "alice", FIRST, None),
        ("keyring-node", "team/ops 100%", SECOND, None),
        ("keyring-node", "watch", "akash1qds57nqrwk7j4258jn57gdnf2uy6ankgud0a4w", Some("an offline key")),
        ("keyring-node", "team", "akash1pfzy93kcr22zst3usgedhj9ckz6q392h8ljasm", Some("multisig (1 of 2)")),
    ];
    for folder in ["keyring", "keyring-node"] {
        let there: Vec<_> = Keyring::at(&vectors(folder), Backend::Test).names().unwrap();
        let mut expected: Vec<_> = records.iter().filter(|record| record.0 == folder).map(|record| record.1).collect();
        expected.sort_unstable();
        assert_eq!(there, expected, "names of {folder}");
    }
    for (folder, name, address, refusal) in records {
        let keyring = Keyring::at(&vectors(folder), Backend::Test);
        assert!(!keyring.needs_passphrase());
        // By name and by address alike.
        for from in [name, address] {
            let entry = keyring.entry(from, None).unwrap();
            assert_eq!((entry.name.as_str(), entry.address.to_string().as_str()), (name, address));
            match (keyring.load(from, None), refusal) {
                (Ok(key), None) => {
                    assert_eq!(key.address().to_string(), address);
                    assert_eq!(entry.kind, Kind::Local);
                }
                (Err(why), Some(refusal)) => {
                    let why = why.to_string();
                    assert!(why.contains(refusal), "{why}");
                    assert!(why.contains("--generate-only"), "the way out: {why}");
                    assert!(why.contains(&format!("{name:?}")), "{why}");
                }
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}

#[test]
fn the_file_keyring_opens_with_its_passphrase_only() {
    for (folder, passphrase, address) in [
        ("keyring", "correct horse battery", "akash182xz9zvgqkn9cmhst5qfrs25drzaywtl5kh364"),
        ("keyring-node", "correct horse", FIRST),
    ] {
        let keyring = Keyring::at(&vectors(folder), Backend::File);
        assert!(keyring.needs_passphrase());
        assert_eq!(keyring.names().unwrap(), ["bob"], "names need no passphrase");
        for from in ["bob", address] {
            let key = keyring.load(from, Some(&secret(passphrase))).unwrap();
            assert_eq!(key.address().to_string(), address);
            assert!(matches!(
                keyring.load(from, Some(&secret("correct horse batter"))),
                Err(KeyError::WrongPassphrase(_))
            ));
            assert!(matches!(keyring.load(from, None), Err(KeyError::PassphraseNeeded(_))));
        }
        let why = keyring.load("bob", Some(&secret("hunter22"))).unwrap_err().to_string();
        assert!(why.starts_with("wrong passphrase") && !why.contains("hunter22"), "{why}");
    }
}

#[test]
fn the_os_keyring_is_read_where_it_is_files_and_otherwise_says_how() {
    // A headless server: the sealed files lie in the home folder itself.
    let home = vectors("keyring-node/keyring-file");
    let key = Keyring::at(&home, Backend::Os).load("bob", Some(&secret("correct horse"))).unwrap();
    assert_eq!(key.address().to_string(), FIRST);

    let desktop = scratch("desktop");
    let why = Keyring::at(&desktop, Backend::Os).load("bob", None).unwrap_err();
    assert!(matches!(&why, KeyError::NotInFiles { name, .. } if name == "bob"));
    let why = why.to_string();
    for recipe in [
        "secret-tool lookup profile bob.info",
        "pass show bob.info",
        "security find-generic-password -s akash -a bob.info -w",
    ] {
        assert!(why.contains(&format!("--key-command '{recipe}'")), "{why}");
    }
    // What a shell would read as more than a name is not put into a command.
    let why = Keyring::at(&desktop, Backend::Os).load("b'; rm -rf ~ #", None).unwrap_err().to_string();
    assert!(why.contains("profile NAME.info") && !why.contains("rm -rf"), "{why}");
}

#[test]
fn who_is_not_there_is_told_who_is() {
    let keyring = Keyring::at(&vectors("keyring"), Backend::Test);
    let why = keyring.load("alcie", None).unwrap_err().to_string();
    assert!(why.contains(r#"no key is called "alcie""#), "{why}");
    assert!(why.contains(r#"there are: "alice", "nano", "old", "team/ops 100%", "watch""#), "{why}");

    let stranger = "akash182xz9zvgqkn9cmhst5qfrs25drzaywtl5kh364";
    let why = keyring.load(stranger, None).unwrap_err();
    assert!(matches!(&why, KeyError::NoSuchAddress { address, .. } if address == stranger), "{why}");

    // A wrong name is said before the passphrase is asked for.
    let file = Keyring::at(&vectors("keyring"), Backend::File);
    assert!(matches!(file.load("alice", None), Err(KeyError::NoSuchName { .. })));

    let nowhere = Keyring::at(&vectors("no-such-home"), Backend::Test);
    assert!(matches!(nowhere.load("alice", None), Err(KeyError::NoKeyring(_))));
    let empty = scratch("empty").join("keyring-test");
    fs::create_dir_all(&empty).unwrap();
    let why = Keyring::at(empty.parent().unwrap(), Backend::Test).load("alice", None).unwrap_err().to_string();
    assert!(why.contains("it holds no key at all"), "{why}");
}

#[test]
fn a_name_cannot_reach_another_file_nor_the_terminal() {
    let keyring = Keyring::at(&vectors("keyring"), Backend::Test);
    assert!(matches!(keyring.load("../keyring-test/alice", None), Err(KeyError::NoSuchName { .. })));
    let why = keyring.load("a\u{1b}[2Jb\u{202e}", None).unwrap_err().to_string();
    assert!(!why.contains('\u{1b}') && !why.contains('\u{202e}'), "{why:?}");
}

#[test]
fn the_key_of_another_account_is_refused_with_both_named() {
    let key = Key::from_mnemonic(ABANDON, &Derivation::default()).unwrap();
    let why = key.of_account(SECOND).unwrap_err().to_string();
    assert!(why.contains(FIRST) && why.contains(SECOND) && why.contains("--from"), "{why}");
    let key = Key::from_mnemonic(ABANDON, &Derivation::default()).unwrap();
    assert!(key.of_account(FIRST).is_ok());
}

#[test]
fn damaged_files_are_called_damaged_and_never_opened() {
    let home = scratch("damaged");
    let dir = home.join("keyring-test");
    fs::create_dir_all(&dir).unwrap();
    let good = fs::read_to_string(vectors("keyring-node/keyring-test/alice.info")).unwrap();
    let keyring = Keyring::at(&home, Backend::Test);
    let load = |content: &str| {
        fs::write(dir.join("alice.info"), content).unwrap();
        keyring.load("alice", None)
    };
    assert!(load(&good).is_ok());
    assert!(load(&format!("{good}\n")).is_ok(), "an editor's newline does no harm");

    let parts: Vec<&str> = good.split('.').collect();
    let flipped = |at: usize| {
        let mut bytes = URL_SAFE_NO_PAD.decode(parts[at]).unwrap();
        bytes[0] ^= 1;
        let part = URL_SAFE_NO_PAD.encode(bytes);
        let mut parts: Vec<&str> = parts.clone();
        parts[at] = &part;
        parts.join(".")
    };
    for at in 0..5 {
        assert!(matches!(load(&flipped(at)), Err(KeyError::Damaged { .. })), "part {at} changed");
    }
    for cut in ["", "a.b.c.d.e", &parts[..4].join("."), &good[..good.len() - 30]] {
        assert!(matches!(load(cut), Err(KeyError::Damaged { .. })), "{cut:.40}");
    }
    // A header that asks for days of work.
    let header = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[0]).unwrap()).unwrap();
    let slow = URL_SAFE_NO_PAD.encode(header.replace("8192", "4000000000"));
    let why = load(&[&slow, parts[1], parts[2], parts[3], parts[4]].join(".")).unwrap_err().to_string();
    assert!(why.contains("unreasonable"), "{why}");

    // A file under another name than its own: somebody swapped two.
    fs::write(dir.join("bob.info"), &good).unwrap();
    let why = keyring.load("bob", None).unwrap_err().to_string();
    assert!(why.contains("another name"), "{why}");
}

/// The plain item of a local record, as a vault hands it out.
fn item(record: &[u8]) -> String {
    format!(
        r#"{{"Key":"alice.info","Data":"{}","Label":"","Description":"","KeychainNotTrustApplication":false,"KeychainNotSynchronizable":false}}"#,
        STANDARD.encode(record)
    )
}

fn bytes(number: u8, content: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, u8::try_from(content.len()).unwrap()], content].concat()
}

fn any(kind: &str, key: &[u8]) -> Vec<u8> {
    [bytes(1, kind.as_bytes()), bytes(2, &bytes(1, key))].concat()
}

/// A record of `alice` as the SDK lays it out.
fn record(public: (&str, &[u8]), private: (&str, &[u8])) -> Vec<u8> {
    [bytes(1, b"alice"), bytes(2, &any(public.0, public.1)), bytes(3, &bytes(1, &any(private.0, private.1)))].concat()
}

#[test]
fn text_is_read_in_every_form_that_a_vault_or_file_has() {
    let vectors: Value = serde_json::from_slice(&fs::read(vectors("addresses.json")).unwrap()).unwrap();
    let first = &vectors["derivations"][0];
    let (private, public) = (first["privkey_hex"].as_str().unwrap(), first["pubkey_compressed_hex"].as_str().unwrap());
    let record =
        record(("/cosmos.crypto.secp256k1.PubKey", &hex(public)), ("/cosmos.crypto.secp256k1.PrivKey", &hex(private)));
    let in_hex = wallet::hex(&record);
    let forms: [Vec<u8>; 8] = [
        private.into(),
        format!("0x{}\n", private.to_uppercase()).into(),
        ABANDON.into(),
        format!("  {}\r\n", ABANDON.replace(' ', "\n")).into(),
        item(&record).into(),
        record.clone(),
        in_hex.clone().into(),
        format!("{in_hex}\n").into(),
    ];
    for form in forms {
        let shown = String::from_utf8_lossy(&form).into_owned();
        let key =
            wallet::parse(&Secret::new(form), &Derivation::default()).unwrap_or_else(|why| panic!("{shown}: {why}"));
        assert_eq!(key.address().to_string(), FIRST, "{shown}");
    }
    let second = Derivation { index: 1, ..Derivation::default() };
    assert_eq!(wallet::parse(&secret(ABANDON), &second).unwrap().address().to_string(), SECOND);
}

#[test]
fn what_is_no_key_is_refused_without_repeating_it() {
    let sealed = fs::read_to_string(vectors("keyring-node/keyring-test/alice.info")).unwrap();
    let wrong_sum = ABANDON.replace("about", "abandon");
    let cases: [(&str, &str); 11] = [
        ("", "nothing in it"),
        ("  \n", "nothing in it"),
        ("hunter22 is not a key!", "this is not a key"),
        ("deadbeef", "64 digits"),
        (&"0".repeat(64), "no secp256k1 key"),
        (&"f".repeat(64), "no secp256k1 key"),
        ("abandon abandon", "12, 15, 18, 21 or 24 words"),
        (&wrong_sum, "checksum"),
        (&ABANDON.replace("about", "hunter"), "not on the English list"),
        (&sealed, "sealed keyring file"),
        ("-----BEGIN TENDERMINT PRIVATE KEY-----\nkdf: bcrypt", "--unarmored-hex"),
    ];
    for (text, says) in cases {
        let why = wallet::parse(&secret(text), &Derivation::default()).unwrap_err().to_string();
        assert!(why.contains(says), "{text:.30}: {why}");
        for word in text.split_whitespace().filter(|word| word.len() > 6) {
            assert!(!why.contains(word), "it repeats {word}: {why}");
        }
    }
    // serde's own error would quote the mnemonic.
    let why =
        wallet::parse(&secret(&format!(r#"{{"Key":"a.info","Data":{{"{ABANDON}":1}}}}"#)), &Derivation::default());
    let why = format!("{0} {0:?}", why.unwrap_err());
    assert!(why.contains("not a keyring item") && !why.contains("abandon"), "{why}");

    let far = Derivation { index: 1 << 31, ..Derivation::default() };
    assert!(Key::from_mnemonic(ABANDON, &far).unwrap_err().to_string().contains("2147483647"));
}

#[test]
fn other_kinds_of_keys_are_refused_by_name() {
    let public = [2; 33];
    for (public_kind, private_kind, named) in [
        ("/cosmos.crypto.ed25519.PubKey", "/cosmos.crypto.ed25519.PrivKey", "ed25519.PubKey"),
        ("/cosmos.crypto.secp256r1.PubKey", "/cosmos.crypto.secp256r1.PrivKey", "secp256r1.PubKey"),
        (
            "/ethermint.crypto.v1.ethsecp256k1.PubKey",
            "/ethermint.crypto.v1.ethsecp256k1.PrivKey",
            "ethsecp256k1.PubKey",
        ),
        ("/cosmos.crypto.secp256k1.PubKey", "/cosmos.crypto.ed25519.PrivKey", "ed25519.PrivKey"),
    ] {
        let item = item(&record((public_kind, &public), (private_kind, &[1; 32])));
        let why = wallet::parse(&secret(&item), &Derivation::default()).unwrap_err();
        assert!(matches!(&why, KeyError::OtherKind { kind, .. } if kind.ends_with(named)), "{why}");
        assert!(why.to_string().contains("secp256k1"), "{why}");
    }
    // A public key that is not the private key's: the record would name somebody else's account.
    let item =
        item(&record(("/cosmos.crypto.secp256k1.PubKey", &public), ("/cosmos.crypto.secp256k1.PrivKey", &[1; 32])));
    let why = wallet::parse(&secret(&item), &Derivation::default()).unwrap_err();
    assert!(why.to_string().contains("does not belong"), "{why}");
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200), cut in 0usize..300) {
        wallet::parse(&Secret::new(bytes), &Derivation::default()).ok();
        let good = record(("/cosmos.crypto.secp256k1.PubKey", &[2; 33]), ("/cosmos.crypto.secp256k1.PrivKey", &[1; 32]));
        wallet::parse(&secret(&item(&good[..cut.min(good.len())])), &Derivation::default()).ok();
    }
}

#[test]
fn nothing_secret_is_shown_by_debug() {
    let key = Key::from_mnemonic(ABANDON, &Derivation::default()).unwrap();
    assert_eq!(format!("{key:?}"), format!("Key {{ address: {FIRST}, .. }}"));
    assert_eq!(format!("{:?}", secret("hunter22")), "Secret(redacted)");
    assert_eq!(format!("{:#?}", [secret("hunter22")]), "[\n    Secret(redacted),\n]");
}

#[cfg(unix)]
#[test]
fn key_files_that_others_can_read_are_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let path = scratch("files").join("key");
    fs::write(&path, ABANDON).unwrap();
    for (mode, fine) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o644, false)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        match wallet::read_file(&path) {
            Ok(read) => {
                assert!(fine, "{mode:o}");
                assert_eq!(read.text(), Some(ABANDON));
            }
            Err(why) => {
                assert!(!fine, "{mode:o}: {why}");
                assert!(why.to_string().contains("chmod 600"), "{why}");
            }
        }
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&path, vec![b'a'; 70_000]).unwrap();
    assert!(matches!(wallet::read_file(&path), Err(KeyError::TooLong(..))));
    assert!(matches!(wallet::read_file(&path.join("none")), Err(KeyError::Unreadable { .. })));
}

#[cfg(unix)]
#[test]
fn a_key_command_hands_over_what_it_prints() {
    let printed = wallet::run_command(&format!("echo '{ABANDON}'")).unwrap();
    assert_eq!(wallet::parse(&printed, &Derivation::default()).unwrap().address().to_string(), FIRST);
    for (command, says) in [
        ("exit 3", "exit status: 3"),
        ("echo secret; exit 1", "exit status: 1"),
        ("true", "printed nothing"),
        ("printf ' \\n'", "printed nothing"),
        ("yes", "more than"),
    ] {
        let why = wallet::run_command(command).unwrap_err().to_string();
        assert!(why.contains(says) && !why.contains("secret"), "{command}: {why}");
    }
}
