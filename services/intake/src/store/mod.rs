//! All SQL of intake.

pub mod applications;
pub mod catalog;
pub mod fees;
pub mod lookup;
pub mod materials;
pub mod serials;
pub mod submit;
