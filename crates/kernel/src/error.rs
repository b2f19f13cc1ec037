//! The one error that leaves a service: what kind of refusal, for which reason,
//! with which details, and (for logs only) what lies behind it.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;

use crate::{Lang, Reason};

/// The result of anything that may be refused.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn StdError + Send + Sync>;

/// The class of a refusal. `platform` maps it to a gRPC status code and the
/// gateway to an HTTP status, each in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request is wrong whatever the state of things.
    InvalidArgument,
    /// The thing does not exist, or the caller may not know that it does.
    NotFound,
    /// The thing exists already.
    AlreadyExists,
    /// The caller is known and may not do this.
    PermissionDenied,
    /// The caller is not known.
    Unauthenticated,
    /// The state of things forbids it; repeating the call will not help.
    FailedPrecondition,
    /// Someone else was faster; read again and decide again.
    Aborted,
    /// Too much, too often; later it may work.
    ResourceExhausted,
    /// A part of the system is away; the same call may be repeated.
    Unavailable,
    /// Our fault.
    Internal,
}

/// A refusal.
///
/// Callers see the kind, the reason, the metadata and the fields; the source is
/// for logs and is never sent. Metadata must hold no personal data.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    reason: Reason,
    metadata: BTreeMap<String, String>,
    fields: Vec<FieldError>,
    source: Option<Source>,
}

impl Error {
    /// A refusal of this kind for this reason.
    pub fn new(kind: Kind, reason: Reason) -> Self {
        Error { kind, reason, metadata: BTreeMap::new(), fields: Vec::new(), source: None }
    }

    /// The request has these faulty fields.
    pub fn invalid(fields: Vec<FieldError>) -> Self {
        Error::new(Kind::InvalidArgument, Reason::InvalidRequest).with_fields(fields)
    }

    /// The request has this one faulty field.
    pub fn field(field: impl Into<String>, reason: Reason) -> Self {
        Error::invalid(vec![FieldError::new(field, reason)])
    }

    /// Our fault; `source` (an error or a sentence) goes to the log only.
    pub fn internal(source: impl Into<Source>) -> Self {
        Error::new(Kind::Internal, Reason::Internal).because(source)
    }

    /// A part of the system is away; `source` goes to the log only.
    pub fn unavailable(source: impl Into<Source>) -> Self {
        Error::new(Kind::Unavailable, Reason::Unavailable).because(source)
    }

    /// The thing does not exist, or the caller may not know that it does.
    pub fn not_found(reason: Reason) -> Self {
        Error::new(Kind::NotFound, reason)
    }

    /// The caller is known and may not do this.
    pub fn denied(reason: Reason) -> Self {
        Error::new(Kind::PermissionDenied, reason)
    }

    /// The caller is not known.
    pub fn unauthenticated(reason: Reason) -> Self {
        Error::new(Kind::Unauthenticated, reason)
    }

    /// The state of things forbids it.
    pub fn precondition(reason: Reason) -> Self {
        Error::new(Kind::FailedPrecondition, reason)
    }

    /// Someone else was faster.
    pub fn aborted(reason: Reason) -> Self {
        Error::new(Kind::Aborted, reason)
    }

    /// Adds a detail; a `{key}` in the reason's text is replaced by `value`.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl ToString) -> Self {
        self.metadata.insert(key.into(), value.to_string());
        self
    }

    /// Adds faulty fields, after those already named.
    #[must_use]
    pub fn with_fields(mut self, fields: Vec<FieldError>) -> Self {
        self.fields.extend(fields);
        self
    }

    /// Keeps what lies behind the refusal, for the log.
    #[must_use]
    pub fn because(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The class of the refusal.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The reason clients branch on.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The details, by key.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// The faulty fields, in the order in which they were found.
    pub fn fields(&self) -> &[FieldError] {
        &self.fields
    }

    /// The sentence for people, with its placeholders filled from the metadata.
    pub fn message(&self, lang: Lang) -> String {
        fill(self.reason.text(lang), |key| self.metadata.get(key).map(String::as_str))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message(Lang::En))
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|s| s as &(dyn StdError + 'static))
    }
}

/// One faulty field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldError {
    /// The field's path in the request, as in proto: `applicant.mobile`,
    /// `materials[2].code`.
    pub field: String,
    /// What is wrong with it.
    pub reason: Reason,
    /// The limit it broke, as people read it, where there is one.
    pub limit: Option<String>,
}

impl FieldError {
    /// This field is faulty for this reason.
    pub fn new(field: impl Into<String>, reason: Reason) -> Self {
        FieldError { field: field.into(), reason, limit: None }
    }

    /// Names the limit that was broken.
    #[must_use]
    pub fn limit(mut self, limit: impl ToString) -> Self {
        self.limit = Some(limit.to_string());
        self
    }

    /// The sentence for people; `{field}` and `{limit}` are filled.
    pub fn message(&self, lang: Lang) -> String {
        fill(self.reason.text(lang), |key| match key {
            "field" => Some(&self.field),
            "limit" => self.limit.as_deref(),
            _ => None,
        })
    }
}

/// Replaces each `{key}` once. A missing value becomes `…`, so that a forgotten
/// detail never shows people a brace; inserted values are not searched again.
fn fill<'a>(text: &str, value: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let (key, tail) = after.split_once('}').unwrap_or((after, ""));
        filled.push_str(value(key).unwrap_or("…"));
        rest = tail;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_fills_placeholders_once() {
        let error = Error::precondition(Reason::StateForbids).with("state", "{state}");
        assert!(error.message(Lang::En).contains("{state}"));
        assert_eq!(error.to_string(), error.message(Lang::En));
        let forgotten = Error::precondition(Reason::StateForbids);
        assert!(forgotten.message(Lang::Zh).contains('…'));
        assert!(!forgotten.message(Lang::Zh).contains('{'));
    }

    #[test]
    fn field_message_names_the_limit() {
        let field = FieldError::new("name", Reason::TooLong).limit(50);
        assert!(field.message(Lang::Zh).contains("50"));
        assert!(field.message(Lang::En).contains("50"));
    }

    #[test]
    fn source_is_kept_but_not_said() {
        let error = Error::internal("the disk is full");
        assert_eq!(error.kind(), Kind::Internal);
        assert_eq!(error.source().unwrap().to_string(), "the disk is full");
        assert!(!error.to_string().contains("disk"));
    }

    #[test]
    fn one_field() {
        let error = Error::field("mobile", Reason::BadFormat);
        assert_eq!(error.kind(), Kind::InvalidArgument);
        assert_eq!(error.reason(), Reason::InvalidRequest);
        assert_eq!(error.fields(), [FieldError::new("mobile", Reason::BadFormat)]);
    }
}
