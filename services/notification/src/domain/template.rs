//! Templates, and the length of what they make.

use std::collections::BTreeMap;

use yimen_kernel::date::parse_date;
use yimen_kernel::{CaseNumber, Fields, Money, Reason};

/// The most UTF-16 code units of a message, its signature included.
pub const MAX_UNITS: usize = 500;
/// Units in the only segment of a short message.
pub const SINGLE: usize = 70;
/// Units in each segment of a long one.
pub const PART: usize = 67;
/// The most letters of a signature.
pub const MAX_SIGNATURE: usize = 30;

/// A template in one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its code.
    pub code: String,
    /// With `{variables}`.
    pub text: String,
    /// What may stand in it.
    pub variables: BTreeMap<String, Variable>,
    /// Whether an opt-out does not hold it back.
    pub statutory: bool,
}

/// What a variable holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// Text of at most so many characters.
    Text(usize),
    /// 办件编号.
    CaseNumber,
    /// Fen.
    Amount,
    /// ISO date.
    Date,
}

/// How many segments a carrier counts: 70 units in one, 67 in each of several.
pub fn segments(units: usize) -> usize {
    if units <= SINGLE { usize::from(units > 0) } else { units.div_ceil(PART) }
}

/// The length that a carrier counts.
pub fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

impl Template {
    /// What is wrong with it, below `path`.
    pub fn check(&self, path: &str, fields: &mut Fields) {
        let named = placeholders(&self.text);
        let known = |name: &str| self.variables.contains_key(name);
        if named.as_ref().is_none_or(|named| named.iter().any(|name| !known(name))) {
            fields.add(&format!("{path}.text"), Reason::UnknownValue);
        }
        for name in self.variables.keys() {
            if named.as_ref().is_some_and(|named| !named.contains(&name.as_str())) {
                fields.add(&format!("{path}.variables"), Reason::NotAllowedHere);
            }
        }
        let longest: usize = self.variables.values().map(|variable| variable.longest()).sum();
        // The longest values of all variables must fit: a message that is too long is found out here,
        // not when it is to be sent.
        if units(&self.text) + longest + MAX_SIGNATURE + 2 > MAX_UNITS {
            fields.add_limit(&format!("{path}.text"), Reason::TooLong, MAX_UNITS);
        }
    }

    /// The whole message, signature first. Texts that are too long are cut.
    pub fn render(
        &self,
        signature: &str,
        values: &BTreeMap<String, String>,
        fields: &mut Fields,
    ) -> Option<String> {
        for name in values.keys().filter(|name| !self.variables.contains_key(*name)) {
            let shown = yimen_kernel::text::line(name, 40).is_ok_and(|name| name.is_ascii());
            let path = if shown { format!("variables.{name}") } else { "variables".to_owned() };
            fields.add(&path, Reason::UnknownValue);
        }
        let mut text = format!("【{signature}】{}", self.text);
        let mut whole = true;
        for (name, variable) in &self.variables {
            let value = values.get(name).map(String::as_str).unwrap_or_default();
            match fields.take(&format!("variables.{name}"), variable.show(value)) {
                Some(shown) => text = text.replace(&format!("{{{name}}}"), &shown),
                None => whole = false,
            }
        }
        whole.then_some(text)
    }
}

impl Variable {
    /// The most units that it takes.
    fn longest(self) -> usize {
        match self {
            // A character outside the BMP takes two.
            Variable::Text(max) => max * 2,
            Variable::CaseNumber => 21,
            Variable::Amount => 14,
            Variable::Date => 11,
        }
    }

    fn show(self, value: &str) -> yimen_kernel::Parsed<String> {
        match self {
            Variable::Text(max) => {
                let text = yimen_kernel::text::line(value, 500)?;
                if text.chars().count() <= max {
                    return Ok(text.replace(['{', '}'], ""));
                }
                let cut: String = text.chars().take(max.saturating_sub(1)).collect();
                Ok(format!("{}…", cut.replace(['{', '}'], "")))
            }
            Variable::CaseNumber => CaseNumber::parse(value).map(|number| number.to_string()),
            Variable::Amount => {
                let fen = value.parse().map_err(|_| Reason::BadFormat)?;
                Money::from_fen(fen).map(|amount| amount.to_string())
            }
            Variable::Date => parse_date(value).map(|day| day.format("%Y年%-m月%-d日").to_string()),
        }
    }
}

/// The names in braces; none if a brace is left open.
fn placeholders(text: &str) -> Option<Vec<&str>> {
    let mut pieces = text.split('{');
    let first = pieces.next()?;
    if first.contains('}') {
        return None;
    }
    pieces
        .map(|piece| {
            let (name, rest) = piece.split_once('}')?;
            (!rest.contains('}')).then_some(name)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_as_carriers_count_them() {
        for (units, expected) in
            [(0, 0), (1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (160, 3), (201, 3), (202, 4), (500, 8)]
        {
            assert_eq!(segments(units), expected, "{units}");
        }
        assert_eq!(units("您好"), 2);
        assert_eq!(units("𠮷"), 2, "outside the BMP");
    }

    fn template(text: &str) -> Template {
        let variables = [
            ("item".to_owned(), Variable::Text(5)),
            ("number".to_owned(), Variable::CaseNumber),
            ("amount".to_owned(), Variable::Amount),
            ("on".to_owned(), Variable::Date),
        ];
        Template { code: "TEST".into(), text: text.into(), variables: variables.into(), statutory: true }
    }

    const TEXT: &str = "{item}（{number}）{amount}元，{on}";

    fn values() -> BTreeMap<String, String> {
        let values = [
            ("item", "开办餐饮店一件事"),
            ("number", "430102202611240000002"),
            ("amount", "8005"),
            ("on", "2026-11-24"),
        ];
        values.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    #[test]
    fn variables_are_typed_and_limited() {
        let number = CaseNumber::issue(
            &yimen_kernel::DivisionCode::parse("430102").unwrap(),
            parse_date("2026-11-24").unwrap(),
            0,
        )
        .unwrap();
        let mut values = values();
        values.insert("number".into(), number.to_string());
        let mut fields = Fields::new();
        let text = template(TEXT).render("测试中心", &values, &mut fields).unwrap();
        assert_eq!(text, format!("【测试中心】开办餐饮…（{number}）80.05元，2026年11月24日"));
        values.insert("amount".into(), "1.5".into());
        values.insert("on".into(), String::new());
        values.insert("else".into(), "x".into());
        let mut fields = Fields::new();
        assert_eq!(template(TEXT).render("测试中心", &values, &mut fields), None);
        let faults = fields.finish().unwrap_err();
        let named: Vec<&str> = faults.fields().iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(named, ["variables.else", "variables.amount", "variables.on"]);
    }

    #[test]
    fn a_template_is_checked_whole() {
        let faults = |template: &Template| {
            let mut fields = Fields::new();
            template.check("t", &mut fields);
            fields.finish().err().map_or(0, |error| error.fields().len())
        };
        assert_eq!(faults(&template(TEXT)), 0);
        assert_eq!(faults(&template("{item}{number}{amount}{on}{secret}")), 1);
        assert_eq!(faults(&template("{item}{number}{amount}")), 1, "a variable that is not used");
        assert_eq!(faults(&template("{item}{number}{amount}{on")), 1);
        assert_eq!(faults(&template(&format!("{TEXT}{}", "长".repeat(500)))), 1);
    }

    #[test]
    fn a_value_cannot_be_a_variable() {
        let mut values = values();
        values.insert("item".into(), "{on}".into());
        values.insert(
            "number".into(),
            CaseNumber::issue(
                &yimen_kernel::DivisionCode::parse("430102").unwrap(),
                parse_date("2026-11-24").unwrap(),
                0,
            )
            .unwrap()
            .to_string(),
        );
        let text = template(TEXT).render("中心", &values, &mut Fields::new()).unwrap();
        assert!(text.starts_with("【中心】on（"), "{text}");
    }
}
