//! A transition of a case becomes a message, once.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;
use yimen_kernel::error::Result;
use yimen_kernel::{CaseNumber, DivisionCode, Fields, Mobile};
use yimen_platform::store::Tx;
use yimen_proto::notification::v1 as pb;

use super::templates;
use crate::domain::message::State;
use crate::grpc::message;
use crate::store::contacts::{self, Contact};
use crate::store::messages::{self, Row};

/// A transition that is to be told.
pub struct Told {
    pub number: CaseNumber,
    /// Unique for the case: the template's code, and what tells a second time from the first.
    pub transition: String,
    pub template: &'static str,
    /// Without the case number and the item's name, which every message may use.
    pub values: BTreeMap<String, String>,
}

/// A message to see that messages arrive.
pub struct Test {
    pub template: String,
    pub center: DivisionCode,
    pub values: BTreeMap<String, String>,
    pub mobile: Mobile,
}

/// Queues a test: what it tells of is itself.
pub async fn test(tx: &mut Tx, test: Test) -> Result<pb::Message> {
    let now = tx.now();
    let text = templates::written(tx, &test.template, test.center.as_str(), &test.values).await?;
    let mut row = new(test.center.to_string(), String::new(), test.template, now);
    row.transition = format!("TEST/{}", row.message);
    row.state = State::Queued { due_at: now }.as_str().to_owned();
    row.variables = Json(test.values);
    row.mobile = Some(test.mobile.as_str().to_owned());
    row.text = Some(text);
    messages::insert(tx.sql(), &row).await?;
    Ok(message::message(&row))
}

/// A message that nothing is known of yet.
fn new(center: String, number: String, template: String, now: DateTime<Utc>) -> Row {
    Row {
        message: Uuid::now_v7(),
        center,
        number,
        transition: String::new(),
        template,
        variables: Json(BTreeMap::new()),
        state: State::AwaitingContact.as_str().to_owned(),
        mobile: None,
        text: None,
        carrier: None,
        carrier_id: None,
        attempts: 0,
        due_at: now,
        leased_until: None,
        created_at: now,
        sent_at: None,
        reason: String::new(),
    }
}

/// Queues the message of a transition; it waits if the applicant's number is not known yet.
pub async fn tell(tx: &mut Tx, told: Told) -> Result<()> {
    let now = tx.now();
    let number = told.number;
    let mut row = new(number.center().to_string(), number.to_string(), told.template.to_owned(), now);
    row.transition = told.transition;
    row.variables = Json(told.values);
    if let Some(contact) = contacts::find(tx.sql(), number.as_str()).await? {
        address(tx, &mut row, &contact).await?;
    }
    messages::insert(tx.sql(), &row).await?;
    Ok(())
}

/// Keeps how the applicant is reached, and addresses what waited for it.
pub async fn reach(tx: &mut Tx, contact: Contact) -> Result<()> {
    let now = tx.now();
    contacts::keep(tx.sql(), &contact, now).await?;
    for mut row in messages::awaiting(tx.sql(), &contact.number).await? {
        address(tx, &mut row, &contact).await?;
        messages::address(tx.sql(), &row).await?;
    }
    Ok(())
}

/// Writes the text for the applicant and queues it, unless it is not to be sent.
async fn address(tx: &mut Tx, row: &mut Row, contact: &Contact) -> Result<()> {
    let template = templates::current(tx, &row.template).await?;
    let signature = templates::signature(tx, &row.center).await?;
    let mut values = row.variables.0.clone();
    let known = [("number", &row.number), ("item", &contact.item_name)];
    for (name, value) in known.into_iter().filter(|(name, _)| template.variables.contains_key(*name)) {
        values.insert(name.to_owned(), value.clone());
    }
    values.retain(|name, _| template.variables.contains_key(name));
    let mut fields = Fields::new();
    let text = template.render(&signature, &values, &mut fields);
    let opted_out = !template.statutory && contacts::is_opted_out(tx.sql(), &contact.mobile).await?;
    row.mobile = Some(contact.mobile.clone());
    let why_not = if Mobile::parse(&contact.mobile).is_err() {
        Some("INVALID_NUMBER")
    } else if opted_out {
        Some("OPTED_OUT")
    } else if text.is_none() {
        // A published template asks for what this transition does not say.
        tracing::error!(template = row.template, message = %row.message, "A message could not be written; publish the template anew.");
        Some("NOT_WRITABLE")
    } else {
        None
    };
    row.text = text;
    match why_not {
        Some(reason) => {
            row.state = State::Suppressed.as_str().to_owned();
            row.reason = reason.to_owned();
        }
        None => row.state = State::Queued { due_at: row.due_at }.as_str().to_owned(),
    }
    Ok(())
}
