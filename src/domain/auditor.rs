//! Auditors by name: those the network knows, and those a person adds.

use super::bid::Address;
use super::text::Clean;

/// Whose signatures people ask for by name. The first is the only one in the Console's own list
/// (`console:config/auditors.json`); the others left it in November 2025, but old requests still name them.
const KNOWN: [(&str, &str); 3] = [
    ("akash1365yvmc4s7awdyj3n2sav7xfx76adc6dnmlx63", "overclock"),
    ("akash18qa2a2ltfyvkyj0ggj3hkvuj6twzyumuaru9s4", "moultrie-bronze"),
    ("akash17fqxak4kprh2rlatjlv9w04s9ugl7mn32ckut3", "moultrie-silver"),
];

/// Names of auditors; the later entry for an address is the one that counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Auditors(Vec<(Address, Clean)>);

impl Default for Auditors {
    /// The ones the network knows.
    fn default() -> Self {
        Self(KNOWN.iter().map(|(address, name)| (Address::new(address), Clean::new(name))).collect())
    }
}

impl Auditors {
    /// Adds a name, or renames an auditor.
    #[must_use]
    pub fn with(mut self, address: Address, name: Clean) -> Self {
        self.0.retain(|(known, _)| *known != address);
        self.0.push((address, name));
        self
    }

    pub fn name(&self, address: &Address) -> Option<&Clean> {
        self.0.iter().find(|(known, _)| known == address).map(|(_, name)| name)
    }

    /// `overclock (akash1365y…lx63)`, or the address alone.
    pub fn shown(&self, address: &Address) -> String {
        match self.name(address) {
            Some(name) => format!("{name} ({})", address.short()),
            None => address.to_string(),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Address, &Clean)> {
        self.0.iter().map(|(address, name)| (address, name))
    }
}
