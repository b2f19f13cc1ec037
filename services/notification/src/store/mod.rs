//! All SQL of the service.

pub mod contacts;
pub mod messages;
pub mod parts;
pub mod simulated;
pub mod templates;
