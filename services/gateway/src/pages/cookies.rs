//! The two cookies: the session of a member of staff, and the language.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use yimen_kernel::Lang;

/// Holds a session's token.
pub const SESSION: &str = "yimen_session";
/// Holds `zh` or `en`.
pub const LANGUAGE: &str = "yimen_lang";

/// The value of a cookie.
pub fn get(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, value)| *found == name && !value.is_empty())
        .map(|(_, value)| value.to_owned())
}

/// Keeps a session until the browser is closed; identity ends it earlier.
///
/// Scripts do not see it, and no other site's page can send it.
pub fn open_session(token: &str, secure: bool) -> Option<HeaderValue> {
    let secure = if secure { "; Secure" } else { "" };
    HeaderValue::try_from(format!("{SESSION}={token}; Path=/; HttpOnly; SameSite=Strict{secure}")).ok()
}

/// Forgets the session.
pub fn close_session() -> HeaderValue {
    HeaderValue::from_static("yimen_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
}

/// Keeps the language for a year.
pub fn language(lang: Lang) -> HeaderValue {
    HeaderValue::from_static(match lang {
        Lang::Zh => "yimen_lang=zh; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000",
        Lang::En => "yimen_lang=en; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000",
    })
}

/// The language that a cookie or a parameter names.
pub fn language_of(code: &str) -> Option<Lang> {
    match code {
        "zh" => Some(Lang::Zh),
        "en" => Some(Lang::En),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_one_among_many() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1; yimen_session=tok=en; yimen_lang="));
        headers.append(COOKIE, HeaderValue::from_static("yimen_lang=en"));
        assert_eq!(get(&headers, SESSION).as_deref(), Some("tok=en"));
        assert_eq!(get(&headers, LANGUAGE).as_deref(), Some("en"));
        assert_eq!(get(&headers, "b"), None);
    }

    #[test]
    fn a_session_is_for_our_own_pages_only() {
        let cookie = open_session("token", true).unwrap();
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"));
        assert!(cookie.contains("Secure"));
        assert_eq!(open_session("bad\r\n", false), None);
    }
}
