//! What the tests stand on.

pub mod robot;
pub mod svg;
