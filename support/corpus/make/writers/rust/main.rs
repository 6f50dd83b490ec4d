//! What serde_json writes for a struct: `cargo run -- IN OUT`.
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

#[derive(Serialize, Deserialize)]
struct Event {
    occurred: DateTime<Utc>,
    event: String,
    resource: BTreeMap<String, String>,
    related: Vec<BTreeMap<String, String>>,
    payload: serde_json::Value,
    id: Uuid,
    follows: Option<Uuid>,
}

#[derive(Deserialize)]
struct Made {
    event: Event,
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let made: Vec<Made> = serde_json::from_slice(&std::fs::read(&words[1]).unwrap()).unwrap();
    let texts: Vec<Vec<u8>> = made.iter().map(|one| serde_json::to_vec(&one.event).unwrap()).collect();
    std::fs::write(&words[2], texts.join(&0u8)).unwrap();
}
