//! A diagnosis for people and for scripts: plain text, and the JSON document `assets/doctor.schema.json` describes.

use crate::domain::bid::Snapshot;
use crate::domain::cause::{Cause, Diagnosis, Step, Weight};
use crate::domain::registry::Registered;
use serde::Serialize;
use std::fmt::Write as _;

/// The whole document, in one line without a newline. Fields are only ever added to schema 1. `now_ms` is now, in
/// milliseconds since 1970.
pub fn document(
    snapshot: &Snapshot,
    registered: Option<&Registered>,
    diagnoses: &[Diagnosis],
    now_ms: i64,
) -> serde_json::Result<String> {
    let deployment = snapshot.deployment.as_ref();
    serde_json::to_string(&Document {
        schema: 1,
        generated_at: jiff::Timestamp::from_millisecond(now_ms).ok().map(|at| at.to_string()),
        chain: ChainOut {
            id: snapshot.chain.id.as_deref(),
            rest: snapshot.chain.rest.as_deref(),
            height: snapshot.chain.height,
        },
        owner: deployment.map(|d| d.owner.as_str()),
        dseq: deployment.map(|d| d.dseq.to_string()),
        state: deployment.map(|d| d.state.as_str()),
        ails: diagnoses.iter().any(|diagnosis| diagnosis.verdict.ails()),
        registry: registered.map(|registered| RegistryOut {
            read: registered.providers.len(),
            unreadable: registered.unreadable,
            complete: registered.complete,
            why: registered.why.as_deref(),
        }),
        warnings: snapshot.warnings.iter().map(|w| WarningOut { code: w.code, text: &w.text }).collect(),
        groups: diagnoses.iter().map(GroupOut::new).collect(),
    })
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    generated_at: Option<String>,
    chain: ChainOut<'a>,
    owner: Option<&'a str>,
    dseq: Option<String>,
    state: Option<&'a str>,
    ails: bool,
    registry: Option<RegistryOut<'a>>,
    warnings: Vec<WarningOut<'a>>,
    groups: Vec<GroupOut<'a>>,
}

#[derive(Serialize)]
struct ChainOut<'a> {
    id: Option<&'a str>,
    rest: Option<&'a str>,
    height: Option<u64>,
}

#[derive(Serialize)]
struct RegistryOut<'a> {
    read: usize,
    unreadable: usize,
    complete: bool,
    why: Option<&'a str>,
}

#[derive(Serialize)]
struct WarningOut<'a> {
    code: &'a str,
    text: &'a str,
}

#[derive(Serialize)]
struct GroupOut<'a> {
    gseq: u32,
    oseq: Option<u32>,
    name: &'a str,
    verdict: &'static str,
    text: &'a str,
    causes: Vec<CauseOut<'a>>,
    steps: Vec<StepOut<'a>>,
    unknown: &'a [String],
}

impl<'a> GroupOut<'a> {
    fn new(diagnosis: &'a Diagnosis) -> Self {
        Self {
            gseq: diagnosis.gseq,
            oseq: diagnosis.oseq,
            name: &diagnosis.name,
            verdict: diagnosis.verdict.as_str(),
            text: &diagnosis.headline,
            causes: diagnosis.causes.iter().map(CauseOut::new).collect(),
            steps: diagnosis.steps.iter().map(StepOut::new).collect(),
            unknown: &diagnosis.unknown,
        }
    }
}

#[derive(Serialize)]
struct CauseOut<'a> {
    code: &'static str,
    weight: &'static str,
    text: &'a str,
    evidence: Vec<CountOut<'a>>,
    fix: &'a str,
    commands: &'a [String],
}

impl<'a> CauseOut<'a> {
    fn new(cause: &'a Cause) -> Self {
        Self {
            code: cause.code.as_str(),
            weight: cause.weight.as_str(),
            text: &cause.text,
            evidence: cause.evidence.iter().map(|count| CountOut { what: &count.what, count: count.n }).collect(),
            fix: &cause.fix,
            commands: &cause.commands,
        }
    }
}

#[derive(Serialize)]
struct CountOut<'a> {
    what: &'a str,
    count: usize,
}

#[derive(Serialize)]
struct StepOut<'a> {
    code: &'static str,
    text: &'a str,
    left: Option<usize>,
}

impl<'a> StepOut<'a> {
    fn new(step: &'a Step) -> Self {
        Self { code: step.code, text: &step.text, left: step.left }
    }
}

/// The diagnosis as text, group by group, each line ending in a newline.
///
/// ```text
/// group 1 (order 1) has been open for 4 min, no bid can be taken
///
///  ✗ none of the 24 registered providers declares region=mars
///      → leave region=mars out of the SDL's attributes: 23 are left then
///        $ akash tx deployment close --dseq 8 --from "$AKASH_FROM"
///
///  providers left
///      24  registered on the chain
///       ?  online at this moment (most of the registered are not)
///       0  declare region=mars
///
///  not known
///    · what a provider has free at this moment
/// ```
pub fn text(diagnoses: &[Diagnosis]) -> String {
    let mut out = String::new();
    for (n, diagnosis) in diagnoses.iter().enumerate() {
        if n > 0 {
            out.push('\n');
        }
        group(&mut out, diagnosis);
    }
    out
}

/// Writing to a string does not fail.
fn group(out: &mut String, diagnosis: &Diagnosis) {
    let _ = writeln!(out, "{}", diagnosis.headline);
    for cause in &diagnosis.causes {
        let sign = match cause.weight {
            Weight::Stops => '✗',
            Weight::Narrows => '!',
            Weight::Note => '·',
        };
        let _ = writeln!(out, "\n {sign} {}", cause.text);
        let _ = writeln!(out, "     → {}", cause.fix);
        for command in &cause.commands {
            let _ = writeln!(out, "       $ {command}");
        }
    }
    if diagnosis.verdict.ails() && diagnosis.causes.is_empty() {
        let _ = writeln!(out, "\n   nothing that was read explains it");
    }
    if !diagnosis.steps.is_empty() {
        let _ = writeln!(out, "\n providers left");
        for step in &diagnosis.steps {
            let left = step.left.map_or_else(|| "?".to_owned(), |n| n.to_string());
            let _ = writeln!(out, "   {left:>5}  {}", step.text);
        }
    }
    if !diagnosis.unknown.is_empty() {
        let _ = writeln!(out, "\n not known");
        for unknown in &diagnosis.unknown {
            let _ = writeln!(out, "   · {unknown}");
        }
    }
}
