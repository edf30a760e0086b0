//! How to sign: the signing flags, their variables and the settings' `[signing]`.

use super::check::{self, clean};
use super::file;
use super::origin::{Origin, Value};
use crate::cli::SigningArgs;
use crate::exit::{Code, Failure};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What the signing flags, their variables and the settings say.
#[derive(Clone, Debug)]
pub struct SigningValues {
    pub from: Option<String>,
    /// `os`, `file`, `test`, or what the person wrote instead.
    pub keyring_backend: String,
    /// The folder that holds the keyring; `None` where no home directory is known.
    pub keyring_dir: Option<PathBuf>,
    /// uakt for a unit of gas.
    pub gas_price: Decimal,
    pub gas_adjustment: Decimal,
    pub fee_granter: Option<String>,
    /// In uakt.
    pub max_fee: Decimal,
    pub key_file: Option<PathBuf>,
    pub key_command: Option<String>,
    /// The last resort is set; its value is not kept.
    pub key_in_environment: bool,
    pub read_only: bool,
    /// By the keys of the settings file; what is not there is the default.
    pub(super) origins: BTreeMap<&'static str, Origin>,
}

/// Picks values and writes down where each came from.
struct Picker<'e, E> {
    env: &'e E,
    origins: BTreeMap<&'static str, Origin>,
}

impl<E: Fn(&'static str) -> Option<String>> Picker<'_, E> {
    /// Flag, else variable, else settings file.
    fn pick<T: Clone + From<String>>(
        &mut self,
        key: &'static str,
        flag: (&'static str, Option<&T>),
        variable: Option<&'static str>,
        file: Option<&Value<T>>,
    ) -> Option<T> {
        let exported = || variable.and_then(|name| Some((T::from((self.env)(name)?), Origin::Env(name))));
        let of_file = || file.map(|value| (value.value.clone(), value.origin));
        let (value, origin) =
            flag.1.map(|value| (value.clone(), Origin::Flag(flag.0))).or_else(exported).or_else(of_file)?;
        self.origins.insert(key, origin);
        Some(value)
    }

    fn origin(&self, key: &str) -> Origin {
        self.origins.get(key).copied().unwrap_or(Origin::Default)
    }
}

impl SigningValues {
    /// With `demo`, no name of a key counts that no flag gives: the embedded chain has a key of its own.
    pub(super) fn read(
        args: &SigningArgs,
        file: &file::Signing,
        env: &impl Fn(&'static str) -> Option<String>,
        demo: bool,
    ) -> Result<Self, Failure> {
        let mut picker = Picker { env, origins: BTreeMap::new() };
        let fee_granter =
            picker.pick("fee_granter", ("--fee-granter", args.fee_granter.as_ref()), None, file.fee_granter.as_ref());
        if let Some(granter) = &fee_granter {
            check::check_address(granter, picker.origin("fee_granter"))?;
        }
        // A key that was named by itself is the one that is meant, whatever name is exported or set.
        let named = args.from.is_some() || args.key_file.is_some() || args.key_command.is_some();
        let exported = env("AKASH_FROM").is_some();
        let of_file = !named && !exported;
        let exported_from = (!demo).then_some("AKASH_FROM");
        let from =
            picker.pick("from", ("--from", args.from.as_ref()), exported_from, file.from.as_ref().filter(|_| of_file));
        let key_file = picker.pick(
            "key_file",
            ("--key-file", args.key_file.as_ref()),
            None,
            file.key_file.as_ref().filter(|_| of_file),
        );
        let key_command = picker.pick(
            "key_command",
            ("--key-command", args.key_command.as_ref()),
            None,
            file.key_command.as_ref().filter(|_| of_file),
        );
        let home = picker.pick("home", ("--home", args.home.as_ref()), Some("AKASH_HOME"), file.home.as_ref());
        let keyring_dir = picker.pick(
            "keyring_dir",
            ("--keyring-dir", args.keyring_dir.as_ref()),
            Some("AKASH_KEYRING_DIR"),
            file.keyring_dir.as_ref(),
        );
        let home = home.or_else(|| Some(etcetera::home_dir().ok()?.join(".akash")));
        let keyring_backend = picker.pick(
            "keyring_backend",
            ("--keyring-backend", args.keyring_backend.as_ref()),
            Some("AKASH_KEYRING_BACKEND"),
            file.keyring_backend.as_ref(),
        );
        let gas_prices = picker.pick(
            "gas_prices",
            ("--gas-prices", args.gas_prices.as_ref()),
            Some("AKASH_GAS_PRICES"),
            file.gas_prices.as_ref(),
        );
        let adjustment = picker.pick(
            "gas_adjustment",
            ("--gas-adjustment", args.gas_adjustment.as_ref()),
            Some("AKASH_GAS_ADJUSTMENT"),
            file.gas_adjustment.as_ref(),
        );
        let max_fee = picker.pick("max_fee", ("--max-fee", args.max_fee.as_ref()), None, file.max_fee.as_ref());
        let set = file.read_only.as_ref().filter(|value| value.value && !args.read_only);
        let read_only = set.map(|value| value.origin).or(args.read_only.then_some(Origin::Flag("--read-only")));
        picker.origins.extend(read_only.map(|origin| ("read_only", origin)));
        Ok(Self {
            from,
            keyring_backend: keyring_backend.unwrap_or_else(|| "os".to_owned()),
            keyring_dir: keyring_dir.or(home),
            gas_price: uakt("--gas-prices", gas_prices.as_deref(), "0.025uakt")?,
            gas_adjustment: factor(adjustment.as_deref())?,
            max_fee: uakt("--max-fee", max_fee.as_deref(), "100000uakt")?,
            fee_granter,
            key_file,
            key_command,
            key_in_environment: env("AKBIDS_KEY").is_some(),
            read_only: read_only.is_some(),
            origins: picker.origins,
        })
    }
}

/// An amount of uakt: `0.025uakt`.
fn uakt(flag: &str, raw: Option<&str>, default: &str) -> Result<Decimal, Failure> {
    let raw = raw.unwrap_or(default);
    check::uakt(raw, default)
        .map_err(|why| Failure::new(Code::Usage, format!("{flag} is {:?}: {why}", clean(raw.trim()))))
}

fn factor(raw: Option<&str>) -> Result<Decimal, Failure> {
    let Some(raw) = raw else { return Ok(Decimal::new(15, 1)) };
    check::factor(raw).map_err(|why| Failure::new(Code::Usage, format!("--gas-adjustment is {:?}: {why}", clean(raw))))
}
