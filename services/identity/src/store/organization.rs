//! Centers, departments and windows.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use yimen_kernel::{CreditCode, DepartmentId, DivisionCode, Result, WindowId};
use yimen_platform::page::Page;
use yimen_platform::store::db;

use super::{stored, stored_if};
use crate::domain::import::Known;
use crate::domain::organization::{Center, Department, FormerDivision, Window};

/// Every center with its parent, and which of these departments and windows are there.
pub async fn known(sql: &mut PgConnection, departments: &[String], windows: &[String]) -> Result<Known> {
    let mut known = Known::default();
    let centers = sqlx::query!("select code, parent from identity.center").fetch_all(&mut *sql).await;
    for row in centers.map_err(db)? {
        let parent = stored_if(row.parent, DivisionCode::parse)?;
        known.centers.insert(stored(DivisionCode::parse(&row.code))?, parent);
    }
    let found = sqlx::query_scalar!("select id from identity.department where id = any($1)", departments)
        .fetch_all(&mut *sql)
        .await;
    for id in found.map_err(db)? {
        known.departments.insert(stored(DepartmentId::parse(&id))?);
    }
    let found = sqlx::query_scalar!("select id from identity.hall_window where id = any($1)", windows)
        .fetch_all(&mut *sql)
        .await;
    for id in found.map_err(db)? {
        known.windows.insert(stored(WindowId::parse(&id))?);
    }
    Ok(known)
}

/// Makes or changes centers, with their former divisions.
pub async fn save_centers(sql: &mut PgConnection, centers: &[Center]) -> Result<()> {
    let codes: Vec<String> = centers.iter().map(|c| c.code.to_string()).collect();
    let names_zh: Vec<String> = centers.iter().map(|c| c.name_zh.clone()).collect();
    let names_en: Vec<String> = centers.iter().map(|c| c.name_en.clone()).collect();
    let parents: Vec<Option<String>> =
        centers.iter().map(|c| c.parent.as_ref().map(ToString::to_string)).collect();
    let addresses: Vec<Option<String>> = centers.iter().map(|c| c.address.clone()).collect();
    let telephones: Vec<Option<String>> = centers.iter().map(|c| c.telephone.clone()).collect();
    sqlx::query!(
        "insert into identity.center (code, name_zh, name_en, parent, address, telephone)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
         on conflict (code) do update
         set name_zh = excluded.name_zh, name_en = excluded.name_en, parent = excluded.parent,
             address = excluded.address, telephone = excluded.telephone",
        &codes,
        &names_zh,
        &names_en,
        parents.as_slice() as _,
        addresses.as_slice() as _,
        telephones.as_slice() as _,
    )
    .execute(&mut *sql)
    .await
    .map_err(db)?;
    sqlx::query!("delete from identity.former_division where center = any($1)", &codes)
        .execute(&mut *sql)
        .await
        .map_err(db)?;
    for center in centers {
        for former in &center.former {
            save_former(sql, center, former).await?;
        }
    }
    Ok(())
}

async fn save_former(sql: &mut PgConnection, center: &Center, former: &FormerDivision) -> Result<()> {
    sqlx::query!(
        "insert into identity.former_division (center, code, name_zh, valid_from, valid_until)
         values ($1, $2, $3, $4, $5)",
        center.code.as_str(),
        former.code.as_str(),
        former.name_zh,
        former.valid_from,
        former.valid_until,
    )
    .execute(sql)
    .await
    .map_err(db)?;
    Ok(())
}

/// Makes or changes departments.
pub async fn save_departments(sql: &mut PgConnection, departments: &[Department]) -> Result<()> {
    let ids: Vec<String> = departments.iter().map(|d| d.id.to_string()).collect();
    let centers: Vec<String> = departments.iter().map(|d| d.id.center().to_string()).collect();
    let names_zh: Vec<String> = departments.iter().map(|d| d.name_zh.clone()).collect();
    let names_en: Vec<String> = departments.iter().map(|d| d.name_en.clone()).collect();
    let credit_codes: Vec<Option<String>> =
        departments.iter().map(|d| d.credit_code.as_ref().map(ToString::to_string)).collect();
    let telephones: Vec<Option<String>> = departments.iter().map(|d| d.telephone.clone()).collect();
    sqlx::query!(
        "insert into identity.department (id, center, name_zh, name_en, credit_code, telephone)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
         on conflict (id) do update
         set name_zh = excluded.name_zh, name_en = excluded.name_en,
             credit_code = excluded.credit_code, telephone = excluded.telephone",
        &ids,
        &centers,
        &names_zh,
        &names_en,
        credit_codes.as_slice() as _,
        telephones.as_slice() as _,
    )
    .execute(sql)
    .await
    .map_err(db)?;
    Ok(())
}

/// Makes or changes windows.
pub async fn save_windows(sql: &mut PgConnection, windows: &[Window]) -> Result<()> {
    let ids: Vec<String> = windows.iter().map(|w| w.id.to_string()).collect();
    let centers: Vec<String> = windows.iter().map(|w| w.id.center().to_string()).collect();
    let names_zh: Vec<String> = windows.iter().map(|w| w.name_zh.clone()).collect();
    let names_en: Vec<String> = windows.iter().map(|w| w.name_en.clone()).collect();
    sqlx::query!(
        "insert into identity.hall_window (id, center, name_zh, name_en)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::text[])
         on conflict (id) do update set name_zh = excluded.name_zh, name_en = excluded.name_en",
        &ids,
        &centers,
        &names_zh,
        &names_en,
    )
    .execute(sql)
    .await
    .map_err(db)?;
    Ok(())
}

/// Whether the center is there.
pub async fn has_center(sql: &mut PgConnection, center: &DivisionCode) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from identity.center where code = $1) as "there!""#,
        center.as_str()
    )
    .fetch_one(sql)
    .await
    .map_err(db)
}

/// Whether the department is there.
pub async fn has_department(sql: &mut PgConnection, department: &DepartmentId) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from identity.department where id = $1) as "there!""#,
        department.as_str()
    )
    .fetch_one(sql)
    .await
    .map_err(db)
}

/// The key of a center in its list: cities before districts, then by code.
pub fn center_key(center: &Center) -> String {
    format!("{}{}", u8::from(center.parent.is_some()), center.code)
}

/// A page of centers, the city first; see [`center_key`].
pub async fn list_centers(sql: &mut PgConnection, page: &Page) -> Result<Vec<Center>> {
    let rows = sqlx::query!(
        r#"select code, name_zh, name_en, parent, address, telephone
           from (select *, (case when parent is null then '0' else '1' end || code) collate "C" as key
                 from identity.center) center
           where key > $1 or $1 is null
           order by key limit $2"#,
        page.after,
        page.limit(),
    )
    .fetch_all(&mut *sql)
    .await
    .map_err(db)?;
    let codes: Vec<String> = rows.iter().map(|row| row.code.clone()).collect();
    let mut former = former_of(sql, &codes).await?;
    rows.into_iter()
        .map(|row| {
            Ok(Center {
                former: former.remove(&row.code).unwrap_or_default(),
                code: stored(DivisionCode::parse(&row.code))?,
                name_zh: row.name_zh,
                name_en: row.name_en,
                parent: stored_if(row.parent, DivisionCode::parse)?,
                address: row.address,
                telephone: row.telephone,
            })
        })
        .collect()
}

async fn former_of(
    sql: &mut PgConnection,
    centers: &[String],
) -> Result<BTreeMap<String, Vec<FormerDivision>>> {
    let rows = sqlx::query!(
        "select center, code, name_zh, valid_from, valid_until from identity.former_division
         where center = any($1) order by center, valid_until, code",
        centers,
    )
    .fetch_all(sql)
    .await
    .map_err(db)?;
    let mut former: BTreeMap<String, Vec<FormerDivision>> = BTreeMap::new();
    for row in rows {
        former.entry(row.center).or_default().push(FormerDivision {
            code: stored(DivisionCode::parse(&row.code))?,
            name_zh: row.name_zh,
            valid_from: row.valid_from,
            valid_until: row.valid_until,
        });
    }
    Ok(former)
}

/// A page of a center's departments, by id.
pub async fn list_departments(
    sql: &mut PgConnection,
    center: &DivisionCode,
    page: &Page,
) -> Result<Vec<Department>> {
    let rows = sqlx::query!(
        "select id, name_zh, name_en, credit_code, telephone from identity.department
         where center = $1 and (id > $2 or $2 is null) order by id limit $3",
        center.as_str(),
        page.after,
        page.limit(),
    )
    .fetch_all(sql)
    .await
    .map_err(db)?;
    rows.into_iter()
        .map(|row| {
            Ok(Department {
                id: stored(DepartmentId::parse(&row.id))?,
                name_zh: row.name_zh,
                name_en: row.name_en,
                credit_code: stored_if(row.credit_code, CreditCode::parse)?,
                telephone: row.telephone,
            })
        })
        .collect()
}

/// A page of a center's windows, by id.
pub async fn list_windows(sql: &mut PgConnection, center: &DivisionCode, page: &Page) -> Result<Vec<Window>> {
    let rows = sqlx::query!(
        "select id, name_zh, name_en from identity.hall_window
         where center = $1 and (id > $2 or $2 is null) order by id limit $3",
        center.as_str(),
        page.after,
        page.limit(),
    )
    .fetch_all(sql)
    .await
    .map_err(db)?;
    rows.into_iter()
        .map(|row| {
            Ok(Window { id: stored(WindowId::parse(&row.id))?, name_zh: row.name_zh, name_en: row.name_en })
        })
        .collect()
}
