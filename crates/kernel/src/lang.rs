//! The two languages Yimen speaks.

/// A language of texts for people. Chinese is the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    /// Simplified Chinese.
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// The language tag for `Content-Language` and the `lang` attribute.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::Zh => "zh-CN",
            Lang::En => "en",
        }
    }

    /// Chooses from an `Accept-Language` header (RFC 9110, 12.5.4): whichever of
    /// Chinese and English weighs more, the earlier one if they weigh the same,
    /// Chinese if neither is asked for. `*` asks for neither.
    pub fn from_accept_language(header: &str) -> Lang {
        let mut best = (Lang::Zh, 0.0_f32);
        for range in header.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
            let lang = match tag.split('-').next() {
                Some("zh") => Lang::Zh,
                Some("en") => Lang::En,
                _ => continue,
            };
            let weight = match parts.find_map(|p| p.strip_prefix("q=").or(p.strip_prefix("Q="))) {
                None => 1.0,
                Some(q) => q.parse().unwrap_or(0.0),
            };
            if weight > best.1 && weight <= 1.0 {
                best = (lang, weight);
            }
        }
        best.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_language() {
        for (header, expected) in [
            ("", Lang::Zh),
            ("*", Lang::Zh),
            ("fr", Lang::Zh),
            ("zh-CN,zh;q=0.9,en;q=0.8", Lang::Zh),
            ("en-US,en;q=0.9,zh-CN;q=0.8", Lang::En),
            ("EN", Lang::En),
            ("fr, en;q=0.5", Lang::En),
            ("zh;q=0.3, en ; q=0.5", Lang::En),
            ("en;q=0", Lang::Zh),
            ("en;q=high", Lang::Zh),
            ("en;q=7", Lang::Zh),
            ("en;q=nan", Lang::Zh),
            ("zh-Hant, en", Lang::Zh),
            ("english", Lang::Zh),
            (";;,,=", Lang::Zh),
        ] {
            assert_eq!(Lang::from_accept_language(header), expected, "{header:?}");
        }
    }
}
