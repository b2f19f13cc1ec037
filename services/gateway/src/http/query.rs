//! Query strings and path segments, read strictly: broken escapes are refused, not guessed.

use yimen_kernel::check::Fields;
use yimen_kernel::error::Result;
use yimen_kernel::reason::Reason;

/// What stands for the query as a whole where no parameter can be named.
const WHOLE: &str = "query";
/// The longest name of a field that is said back to the caller.
const NAME_MAX: usize = 64;

/// The parameters of a query, each name once.
///
/// # Errors
/// `INVALID_REQUEST` with every parameter that is given twice or is not `application/x-www-form-urlencoded` UTF-8.
pub fn parse(query: Option<&str>) -> Result<Vec<(String, String)>> {
    let mut faults = Fields::new();
    let mut parameters: Vec<(String, String)> = Vec::new();
    for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let Some(name) = decode(name, true) else {
            faults.add(WHOLE, Reason::BadFormat);
            continue;
        };
        let shown = nameable(&name).unwrap_or(WHOLE);
        match decode(value, true) {
            None => faults.add(shown, Reason::BadFormat),
            Some(_) if parameters.iter().any(|(earlier, _)| *earlier == name) => {
                faults.add(shown, Reason::Duplicate);
            }
            Some(value) => parameters.push((name, value)),
        }
    }
    faults.finish()?;
    Ok(parameters)
}

/// Refuses what is left when all known parameters are taken.
///
/// # Errors
/// `INVALID_REQUEST` with the name of each.
pub fn nothing_else(parameters: &[(String, String)]) -> Result<()> {
    let mut faults = Fields::new();
    for (name, _) in parameters {
        faults.add(nameable(name).unwrap_or(WHOLE), Reason::NotAllowedHere);
    }
    faults.finish()
}

/// Takes the parameter `name` out.
pub fn take(parameters: &mut Vec<(String, String)>, name: &str) -> Option<String> {
    let at = parameters.iter().position(|(given, _)| given == name)?;
    Some(parameters.remove(at).1)
}

/// A name that a caller gave, if it looks like one: anything else would carry the caller's text
/// into answers and logs.
pub fn nameable(name: &str) -> Option<&str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    (!name.is_empty() && name.len() <= NAME_MAX && name.chars().all(plain)).then_some(name)
}

/// Resolves `%XX`, and `+` in forms; none if an escape is broken or the result is not UTF-8.
pub fn decode(text: &str, form: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            b'+' if form => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded() {
        let read = parse(Some("center=430102&q=%E8%AE%B8%E5%8F%AF+a%2Bb&empty=&bare&&")).unwrap();
        let expected = [("center", "430102"), ("q", "许可 a+b"), ("empty", ""), ("bare", "")];
        assert_eq!(read, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(parse(None).unwrap(), []);
    }

    #[test]
    fn faults_are_all_named_and_values_are_not() {
        let error = parse(Some("a=1&a=2&b=%zz&c=%ff&%=x&d=%e")).unwrap_err();
        let named: Vec<_> = error.fields().iter().map(|f| (f.field.as_str(), f.reason)).collect();
        assert_eq!(
            named,
            [
                ("a", Reason::Duplicate),
                ("b", Reason::BadFormat),
                ("c", Reason::BadFormat),
                ("query", Reason::BadFormat),
                ("d", Reason::BadFormat),
            ]
        );
        let error = nothing_else(&parse(Some("<script>=1&ok=1")).unwrap()).unwrap_err();
        assert_eq!(error.fields()[0].field, "query");
        assert_eq!(error.fields()[1].field, "ok");
    }
}
