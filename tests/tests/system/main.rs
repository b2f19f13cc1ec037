//! What holds for a whole center, embedded and on servers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

mod accountability;
mod again;
mod appraisal;
mod attachments;
mod bad_input;
mod complaints;
mod conduct;
mod consultation;
mod copies;
mod faults;
mod fees;
mod garbage;
mod idempotency;
mod inspection;
mod keys;
mod kill;
mod listeners;
mod materials;
mod notification;
mod observability;
mod ratings;
mod smpp;
mod spine;
mod submissions;
mod supervision;
mod watch;
