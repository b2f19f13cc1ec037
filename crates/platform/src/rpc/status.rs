//! Errors on the wire: our kind as gRPC code, our reason as `ErrorInfo`, bad fields as `BadRequest`.

use std::collections::HashMap;
use std::error::Error as _;

use tonic::{Code, Status};
use tonic_types::{BadRequest, ErrorDetails, FieldViolation, LocalizedMessage, StatusExt as _};
use yimen_kernel::error::{Error, FieldError, Kind};
use yimen_kernel::lang::Lang;
use yimen_kernel::reason::Reason;

/// `ErrorInfo.domain` of every error.
pub const DOMAIN: &str = "yimen";

/// An error as a gRPC client gets it; what is hidden in it is logged here and nowhere else.
pub fn to_status(error: &Error) -> Status {
    if error.kind() == Kind::Internal {
        tracing::error!(
            reason = error.reason().as_str(),
            cause = cause(error),
            "A call failed by our fault."
        );
    }
    let mut details = ErrorDetails::new();
    details.set_error_info(
        error.reason().as_str(),
        DOMAIN,
        error.metadata().clone().into_iter().collect::<HashMap<_, _>>(),
    );
    details.set_localized_message("zh-CN", error.message(Lang::Zh));
    if !error.fields().is_empty() {
        details.set_bad_request(error.fields().iter().map(violation).collect::<Vec<_>>());
    }
    Status::with_error_details(code(error.kind()), error.message(Lang::En), details)
}

/// The error that a status tells of; a status that no service of ours made is `UNAVAILABLE` or `INTERNAL`.
pub fn from_status(status: &Status) -> Error {
    let details = status.get_error_details();
    let told = details
        .error_info()
        .filter(|info| info.domain == DOMAIN)
        .and_then(|info| Some((Reason::parse(&info.reason)?, info.metadata.clone())));
    let Some((reason, metadata)) = told else {
        return match status.code() {
            Code::Unimplemented => Error::not_found(Reason::UnknownMethod),
            Code::InvalidArgument => Error::new(Kind::InvalidArgument, Reason::MalformedBody),
            Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => {
                Error::new(Kind::Unavailable, Reason::Unavailable)
            }
            _ => Error::internal(std::io::Error::other(format!("unexpected status {:?}", status.code()))),
        };
    };
    let fields = details.bad_request().map(fields).unwrap_or_default();
    let mut error = Error::new(kind(status.code()), reason).with_fields(fields);
    for (key, value) in metadata {
        error = error.with(&key, value);
    }
    error
}

/// What is hidden in an error. A database error shows its message, never the row.
fn cause(error: &Error) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}

fn violation(field: &FieldError) -> FieldViolation {
    FieldViolation {
        field: field.field.clone(),
        description: field.message(Lang::En),
        reason: match &field.limit {
            Some(limit) => format!("{}:{limit}", field.reason.as_str()),
            None => field.reason.as_str().to_owned(),
        },
        localized_message: Some(LocalizedMessage::new("zh-CN", field.message(Lang::Zh))),
    }
}

fn fields(bad: &BadRequest) -> Vec<FieldError> {
    bad.field_violations
        .iter()
        .filter_map(|violation| {
            let (reason, limit) = match violation.reason.split_once(':') {
                Some((reason, limit)) => (reason, Some(limit.to_owned())),
                None => (violation.reason.as_str(), None),
            };
            Some(FieldError { field: violation.field.clone(), reason: Reason::parse(reason)?, limit })
        })
        .collect()
}

fn code(kind: Kind) -> Code {
    match kind {
        Kind::InvalidArgument => Code::InvalidArgument,
        Kind::NotFound => Code::NotFound,
        Kind::AlreadyExists => Code::AlreadyExists,
        Kind::PermissionDenied => Code::PermissionDenied,
        Kind::Unauthenticated => Code::Unauthenticated,
        Kind::FailedPrecondition => Code::FailedPrecondition,
        Kind::Aborted => Code::Aborted,
        Kind::ResourceExhausted => Code::ResourceExhausted,
        Kind::Unavailable => Code::Unavailable,
        Kind::Internal => Code::Internal,
    }
}

fn kind(code: Code) -> Kind {
    match code {
        Code::InvalidArgument => Kind::InvalidArgument,
        Code::NotFound => Kind::NotFound,
        Code::AlreadyExists => Kind::AlreadyExists,
        Code::PermissionDenied => Kind::PermissionDenied,
        Code::Unauthenticated => Kind::Unauthenticated,
        Code::FailedPrecondition => Kind::FailedPrecondition,
        Code::Aborted => Kind::Aborted,
        Code::ResourceExhausted => Kind::ResourceExhausted,
        Code::Unavailable => Kind::Unavailable,
        _ => Kind::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_comes_back_as_it_went() {
        let sent = Error::invalid(vec![FieldError::new("applicant.name", Reason::TooLong).limit(60)]);
        let got = from_status(&to_status(&sent));
        assert_eq!((got.kind(), got.reason(), got.fields()), (sent.kind(), sent.reason(), sent.fields()));
        let sent = Error::precondition(Reason::OpinionsMissing).with("departments", "430102-scjg");
        let got = from_status(&to_status(&sent));
        assert_eq!(got.metadata(), sent.metadata());
        assert_eq!(got.message(Lang::Zh), sent.message(Lang::Zh));
    }
}
