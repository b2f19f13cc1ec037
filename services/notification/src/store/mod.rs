//! All SQL of the service.

pub mod contacts;
pub mod messages;
pub mod simulated;
pub mod templates;
