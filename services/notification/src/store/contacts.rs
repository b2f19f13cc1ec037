//! How applicants are reached, and who wants less.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use yimen_kernel::error::Result;
use yimen_platform::store::db;

/// How the applicant of a case is reached.
#[derive(Clone, Debug)]
pub struct Contact {
    pub number: String,
    pub center: String,
    pub item_name: String,
    pub mobile: String,
}

/// Has those who hear of these cases take turns until their transactions end: so nobody tells of a case
/// whose applicant's number another is about to keep.
pub async fn take_turns(connection: &mut PgConnection, numbers: &[String]) -> Result<()> {
    sqlx::query!(
        r#"select count(pg_advisory_xact_lock(hashtextextended(number, 0))) as "count!"
           from (select distinct number from unnest($1::text[]) given(number) order by number) turns"#,
        numbers
    )
    .fetch_one(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Keeps them; the first of a case stays.
pub async fn keep(connection: &mut PgConnection, contacts: &[Contact], now: DateTime<Utc>) -> Result<()> {
    let column = |get: fn(&Contact) -> &String| -> Vec<String> {
        contacts.iter().map(|contact| get(contact).clone()).collect()
    };
    sqlx::query!(
        "insert into notification.contact (number, center, item_name, mobile, at)
         select number, center, item_name, mobile, $5
         from unnest($1::text[], $2::text[], $3::text[], $4::text[]) given(number, center, item_name, mobile)
         on conflict (number) do nothing",
        &column(|contact| &contact.number),
        &column(|contact| &contact.center),
        &column(|contact| &contact.item_name),
        &column(|contact| &contact.mobile),
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// How the applicant of a case is reached, and what that means for a message.
pub struct Reached {
    pub contact: Contact,
    /// Whether the number wants no messages that no law asks for.
    pub opted_out: bool,
    /// The center's signature, if it has one.
    pub signature: Option<String>,
}

/// Reads those of cases, by the cases' numbers.
pub async fn of_cases(connection: &mut PgConnection, numbers: &[String]) -> Result<HashMap<String, Reached>> {
    let rows = sqlx::query!(
        r#"select c.number, c.center, c.item_name, c.mobile,
                  exists (select from notification.opt_out o where o.mobile = c.mobile) as "opted_out!",
                  (select s.text from notification.signature s where s.center = c.center) as signature
           from unnest($1::text[]) given(number) join notification.contact c using (number)"#,
        numbers
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    let reached = rows.into_iter().map(|row| {
        let contact = Contact {
            number: row.number.clone(),
            center: row.center,
            item_name: row.item_name,
            mobile: row.mobile,
        };
        (row.number, Reached { contact, opted_out: row.opted_out, signature: row.signature })
    });
    Ok(reached.collect())
}

/// Notes that a number does or does not want them.
pub async fn opt_out(
    connection: &mut PgConnection,
    mobile: &str,
    opted_out: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    if opted_out {
        sqlx::query!(
            "insert into notification.opt_out (mobile, at) values ($1, $2) on conflict do nothing",
            mobile,
            now
        )
        .execute(connection)
        .await
    } else {
        sqlx::query!("delete from notification.opt_out where mobile = $1", mobile).execute(connection).await
    }
    .map_err(db)?;
    Ok(())
}
