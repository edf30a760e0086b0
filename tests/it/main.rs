mod lease;
mod wallet;
