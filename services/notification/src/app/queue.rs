//! A transition of a case becomes a message, once.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;
use yimen_kernel::error::Result;
use yimen_kernel::{CaseNumber, DivisionCode, Fields, Mobile, RatingToken};
use yimen_platform::store::Tx;
use yimen_proto::notification::v1 as pb;

use super::templates::{self, NO_SIGNATURE, Templates};
use super::timestamp;
use crate::domain::message::State;
use crate::grpc::message;
use crate::store::contacts::{self, Contact, Reached};
use crate::store::messages::{self, Row};

/// A transition that is to be told.
pub struct Told {
    pub number: CaseNumber,
    /// Unique for the case: the template's code, and what tells a second time from the first.
    pub transition: String,
    pub template: &'static str,
    /// Without the case number and the item's name, which every message may use.
    pub values: BTreeMap<String, String>,
    /// Where its link leads, if it has one.
    pub link: Option<Link>,
}

/// Where a link below the pages' address leads.
pub enum Link {
    /// To the rating of the completion, by a token that is made for it.
    Rate,
    /// To a ballot, by this token.
    Vote(String),
}

/// What an event gives to do.
pub enum Heard {
    /// How the applicant of a case is reached.
    Reach(Contact),
    /// What the applicant is told.
    Tell(Told),
}

impl Heard {
    fn number(&self) -> &str {
        match self {
            Heard::Reach(contact) => &contact.number,
            Heard::Tell(told) => told.number.as_str(),
        }
    }
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
    messages::insert(tx.sql(), std::slice::from_ref(&row)).await?;
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

/// Queues what is told of cases; what is told of a case whose applicant's number is not known yet waits for it.
///
/// A link to rate has a token that stands in its message alone; complaints is told the digest. Links lead below
/// `public_url`.
pub async fn hear(tx: &mut Tx, heard: Vec<Heard>, public_url: &str) -> Result<()> {
    let now = tx.now();
    let numbers: Vec<String> = heard.iter().map(|heard| heard.number().to_owned()).collect();
    contacts::take_turns(tx.sql(), &numbers).await?;
    let (mut reached, mut rows) = (Vec::new(), Vec::new());
    for heard in heard {
        match heard {
            Heard::Reach(contact) => reached.push(contact),
            Heard::Tell(mut told) => {
                if let Some(link) = told.link.take() {
                    let place = link.place(tx, &told.number, public_url);
                    told.values.insert("link".to_owned(), place);
                }
                rows.push(row(told, now));
            }
        }
    }
    let mut waiting = Vec::new();
    if !reached.is_empty() {
        contacts::keep(tx.sql(), &reached, now).await?;
        let reached: Vec<String> = reached.into_iter().map(|contact| contact.number).collect();
        waiting = messages::awaiting(tx.sql(), &reached).await?;
    }
    if rows.is_empty() && waiting.is_empty() {
        return Ok(());
    }
    let address = Address::of(tx, &numbers).await?;
    for row in rows.iter_mut().chain(&mut waiting) {
        address.write(row)?;
    }
    messages::insert(tx.sql(), &rows).await?;
    for row in waiting {
        messages::address(tx.sql(), &row).await?;
    }
    Ok(())
}

impl Link {
    /// The address; complaints is told the digest of a token that is made for it.
    fn place(self, tx: &mut Tx, number: &CaseNumber, public_url: &str) -> String {
        match self {
            Link::Vote(token) => format!("{public_url}/vote/{token}"),
            Link::Rate => {
                let token = RatingToken::from_random(rand::random());
                let digest = token.digest().to_vec();
                let time = Some(timestamp(tx.now()));
                let given = pb::RatingLinkGiven { number: number.to_string(), digest, time };
                tx.emit(number.center().as_str(), number.as_str(), 1, &given);
                token.link(public_url)
            }
        }
    }
}

fn row(told: Told, now: DateTime<Utc>) -> Row {
    let number = told.number;
    let mut row = new(number.center().to_string(), number.to_string(), told.template.to_owned(), now);
    row.transition = told.transition;
    row.variables = Json(told.values);
    row
}

/// What it takes to address messages.
struct Address {
    reached: HashMap<String, Reached>,
    templates: Templates,
}

impl Address {
    /// For the messages of these cases.
    async fn of(tx: &mut Tx, numbers: &[String]) -> Result<Self> {
        let reached = contacts::of_cases(tx.sql(), numbers).await?;
        Ok(Self { reached, templates: Templates::of(tx).await? })
    }

    /// Writes the text for the applicant and queues it, unless it is not to be sent or it is not known to whom.
    fn write(&self, row: &mut Row) -> Result<()> {
        let Some(Reached { contact, opted_out, signature }) = self.reached.get(&row.number) else {
            return Ok(());
        };
        let template = self.templates.find(&row.template)?;
        let mut values = row.variables.0.clone();
        let known = [("number", &row.number), ("item", &contact.item_name)];
        for (name, value) in known.into_iter().filter(|(name, _)| template.variables.contains_key(*name)) {
            values.insert(name.to_owned(), value.clone());
        }
        values.retain(|name, _| template.variables.contains_key(name));
        let signature = signature.as_deref().unwrap_or(NO_SIGNATURE);
        let text = template.render(signature, &values, &mut Fields::new());
        row.mobile = Some(contact.mobile.clone());
        let why_not = if Mobile::parse(&contact.mobile).is_err() {
            Some("INVALID_NUMBER")
        } else if !template.statutory && *opted_out {
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
}
