//! Rounds of democratic review, and their ballots.

pub mod ballots;
pub mod counting;
pub mod outcomes;
pub mod rounds;
pub mod tokens;
