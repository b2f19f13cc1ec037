//! An import of the organization, from a message whose entries may be faulty to one that is right
//! as a whole.
//!
//! Entries are read one by one. Whatever id an entry gives is noted even if the rest of the entry is
//! faulty, so that one mistake in a center is not answered with a hundred more for those who belong
//! to it. References are followed last, when it is known what the message names and what the
//! database has.

use std::collections::{BTreeMap, BTreeSet};

use yimen_kernel::{DepartmentId, DivisionCode, Error, Fields, Login, Reason, WindowId};

use super::organization::{Center, Department, Staff, Window};

/// Entries that are right as a whole, each kind in the order of its ids.
#[derive(Debug, Default)]
pub struct Organization {
    /// Centers, those without a parent first.
    pub centers: Vec<Center>,
    /// Departments.
    pub departments: Vec<Department>,
    /// Windows.
    pub windows: Vec<Window>,
    /// Staff.
    pub staff: Vec<Staff>,
}

/// What the database has already.
#[derive(Debug, Default)]
pub struct Known {
    /// Each center with its parent.
    pub centers: BTreeMap<DivisionCode, Option<DivisionCode>>,
    /// Departments, at least those that are referred to.
    pub departments: BTreeSet<DepartmentId>,
    /// Windows, at least those that are referred to.
    pub windows: BTreeSet<WindowId>,
}

/// An import while it is read.
#[derive(Debug, Default)]
pub struct Import {
    /// The faults so far.
    pub fields: Fields,
    /// The entries without a fault of their own.
    pub organization: Organization,
    centers: BTreeMap<DivisionCode, Option<DivisionCode>>,
    parents: Vec<(String, DivisionCode, Option<DivisionCode>)>,
    departments: BTreeSet<DepartmentId>,
    windows: BTreeSet<WindowId>,
    logins: BTreeSet<Login>,
    to_centers: Vec<(String, DivisionCode)>,
    to_departments: Vec<(String, DepartmentId)>,
    to_windows: Vec<(String, WindowId)>,
}

impl Import {
    /// The entry at `path` names this center, with this parent.
    pub fn names_center(&mut self, path: &str, code: &DivisionCode, parent: Option<&DivisionCode>) {
        if self.centers.insert(code.clone(), parent.cloned()).is_some() {
            self.fields.add(&format!("{path}.code"), Reason::Duplicate);
        }
        self.parents.push((format!("{path}.parent"), code.clone(), parent.cloned()));
    }

    /// The entry at `path` names this department.
    pub fn names_department(&mut self, path: &str, id: &DepartmentId) {
        if !self.departments.insert(id.clone()) {
            self.fields.add(&format!("{path}.id"), Reason::Duplicate);
        }
    }

    /// The entry at `path` names this window.
    pub fn names_window(&mut self, path: &str, id: &WindowId) {
        if !self.windows.insert(id.clone()) {
            self.fields.add(&format!("{path}.id"), Reason::Duplicate);
        }
    }

    /// The entry at `path` names this member of staff.
    pub fn names_staff(&mut self, path: &str, login: &Login) {
        if !self.logins.insert(login.clone()) {
            self.fields.add(&format!("{path}.login"), Reason::Duplicate);
        }
    }

    /// The entry at `path` belongs to this center.
    pub fn is_of_center(&mut self, path: &str, center: &DivisionCode) {
        self.to_centers.push((format!("{path}.center"), center.clone()));
    }

    /// The member of staff at `path` acts for this department.
    pub fn acts_for(&mut self, path: &str, department: &DepartmentId) {
        self.to_departments.push((format!("{path}.department"), department.clone()));
    }

    /// The member of staff at `path` sits at this window.
    pub fn sits_at(&mut self, path: &str, window: &WindowId) {
        self.to_windows.push((format!("{path}.window"), window.clone()));
    }

    /// The departments that must be there although the message does not name them.
    pub fn departments_elsewhere(&self) -> Vec<String> {
        let elsewhere = self.to_departments.iter().filter(|(_, id)| !self.departments.contains(id));
        elsewhere.map(|(_, id)| id.to_string()).collect()
    }

    /// The windows that must be there although the message does not name them.
    pub fn windows_elsewhere(&self) -> Vec<String> {
        let elsewhere = self.to_windows.iter().filter(|(_, id)| !self.windows.contains(id));
        elsewhere.map(|(_, id)| id.to_string()).collect()
    }

    /// Follows the references and ends the check.
    ///
    /// # Errors
    /// Every fault of the message, as one `INVALID_REQUEST`.
    pub fn check(mut self, known: &Known) -> Result<Organization, Error> {
        self.check_parents(known);
        for (path, code) in &self.to_centers {
            if !self.centers.contains_key(code) && !known.centers.contains_key(code) {
                self.fields.add(path, Reason::UnknownCenter);
            }
        }
        for (path, id) in &self.to_departments {
            if !self.departments.contains(id) && !known.departments.contains(id) {
                self.fields.add(path, Reason::UnknownDepartment);
            }
        }
        for (path, id) in &self.to_windows {
            if !self.windows.contains(id) && !known.windows.contains(id) {
                self.fields.add(path, Reason::UnknownWindow);
            }
        }
        self.fields.finish().map_err(first_faults)?;
        let mut organization = self.organization;
        // One order for all imports, so that two at once wait for each other instead of locking up.
        organization
            .centers
            .sort_by(|a, b| (a.parent.is_some(), &a.code).cmp(&(b.parent.is_some(), &b.code)));
        organization.departments.sort_by(|a, b| a.id.cmp(&b.id));
        organization.windows.sort_by(|a, b| a.id.cmp(&b.id));
        organization.staff.sort_by(|a, b| a.login.cmp(&b.login));
        Ok(organization)
    }

    /// There are two levels, the city and its districts and counties: a parent has no parent.
    fn check_parents(&mut self, known: &Known) {
        let mut centers = known.centers.clone();
        centers.extend(self.centers.clone());
        for (path, code, parent) in &self.parents {
            let Some(parent) = parent else { continue };
            match centers.get(parent) {
                None => self.fields.add(path, Reason::UnknownCenter),
                Some(Some(_)) => self.fields.add(path, Reason::UnknownValue),
                Some(None) if centers.values().flatten().any(|other| other == code) => {
                    self.fields.add(path, Reason::NotAllowedHere);
                }
                Some(None) => {}
            }
        }
    }
}

/// A whole file may be wrong, and an error travels in the headers of an answer, which have room for
/// some sixty faulty fields. The rest is told when these are corrected.
const FAULTS_TOLD: usize = 40;

fn first_faults(error: Error) -> Error {
    Error::invalid(error.fields().iter().take(FAULTS_TOLD).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(code: &str) -> DivisionCode {
        DivisionCode::parse(code).unwrap()
    }

    /// The faults of an import that names these centers, given these in the database.
    fn faults(named: &[(&str, &str)], known: &[(&str, &str)]) -> Vec<(String, Reason)> {
        let parent = |text: &str| DivisionCode::parse(text).ok();
        let mut import = Import::default();
        for (at, (center, of)) in named.iter().enumerate() {
            import.names_center(&format!("centers[{at}]"), &code(center), parent(of).as_ref());
        }
        let known = Known {
            centers: known.iter().map(|(center, of)| (code(center), parent(of))).collect(),
            ..Known::default()
        };
        match import.check(&known) {
            Ok(_) => Vec::new(),
            Err(error) => error.fields().iter().map(|f| (f.field.clone(), f.reason)).collect(),
        }
    }

    #[test]
    fn two_levels() {
        let at = |path: &str, reason| vec![(path.to_owned(), reason)];
        assert_eq!(faults(&[("430102", "430100"), ("430100", "")], &[]), []);
        assert_eq!(faults(&[("430102", "430100")], &[("430100", "")]), []);
        assert_eq!(faults(&[("430102", "430100")], &[]), at("centers[0].parent", Reason::UnknownCenter));
        assert_eq!(faults(&[("430102", "430102")], &[]), at("centers[0].parent", Reason::UnknownValue));
        assert_eq!(
            faults(&[("430103", "430102")], &[("430100", ""), ("430102", "430100")]),
            at("centers[0].parent", Reason::UnknownValue)
        );
        // A city that has districts cannot become a district.
        assert_eq!(
            faults(&[("430100", "430000")], &[("430000", ""), ("430102", "430100")]),
            at("centers[0].parent", Reason::NotAllowedHere)
        );
        assert_eq!(faults(&[("430100", ""), ("430100", "")], &[]), at("centers[1].code", Reason::Duplicate));
    }

    #[test]
    fn references_are_to_the_message_or_the_database() {
        let id = |id: &str| DepartmentId::parse(id).unwrap();
        let mut import = Import::default();
        import.names_department("departments[0]", &id("430102-scjg"));
        import.acts_for("staff[0]", &id("430102-scjg"));
        import.acts_for("staff[1]", &id("430102-zjj"));
        import.acts_for("staff[2]", &id("430102-cgj"));
        import.is_of_center("staff[2]", &code("430102"));
        import.sits_at("staff[2]", &WindowId::parse("430102-w01").unwrap());
        assert_eq!(import.departments_elsewhere(), ["430102-zjj", "430102-cgj"]);
        assert_eq!(import.windows_elsewhere(), ["430102-w01"]);
        let known = Known { departments: [id("430102-zjj")].into(), ..Known::default() };
        let error = import.check(&known).unwrap_err();
        let paths: Vec<&str> = error.fields().iter().map(|f| f.field.as_str()).collect();
        assert_eq!(paths, ["staff[2].center", "staff[2].department", "staff[2].window"]);
    }

    #[test]
    fn what_is_named_twice_is_refused() {
        let mut import = Import::default();
        for at in 0..2 {
            import.names_staff(&format!("staff[{at}]"), &Login::parse("clerk1").unwrap());
            import.names_window(&format!("windows[{at}]"), &WindowId::parse("430102-w01").unwrap());
        }
        let error = import.check(&Known::default()).unwrap_err();
        assert_eq!(error.fields().len(), 2);
        assert!(error.fields().iter().all(|f| f.reason == Reason::Duplicate));
    }
}
