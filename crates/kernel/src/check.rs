//! Collecting faulty fields, so that one answer names them all and a citizen
//! does not correct a form field by field.
//!
//! ```
//! use yimen_kernel::{CitizenId, Error, Fields, Mobile};
//!
//! struct Command {
//!     id: CitizenId,
//!     mobile: Mobile,
//! }
//!
//! fn command(id: &str, mobile: &str) -> Result<Command, Error> {
//!     let mut fields = Fields::new();
//!     let id = fields.take("applicant.id_number", CitizenId::parse(id));
//!     let mobile = fields.take("applicant.mobile", Mobile::parse(mobile));
//!     fields.build(|| Some(Command { id: id?, mobile: mobile? }))
//! }
//!
//! assert_eq!(command("1", "2").err().unwrap().fields().len(), 2);
//! assert!(command("430121190001010014", "13000000000").is_ok());
//! ```

use crate::{Error, FieldError, Reason};

/// What a parser gives back: the value, or why there is none.
pub type Parsed<T> = Result<T, FieldFault>;

/// Why a value was not accepted, before anyone knows which field it came from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldFault {
    /// What is wrong.
    pub reason: Reason,
    /// The limit it broke, where there is one.
    pub limit: Option<String>,
}

impl FieldFault {
    /// A fault that has no limit to name.
    pub fn new(reason: Reason) -> Self {
        FieldFault { reason, limit: None }
    }

    /// A fault against a limit.
    pub fn limited(reason: Reason, limit: impl ToString) -> Self {
        FieldFault { reason, limit: Some(limit.to_string()) }
    }

    /// The same fault, at this field.
    pub fn at(self, field: impl Into<String>) -> FieldError {
        FieldError { field: field.into(), reason: self.reason, limit: self.limit }
    }
}

impl From<Reason> for FieldFault {
    fn from(reason: Reason) -> Self {
        FieldFault::new(reason)
    }
}

/// The faulty fields of one request, as they are found.
#[derive(Debug, Default)]
#[must_use = "faults that were collected must be finished"]
pub struct Fields {
    faults: Vec<FieldError>,
}

impl Fields {
    /// No faults yet.
    pub fn new() -> Self {
        Fields::default()
    }

    /// Takes the parsed value, or notes the fault at `field` and gives `None`.
    pub fn take<T>(&mut self, field: &str, parsed: Parsed<T>) -> Option<T> {
        parsed.map_err(|fault| self.faults.push(fault.at(field))).ok()
    }

    /// Notes a fault.
    pub fn add(&mut self, field: &str, reason: Reason) {
        self.faults.push(FieldError::new(field, reason));
    }

    /// Notes a fault against a limit.
    pub fn add_limit(&mut self, field: &str, reason: Reason, limit: impl ToString) {
        self.faults.push(FieldError::new(field, reason).limit(limit));
    }

    /// Whether no fault was found so far.
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// Ends the check.
    ///
    /// # Errors
    /// All faults that were found, as one `INVALID_REQUEST`.
    pub fn finish(self) -> Result<(), Error> {
        if self.faults.is_empty() { Ok(()) } else { Err(Error::invalid(self.faults)) }
    }

    /// Ends the check and builds the command from the values that were taken.
    ///
    /// # Errors
    /// All faults that were found, as one `INVALID_REQUEST`; `INTERNAL` if there
    /// was no fault and a value is missing all the same, which only a mistake in
    /// the calling code can bring about.
    pub fn build<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, Error> {
        self.finish()?;
        build().ok_or_else(|| Error::internal("a value is missing although no field is faulty"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    #[test]
    fn names_every_fault() {
        let mut fields = Fields::new();
        assert!(fields.is_empty());
        assert_eq!(fields.take("a", Ok(1)), Some(1));
        let missing: Option<u8> = fields.take("b", Err(Reason::Required.into()));
        assert_eq!(missing, None);
        fields.add("c", Reason::Duplicate);
        fields.add_limit("d", Reason::TooMany, 5);
        let error = fields.finish().unwrap_err();
        assert_eq!(
            error.fields(),
            [
                FieldError::new("b", Reason::Required),
                FieldError::new("c", Reason::Duplicate),
                FieldError::new("d", Reason::TooMany).limit(5),
            ]
        );
    }

    #[test]
    fn build_needs_all_values() {
        assert_eq!(Fields::new().build(|| Some(1)).unwrap(), 1);
        let error = Fields::new().build(|| None::<u8>).unwrap_err();
        assert_eq!(error.kind(), Kind::Internal);
        let mut fields = Fields::new();
        fields.add("a", Reason::Required);
        assert_eq!(fields.build(|| Some(1)).unwrap_err().fields().len(), 1);
    }
}
