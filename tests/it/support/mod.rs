//! What the tests stand on.

pub mod accept;
pub mod http;
pub mod market;
pub mod program;
pub mod robot;
pub mod schema;
pub mod svg;
