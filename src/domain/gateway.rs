//! What a provider's own gateway says of itself (`/status`, `/version`): its word, not the chain's.

use super::bid::Address;
use super::resources::{Bytes, Cpus};
use super::text::Clean;

/// How that is told wherever it is shown.
pub const SOURCE: &str = "the provider's own /status, its certificate not checked";

/// What one machine has free.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Free {
    pub cpu_m: Option<u64>,
    pub memory_bytes: Option<u64>,
    pub gpus: Option<u64>,
    pub storage_bytes: Option<u64>,
}

/// An answer of a gateway. Somebody answered there: nothing more is proven.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Gateway {
    /// The provider it says it is; other than the one asked for, all the rest is worth nothing.
    pub address: Option<Address>,
    /// Version of the provider's program.
    pub version: Option<Clean>,
    /// Leases that it runs.
    pub leases: Option<u64>,
    /// What is free, machine by machine; `None` where it does not say.
    pub nodes: Option<Vec<Free>>,
}

impl Gateway {
    /// Cards free in all. `None` where a machine does not say.
    pub fn gpus(&self) -> Option<u64> {
        self.nodes.as_ref()?.iter().try_fold(0u64, |sum, node| sum.checked_add(node.gpus?))
    }

    /// Most cards free on one machine, which is what a replica can get: all its cards come from one.
    pub fn most_gpus(&self) -> Option<u64> {
        self.nodes.as_ref()?.iter().map(|node| node.gpus).max().flatten()
    }

    /// `answers, v0.14.0; says 5 GPUs are free, at most 3 on one machine, 12.5 CPU and 64 GiB at most`.
    pub fn sentence(&self) -> String {
        let mut out = "answers".to_owned();
        if let Some(version) = &self.version {
            out = format!("{out}, {version}");
        }
        let Some(nodes) = &self.nodes else { return format!("{out}; does not say what is free") };
        if nodes.is_empty() {
            return format!("{out}; says it has no machine");
        }
        let gpus = match (self.gpus(), self.most_gpus()) {
            (Some(0), _) => "no GPU is free".to_owned(),
            (Some(all), Some(most)) => format!("{all} GPUs are free, at most {most} on one machine"),
            _ => "? GPUs are free".to_owned(),
        };
        let cpu = nodes.iter().filter_map(|node| node.cpu_m).max();
        let memory = nodes.iter().filter_map(|node| node.memory_bytes).max();
        let cpu = cpu.map_or_else(|| "?".to_owned(), |cpu| Cpus(cpu).to_string());
        let memory = memory.map_or_else(|| "?".to_owned(), |bytes| Bytes(bytes).to_string());
        format!("{out}; says {gpus}, {cpu} CPU and {memory} at most on one")
    }
}
