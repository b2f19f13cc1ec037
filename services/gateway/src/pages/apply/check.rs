//! What can be told before an application is handed in, so that the applicant hears of a slip
//! before the last page. Intake decides; this says nothing that intake would not say.

use chrono::NaiveDate;
use yimen_kernel::error::FieldError;
use yimen_kernel::{CitizenId, CreditCode, Fields, Mobile, Reason, text};
use yimen_proto::intake::v1::ServiceItem;
use yimen_proto::intake::v1::applicant::Kind;
use yimen_proto::intake::v1::material_requirement::Necessity;

use super::super::form::Typed;
use super::super::upload::{FILE, PROMISE, UPLOAD};
use super::fields::asked;

/// Every fault that can be seen in the form, by the name of its field. A clerk at the window may
/// take in an application whose materials are not complete.
pub fn faults(item: &ServiceItem, typed: &Typed, at_window: bool, today: NaiveDate) -> Vec<FieldError> {
    let mut fields = Fields::new();
    applicant(typed, today, &mut fields);
    fields.take("subject", text::line(typed.get("subject"), 200));
    for asked in &item.form {
        let path = format!("form.{}", asked.code);
        let max = usize::try_from(asked.max_length).unwrap_or(usize::MAX);
        if asked.required {
            fields.take(&path, text::paragraph(typed.get(&path), max));
        } else {
            fields.take(&path, text::optional_paragraph(typed.get(&path), max));
        }
    }
    for material in asked(item) {
        let code = &material.code;
        let comes = !typed.get(&format!("{UPLOAD}{code}")).is_empty();
        let promised = !typed.get(&format!("{PROMISE}{code}")).is_empty();
        let settled = match material.necessity() {
            Necessity::Optional => true,
            Necessity::Deferrable => comes || promised,
            _ => comes,
        };
        if !settled && !at_window {
            fields.add(&format!("{FILE}{code}"), Reason::MaterialMissing);
        }
    }
    fields.finish().err().map(|error| error.fields().to_vec()).unwrap_or_default()
}

fn applicant(typed: &Typed, today: NaiveDate, fields: &mut Fields) {
    let value = |name: &str| typed.get(&format!("applicant.{name}"));
    let kind = Kind::from_str_name(value("kind")).unwrap_or_default();
    fields.take("applicant.name", text::line(value("name"), 100));
    fields.take("applicant.mobile", Mobile::parse(value("mobile")));
    fields.take("applicant.address", text::optional_line(value("address"), 200));
    match kind {
        Kind::Unspecified => fields.add("applicant.kind", Reason::Required),
        Kind::Organization => {
            fields.take("applicant.id_number", CreditCode::parse(value("id_number")));
            fields.take("applicant.contact_name", text::line(value("contact_name"), 60));
        }
        Kind::Person => {
            let id = fields.take("applicant.id_number", CitizenId::parse(value("id_number")));
            if id.is_some_and(|id| id.birth_date() > today) {
                fields.add("applicant.id_number", Reason::ImpossibleDate);
            }
            fields.take("applicant.contact_name", text::optional_line(value("contact_name"), 60));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yimen_proto::intake::v1::{FormField, MaterialRequirement};

    fn item() -> ServiceItem {
        let material = |code: &str, necessity: Necessity| MaterialRequirement {
            code: code.into(),
            necessity: necessity.into(),
            ..MaterialRequirement::default()
        };
        ServiceItem {
            form: vec![FormField {
                code: "site".into(),
                required: true,
                max_length: 5,
                ..FormField::default()
            }],
            materials: vec![
                material("plan", Necessity::Required),
                material("photo", Necessity::Optional),
                material("sketch", Necessity::Deferrable),
            ],
            ..ServiceItem::default()
        }
    }

    fn typed(pairs: &[(&str, &str)]) -> Typed {
        Typed(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    fn named(typed: &Typed, at_window: bool) -> Vec<String> {
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let mut names: Vec<String> =
            faults(&item(), typed, at_window, today).into_iter().map(|fault| fault.field).collect();
        names.sort();
        names
    }

    #[test]
    fn an_empty_form_is_told_everything_at_once() {
        let expected = [
            "applicant.kind",
            "applicant.mobile",
            "applicant.name",
            "file.plan",
            "file.sketch",
            "form.site",
            "subject",
        ];
        assert_eq!(named(&typed(&[]), false), expected);
    }

    #[test]
    fn a_good_form_passes() {
        let mut form = typed(&[
            ("applicant.kind", "PERSON"),
            ("applicant.name", "示例"),
            ("applicant.id_number", "430121190001010014"),
            ("applicant.mobile", "13000000000"),
            ("subject", "示例"),
            ("form.site", "12345"),
            ("upload.plan", "x"),
            ("promise.sketch", "1"),
        ]);
        assert!(named(&form, false).is_empty());
        form.set("form.site".into(), "123456".into());
        form.remove("upload.plan");
        assert_eq!(named(&form, false), ["file.plan", "form.site"]);
        assert_eq!(named(&form, true), ["form.site"]);
        form.set("applicant.kind".into(), "ORGANIZATION".into());
        assert_eq!(named(&form, true), ["applicant.contact_name", "applicant.id_number", "form.site"]);
    }
}
