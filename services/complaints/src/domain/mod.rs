//! The rules of complaints, pure.

pub mod accountability;
pub mod appraisal;
pub mod codes;
pub mod complaint;
mod handling;
pub mod publication;
pub mod question;
pub mod rating;
pub mod recusal;
mod review;
pub mod scrutiny;
#[cfg(test)]
mod tests;

pub use codes::{Closing, Finding, Identity, Kind, Way};
pub use complaint::{Complaint, Handler, Handling, Stage, State, View};
pub use recusal::Accused;
