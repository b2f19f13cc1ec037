//! The joint approval as a value: every rule of it, no database, no network, no clock.
//!
//! [`JointApproval`] is the aggregate. Its operations take it and give it back changed, with the
//! [`Event`]s that tell of the change; a refusal leaves the caller's copy as it was.

mod approval;
mod decision;
mod inspection;
mod materials;
mod opinion;
mod task;
mod time;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod random;

pub use approval::{Acting, AddDepartment, Case, Event, JointApproval, Opening, Person, State, Step};
pub use decision::{Decision, Ruling};
pub use inspection::{
    Answer, Attendance, Conclusion, Inspection, Invited, Presence, Proposal, ProposeInspection, Record,
    Signature,
};
pub use materials::{Material, Materials};
pub use opinion::{Resolution, ResolveReturn};
pub use task::{Given, Kind, Opinion, Return, Said, Task, TaskState, Verdict};
pub use time::{ExtendLimit, Extension, Procedure, StartProcedure};

use yimen_kernel::Result;

/// What an operation gives: the approval after it, and what to tell.
pub type Changed = Result<(JointApproval, Vec<Event>)>;
