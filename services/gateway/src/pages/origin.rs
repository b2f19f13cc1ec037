//! A form is taken only from our own pages: what another site sends in a visitor's name is refused.
//!
//! Browsers say where a request comes from, in `Sec-Fetch-Site` (on secure addresses) and in
//! `Origin`. One that says neither is no browser, and carries no cookie that it does not know.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Method, StatusCode};

/// Refuses what changes something and comes from elsewhere.
pub async fn guard(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || is_ours(request.headers()) {
        return next.run(request).await;
    }
    // No page: the visitor of the other site has nothing to do here.
    StatusCode::FORBIDDEN.into_response()
}

fn is_ours(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value: &http::HeaderValue| value.to_str().unwrap_or("?"));
    match text(http::HeaderName::from_static("sec-fetch-site")) {
        Some(site) => matches!(site, "same-origin" | "none"),
        None => match text(ORIGIN) {
            None => true,
            Some(origin) => {
                let authority = origin.split_once("://").map(|(_, authority)| authority);
                authority.is_some() && authority == text(HOST)
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages() {
        for (headers, ours) in [
            (&[][..], true),
            (&[("sec-fetch-site", "same-origin")][..], true),
            (&[("sec-fetch-site", "none")][..], true),
            (&[("sec-fetch-site", "same-site"), ("origin", "http://hall"), ("host", "hall")][..], false),
            (&[("sec-fetch-site", "cross-site")][..], false),
            (&[("origin", "http://hall:8080"), ("host", "hall:8080")][..], true),
            (&[("origin", "https://hall"), ("host", "hall")][..], true),
            (&[("origin", "http://evil"), ("host", "hall")][..], false),
            (&[("origin", "null"), ("host", "null")][..], false),
            (&[("origin", "http://hall")][..], false),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(*name, value.parse().unwrap());
            }
            assert_eq!(is_ours(&map), ours, "{headers:?}");
        }
    }
}
