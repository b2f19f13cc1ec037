//! SQL of ratings.

pub mod call_ins;
pub mod invitations;
pub mod months;
pub mod ratings;
pub mod rectifications;
