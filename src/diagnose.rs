//! `akbids doctor`: reads a deployment, and who is registered where bids are missing, and says why.

use crate::chain::{self, Ask, Client};
use crate::config::Config;
use crate::domain::appraise::appraise;
use crate::domain::cause::Evidence;
use crate::domain::doctor::diagnose;
use crate::domain::registry::{Progress, Registered, Stage};
use crate::exit::{Code, Failure};
use crate::report::{self, doctor};
use std::io::{self, IsTerminal, Write};
use std::time::Duration;
use tokio::time::Instant;

/// Longest that the list of providers is read, unless somebody says how long.
const REGISTRY: Duration = Duration::from_secs(60);

/// Reads, thinks, tells. With `json` one document on stdout.
///
/// # Errors
/// The deployment could not be read, or there is none.
pub async fn doctor(
    config: &Config,
    json: bool,
    patience: Option<Duration>,
    client: &Client,
    ask: &Ask,
) -> Result<Code, Failure> {
    let started = Instant::now();
    let read = chain::once(client, ask, started + config.timeout).await?;
    if !json {
        read.notes.iter().for_each(|text| say(text));
    }
    let snapshot = read.snapshot;
    let market = appraise(&snapshot);
    let preferences = &config.preferences;
    let evidence = Evidence {
        registered: None,
        usual: &preferences.usual,
        auditors: &preferences.auditors,
        from: config.signing.from.as_deref(),
    };
    let mut diagnoses = diagnose(&snapshot, &market, &evidence);
    let mut registered: Option<Registered> = None;
    // Two thousand providers are read only where they can explain something.
    if diagnoses.iter().any(|diagnosis| diagnosis.verdict.ails()) {
        let deadline = started + patience.unwrap_or(REGISTRY);
        let mut counter = Counter { shown: io::stderr().is_terminal(), drawn: false };
        let read = chain::registered_for(client, &market, deadline, &mut |progress| counter.tell(progress)).await;
        counter.clear();
        match read {
            Ok(all) => registered = Some(all),
            Err(error) => say(&format!("who is registered could not be read: {error}")),
        }
        diagnoses = diagnose(&snapshot, &market, &Evidence { registered: registered.as_ref(), ..evidence });
    }
    let text = if json {
        let now_ms = jiff::Timestamp::now().as_millisecond();
        doctor::document(&snapshot, registered.as_ref(), &diagnoses, now_ms)
            .map(|document| document + "\n")
            .map_err(|error| Failure::new(Code::Error, format!("the document could not be written: {error}")))?
    } else {
        snapshot.warnings.iter().for_each(|warning| say(&warning.text));
        let text = doctor::text(&diagnoses);
        if config.ascii { text.lines().map(|line| report::to_ascii(line) + "\n").collect() } else { text }
    };
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Code::Error, format!("stdout: {error}")))
        }
        _ => Ok(Code::Done),
    }
}

/// One sentence on stderr.
fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "akbids: {text}");
}

/// How far the reading has come, on one line of a terminal that is drawn over.
struct Counter {
    shown: bool,
    drawn: bool,
}

impl Counter {
    fn tell(&mut self, progress: Progress) {
        if !self.shown {
            return;
        }
        self.drawn = true;
        let Progress { stage, done, of } = progress;
        let what = match stage {
            Stage::Providers => "registered providers read",
            Stage::Audits => "of their signatures read",
        };
        let of = of.map(|of| format!("/{of}")).unwrap_or_default();
        let mut err = io::stderr().lock();
        let _ = write!(err, "\r{done}{of} {what}\u{1b}[K").and_then(|()| err.flush());
    }

    fn clear(&self) {
        if self.drawn {
            let _ = write!(io::stderr().lock(), "\r\u{1b}[K");
        }
    }
}
