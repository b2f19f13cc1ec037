//! Everything that touches the outside, once, for every service.
//!
//! The cast: a [`Definition`] names a service and its migrations and builds it from a
//! [`Context`]; a [`store::Store`] opens transactions; a [`store::Tx`] carries SQL and the
//! events that it emits; the [`messages`] module keeps outbox, inbox and answered requests in the
//! service's own schema; a [`bus::Bus`] carries events between services, over RabbitMQ or inside
//! one process; [`rpc`] checks the signed actor and the method's policy before any service code
//! runs; [`run`] starts and stops it all.
//!
//! The life of a change: `rpc` admits the call, [`Context::mutate`] opens one transaction, the
//! service's operation decides and saves, its events land in the outbox with the same commit, the
//! relay publishes them, each subscriber handles each of them once.

#![warn(missing_docs)]

pub mod bus;
pub mod calendar;
pub mod chores;
pub mod clock;
pub mod config;
mod context;
pub mod files;
pub mod gather;
pub mod group;
pub mod messages;
pub mod objects;
pub mod pace;
pub mod page;
pub mod rpc;
pub mod run;
pub mod signature;
pub mod store;
pub mod telemetry;

pub use clock::{Clock, timestamp};
pub use config::Config;
pub use context::{Caller, Context, Definition, Service};
