//! What may be published: nothing that points at a person.

/// Digits in a row that may be a telephone number; identity numbers are longer still.
const TELEPHONE: usize = 7;
/// The same where hyphens or spaces stand between them: more than a date has.
const GROUPED: usize = 9;

/// Whether a text has something that points at a person: one of `known` (names, addresses, logins), or digits
/// in a row that are long enough for a telephone or an identity number, however they are written.
pub fn has_personal_data<'k>(text: &str, known: impl IntoIterator<Item = &'k str>) -> bool {
    let plain: String = text.chars().map(narrow).filter(|c| !is_filling(*c)).collect();
    let names_someone = known.into_iter().map(|known| known.chars().map(narrow)).any(|known| {
        let known: String = known.filter(|c| !is_filling(*c)).collect();
        !known.is_empty() && plain.contains(&known)
    });
    let narrowed: String = text.chars().map(narrow).collect();
    names_someone || longest_digits(&narrowed) >= TELEPHONE || longest_digits(&plain) >= GROUPED
}

fn longest_digits(text: &str) -> usize {
    text.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or_default()
}

fn is_filling(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '·' | '_' | '.')
}

/// The ASCII form of a full-width character.
fn narrow(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_points_at_a_person_is_found() {
        let known = ["张示例", "芙蓉路示例1号", "430102-clerk1", ""];
        for text in [
            "投诉人张示例反映",
            "张 示 例",
            "家住芙蓉路 示例１号",
            "电话13800000000",
            "138-0000-0000",
            "１３８００００００００",
            "430102-clerk1",
        ] {
            assert!(has_personal_data(text, known), "{text}");
        }
        assert!(!has_personal_data("经查属实，对该窗口通报批评。2026-03-02起限期30日整改。", known));
    }
}
