//! Templates: proto into rules.

use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{DivisionCode, Fields, text};
use yimen_proto::notification::v1 as pb;
use yimen_proto::notification::v1::template::variable::Kind;

use crate::domain::template::{MAX_SIGNATURE, Template, Variable};

/// Templates or signatures in one import.
const MAX_ENTRIES: usize = 200;
/// Variables of one template.
const MAX_VARIABLES: usize = 20;
/// The longest text variable, in characters.
const MAX_TEXT: u32 = 100;

/// Checks an import whole; one answer names every fault in it.
pub fn check_all(templates: &[pb::Template], signatures: &[pb::Signature]) -> Result<()> {
    let mut fields = Fields::new();
    if templates.is_empty() && signatures.is_empty() {
        fields.add("templates", Reason::Required);
    }
    for (field, length) in [("templates", templates.len()), ("signatures", signatures.len())] {
        if length > MAX_ENTRIES {
            fields.add_limit(field, Reason::TooMany, MAX_ENTRIES);
        }
    }
    for (index, template) in (0..).zip(templates.iter().take(MAX_ENTRIES)) {
        let path = format!("templates[{index}]");
        if templates.iter().filter(|other| other.code == template.code).count() > 1 {
            fields.add(&format!("{path}.code"), Reason::Duplicate);
        }
        if let Some(rule) = parse(template, &path, &mut fields) {
            rule.check(&path, &mut fields);
        }
    }
    for (index, signature) in (0..).zip(signatures.iter().take(MAX_ENTRIES)) {
        let path = format!("signatures[{index}]");
        fields.take(&format!("{path}.center"), DivisionCode::parse(&signature.center));
        if let Some(text) = fields.take(&format!("{path}.text"), text::line(&signature.text, MAX_SIGNATURE))
            && text.contains(['【', '】', '{', '}'])
        {
            fields.add(&format!("{path}.text"), Reason::BadFormat);
        }
    }
    fields.finish()
}

/// The rule of a template that was checked before it was stored.
pub fn read(template: &pb::Template) -> Result<Template> {
    parse(template, "template", &mut Fields::new())
        .ok_or_else(|| Error::internal("a stored template cannot be read"))
}

/// Whether this is a template's code.
pub fn is_code(code: &str) -> bool {
    (1..=40).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

fn parse(template: &pb::Template, path: &str, fields: &mut Fields) -> Option<Template> {
    if !is_code(&template.code) {
        fields.add(&format!("{path}.code"), Reason::BadFormat);
    }
    let text = fields.take(&format!("{path}.text"), text::line(&template.text, 500));
    if template.variables.len() > MAX_VARIABLES {
        fields.add_limit(&format!("{path}.variables"), Reason::TooMany, MAX_VARIABLES);
    }
    let mut variables = std::collections::BTreeMap::new();
    for (name, variable) in template.variables.iter().take(MAX_VARIABLES) {
        let well_formed = (1..=40).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let kind = match Kind::try_from(variable.kind) {
            Ok(Kind::Text) if (1..=MAX_TEXT).contains(&variable.max_length) => {
                usize::try_from(variable.max_length).ok().map(Variable::Text)
            }
            Ok(Kind::CaseNumber) => Some(Variable::CaseNumber),
            Ok(Kind::Amount) => Some(Variable::Amount),
            Ok(Kind::Date) => Some(Variable::Date),
            Ok(Kind::Text | Kind::Unspecified) | Err(_) => None,
        };
        match kind.filter(|_| well_formed) {
            Some(kind) => {
                variables.insert(name.clone(), kind);
            }
            None => fields.add(&format!("{path}.variables"), Reason::UnknownValue),
        }
    }
    Some(Template { code: template.code.clone(), text: text?, variables, statutory: template.statutory })
}
