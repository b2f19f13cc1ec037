//! Enums whose values have codes, in the contract and in the tables.

pub(crate) use yimen_kernel::codes;
