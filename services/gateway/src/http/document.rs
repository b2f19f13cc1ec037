//! A document of a case as its text: what is printed and handed over.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::header::{ACCEPT, CONTENT_LANGUAGE, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue};
use prost_reflect::DynamicMessage;
use yimen_kernel::lang::Lang;

use super::route::Route;
use super::transcode;
use crate::door::{self, Door};

/// The method whose answer has a text of its own.
pub const METHOD: &str = "yimen.intake.v1.Intake.GetDocument";

/// Answers with the document's text in the reader's language. The Chinese text rules; it also
/// stands where there is no translation.
pub async fn answer(door: Door, route: Arc<Route>, request: Request) -> Response {
    let lang = door::lang(request.headers());
    match transcode::ask(&door, &route, request).await {
        Ok(document) => {
            let (lang, text) = text(&document, lang);
            let headers = [
                (CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
                (CONTENT_LANGUAGE, HeaderValue::from_static(lang.tag())),
                (VARY, HeaderValue::from_static("accept, accept-language")),
            ];
            (headers, text).into_response()
        }
        Err(refusal) => transcode::refused(refusal, lang),
    }
}

fn text(document: &DynamicMessage, lang: Lang) -> (Lang, String) {
    let field = |name| {
        let value = document.get_field_by_name(name);
        value.as_ref().and_then(|value: &Cow<'_, _>| value.as_str()).unwrap_or_default().to_owned()
    };
    let translated = field("text_en");
    match lang {
        Lang::En if !translated.is_empty() => (Lang::En, translated),
        _ => (Lang::Zh, field("text_zh")),
    }
}

/// Whether the client would rather have plain text than JSON (RFC 9110, 12.5.1).
pub fn prefers_text(headers: &HeaderMap) -> bool {
    let accept: Vec<&str> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let accept = accept.join(",").to_ascii_lowercase();
    weight(&accept, ["text/plain", "text/*", "*/*"])
        > weight(&accept, ["application/json", "application/*", "*/*"])
}

/// The weight that the most exact of `ranges` has.
fn weight(accept: &str, ranges: [&str; 3]) -> f32 {
    for range in ranges {
        for entry in accept.split(',') {
            let mut parts = entry.split(';').map(str::trim);
            if parts.next() == Some(range) {
                let q = parts.find_map(|part| part.strip_prefix("q="));
                return q.map_or(1.0, |q| q.parse().unwrap_or(0.0));
            }
        }
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_only_for_those_who_ask() {
        for (accept, text) in [
            ("", false),
            ("*/*", false),
            ("text/plain", true),
            ("text/*", true),
            ("application/json", false),
            ("text/plain;q=0.5, application/json", false),
            ("text/plain, application/json;q=0.9", true),
            ("text/plain;charset=utf-8;q=0.4, */*;q=0.3", true),
            ("text/html,application/xhtml+xml,*/*;q=0.8", false),
            ("text/plain;q=much", false),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(prefers_text(&headers), text, "{accept}");
        }
    }

    #[test]
    fn the_method_is_there() {
        let name = METHOD.rsplit_once('.').unwrap();
        let service = yimen_proto::pool().get_service_by_name(name.0).unwrap();
        let method = service.methods().find(|method| method.name() == name.1).unwrap();
        for field in ["text_zh", "text_en"] {
            assert!(method.output().get_field_by_name(field).is_some());
        }
    }
}
