//! The words every part of Yimen shares: divisions, centers' ids, case numbers,
//! identity numbers, who is calling, and how a refusal is said.
//!
//! The cast:
//!
//! - [`Reason`] lists every way a call can be refused, with its Chinese and
//!   English sentence; [`Error`] carries one of them with its details;
//!   [`Fields`] collects faulty fields so that one answer names them all.
//! - [`DivisionCode`] names a center's district; [`DepartmentId`], [`WindowId`],
//!   [`ItemCode`], [`MaterialCode`] and [`Login`] name what stands in it.
//! - [`CaseNumber`], [`LookupCode`], [`DocumentNumber`] and [`RatingToken`] are what a citizen
//!   takes home.
//! - [`Money`] is whole fen and [`Quantity`] whole thousandths; a [`PaymentCode`] is
//!   what a payer gives to the bank.
//! - [`Calendar`] knows the working days; a [`Clock`] is a legal or promised limit that runs, and says when
//!   it ends, how that came about, and which [`Light`] it shows.
//! - [`CitizenId`], [`CreditCode`] and [`Mobile`] identify applicants; [`mask`]
//!   is the only place that hides parts of them.
//! - [`Actor`] is whoever makes the call.
//!
//! A value of one of these types is always well formed: parsing is the only way
//! to make one. Everything here is pure. There is no async, no input or output,
//! and no clock; a function that needs the time is given it.
#![warn(missing_docs)]

pub mod actor;
pub mod calendar;
pub mod case_number;
pub mod check;
pub mod citizen_id;
pub mod codes;
pub mod credit_code;
pub mod date;
pub mod deadline;
pub mod division;
pub mod document_number;
pub mod error;
pub mod ids;
pub mod lang;
pub mod lookup_code;
pub mod mask;
pub mod media;
pub mod mobile;
pub mod money;
pub mod payment_code;
pub mod rating_token;
pub mod reason;
pub mod text;

pub use actor::{Actor, Role};
pub use calendar::Calendar;
pub use case_number::CaseNumber;
pub use check::{FieldFault, Fields, Parsed};
pub use citizen_id::CitizenId;
pub use credit_code::CreditCode;
pub use deadline::{Clock, Light};
pub use division::DivisionCode;
pub use document_number::DocumentNumber;
pub use error::{Error, FieldError, Kind, Result};
pub use ids::{DepartmentId, ItemCode, Login, MaterialCode, WindowId};
pub use lang::Lang;
pub use lookup_code::LookupCode;
pub use mobile::Mobile;
pub use money::{Money, Quantity};
pub use payment_code::PaymentCode;
pub use rating_token::RatingToken;
pub use reason::Reason;
