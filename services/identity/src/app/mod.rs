//! One function per operation: load, decide, save.

pub mod access;
pub mod api_key;
pub mod authenticate;
pub mod organization;
pub mod session;
