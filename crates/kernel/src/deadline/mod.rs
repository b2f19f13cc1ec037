//! Clocks (时限): a legal or promised limit that runs, and when it ends.
//!
//! The cast: a [`Limit`] is a budget of working or of calendar days; a [`Suspension`] (中止) stops a clock
//! for a [`Ground`]; an [`Extension`] (延长) adds to its budget, once; a [`Clock`] is a limit with its first
//! day, its suspensions and its extension. Nothing is kept that can be computed: the last day, what was used,
//! the [`Light`] and the explanation ([`explain()`]) are functions of the clock, the calendar and a day.
//!
//! A case that is being decided has two clocks, which differ in their budget and in what stops them: the
//! statutory one (法定), which stops only for the eight grounds of 行政许可法 art. 45 and only with the written
//! notice that the article demands; and the promised one (承诺), which also stops for what the item publishes.
//! Payment, a site visit and supplements after acceptance stop neither, unless the item publishes them.

mod clock;
mod explain;
mod extension;
mod light;
mod suspension;

pub use clock::{ACCEPTANCE, Clock, DELIVERY, Limit, Unit};
pub use explain::{Line, What, explain};
pub use extension::{Authority, Extension};
pub use light::Light;
pub use suspension::{Ground, Suspension, Which};
