//! The organization, the fees and the items that a center is given before its first day.
//!
//! They are TOML files whose names are those of the contract; here they become the JSON of
//! `ImportOrganization`, `ImportFees` and `ImportCatalog`. The files of the repository are part of the program,
//! so that the demo and a first import work from any directory.

use std::collections::BTreeSet;
use std::path::Path;

use include_dir::{Dir, include_dir};
use serde_json::{Value, json};

use crate::gateway::{Gateway, list, text};

static EMBEDDED: Dir = include_dir!("$CARGO_MANIFEST_DIR/../../catalog");

/// The sample applications of the repository, one JSON object per line.
pub const SAMPLE: &[u8] = include_bytes!("../../../samples/applications.jsonl");

/// Who works where, and what can be applied for.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// `ImportOrganizationRequest`.
    pub organization: Value,
    /// `ImportFeesRequest`.
    pub fees: Value,
    /// `ServiceItem`, each.
    pub items: Vec<Value>,
}

impl Catalog {
    /// The catalog that is part of the program.
    ///
    /// # Errors
    /// A sentence that names the broken file.
    pub fn embedded() -> Result<Self, String> {
        let file = |path: &str| {
            EMBEDDED.get_file(path).and_then(|file| file.contents_utf8()).ok_or_else(|| {
                format!("The program was built without {path}; build it from a whole checkout.")
            })
        };
        let organization = read("organization.toml", file("organization.toml")?)?;
        let fees = read("fees.toml", file("fees.toml")?)?;
        let mut items = Vec::new();
        for entry in EMBEDDED.get_dir("items").into_iter().flat_map(Dir::files) {
            let name = entry.path().display().to_string();
            items.push(read(&name, file(&name)?)?);
        }
        Ok(Self { organization, fees, items })
    }

    /// The catalog in a directory: `organization.toml` and `items/*.toml`.
    ///
    /// # Errors
    /// A sentence that names the missing or broken file.
    pub fn directory(directory: &Path) -> Result<Self, String> {
        let file = |path: &Path| {
            std::fs::read_to_string(path)
                .map_err(|error| format!("{} cannot be read ({error}); correct --catalog.", path.display()))
        };
        let named = |name: &str| {
            let path = directory.join(name);
            read(&path.display().to_string(), &file(&path)?)
        };
        let (organization, fees) = (named("organization.toml")?, named("fees.toml")?);
        let folder = directory.join("items");
        let unreadable = |error| format!("{} cannot be read ({error}); correct --catalog.", folder.display());
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                paths.push(path);
            }
        }
        paths.sort();
        let items = paths
            .iter()
            .map(|path| read(&path.display().to_string(), &file(path)?))
            .collect::<Result<_, String>>()?;
        Ok(Self { organization, fees, items })
    }

    /// What contradicts itself between organization, fees and items, a sentence each: a center that
    /// offers an item needs every department of the item's plan, and a fee that an item charges is in the
    /// fee catalog, for the department that charges it.
    pub fn faults(&self) -> Vec<String> {
        let named = |list_name, key| -> BTreeSet<&str> {
            list(&self.organization, list_name).iter().map(|entry| text(entry, key)).collect()
        };
        let (centers, departments) = (named("centers", "code"), named("departments", "id"));
        let mut faults = Vec::new();
        for item in &self.items {
            let code = text(item, "code");
            for charged in list(item, "fees") {
                let (fee, department) = (text(charged, "fee"), text(charged, "department"));
                let is_listed =
                    |listed: &Value| text(listed, "code") == fee && text(listed, "department") == department;
                if !list(&self.fees, "fees").iter().any(is_listed) {
                    faults.push(format!("Item {code} charges {fee} for department {department}, which fees.toml does not have; add the fee with its legal basis or take it out of the item."));
                }
            }
            for center in list(item, "centers").iter().filter_map(Value::as_str) {
                if !centers.contains(center) {
                    faults.push(format!("Item {code} is offered by center {center}, which organization.toml does not have; add the center or take it out of the item."));
                    continue;
                }
                for short in plan_departments(item) {
                    if !departments.contains(format!("{center}-{short}").as_str()) {
                        faults.push(format!("Item {code} needs department {short} at center {center}; add {center}-{short} to organization.toml or take the center out of the item."));
                    }
                }
            }
        }
        faults
    }

    /// Every center signs its messages with its name.
    pub fn signatures(&self) -> Vec<Value> {
        let signature =
            |center: &Value| json!({ "center": text(center, "code"), "text": text(center, "name_zh") });
        list(&self.organization, "centers").iter().map(signature).collect()
    }

    /// Brings organization and items to a center, in the operator's name. Doing it again changes nothing.
    ///
    /// # Errors
    /// The faults found here, or what the center says.
    pub async fn import(&self, operator: &Gateway) -> Result<Imported, String> {
        let faults = self.faults();
        if !faults.is_empty() {
            return Err(faults.join("\n"));
        }
        let organization = operator
            .change("/api/v1/organization", &self.organization)
            .await
            .map_err(|failure| format!("The organization was not imported: {failure}"))?;
        operator
            .change("/api/v1/message-templates", &json!({ "signatures": self.signatures() }))
            .await
            .map_err(|failure| format!("The signatures of messages were not imported: {failure}"))?;
        let fees = operator
            .change("/api/v1/fees", &self.fees)
            .await
            .map_err(|failure| format!("The fees were not imported: {failure}"))?;
        let items = operator
            .change("/api/v1/catalog", &json!({ "items": self.items }))
            .await
            .map_err(|failure| format!("The items were not imported: {failure}"))?;
        let count = |answer: &Value, name: &str| answer.get(name).and_then(Value::as_u64).unwrap_or_default();
        Ok(Imported {
            centers: count(&organization, "centers"),
            departments: count(&organization, "departments"),
            staff: count(&organization, "staff"),
            fees: count(&fees, "imported"),
            items: count(&items, "imported"),
            unchanged: count(&items, "unchanged"),
        })
    }
}

/// What an import came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Centers named.
    pub centers: u64,
    /// Departments named.
    pub departments: u64,
    /// Members of staff named.
    pub staff: u64,
    /// Fees that got a new version.
    pub fees: u64,
    /// Items that got a new version.
    pub items: u64,
    /// Items that stayed as they were.
    pub unchanged: u64,
}

/// Short codes of every department that an item's plan and fees name, once each.
pub fn plan_departments(item: &Value) -> BTreeSet<&str> {
    let plan = item.get("plan").unwrap_or(&Value::Null);
    let steps = list(plan, "steps");
    let after = steps.iter().flat_map(|step| list(step, "after")).filter_map(Value::as_str);
    let own = steps.iter().chain(list(item, "fees")).map(|entry| text(entry, "department"));
    own.chain(after).chain([text(plan, "lead")]).filter(|short| !short.is_empty()).collect()
}

fn read(name: &str, toml: &str) -> Result<Value, String> {
    toml::from_str(toml).map_err(|error| {
        let message = error.message().trim_end_matches('.');
        let line =
            error.span().map_or(1, |span| toml.get(..span.start).unwrap_or_default().lines().count().max(1));
        format!("{name} is broken near line {line} ({message}); correct it and import again.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_catalog_is_that_of_the_repository() {
        let embedded = Catalog::embedded().unwrap();
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalog");
        let read = Catalog::directory(&directory).unwrap();
        assert_eq!(embedded.organization, read.organization);
        let codes = |catalog: &Catalog| -> BTreeSet<String> {
            catalog.items.iter().map(|item| text(item, "code").to_owned()).collect()
        };
        assert_eq!(codes(&embedded), codes(&read), "rebuild: a file was added or removed");
        assert_eq!(embedded.faults(), Vec::<String>::new());
    }

    #[test]
    fn a_missing_department_is_named() {
        let catalog = Catalog {
            organization: json!({ "centers": [{ "code": "430102" }], "departments": [{ "id": "430102-scjg" }] }),
            fees: json!({ "fees": [] }),
            items: vec![json!({
                "code": "shop", "centers": ["430102", "430199"],
                "plan": { "lead": "scjg", "steps": [{ "department": "scjg" }, { "department": "xfjy", "after": ["cgj"] }] },
            })],
        };
        let faults = catalog.faults();
        assert_eq!(faults.len(), 3);
        assert!(
            faults[0].contains("cgj") && faults[1].contains("430102-xfjy") && faults[2].contains("430199")
        );
    }

    #[test]
    fn a_broken_file_is_named_with_its_line() {
        let sentence = read("items/a.toml", "code = \"a\"\nname = = 1\n").unwrap_err();
        assert!(sentence.starts_with("items/a.toml is broken near line 2"), "{sentence}");
    }
}
