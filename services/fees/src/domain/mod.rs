//! The rules of money: pure, and each beside its tests.

pub mod fee;
pub mod ledger;
pub mod notice;
pub mod payment;
pub mod reconcile;
pub mod refund;
