//! What the doctor has found out, and how far it has come.

use crate::domain::cause::Diagnosis;
use crate::domain::registry::{Progress, Registered};
use crate::domain::text::Clean;
use std::sync::Arc;

/// How the reading of the registry stands.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Reading {
    #[default]
    NotAsked,
    /// How far it has come; `None`: nothing came yet.
    Running(Option<Progress>),
    /// Why nothing of it came.
    Failed(Clean),
    Read,
}

/// The registry as it was read in this session, and the diagnoses of the groups.
#[derive(Debug, Default)]
pub struct Survey {
    registered: Option<Arc<Registered>>,
    reading: Reading,
    diagnoses: Vec<Diagnosis>,
}

impl Survey {
    /// Who is registered, once it was read.
    pub fn registered(&self) -> Option<&Arc<Registered>> {
        self.registered.as_ref()
    }

    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// Of the newest snapshot; the registry counts in them while the doctor is open.
    pub fn diagnosis(&self, gseq: u32) -> Option<&Diagnosis> {
        self.diagnoses.iter().find(|diagnosis| diagnosis.gseq == gseq)
    }

    pub fn diagnosed(&mut self, diagnoses: Vec<Diagnosis>) {
        self.diagnoses = diagnoses;
    }

    /// Whether the registry is to be read now: it was not, or not to its end, or `anew` is wanted.
    pub fn begin(&mut self, anew: bool) -> bool {
        let whole = self.reading == Reading::Read && self.registered.as_ref().is_some_and(|all| all.complete);
        let idle = !matches!(self.reading, Reading::Running(_)) && (anew || !whole);
        if idle {
            self.reading = Reading::Running(None);
        }
        idle
    }

    pub fn progress(&mut self, progress: Progress) {
        if let Reading::Running(last) = &mut self.reading {
            *last = Some(progress);
        }
    }

    /// The reading ended. What an earlier one gave is kept where this one gave nothing.
    pub fn ended(&mut self, result: Result<Arc<Registered>, Clean>) {
        match result {
            Ok(registered) => {
                self.registered = Some(registered);
                self.reading = Reading::Read;
            }
            Err(why) => self.reading = Reading::Failed(why),
        }
    }
}
