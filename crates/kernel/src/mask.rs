//! Hiding personal data: the one place that decides what of a name or a number
//! may be shown on a page or in a log.
//!
//! Names of organizations are public and are not masked.

/// A person's name: the first character stays, each other becomes `＊`.
///
/// A name of a single character is shown as that character and one `＊`, so that
/// nothing tells it is complete.
pub fn name(name: &str) -> String {
    let mut chars = name.trim().chars();
    let Some(first) = chars.next() else {
        return String::new();
    };
    let hidden = chars.count().max(1);
    format!("{first}{}", "＊".repeat(hidden))
}

/// A citizen's identity number: the region (first 6) and the last 2 characters
/// stay. The birth date and most of the order number, which point at a person,
/// are hidden.
pub fn citizen_id(number: &str) -> String {
    keep(number, 6, 2)
}

/// A mobile number: `138****1234`.
pub fn mobile(number: &str) -> String {
    keep(number, 3, 4)
}

/// Keeps `head` and `tail` characters. What is not longer than that is hidden
/// entirely.
fn keep(value: &str, head: usize, tail: usize) -> String {
    let length = value.chars().count();
    let shown = |at: usize| length > head + tail && (at < head || at >= length - tail);
    value.chars().enumerate().map(|(at, c)| if shown(at) { c } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks() {
        assert_eq!(name("李四"), "李＊");
        assert_eq!(name("欧阳小明"), "欧＊＊＊");
        assert_eq!(name(" 𠮷田 "), "𠮷＊");
        assert_eq!(name("李"), "李＊");
        assert_eq!(name(""), "");
        assert_eq!(mobile("13000001234"), "130****1234");
        assert_eq!(citizen_id("43012119020315004X"), "430121**********4X");
        assert_eq!(mobile("1300123"), "*******");
        assert_eq!(citizen_id(""), "");
    }
}
