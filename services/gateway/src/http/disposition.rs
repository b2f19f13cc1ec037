//! File names in `Content-Disposition` (RFC 6266), in the forms that browsers send and read.

use std::fmt::Write as _;

use http::HeaderValue;

use super::query;

/// `attachment` with this name: plain for old readers, exact for the others (RFC 8187).
pub fn attachment(name: &str) -> HeaderValue {
    let plain: String =
        name.chars()
            .map(|c| {
                if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%' | '/') || c == ' ' { c } else { '_' }
            })
            .collect();
    let mut exact = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            exact.push(char::from(byte));
        } else {
            // Writing into a String does not fail.
            let _infallible = write!(exact, "%{byte:02X}");
        }
    }
    HeaderValue::try_from(format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}"))
        .unwrap_or(HeaderValue::from_static("attachment"))
}

/// The file name in a header that a client sent.
pub fn file_name(header: &str) -> Option<String> {
    let mut plain = None;
    for parameter in parameters(header) {
        let Some((name, value)) = parameter.split_once('=') else { continue };
        match name.trim().to_ascii_lowercase().as_str() {
            "filename*" => {
                let (charset, rest) = value.trim().split_once('\'')?;
                let (_language, text) = rest.split_once('\'')?;
                return charset.eq_ignore_ascii_case("utf-8").then(|| query::decode(text, false))?;
            }
            "filename" => plain = Some(unquoted(value.trim())),
            _ => {}
        }
    }
    plain
}

/// Splits at semicolons outside quotes.
fn parameters(header: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    header
        .split(move |c| {
            match c {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                ';' => return !quoted,
                _ => {}
            }
            false
        })
        .collect()
}

fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut text = String::with_capacity(inner.len());
    let mut escaped = false;
    for c in inner.chars() {
        if c == '\\' && !escaped {
            escaped = true;
        } else {
            escaped = false;
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for name in ["a.pdf", "营业执照 正本.pdf", "a;b.pdf", "quote\".txt", "a%20b+c.txt", "x'y*z"] {
            let header = attachment(name);
            assert_eq!(file_name(header.to_str().unwrap()).as_deref(), Some(name));
        }
        assert_eq!(attachment("图.pdf"), "attachment; filename=\"_.pdf\"; filename*=UTF-8''%E5%9B%BE.pdf");
        assert_eq!(attachment("a\r\nb"), "attachment; filename=\"a__b\"; filename*=UTF-8''a%0D%0Ab");
    }

    #[test]
    fn clients_write_it_in_many_ways() {
        for (header, name) in [
            ("attachment; filename=a.pdf", Some("a.pdf")),
            ("attachment; FileName=\"a;b \\\"c\\\".pdf\"", Some("a;b \"c\".pdf")),
            ("attachment; filename=a; filename*=utf-8'zh'%E5%9B%BE", Some("图")),
            ("attachment; filename*=gbk''%CD%BC", None),
            ("attachment; filename*=UTF-8''%zz", None),
            ("attachment", None),
            ("", None),
        ] {
            assert_eq!(file_name(header).as_deref(), name, "{header}");
        }
    }
}
