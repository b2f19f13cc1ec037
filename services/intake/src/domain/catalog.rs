//! Service items (事项): what an application must bring and who decides it.

use std::collections::BTreeMap;

use yimen_kernel::ids::{DepartmentId, ItemCode, MaterialCode};
use yimen_kernel::{DivisionCode, Fields, Quantity, Reason};

use super::application::Fee;

/// The part of a published item that decides about an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its code.
    pub code: ItemCode,
    /// Which version this is; 0 before it is published.
    pub version: u32,
    /// The centers that offer it.
    pub centers: Vec<DivisionCode>,
    /// Whether persons may apply.
    pub persons: bool,
    /// Whether organizations may apply.
    pub organizations: bool,
    /// What is to be handed in.
    pub materials: Vec<Requirement>,
    /// Fields of its form.
    pub form: Vec<FormField>,
    /// Who decides.
    pub plan: Plan,
    /// What it charges.
    pub fees: Vec<ItemFee>,
    /// Whether the fee notice is raised at acceptance; otherwise a grant raises it.
    pub fees_at_acceptance: bool,
    /// Working days.
    pub statutory_limit_days: u32,
    /// Working days; never above the statutory limit.
    pub promised_limit_days: u32,
}

/// A material of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Its code within the item.
    pub code: MaterialCode,
    /// Whether it must be there.
    pub necessity: Necessity,
    /// Whether it comes by data sharing and so may not be demanded.
    pub shared: bool,
}

/// Whether a material must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Necessity {
    /// 必要.
    Required,
    /// 非必要.
    Optional,
    /// 容缺后补.
    Deferrable,
}

/// A field of an item's form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormField {
    /// Its key.
    pub code: String,
    /// Whether it must be filled in.
    pub required: bool,
    /// Characters.
    pub max_length: usize,
}

/// Who decides: short department codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// 第一窗口.
    pub lead: String,
    /// Each department's part.
    pub steps: Vec<Step>,
}

/// One department's part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Short code.
    pub department: String,
    /// Working days.
    pub limit_days: u32,
    /// Departments whose opinion it waits for.
    pub after: Vec<String>,
    /// Materials that its opinion relies on; empty: all.
    pub relies_on: Vec<String>,
}

/// A fee that an item charges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemFee {
    /// Its code in the fee catalog.
    pub fee: String,
    /// Short code of the department that charges it.
    pub department: String,
    /// The form field that holds the quantity.
    pub quantity_field: Option<String>,
}

/// How a material is handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandedIn {
    /// As a file.
    File,
    /// 容缺后补.
    Promised,
}

impl Item {
    /// Whether `center` offers it.
    pub fn offered_at(&self, center: &DivisionCode) -> bool {
        self.centers.contains(center)
    }

    /// Checks an item as a whole; faults are named below `path`.
    pub fn check(&self, path: &str, fields: &mut Fields) {
        if self.promised_limit_days > self.statutory_limit_days {
            fields.add_limit(
                &format!("{path}.promised_limit_days"),
                Reason::PromiseAboveStatutory,
                self.statutory_limit_days,
            );
        }
        let steps = &self.plan.steps;
        let known = |code: &String| steps.iter().any(|step| step.department == *code);
        for (index, step) in (0..).zip(steps) {
            let at = |field: &str| format!("{path}.plan.steps[{index}].{field}");
            if steps.iter().filter(|other| other.department == step.department).count() > 1 {
                fields.add(&at("department"), Reason::Duplicate);
            }
            if step.after.iter().any(|code| !known(code) || *code == step.department) {
                fields.add(&at("after"), Reason::UnknownDepartment);
            }
            if step.relies_on.iter().any(|code| !self.materials.iter().any(|m| m.code.as_str() == code)) {
                fields.add(&at("relies_on"), Reason::MaterialUnknown);
            }
        }
        if steps.is_empty() {
            fields.add(&format!("{path}.plan.steps"), Reason::Required);
        }
        if self.plan.waits_in_a_circle() {
            fields.add(&format!("{path}.plan.steps"), Reason::NotAllowedHere);
        }
        for (index, material) in (0..).zip(&self.materials) {
            if self.materials.iter().filter(|other| other.code == material.code).count() > 1 {
                fields.add(&format!("{path}.materials[{index}].code"), Reason::Duplicate);
            }
        }
        for (index, fee) in (0..).zip(&self.fees) {
            let at = |field: &str| format!("{path}.fees[{index}].{field}");
            if self.fees.iter().filter(|other| other.fee == fee.fee).count() > 1 {
                fields.add(&at("fee"), Reason::Duplicate);
            }
            let quantity =
                |code: &String| self.form.iter().any(|field| field.code == *code && field.required);
            if fee.quantity_field.as_ref().is_some_and(|code| !quantity(code)) {
                fields.add(&at("quantity_field"), Reason::UnknownValue);
            }
        }
        for (index, field) in (0..).zip(&self.form) {
            if self.form.iter().filter(|other| other.code == field.code).count() > 1 {
                fields.add(&format!("{path}.form[{index}].code"), Reason::Duplicate);
            }
        }
    }

    /// Checks what was handed in against what the item asks for.
    ///
    /// On line (`complete` true) every required material must be there: it can be corrected on the
    /// spot (行政许可法 art. 32(1)(3)). A window may take in an incomplete application.
    pub fn check_materials(&self, given: &[(MaterialCode, HandedIn)], complete: bool, fields: &mut Fields) {
        for (index, (code, how)) in (0..).zip(given) {
            let at = format!("materials[{index}].code");
            if given.iter().filter(|(other, _)| other == code).count() > 1 {
                fields.add(&at, Reason::Duplicate);
            }
            match self.requirement(code.as_str()) {
                None => fields.add(&at, Reason::MaterialUnknown),
                Some(material)
                    if *how == HandedIn::Promised && material.necessity != Necessity::Deferrable =>
                {
                    fields.add(&at, Reason::MaterialNotDeferrable);
                }
                Some(_) => {}
            }
        }
        if complete {
            for code in self.missing(&given.iter().map(|(code, _)| code.as_str()).collect::<Vec<_>>()) {
                fields.add(&format!("materials.{code}"), Reason::MaterialMissing);
            }
        }
    }

    /// Codes of the materials that the applicant must bring or promise and has not.
    pub fn missing(&self, given: &[&str]) -> Vec<String> {
        self.materials
            .iter()
            .filter(|m| m.necessity != Necessity::Optional && !m.shared)
            .filter(|m| !given.contains(&m.code.as_str()))
            .map(|m| m.code.to_string())
            .collect()
    }

    /// Whether a fee is charged by what this form field holds.
    fn is_quantity(&self, code: &str) -> bool {
        self.fees.iter().any(|fee| fee.quantity_field.as_deref() == Some(code))
    }

    /// How far the fee of an application is that is accepted now.
    pub fn fee_at_acceptance(&self) -> Fee {
        match (self.fees.is_empty(), self.fees_at_acceptance) {
            (true, _) => Fee::Free,
            (false, true) => Fee::Due,
            (false, false) => Fee::Later,
        }
    }

    /// The requirement with that code.
    pub fn requirement(&self, code: &str) -> Option<&Requirement> {
        self.materials.iter().find(|material| material.code.as_str() == code)
    }

    /// Checks the item's own form fields and gives them trimmed.
    pub fn check_form(
        &self,
        form: &BTreeMap<String, String>,
        fields: &mut Fields,
    ) -> BTreeMap<String, String> {
        for key in form.keys().filter(|key| !self.form.iter().any(|field| field.code == **key)) {
            // The key is the caller's text; only its place is named.
            let known = yimen_kernel::text::line(key, 40).is_ok_and(|key| key.is_ascii());
            fields.add(&if known { format!("form.{key}") } else { "form".to_owned() }, Reason::UnknownValue);
        }
        let mut kept = BTreeMap::new();
        for field in &self.form {
            let path = format!("form.{}", field.code);
            let value = form.get(&field.code).map(String::as_str).unwrap_or_default();
            if let Some(Some(text)) =
                fields.take(&path, yimen_kernel::text::optional_paragraph(value, field.max_length))
            {
                if self.is_quantity(&field.code) {
                    fields.take(&path, Quantity::parse(&text));
                }
                kept.insert(field.code.clone(), text);
            } else if field.required && value.trim().is_empty() {
                fields.add(&path, Reason::Required);
            }
        }
        kept
    }
}

impl Plan {
    /// The department id of a short code at `center`.
    pub fn department(center: &DivisionCode, short: &str) -> Option<DepartmentId> {
        DepartmentId::parse(&format!("{center}-{short}")).ok()
    }

    /// Whether some departments would wait for each other for ever.
    fn waits_in_a_circle(&self) -> bool {
        let mut settled: Vec<&str> = Vec::new();
        loop {
            let before = settled.len();
            for step in &self.steps {
                let department = step.department.as_str();
                if !settled.contains(&department)
                    && step.after.iter().all(|code| settled.contains(&code.as_str()))
                {
                    settled.push(department);
                }
            }
            if settled.len() == before {
                return self.steps.iter().any(|step| !settled.contains(&step.department.as_str()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item() -> Item {
        let material = |code: &str, necessity, shared| Requirement {
            code: MaterialCode::parse(code).unwrap(),
            necessity,
            shared,
        };
        let step = |department: &str, after: &[&str]| Step {
            department: department.into(),
            limit_days: 3,
            after: after.iter().map(|code| (*code).to_owned()).collect(),
            relies_on: vec![],
        };
        Item {
            code: ItemCode::parse("restaurant-opening").unwrap(),
            version: 1,
            centers: vec![DivisionCode::parse("430102").unwrap()],
            persons: false,
            organizations: true,
            materials: vec![
                material("form", Necessity::Required, false),
                material("licence", Necessity::Required, true),
                material("sketch", Necessity::Deferrable, false),
                material("photo", Necessity::Optional, false),
            ],
            form: vec![FormField { code: "area".into(), required: true, max_length: 5 }],
            fees: vec![ItemFee {
                fee: "road-occupation".into(),
                department: "cgj".into(),
                quantity_field: Some("area".into()),
            }],
            fees_at_acceptance: false,
            plan: Plan { lead: "scjg".into(), steps: vec![step("scjg", &[]), step("xfjy", &["scjg"])] },
            statutory_limit_days: 45,
            promised_limit_days: 7,
        }
    }

    fn faults(check: impl FnOnce(&mut Fields)) -> Vec<(String, Reason)> {
        let mut fields = Fields::new();
        check(&mut fields);
        fields.finish().err().map_or_else(Vec::new, |error| {
            error.fields().iter().map(|fault| (fault.field.clone(), fault.reason)).collect()
        })
    }

    fn given(codes: &[(&str, HandedIn)]) -> Vec<(MaterialCode, HandedIn)> {
        codes.iter().map(|(code, how)| (MaterialCode::parse(code).unwrap(), how.clone())).collect()
    }

    #[test]
    fn shared_data_is_not_demanded_and_deferrable_may_be_promised() {
        let whole = given(&[("form", HandedIn::File), ("sketch", HandedIn::Promised)]);
        assert_eq!(faults(|f| item().check_materials(&whole, true, f)), []);
        let bad = given(&[("form", HandedIn::Promised), ("other", HandedIn::File)]);
        assert_eq!(
            faults(|f| item().check_materials(&bad, true, f)),
            [
                ("materials[0].code".into(), Reason::MaterialNotDeferrable),
                ("materials[1].code".into(), Reason::MaterialUnknown),
                ("materials.sketch".into(), Reason::MaterialMissing),
            ]
        );
        assert_eq!(faults(|f| item().check_materials(&[], false, f)), []);
        assert_eq!(item().missing(&[]), ["form", "sketch"]);
    }

    #[test]
    fn a_plan_must_come_to_an_end() {
        assert_eq!(faults(|f| item().check("items[0]", f)), []);
        let mut circle = item();
        circle.plan.steps[0].after = vec!["xfjy".into()];
        assert_eq!(
            faults(|f| circle.check("items[0]", f)),
            [("items[0].plan.steps".into(), Reason::NotAllowedHere)]
        );
        let mut charge = item();
        charge.fees[0].quantity_field = Some("other".into());
        assert_eq!(
            faults(|f| charge.check("items[0]", f)),
            [("items[0].fees[0].quantity_field".into(), Reason::UnknownValue)]
        );
        let mut promise = item();
        promise.promised_limit_days = 46;
        assert_eq!(
            faults(|f| promise.check("items[0]", f)),
            [("items[0].promised_limit_days".into(), Reason::PromiseAboveStatutory)]
        );
    }

    #[test]
    fn the_form_is_the_items() {
        let form = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<BTreeMap<_, _>>()
        };
        let mut fields = Fields::new();
        assert_eq!(item().check_form(&form(&[("area", " 120 ")]), &mut fields)["area"], "120");
        assert!(fields.is_empty());
        assert_eq!(
            faults(|f| {
                item().check_form(&form(&[("area", "1234567"), ("else", "x")]), f);
            }),
            [("form.else".into(), Reason::UnknownValue), ("form.area".into(), Reason::TooLong)]
        );
        assert_eq!(
            faults(|f| {
                item().check_form(&form(&[("area", "百平米")]), f);
            }),
            [("form.area".into(), Reason::BadFormat)],
            "a fee is charged by it"
        );
        assert_eq!(
            faults(|f| {
                item().check_form(&form(&[]), f);
            }),
            [("form.area".into(), Reason::Required)]
        );
    }
}
