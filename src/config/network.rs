//! Networks by name: the built-in two, and those of the settings file.

use super::origin::{Origin, Value};
use crate::domain::field::nearest;
use crate::domain::text::Clean;

/// A chain and who may be asked about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Network {
    pub name: String,
    /// The chain that must answer; `None`: whichever does.
    pub chain_id: Option<String>,
    /// Endpoints of the settings file; none: the built-in list of this network.
    pub rest: Value<Vec<String>>,
}

pub const MAINNET: &str = "mainnet";
pub const SANDBOX: &str = "sandbox";
/// The chain id of the built-in `mainnet`.
pub const MAINNET_ID: &str = "akashnet-2";
/// The chain id of the built-in `sandbox`.
pub const SANDBOX_ID: &str = "sandbox-2";

/// The chain id of a built-in network.
pub fn built_in(name: &str) -> Option<&'static str> {
    match name {
        MAINNET => Some(MAINNET_ID),
        SANDBOX => Some(SANDBOX_ID),
        _ => None,
    }
}

/// Finds a network by its name, those of the file first. The error is the end of a sentence: what there is.
pub fn find(name: &str, of_file: &[Network]) -> Result<Network, String> {
    if let Some(network) = of_file.iter().find(|network| network.name == name) {
        return Ok(network.clone());
    }
    if let Some(id) = built_in(name) {
        let rest = Value { value: Vec::new(), origin: Origin::Default };
        return Ok(Network { name: name.to_owned(), chain_id: Some(id.to_owned()), rest });
    }
    let mut names = vec![MAINNET, SANDBOX];
    names.extend(of_file.iter().map(|network| &*network.name).filter(|name| built_in(name).is_none()));
    let near = nearest(name, names.iter().copied()).map(|near| format!("; the nearest is {near}")).unwrap_or_default();
    let name = Clean::new(name);
    Err(format!("there is no network {name}{near}; there are {}", names.join(", ")))
}
