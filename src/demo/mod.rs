//! The embedded chain behind `--demo`: a small market on 127.0.0.1 that answers as a real node does.
//!
//! ```text
//! record        what the chain stores, in the node's JSON shapes
//! state         rows at every height, and what each action does to them
//! wire          protobuf, and which fields the node knows
//! transaction   bytes of a transaction, taken apart
//! gas           what each step costs
//! ante          what it must pass before it runs
//! ledger        what waits, what blocks hold, what messages do
//! node          blocks: clock, schedule; a state document of a real node can be loaded
//! market        the demo: who is there and what happens at which block
//! reply         what every route makes use of
//! block, txs    routes of blocks and of transactions
//! answer        a GET in, an answer out
//! serve         HTTP, and the misbehaviour tests ask for
//! ```
//!
//! Nothing of `chain` or `lease` is used here: client and node each have their own idea of the wire,
//! or a wrong key would pass on both sides.

mod answer;
mod ante;
mod block;
mod encoding;
mod gas;
mod ledger;
mod market;
mod node;
mod record;
mod reply;
mod serve;
mod state;
mod transaction;
mod txs;
mod wire;

pub use market::{
    AUDITOR, BLOCK_TIME, CHAIN_ID, CLOSED_DSEQ, DSEQ, EMPTY_ESCROW_DSEQ, FULL_DSEQ, HOSTILE, LEASED_DSEQ,
    LOW_CEILING_DSEQ, MISSPELT_DSEQ, MNEMONIC, NO_ATTRIBUTE_DSEQ, NO_BIDS_DSEQ, OWNER, PAUSED_DSEQ, REOPENED_DSEQ,
    START_HEIGHT, UNSIGNED_DSEQ, VARIANT_DSEQ, WITHDRAWN_DSEQ, provider_address,
};
pub use node::{Chain, Clock, Event};
pub use record::{
    Account, Attribute, Audit, Bid, BidId, BidRecord, Coin, Dec, DecCoin, DeploymentId, DeploymentRecord, GroupSpec,
    Lease, LeaseRecord, Offer, Order, OrderId, Provider, ProviderInfo, Quoted, Resources,
};
pub use reply::Index;
pub use serve::{Act, Fault, Options, Running, Served, serve};
pub use state::{LeaseEnd, NewBid, State, Table};
