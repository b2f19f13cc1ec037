//! Reading an import, entry by entry.

use uuid::Uuid;
use yimen_kernel::date::parse_date;
use yimen_kernel::{
    CreditCode, DepartmentId, DivisionCode, FieldFault, Fields, Login, Parsed, Reason, Result, Role,
    WindowId, text,
};
use yimen_platform::rpc::actor::role_from_proto;
use yimen_proto::identity::v1 as proto;
use yimen_proto::policy::v1 as policy;

use crate::domain::import::Import;
use crate::domain::organization::{Center, Department, FormerDivision, Staff, Window};

/// The longest name, in characters.
const NAME_MAX: usize = 100;
/// The longest address, in characters.
const ADDRESS_MAX: usize = 200;
/// The longest telephone number, in characters.
const TELEPHONE_MAX: usize = 40;
/// The most former divisions of one center.
const FORMER_MAX: usize = 50;
/// The most entries of one kind: a province would fit.
const ENTRIES_MAX: usize = 20_000;

/// Reads every entry; the faults found are finished by [`Import::check`].
///
/// # Errors
/// `TOO_MANY` entries, which are then not read.
pub(super) fn read(message: proto::ImportOrganizationRequest) -> Result<Import> {
    let mut fields = Fields::new();
    for (kind, entries) in [
        ("centers", message.centers.len()),
        ("departments", message.departments.len()),
        ("windows", message.windows.len()),
        ("staff", message.staff.len()),
    ] {
        if entries > ENTRIES_MAX {
            fields.add_limit(kind, Reason::TooMany, ENTRIES_MAX);
        }
    }
    fields.finish()?;
    let mut import = Import::default();
    for (at, entry) in message.centers.iter().enumerate() {
        let read = center(&mut import, &format!("centers[{at}]"), entry);
        import.organization.centers.extend(read);
    }
    for (at, entry) in message.departments.iter().enumerate() {
        let read = department(&mut import, &format!("departments[{at}]"), entry);
        import.organization.departments.extend(read);
    }
    for (at, entry) in message.windows.iter().enumerate() {
        let read = window(&mut import, &format!("windows[{at}]"), entry);
        import.organization.windows.extend(read);
    }
    for (at, entry) in message.staff.iter().enumerate() {
        let read = staff(&mut import, &format!("staff[{at}]"), entry);
        import.organization.staff.extend(read);
    }
    Ok(import)
}

fn center(import: &mut Import, path: &str, entry: &proto::Center) -> Option<Center> {
    let fields = &mut import.fields;
    let code = fields.take(&format!("{path}.code"), DivisionCode::parse(&entry.code));
    let name_zh = fields.take(&format!("{path}.name_zh"), text::line(&entry.name_zh, NAME_MAX));
    let name_en = fields.take(&format!("{path}.name_en"), text::line(&entry.name_en, NAME_MAX));
    let parent = fields.take(&format!("{path}.parent"), optional(&entry.parent, DivisionCode::parse));
    let address = fields.take(&format!("{path}.address"), text::optional_line(&entry.address, ADDRESS_MAX));
    let telephone =
        fields.take(&format!("{path}.telephone"), text::optional_line(&entry.telephone, TELEPHONE_MAX));
    let former = formers(fields, &format!("{path}.former"), &entry.former);
    if let Some(code) = &code {
        import.names_center(path, code, parent.as_ref().and_then(Option::as_ref));
    }
    Some(Center {
        code: code?,
        name_zh: name_zh?,
        name_en: name_en?,
        parent: parent?,
        address: address?,
        telephone: telephone?,
        former: former?,
    })
}

fn formers(
    fields: &mut Fields,
    path: &str,
    entries: &[proto::FormerDivision],
) -> Option<Vec<FormerDivision>> {
    if entries.len() > FORMER_MAX {
        fields.add_limit(path, Reason::TooMany, FORMER_MAX);
        return None;
    }
    let mut all: Vec<FormerDivision> = Vec::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate() {
        let path = format!("{path}[{at}]");
        if let Some(read) = former(fields, &path, entry) {
            let same =
                |other: &FormerDivision| (&other.code, other.valid_until) == (&read.code, read.valid_until);
            if all.iter().any(same) {
                fields.add(&path, Reason::Duplicate);
            }
            all.push(read);
        }
    }
    (all.len() == entries.len()).then_some(all)
}

fn former(fields: &mut Fields, path: &str, entry: &proto::FormerDivision) -> Option<FormerDivision> {
    let code = fields.take(&format!("{path}.code"), DivisionCode::parse(&entry.code));
    let name_zh = fields.take(&format!("{path}.name_zh"), text::line(&entry.name_zh, NAME_MAX));
    let valid_from = fields.take(&format!("{path}.valid_from"), optional(&entry.valid_from, parse_date));
    let valid_until = fields.take(&format!("{path}.valid_until"), parse_date(&entry.valid_until));
    if let (Some(Some(from)), Some(until)) = (valid_from, valid_until)
        && from > until
    {
        fields.add_limit(&format!("{path}.valid_until"), Reason::OutOfRange, format!("≥ {from}"));
        return None;
    }
    Some(FormerDivision {
        code: code?,
        name_zh: name_zh?,
        valid_from: valid_from?,
        valid_until: valid_until?,
    })
}

fn department(import: &mut Import, path: &str, entry: &proto::Department) -> Option<Department> {
    let fields = &mut import.fields;
    let id = fields.take(&format!("{path}.id"), DepartmentId::parse(&entry.id));
    let center = fields.take(&format!("{path}.center"), DivisionCode::parse(&entry.center));
    let name_zh = fields.take(&format!("{path}.name_zh"), text::line(&entry.name_zh, NAME_MAX));
    let name_en = fields.take(&format!("{path}.name_en"), text::line(&entry.name_en, NAME_MAX));
    let credit_code =
        fields.take(&format!("{path}.credit_code"), optional(&entry.credit_code, CreditCode::parse));
    let telephone =
        fields.take(&format!("{path}.telephone"), text::optional_line(&entry.telephone, TELEPHONE_MAX));
    if let (Some(id), Some(center)) = (&id, &center)
        && id.center() != *center
    {
        fields.add(&format!("{path}.id"), Reason::BadFormat);
    }
    if let Some(id) = &id {
        import.names_department(path, id);
    }
    import.is_of_center(path, &center?);
    Some(Department {
        id: id?,
        name_zh: name_zh?,
        name_en: name_en?,
        credit_code: credit_code?,
        telephone: telephone?,
    })
}

fn window(import: &mut Import, path: &str, entry: &proto::Window) -> Option<Window> {
    let fields = &mut import.fields;
    let id = fields.take(&format!("{path}.id"), WindowId::parse(&entry.id));
    let center = fields.take(&format!("{path}.center"), DivisionCode::parse(&entry.center));
    let name_zh = fields.take(&format!("{path}.name_zh"), text::line(&entry.name_zh, NAME_MAX));
    let name_en = fields.take(&format!("{path}.name_en"), text::line(&entry.name_en, NAME_MAX));
    if let (Some(id), Some(center)) = (&id, &center)
        && id.center() != *center
    {
        fields.add(&format!("{path}.id"), Reason::BadFormat);
    }
    if let Some(id) = &id {
        import.names_window(path, id);
    }
    import.is_of_center(path, &center?);
    Some(Window { id: id?, name_zh: name_zh?, name_en: name_en? })
}

fn staff(import: &mut Import, path: &str, entry: &proto::Staff) -> Option<Staff> {
    let fields = &mut import.fields;
    let login = fields.take(&format!("{path}.login"), staff_login(&entry.login));
    let name = fields.take(&format!("{path}.name"), text::line(&entry.name, NAME_MAX));
    let center = fields.take(&format!("{path}.center"), optional(&entry.center, DivisionCode::parse));
    let department =
        fields.take(&format!("{path}.department"), optional(&entry.department, DepartmentId::parse));
    let window = fields.take(&format!("{path}.window"), optional(&entry.window, WindowId::parse));
    let roles = roles(fields, &format!("{path}.roles"), &entry.roles);
    if let (Some(None), Some(roles)) = (&center, &roles)
        && !roles.contains(&Role::Operator)
    {
        fields.add(&format!("{path}.center"), Reason::Required);
    }
    if let (Some(None), Some(roles)) = (&department, &roles)
        && roles.contains(&Role::Approver)
    {
        fields.add(&format!("{path}.department"), Reason::Required);
    }
    if let Some(login) = &login {
        import.names_staff(path, login);
    }
    if let Some(Some(center)) = &center {
        import.is_of_center(path, center);
    }
    if let (Some(center), Some(Some(id))) = (&center, &department) {
        match center {
            Some(center) if id.center() == *center => import.acts_for(path, id),
            Some(_) => import.fields.add(&format!("{path}.department"), Reason::UnknownDepartment),
            None => import.fields.add(&format!("{path}.department"), Reason::NotAllowedHere),
        }
    }
    if let (Some(center), Some(Some(id))) = (&center, &window) {
        match center {
            Some(center) if id.center() == *center => import.sits_at(path, id),
            Some(_) => import.fields.add(&format!("{path}.window"), Reason::UnknownWindow),
            None => import.fields.add(&format!("{path}.window"), Reason::NotAllowedHere),
        }
    }
    Some(Staff {
        login: login?,
        name: name?,
        center: center?,
        department: department?,
        window: window?,
        roles: roles?,
        active: entry.active,
    })
}

/// A login that could be the id of an API key is refused: both stand in the same histories.
fn staff_login(value: &str) -> Parsed<Login> {
    let login = Login::parse(value)?;
    if Uuid::try_parse(value).is_ok() { Err(Reason::BadFormat.into()) } else { Ok(login) }
}

/// At least one role, none twice, and none that only an API key may have.
fn roles(fields: &mut Fields, path: &str, entries: &[i32]) -> Option<Vec<Role>> {
    if entries.is_empty() {
        fields.add(path, Reason::Required);
        return None;
    }
    if entries.len() > Role::ALL.len() {
        fields.add_limit(path, Reason::TooMany, Role::ALL.len());
        return None;
    }
    let mut roles = Vec::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate() {
        let path = format!("{path}[{at}]");
        let role = policy::Role::try_from(*entry).ok().and_then(role_from_proto);
        match role {
            None => fields.add(&path, Reason::UnknownValue),
            Some(Role::DepartmentSystem) => fields.add(&path, Reason::NotAllowedHere),
            Some(role) if roles.contains(&role) => fields.add(&path, Reason::Duplicate),
            Some(role) => roles.push(role),
        }
    }
    (roles.len() == entries.len()).then_some(roles)
}

/// An id that may be empty.
fn optional<T>(value: &str, parse: fn(&str) -> Parsed<T>) -> Result<Option<T>, FieldFault> {
    if value.is_empty() { Ok(None) } else { parse(value).map(Some) }
}

#[cfg(test)]
mod tests;
