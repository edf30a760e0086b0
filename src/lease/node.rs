//! What `send` and preflight ask, carried out on one endpoint at a time.
//!
//! Every answer is checked to be about what was asked; one that is not, or that cannot be read, teaches nothing.

use super::outcome::{Attempt, Leased, Price, Verdict};
use super::send::Posted;
use super::tx::{self, LeaseId, Signed};
use super::witness::{Answer, Included, Question};
use crate::chain::wire_meta::{AccountInfo, account_info, balances};
use crate::chain::wire_tx::{TxResponse, block_txs, gas_used, minimum_gas_price, tx_response, tx_responses};
use crate::chain::{self, ChainError, Client, wire_market};
use crate::domain::money::{Amount, Denom};
use crate::domain::text::Clean;
use rust_decimal::Decimal;
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

/// Longest wait for one look-up; another endpoint is asked after that.
const LOOK_UP: Duration = Duration::from_secs(5);
/// Longest wait for the answer to a broadcast.
const BROADCAST: Duration = Duration::from_secs(10);
/// Longest wait for an endpoint to say which chain it is on.
const HELLO: Duration = Duration::from_secs(3);
/// Most endpoints that one accept is sent to and looked for on; two have to agree.
const MOST: usize = 4;

/// What came of a simulation.
pub(super) enum Simulated {
    Gas(u64),
    /// It would fail, or the sequence is not the one that is expected.
    Fails(Clean),
}

/// An account at a height.
pub(super) struct Account {
    pub info: AccountInfo,
    /// The height of the answer, or one surely not above it.
    pub height: Option<u64>,
}

/// One endpoint of the list.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    pub client: &'a Client,
    pub at: usize,
}

impl Node<'_> {
    async fn get(&self, route: &str, query: &[(&str, &str)]) -> Result<chain::Answer, ChainError> {
        self.client.get_at(self.at, route, query, Instant::now() + LOOK_UP).await
    }

    fn unread(&self, route: &str, error: chain::DecodeError) -> ChainError {
        ChainError::unread(self.client.shown(self.at), route, error)
    }

    /// # Errors
    /// [`ChainError::NotFound`] for an account that never received anything.
    pub async fn account(&self, address: &str) -> Result<Account, ChainError> {
        let route = format!("/cosmos/auth/v1beta1/account_info/{address}");
        let mut answer = self.get(&route, &[]).await?;
        if answer.height.is_none() {
            // A proxy strips the header. A block that was there before the question is not above the answer.
            let before = chain::latest(self.client, self.at, Instant::now() + LOOK_UP).await.ok();
            answer = self.get(&route, &[]).await?;
            // The latest block is now and then one ahead of the state.
            answer.height = answer.height.or(before.and_then(|header| header.height.checked_sub(1)));
        }
        let info = account_info(&answer.body).map_err(|error| self.unread(&route, error))?;
        if info.address.as_str() != address {
            return Err(self.unread(&route, chain::DecodeError::Shape(Clean::new("it is about another account"))));
        }
        Ok(Account { info, height: answer.height })
    }

    /// What `address` has in `denom`; nothing is 0, since the node lists all it has.
    pub async fn balance(&self, address: &str, denom: &Denom) -> Result<Amount, ChainError> {
        let route = format!("/cosmos/bank/v1beta1/balances/{address}");
        let list = self.client.list_at(self.at, &route, &[], Instant::now() + LOOK_UP, balances).await?;
        let found = list.items.into_iter().find(|amount| amount.denom == *denom);
        Ok(found.unwrap_or_else(|| Amount { value: Decimal::ZERO, denom: denom.clone() }))
    }

    /// The least that this node asks for a unit of gas, in uakt.
    pub async fn minimum_gas_price(&self) -> Result<Option<Decimal>, ChainError> {
        let route = "/cosmos/base/node/v1beta1/config";
        let answer = self.get(route, &[]).await?;
        minimum_gas_price(&answer.body).map_err(|error| self.unread(route, error))
    }

    pub async fn simulate(&self, tx: &Signed) -> Result<Simulated, ChainError> {
        let route = "/cosmos/tx/v1beta1/simulate";
        let body = json!({ "tx_bytes": tx.base64() }).to_string();
        match self.client.post_at(self.at, route, body, Instant::now() + BROADCAST).await {
            Ok(answer) => gas_used(&answer.body).map(Simulated::Gas).map_err(|error| self.unread(route, error)),
            Err(chain::Unanswered {
                error: ChainError::Node { message, .. } | ChainError::NotFound { message, .. },
                ..
            }) => Ok(Simulated::Fails(message)),
            Err(unanswered) => Err(unanswered.error),
        }
    }

    async fn post(&self, tx: &Signed) -> Posted {
        let route = "/cosmos/tx/v1beta1/txs";
        let body = json!({ "tx_bytes": tx.base64(), "mode": "BROADCAST_MODE_SYNC" }).to_string();
        match self.client.post_at(self.at, route, body, Instant::now() + BROADCAST).await {
            Ok(answer) => match tx_response(&answer.body) {
                Ok(response) if response.hash == tx.hash => Posted::Answered(verdict(&response)),
                _ => Posted::Unknown,
            },
            Err(unanswered) if unanswered.never_left => Posted::NotSent,
            Err(_) => Posted::Unknown,
        }
    }

    async fn look_up(&self, attempt: &Attempt, question: Question) -> Answer {
        let answer = match question {
            Question::Account => self
                .account(&attempt.account)
                .await
                .map(|account| Answer::Account { height: account.height, sequence: account.info.sequence }),
            Question::ByHash => self.by_hash(attempt.hash()).await,
            Question::BySequence => self.by_sequence(attempt).await,
            Question::Block(height) => self.block(height).await,
            Question::Leases => self.leases(attempt).await,
        };
        answer.unwrap_or(Answer::Nothing)
    }

    async fn by_hash(&self, hash: &str) -> Result<Answer, ChainError> {
        let route = format!("/cosmos/tx/v1beta1/txs/{hash}");
        match self.get(&route, &[]).await {
            Ok(answer) => {
                let found = tx_response(&answer.body).map_err(|error| self.unread(&route, error))?;
                Ok(Answer::Included(included(found)))
            }
            Err(ChainError::NotFound { .. }) => Ok(Answer::Included(None)),
            Err(error) => Err(error),
        }
    }

    async fn by_sequence(&self, attempt: &Attempt) -> Result<Answer, ChainError> {
        let route = "/cosmos/tx/v1beta1/txs";
        let query = format!("tx.acc_seq='{}/{}'", attempt.account, attempt.sequence);
        let answer = self.get(route, &[("query", &query)]).await?;
        let found = tx_responses(&answer.body).map_err(|error| self.unread(route, error))?;
        // One that came too late or out of turn is listed under the sequence, and did not use it.
        let used = found.into_iter().filter_map(included).find(|found| !found.verdict.left_sequence());
        Ok(Answer::Included(used))
    }

    async fn block(&self, height: u64) -> Result<Answer, ChainError> {
        let route = format!("/cosmos/base/tendermint/v1beta1/blocks/{height}");
        let answer = self.get(&route, &[]).await?;
        let (of, txs) = block_txs(&answer.body).map_err(|error| self.unread(&route, error))?;
        if of != height {
            return Ok(Answer::Nothing);
        }
        Ok(Answer::Block(txs.iter().map(|bytes| tx::hash(bytes)).collect()))
    }

    async fn leases(&self, attempt: &Attempt) -> Result<Answer, ChainError> {
        let (mut height, mut leases) = (None::<u64>, Vec::new());
        let deployments: BTreeSet<_> = attempt.leases.iter().map(|quoted| (&quoted.id.owner, quoted.id.dseq)).collect();
        for (owner, dseq) in deployments {
            let dseq = dseq.to_string();
            let query = [("filters.owner", owner.as_str()), ("filters.dseq", dseq.as_str())];
            let route = "/akash/market/v1beta5/leases/list";
            let deadline = Instant::now() + LOOK_UP;
            let list = self.client.list_at(self.at, route, &query, deadline, wire_market::leases).await?;
            // One that cannot be read may be ours.
            if list.cut || !list.unreadable.is_empty() {
                return Ok(Answer::Nothing);
            }
            for lease in &list.items {
                let Some(price) = Price::of(&lease.price) else { return Ok(Answer::Nothing) };
                leases.push(Leased { id: LeaseId::from(&lease.id), price, active: lease.state.runs() });
            }
            height = Some(height.map_or(list.height.unwrap_or(0), |known| known.min(list.height.unwrap_or(0))));
        }
        Ok(Answer::Leases { height: height.filter(|height| *height > 0), leases })
    }
}

fn verdict(response: &TxResponse) -> Verdict {
    Verdict::new(&response.codespace, response.code, &response.log)
}

/// None for one that is in no block.
fn included(response: TxResponse) -> Option<Included> {
    let verdict = verdict(&response);
    (response.height > 0).then_some(Included { hash: response.hash, height: response.height, verdict })
}

/// The endpoints that one accept is sent to and looked for on, in order. None is sent anything, or believed, before it
/// said that it is on the right chain.
pub(super) struct Nodes<'a> {
    all: Vec<Node<'a>>,
    chain_id: String,
    on_chain: RefCell<Vec<bool>>,
}

impl<'a> Nodes<'a> {
    /// `first` leads; then those that answer now. Where fewer than two do, a silent one is kept: it may come back.
    /// Empty where every endpoint that answers is on another chain.
    pub async fn find(client: &'a Client, first: usize, chain_id: &str) -> Self {
        let all = (0..client.endpoints().len()).map(|place| (first + place) % client.endpoints().len());
        let hello = async |at| (at, chain::latest(client, at, Instant::now() + HELLO).await);
        let (mut there, mut silent) = (Vec::new(), Vec::new());
        for (at, answer) in futures_util::future::join_all(all.map(hello)).await {
            match answer {
                Ok(header) if *header.chain_id == *chain_id => there.push(at),
                Ok(_) => {}
                Err(_) => silent.push(at),
            }
        }
        there.truncate(MOST);
        let known = there.len();
        there.extend(silent.into_iter().take(2_usize.saturating_sub(known)));
        Self {
            on_chain: RefCell::new((0..there.len()).map(|place| place < known).collect()),
            all: there.into_iter().map(|at| Node { client, at }).collect(),
            chain_id: chain_id.to_owned(),
        }
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// The address of an endpoint, for people.
    pub fn shown(&self, endpoint: usize) -> &Clean {
        let node = self.all[endpoint];
        node.client.shown(node.at)
    }

    async fn on_chain(&self, endpoint: usize) -> bool {
        let known = self.on_chain.borrow()[endpoint];
        if known {
            return true;
        }
        let node = self.all[endpoint];
        let header = chain::latest(node.client, node.at, Instant::now() + HELLO).await;
        let right = header.is_ok_and(|header| *header.chain_id == *self.chain_id);
        self.on_chain.borrow_mut()[endpoint] = right;
        right
    }

    pub async fn post(&self, endpoint: usize, tx: &Signed) -> Posted {
        if self.on_chain(endpoint).await { self.all[endpoint].post(tx).await } else { Posted::NotSent }
    }

    pub async fn ask(&self, endpoint: usize, attempt: &Attempt, question: Question) -> Answer {
        if self.on_chain(endpoint).await {
            self.all[endpoint].look_up(attempt, question).await
        } else {
            Answer::Nothing
        }
    }
}
