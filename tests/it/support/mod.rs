//! What the tests stand on.

pub mod market;
pub mod program;
pub mod robot;
pub mod svg;
