//! Refusals as RFC 9457 problem details, in the caller's language. Nothing that the caller sent is
//! repeated in them.

use std::error::Error as _;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LANGUAGE, CONTENT_TYPE, RETRY_AFTER, VARY, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use yimen_kernel::error::{Error, FieldError, Kind};
use yimen_kernel::lang::Lang;
use yimen_kernel::reason::Reason;

/// The media type of a refusal.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Where in a JSON text its reader gave up: counted from 1.
pub const LINE: &str = "line";
/// See [`LINE`].
pub const COLUMN: &str = "column";

/// A refusal on its way to an HTTP client.
#[derive(Debug)]
pub struct Problem {
    error: Error,
    lang: Lang,
    /// Where HTTP knows better than the kind of the error.
    status: Option<StatusCode>,
}

/// The body, as RFC 9457 names its members; the last three are ours.
#[derive(Serialize)]
struct Details<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: String,
    reason: &'static str,
    fields: Vec<Field<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<Position>,
}

#[derive(Serialize)]
struct Field<'a> {
    field: &'a str,
    reason: &'static str,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<&'a str>,
}

#[derive(Serialize)]
struct Position {
    line: u64,
    column: u64,
}

impl Problem {
    /// The refusal `error` for a reader of `lang`.
    pub fn new(error: Error, lang: Lang) -> Self {
        Self { error, lang, status: None }
    }

    /// With a status that HTTP has for this one case.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        self
    }
}

/// The HTTP status of a refusal.
pub fn status_of(error: &Error) -> StatusCode {
    match (error.kind(), error.reason()) {
        (_, Reason::FileTooLarge | Reason::BodyTooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
        (_, Reason::MethodNotAllowed) => StatusCode::METHOD_NOT_ALLOWED,
        (Kind::InvalidArgument, _) => StatusCode::BAD_REQUEST,
        (Kind::Unauthenticated, _) => StatusCode::UNAUTHORIZED,
        (Kind::PermissionDenied, _) => StatusCode::FORBIDDEN,
        (Kind::NotFound, _) => StatusCode::NOT_FOUND,
        (Kind::AlreadyExists | Kind::Aborted | Kind::FailedPrecondition, _) => StatusCode::CONFLICT,
        (Kind::ResourceExhausted, _) => StatusCode::TOO_MANY_REQUESTS,
        (Kind::Unavailable, _) => StatusCode::SERVICE_UNAVAILABLE,
        (Kind::Internal, _) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { error, lang, status } = self;
        if let (Kind::Internal, Some(cause)) = (error.kind(), error.source()) {
            tracing::error!(cause = %cause, "An HTTP request failed by our fault.");
        }
        let status = status.unwrap_or_else(|| status_of(&error));
        let details = Details {
            r#type: format!("urn:yimen:problem:{}", error.reason().as_str()),
            title: title(error.kind(), lang),
            status: status.as_u16(),
            detail: error.message(lang),
            reason: error.reason().as_str(),
            fields: error.fields().iter().map(|field| described(field, lang)).collect(),
            position: position(&error),
        };
        let body = serde_json::to_vec(&details).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(lang.tag()));
        headers.insert(VARY, HeaderValue::from_static("accept-language"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

fn described(field: &FieldError, lang: Lang) -> Field<'_> {
    Field {
        field: &field.field,
        reason: field.reason.as_str(),
        detail: field.message(lang),
        limit: field.limit.as_deref(),
    }
}

fn position(error: &Error) -> Option<Position> {
    let number = |key| error.metadata().get(key)?.parse().ok();
    Some(Position { line: number(LINE)?, column: number(COLUMN)? })
}

fn title(kind: Kind, lang: Lang) -> &'static str {
    let (zh, en) = match kind {
        Kind::InvalidArgument => ("请求有误", "The request is wrong"),
        Kind::Unauthenticated => ("需要登录", "Not signed in"),
        Kind::PermissionDenied => ("没有权限", "Not permitted"),
        Kind::NotFound => ("没有找到", "Not found"),
        Kind::AlreadyExists => ("已经存在", "It exists already"),
        Kind::Aborted => ("已被他人更新", "Changed meanwhile"),
        Kind::FailedPrecondition => ("当前不能办理", "Not possible now"),
        Kind::ResourceExhausted => ("超出限制", "Over the limit"),
        Kind::Unavailable => ("暂时不可用", "Unavailable"),
        Kind::Internal => ("内部错误", "Internal error"),
    };
    match lang {
        Lang::Zh => zh,
        Lang::En => en,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn shown(problem: Problem) -> (StatusCode, http::HeaderMap, serde_json::Value) {
        let (parts, body) = problem.into_response().into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        (parts.status, parts.headers, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn it_says_what_is_wrong_in_both_languages() {
        let error = || Error::invalid(vec![FieldError::new("applicant.name", Reason::TooLong).limit(60)]);
        let (status, headers, zh) = shown(Problem::new(error(), Lang::Zh)).await;
        assert_eq!(status, 400);
        assert_eq!(headers[CONTENT_LANGUAGE], "zh-CN");
        assert_eq!(headers[CONTENT_TYPE], MEDIA_TYPE);
        assert_eq!(zh["reason"], "INVALID_REQUEST");
        assert_eq!(zh["status"], 400);
        assert_eq!(zh["fields"][0]["field"], "applicant.name");
        assert_eq!(zh["fields"][0]["limit"], "60");
        assert_eq!(zh["detail"], Reason::InvalidRequest.text(Lang::Zh));
        let (_, headers, en) = shown(Problem::new(error(), Lang::En)).await;
        assert_eq!(headers[CONTENT_LANGUAGE], "en");
        assert!(en["fields"][0]["detail"].as_str().unwrap().contains("60 characters"));
    }

    #[tokio::test]
    async fn each_kind_has_its_status() {
        for (error, status) in [
            (Error::unauthenticated(Reason::NotSignedIn), 401),
            (Error::denied(Reason::OtherCenter), 403),
            (Error::not_found(Reason::ApplicationUnknown), 404),
            (Error::precondition(Reason::StateForbids), 409),
            (Error::aborted(Reason::StaleVersion), 409),
            (Error::new(Kind::ResourceExhausted, Reason::TooManyAttempts), 429),
            (Error::new(Kind::ResourceExhausted, Reason::FileTooLarge), 413),
            (Error::unavailable("away"), 503),
            (Error::internal("our fault"), 500),
        ] {
            let (shown, headers, body) = shown(Problem::new(error, Lang::Zh)).await;
            assert_eq!(shown.as_u16(), status);
            assert_eq!(headers.contains_key(WWW_AUTHENTICATE), status == 401);
            assert_eq!(headers.contains_key(RETRY_AFTER), status == 503);
            assert!(!body.to_string().contains("our fault"));
        }
    }
}
