use std::fmt;
use std::str::FromStr;

use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32, Hrp};
use bip39::{Language, Mnemonic};
use hmac::{Hmac, KeyInit, Mac};
use k256::ecdsa::signature::Signer;
use k256::ecdsa::{Signature, SigningKey, VerifyingKey};
use k256::elliptic_curve::PrimeField;
use k256::{FieldBytes, Scalar};
use ripemd::Ripemd160;
use sha2::{Digest, Sha256, Sha512};
use zeroize::{Zeroize, Zeroizing};

use super::error::KeyError;
use super::hex;

const PREFIX: Hrp = Hrp::parse_unchecked("akash");
/// BIP-32: an index from here on is "hardened", written with an apostrophe.
const HARDENED: u32 = 1 << 31;
const TOO_LARGE: KeyError = KeyError::NotAKey("account and index go up to 2147483647");

/// An account of the chain: 20 bytes, shown as bech32 with the prefix `akash`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address([u8; 20]);

impl Address {
    pub fn new(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// RIPEMD-160 of SHA-256 of the compressed point.
    pub fn of_public_key(compressed: &[u8; 33]) -> Self {
        Self(Ripemd160::digest(Sha256::digest(compressed)).into())
    }

    /// Lower-case hex, as the keyring names its `.address` files.
    pub fn hex(&self) -> String {
        hex::encode(&self.0)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bech32::encode_lower_to_fmt::<Bech32, _>(f, PREFIX, &self.0).map_err(|_| fmt::Error)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Address {
    type Err = KeyError;

    /// # Errors
    /// [`KeyError::NotAnAddress`]: another prefix, length or checksum.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let bad = || KeyError::NotAnAddress(text.chars().take(80).collect());
        let parsed = CheckedHrpstring::new::<Bech32>(text).map_err(|_| bad())?;
        if parsed.hrp() != PREFIX {
            return Err(bad());
        }
        let bytes: Vec<u8> = parsed.byte_iter().collect();
        bytes.try_into().map(Self).map_err(|_| bad())
    }
}

/// Which of a mnemonic's keys: `m/44'/118'/account'/0/index`, with BIP-39's optional passphrase.
///
/// The default (account 0, index 0, no passphrase) is what `akash keys add --recover` makes.
#[derive(Default)]
pub struct Derivation {
    /// 0 to 2³¹−1.
    pub account: u32,
    /// 0 to 2³¹−1.
    pub index: u32,
    pub passphrase: Option<super::secret::Secret>,
}

/// A secp256k1 key that can sign, and the account it signs for. Overwritten when dropped.
pub struct Key {
    signing: SigningKey,
    public: [u8; 33],
    address: Address,
}

impl Key {
    /// From the 32 bytes of the private scalar.
    ///
    /// # Errors
    /// [`KeyError::NotAKey`]: not 32 bytes, zero, or not below the order of the curve.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let signing = SigningKey::from_slice(bytes).map_err(|_| {
            KeyError::NotAKey("these 32 bytes are no secp256k1 key: zero, or above the order of the curve")
        })?;
        let public = compressed(signing.verifying_key())?;
        Ok(Self { address: Address::of_public_key(&public), public, signing })
    }

    /// From 64 hexadecimal digits, with or without `0x`: what `akash keys export --unarmored-hex --unsafe` prints.
    ///
    /// # Errors
    /// [`KeyError::NotAKey`].
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        let mut bytes = Zeroizing::new([0; 32]);
        if digits.len() != 64 || !hex::decode(digits, bytes.as_mut_slice()) {
            return Err(KeyError::NotAKey("a hexadecimal key has 64 digits, 0 to 9 and a to f"));
        }
        Self::from_bytes(bytes.as_slice())
    }

    /// From an English BIP-39 mnemonic of 12, 15, 18, 21 or 24 words.
    ///
    /// # Errors
    /// [`KeyError::NotAKey`]; it never repeats a word.
    pub fn from_mnemonic(words: &str, from: &Derivation) -> Result<Self, KeyError> {
        let mut mnemonic = Mnemonic::parse_in_normalized(Language::English, words).map_err(|why| {
            KeyError::NotAKey(match why {
                bip39::Error::BadWordCount(_) => "a mnemonic has 12, 15, 18, 21 or 24 words",
                bip39::Error::UnknownWord(_) => {
                    "a word of the mnemonic is not on the English list (words are lower case, complete)"
                }
                bip39::Error::InvalidChecksum => {
                    "the mnemonic's checksum is wrong: a word is mistyped or two changed places"
                }
                _ => "this is not a mnemonic",
            })
        })?;
        let passphrase = from.passphrase.as_ref().map_or(Some(""), super::secret::Secret::text);
        let passphrase = passphrase.ok_or(KeyError::NotAKey("the mnemonic's passphrase is not valid UTF-8"))?;
        let seed = Zeroizing::new(mnemonic.to_seed(passphrase));
        mnemonic.zeroize();
        if from.account >= HARDENED || from.index >= HARDENED {
            return Err(TOO_LARGE);
        }
        let path = [44 + HARDENED, 118 + HARDENED, from.account + HARDENED, 0, from.index];
        Self::from_bytes(derive(seed.as_slice(), &path)?.as_slice())
    }

    pub fn address(&self) -> Address {
        self.address
    }

    /// The public key, compressed.
    pub fn public_key(&self) -> &[u8; 33] {
        &self.public
    }

    /// ECDSA over SHA-256 of the message: deterministic (RFC 6979), low S, r and s of 32 bytes each.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature: Signature = self.signing.sign(message);
        signature.to_bytes().into()
    }

    /// This key, if it is the account's.
    ///
    /// # Errors
    /// [`KeyError::OtherAccount`].
    pub fn of_account(self, account: &str) -> Result<Self, KeyError> {
        let have = self.address.to_string();
        if have == account { Ok(self) } else { Err(KeyError::OtherAccount { have, want: account.to_owned() }) }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("address", &self.address).finish_non_exhaustive()
    }
}

fn compressed(key: &VerifyingKey) -> Result<[u8; 33], KeyError> {
    key.to_sec1_point(true).as_bytes().try_into().map_err(|_| KeyError::NotAKey("the key has no public point"))
}

/// BIP-32 private derivation: HMAC-SHA512 per step, the left half added to the parent's scalar.
fn derive(seed: &[u8], path: &[u32]) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    // Chance of reaching this: 2⁻¹²⁷ a step; BIP-32 says to take the next index.
    const UNUSABLE: KeyError = KeyError::NotAKey("this path gives no valid key; take the next index");
    let mut node = hmac_sha512(b"Bitcoin seed", &[seed])?;
    for &index in path {
        let (private, chain) = node.split_at(32);
        let parent = signing_bytes(private)?;
        let number = index.to_be_bytes();
        let next = if index >= HARDENED {
            hmac_sha512(chain, &[&[0], parent.as_slice(), &number])?
        } else {
            let public = compressed(SigningKey::from_slice(parent.as_slice()).map_err(|_| UNUSABLE)?.verifying_key())?;
            hmac_sha512(chain, &[&public, &number])?
        };
        let scalar = |bytes: &[u8]| -> Result<Zeroizing<Scalar>, KeyError> {
            let bytes = FieldBytes::try_from(bytes).map_err(|_| UNUSABLE)?;
            Option::from(Scalar::from_repr(bytes)).map(Zeroizing::new).ok_or(UNUSABLE)
        };
        let sum = Zeroizing::new(*scalar(&next[..32])? + *scalar(parent.as_slice())?);
        let mut bytes = sum.to_bytes();
        node = next;
        node[..32].copy_from_slice(&bytes);
        bytes.zeroize();
    }
    signing_bytes(&node[..32])
}

fn signing_bytes(bytes: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    bytes.try_into().map(Zeroizing::new).map_err(|_| KeyError::NotAKey("a private key has 32 bytes"))
}

fn hmac_sha512(key: &[u8], parts: &[&[u8]]) -> Result<Zeroizing<[u8; 64]>, KeyError> {
    let mut mac = Hmac::<Sha512>::new_from_slice(key).map_err(|_| KeyError::NotAKey("the seed cannot be used"))?;
    for part in parts {
        mac.update(part);
    }
    Ok(Zeroizing::new(mac.finalize().into_bytes().into()))
}
