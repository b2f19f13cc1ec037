//! Text that people type: names, addresses, remarks.
//!
//! Lengths are counted in Unicode scalar values, so that a rare name outside the
//! Basic Multilingual Plane counts as people see it. Characters that could hide
//! or reorder other text are refused; all others, `<` and `'` among them, are
//! kept as they are, because pages and queries escape them.

use crate::{FieldFault, Parsed, Reason};

/// One line, at most `max` characters after trimming.
///
/// # Errors
/// `REQUIRED_FIELD` if nothing visible remains, `FORBIDDEN_CHARACTER`,
/// `TOO_LONG` with the limit.
pub fn line(value: &str, max: usize) -> Parsed<String> {
    checked(value.trim().to_owned(), max, |_| false)
}

/// One line, or `None` if there is only white space.
///
/// # Errors
/// As [`line()`], without `REQUIRED_FIELD`.
pub fn optional_line(value: &str, max: usize) -> Parsed<Option<String>> {
    optional(line(value, max))
}

/// Text of several lines, at most `max` characters after trimming. Tabs stay;
/// line ends become `\n`, because browsers send `\r\n`.
///
/// # Errors
/// As [`line()`].
pub fn paragraph(value: &str, max: usize) -> Parsed<String> {
    let unified = value.trim().replace("\r\n", "\n").replace('\r', "\n");
    checked(unified, max, |c| matches!(c, '\n' | '\t'))
}

/// Text of several lines, or `None` if there is only white space.
///
/// # Errors
/// As [`paragraph`], without `REQUIRED_FIELD`.
pub fn optional_paragraph(value: &str, max: usize) -> Parsed<Option<String>> {
    optional(paragraph(value, max))
}

/// A typed code without what people put between its characters: white space and
/// hyphens go, and the full-width characters of Chinese input methods become
/// ASCII.
///
/// # Errors
/// `REQUIRED_FIELD` if nothing remains.
pub(crate) fn compact(value: &str) -> Parsed<String> {
    let compact: String = value.chars().map(narrow).filter(|c| !c.is_whitespace() && *c != '-').collect();
    if compact.is_empty() {
        return Err(Reason::Required.into());
    }
    Ok(compact)
}

/// The ASCII form of a full-width character (U+FF01–FF5E); others unchanged.
fn narrow(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        _ => c,
    }
}

fn checked(text: String, max: usize, allowed: fn(char) -> bool) -> Parsed<String> {
    // A text of joiners alone would look empty.
    if text.chars().all(|c| c.is_whitespace() || is_joiner(c)) {
        return Err(Reason::Required.into());
    }
    if text.chars().any(|c| is_forbidden(c) && !allowed(c)) {
        return Err(Reason::ForbiddenCharacter.into());
    }
    if text.chars().count() > max {
        return Err(FieldFault::limited(Reason::TooLong, max));
    }
    Ok(text)
}

fn optional(parsed: Parsed<String>) -> Parsed<Option<String>> {
    match parsed {
        Ok(text) => Ok(Some(text)),
        Err(fault) if fault.reason == Reason::Required => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Zero-width joiner and non-joiner. They stay: some scripts and emoji need them.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}')
}

fn is_forbidden(c: char) -> bool {
    c.is_control()
        // Bidirectional controls reorder the text around them.
        || matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
        // Invisible, and line ends that only some programs see.
        || matches!(c, '\u{200B}' | '\u{FEFF}' | '\u{2028}' | '\u{2029}')
        // Noncharacters: never text.
        || matches!(c, '\u{FDD0}'..='\u{FDEF}')
        || u32::from(c) & 0xFFFE == 0xFFFE
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_that_pass() {
        for (typed, kept) in [
            ("李四", "李四"),
            ("  李四\n", "李四"),
            ("\u{3000}李四\u{3000}", "李四"),
            ("𠮷田\u{2A6D6}", "𠮷田\u{2A6D6}"),
            ("<script>'; DROP TABLE x; --", "<script>'; DROP TABLE x; --"),
            ("阿卜杜拉·买买提", "阿卜杜拉·买买提"),
            ("a\u{200D}b", "a\u{200D}b"),
        ] {
            assert_eq!(line(typed, 50).unwrap(), kept);
        }
    }

    #[test]
    fn lines_that_fail() {
        for (typed, reason) in [
            ("", Reason::Required),
            (" \t\n\u{3000}", Reason::Required),
            ("\u{200D}", Reason::Required),
            ("a\tb", Reason::ForbiddenCharacter),
            ("a\nb", Reason::ForbiddenCharacter),
            ("a\0b", Reason::ForbiddenCharacter),
            ("a\u{7F}b", Reason::ForbiddenCharacter),
            ("a\u{202E}b", Reason::ForbiddenCharacter),
            ("a\u{2067}b", Reason::ForbiddenCharacter),
            ("a\u{200F}b", Reason::ForbiddenCharacter),
            ("a\u{061C}b", Reason::ForbiddenCharacter),
            ("a\u{200B}b", Reason::ForbiddenCharacter),
            ("\u{FEFF}ab", Reason::ForbiddenCharacter),
            ("a\u{2028}b", Reason::ForbiddenCharacter),
            ("a\u{FDD0}b", Reason::ForbiddenCharacter),
            ("a\u{FFFE}b", Reason::ForbiddenCharacter),
            ("a\u{10FFFF}b", Reason::ForbiddenCharacter),
        ] {
            assert_eq!(line(typed, 50).unwrap_err().reason, reason, "{typed:?}");
        }
    }

    #[test]
    fn length_is_in_characters() {
        assert!(line("𠮷𠮷𠮷", 3).is_ok());
        assert_eq!(line("𠮷𠮷𠮷𠮷", 3).unwrap_err(), FieldFault::limited(Reason::TooLong, 3));
    }

    #[test]
    fn paragraphs() {
        assert_eq!(paragraph("一\r\n二\r三\n\t四 ", 99).unwrap(), "一\n二\n三\n\t四");
        assert_eq!(paragraph("a\u{0B}b", 99).unwrap_err().reason, Reason::ForbiddenCharacter);
        assert_eq!(paragraph("\r\n", 99).unwrap_err().reason, Reason::Required);
    }

    #[test]
    fn optional_is_none_when_blank() {
        assert_eq!(optional_line(" ", 5).unwrap(), None);
        assert_eq!(optional_line(" a", 5).unwrap().as_deref(), Some("a"));
        assert!(optional_line("abcdef", 5).is_err());
        assert_eq!(optional_paragraph("\n", 5).unwrap(), None);
        assert!(optional_paragraph("a\0", 5).is_err());
    }

    #[test]
    fn compact_drops_separators() {
        assert_eq!(compact(" １3０-0 0\u{3000}x").unwrap(), "13000x");
        assert_eq!(compact(" - ").unwrap_err().reason, Reason::Required);
    }

    proptest! {
        #[test]
        fn what_passed_passes_again_unchanged(typed in any::<String>()) {
            if let Ok(kept) = line(&typed, 100) {
                prop_assert_eq!(line(&kept, 100).unwrap(), kept);
            }
            if let Ok(kept) = paragraph(&typed, 100) {
                prop_assert_eq!(paragraph(&kept, 100).unwrap(), kept);
            }
        }
    }
}
