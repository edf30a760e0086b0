//! Blocks as the node answers them.

use serde_json::{Value, json};

use super::encoding;
use super::reply::{Asked, Reply};

/// SHA-256 of nothing: what hashes of empty lists are.
const EMPTY_HASH: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

impl Asked<'_> {
    pub fn block_at(&self, number: i64) -> Reply {
        let height = u64::try_from(number).ok().filter(|height| *height > 0);
        let Some(height) = height else {
            let message = format!("height must be greater than 0, but got {number}");
            return Err(self.refuse(2, &message));
        };
        if height > self.tip {
            let message = "requested block height is bigger then the chain length";
            return Err(self.refuse(3, message));
        }
        self.say(&self.block(height))
    }

    /// Thirty-two bytes that stand for a hash of a header, the same for the same block.
    pub fn hash(&self, kind: u64, height: u64) -> String {
        let seed = u64::from(encoding::crc32(self.chain.id.as_bytes()));
        encoding::base64(&encoding::scramble::<32>(seed ^ (kind << 40), height))
    }

    pub fn block(&self, height: u64) -> Value {
        let id = |height: u64| {
            json!({
                "hash": encoding::base64(&self.chain.block_hash(height)),
                "part_set_header": {"total": 1, "hash": self.hash(3, height)},
            })
        };
        let time = self.chain.time(height).to_string();
        let proposer = encoding::scramble::<20>(11, 0);
        let seed = u64::from(encoding::crc32(self.chain.id.as_bytes()));
        let before = height - 1;
        let held = self.chain.ledger.of_block(height);
        let txs: Vec<String> = held.iter().map(|found| encoding::base64(&found.tx.bytes)).collect();
        let hashes: Vec<_> = held.iter().map(|found| found.tx.hash).collect();
        let data_hash = encoding::base64(&encoding::merkle_root(&hashes));
        let block = |proposer_address: String| {
            json!({
                "header": {
                    "version": {"block": "11", "app": "0"},
                    "chain_id": self.chain.id, "height": height.to_string(), "time": time,
                    "last_block_id": id(before),
                    "last_commit_hash": self.hash(4, height), "data_hash": data_hash,
                    "validators_hash": self.hash(2, 0), "next_validators_hash": self.hash(2, 0),
                    "consensus_hash": self.hash(5, 0), "app_hash": self.hash(1, height),
                    "last_results_hash": EMPTY_HASH, "evidence_hash": EMPTY_HASH,
                    "proposer_address": proposer_address,
                },
                "data": {"txs": txs},
                "evidence": {"evidence": []},
                "last_commit": {
                    "height": before.to_string(), "round": 0, "block_id": id(before),
                    "signatures": [{
                        "block_id_flag": "BLOCK_ID_FLAG_COMMIT",
                        "validator_address": encoding::base64(&proposer), "timestamp": time,
                        "signature": encoding::base64(&encoding::scramble::<64>(seed, height)),
                    }],
                },
            })
        };
        json!({
            "block_id": id(height),
            "block": block(encoding::base64(&proposer)),
            "sdk_block": block(encoding::bech32("akashvalcons", &proposer)),
        })
    }
}
