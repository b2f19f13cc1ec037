//! Staff and their password hashes.

use sqlx::PgConnection;
use yimen_kernel::{DepartmentId, DivisionCode, Error, Login, Reason, Result, Role, WindowId};
use yimen_platform::page::Page;
use yimen_platform::store::db;

use super::{stored, stored_if};
use crate::domain::organization::Staff;

/// A member of staff as the database has it.
pub struct StaffRow {
    pub login: String,
    pub name: String,
    pub center: Option<String>,
    pub department_id: Option<String>,
    pub window_id: Option<String>,
    pub roles: Vec<String>,
    pub active: bool,
}

impl TryFrom<StaffRow> for Staff {
    type Error = Error;

    fn try_from(row: StaffRow) -> Result<Staff> {
        let role =
            |code: &String| Role::parse(code).ok_or_else(|| Error::internal("a stored role is unknown"));
        Ok(Staff {
            login: stored(Login::parse(&row.login))?,
            name: row.name,
            center: stored_if(row.center, DivisionCode::parse)?,
            department: stored_if(row.department_id, DepartmentId::parse)?,
            window: stored_if(row.window_id, WindowId::parse)?,
            roles: row.roles.iter().map(role).collect::<Result<_>>()?,
            active: row.active,
        })
    }
}

/// A member of staff together with what guards it.
pub struct Guarded {
    /// The member.
    pub staff: Staff,
    /// Counts changes, for compare-and-set.
    pub version: i64,
    /// Argon2id, once a password was set.
    pub password_hash: Option<String>,
}

impl AsRef<Staff> for Guarded {
    fn as_ref(&self) -> &Staff {
        &self.staff
    }
}

/// Makes or changes staff; passwords stay as they are.
pub async fn save(sql: &mut PgConnection, staff: &[Staff]) -> Result<()> {
    let logins: Vec<String> = staff.iter().map(|s| s.login.to_string()).collect();
    let names: Vec<String> = staff.iter().map(|s| s.name.clone()).collect();
    let centers: Vec<Option<String>> = optional(staff, |s| s.center.as_ref().map(ToString::to_string));
    let departments = optional(staff, |s| s.department.as_ref().map(ToString::to_string));
    let windows = optional(staff, |s| s.window.as_ref().map(ToString::to_string));
    // An array of arrays is a matrix to PostgreSQL, so each list of roles travels as one text.
    let roles: Vec<String> = staff.iter().map(|s| codes(&s.roles).join(",")).collect();
    let active: Vec<bool> = staff.iter().map(|s| s.active).collect();
    sqlx::query!(
        "insert into identity.staff as s (login, name, center, department_id, window_id, roles, active)
         select login, name, center, department_id, window_id, string_to_array(roles, ','), active
         from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[])
              named(login, name, center, department_id, window_id, roles, active)
         on conflict (login) do update
         set name = excluded.name, center = excluded.center, department_id = excluded.department_id,
             window_id = excluded.window_id, roles = excluded.roles, active = excluded.active,
             version = s.version + 1",
        &logins,
        &names,
        centers.as_slice() as _,
        departments.as_slice() as _,
        windows.as_slice() as _,
        &roles,
        &active,
    )
    .execute(sql)
    .await
    .map_err(db)?;
    Ok(())
}

fn optional(staff: &[Staff], get: impl Fn(&Staff) -> Option<String>) -> Vec<Option<String>> {
    staff.iter().map(get).collect()
}

fn codes(roles: &[Role]) -> Vec<&'static str> {
    roles.iter().map(|role| role.as_str()).collect()
}

/// The member of staff with this login.
pub async fn find(sql: &mut PgConnection, login: &Login) -> Result<Option<Guarded>> {
    let row = sqlx::query!(
        "select login, name, center, department_id, window_id, roles, active, version, password_hash
         from identity.staff where login = $1",
        login.as_str(),
    )
    .fetch_optional(sql)
    .await
    .map_err(db)?;
    let Some(row) = row else { return Ok(None) };
    let staff = StaffRow {
        login: row.login,
        name: row.name,
        center: row.center,
        department_id: row.department_id,
        window_id: row.window_id,
        roles: row.roles,
        active: row.active,
    };
    Ok(Some(Guarded { staff: staff.try_into()?, version: row.version, password_hash: row.password_hash }))
}

/// Sets the password's hash, unless the member changed since `version` was read.
///
/// # Errors
/// `STALE_VERSION`.
pub async fn set_password(sql: &mut PgConnection, login: &Login, version: i64, hash: &str) -> Result<()> {
    let done = sqlx::query!(
        "update identity.staff set password_hash = $3, version = version + 1
         where login = $1 and version = $2",
        login.as_str(),
        version,
        hash,
    )
    .execute(sql)
    .await
    .map_err(db)?;
    changed(done.rows_affected())
}

/// Sets whether the member may sign in, unless the member changed since `version` was read.
///
/// # Errors
/// `STALE_VERSION`.
pub async fn set_active(sql: &mut PgConnection, login: &Login, version: i64, active: bool) -> Result<()> {
    let done = sqlx::query!(
        "update identity.staff set active = $3, version = version + 1 where login = $1 and version = $2",
        login.as_str(),
        version,
        active,
    )
    .execute(sql)
    .await
    .map_err(db)?;
    changed(done.rows_affected())
}

fn changed(rows: u64) -> Result<()> {
    if rows == 1 { Ok(()) } else { Err(Error::aborted(Reason::StaleVersion)) }
}

/// Whether the member may still sign in with the password of this hash; until the transaction ends,
/// nobody changes that.
pub async fn hold_access(sql: &mut PgConnection, login: &Login, hash: &str) -> Result<bool> {
    let held = sqlx::query_scalar!(
        "select login from identity.staff where login = $1 and active and password_hash = $2 for share",
        login.as_str(),
        hash,
    )
    .fetch_optional(sql)
    .await
    .map_err(db)?;
    Ok(held.is_some())
}

/// A page of a center's staff, by login.
pub async fn list(sql: &mut PgConnection, center: &DivisionCode, page: &Page) -> Result<Vec<Staff>> {
    let rows = sqlx::query_as!(
        StaffRow,
        "select login, name, center, department_id, window_id, roles, active from identity.staff
         where center = $1 and (login > $2 or $2 is null) order by login limit $3",
        center.as_str(),
        page.after,
        page.limit(),
    )
    .fetch_all(sql)
    .await
    .map_err(db)?;
    rows.into_iter().map(Staff::try_from).collect()
}

/// Whether anyone has the role of operator.
pub async fn has_operator(sql: &mut PgConnection) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from identity.staff where roles @> array['OPERATOR']) as "there!""#
    )
    .fetch_one(sql)
    .await
    .map_err(db)
}

/// Makes the first operator. `false` when the login is taken.
pub async fn create_operator(
    sql: &mut PgConnection,
    login: &Login,
    name: &str,
    password_hash: &str,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into identity.staff (login, name, roles, active, password_hash)
         values ($1, $2, array['OPERATOR'], true, $3) on conflict (login) do nothing",
        login.as_str(),
        name,
        password_hash,
    )
    .execute(sql)
    .await
    .map_err(db)?;
    Ok(done.rows_affected() == 1)
}
