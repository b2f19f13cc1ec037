//! What complaints learns from the others: which departments take part in an application, so that none of them
//! handles a complaint about it; what was served, so that it can be rated; and which applications are completed, so that
//! service users are drawn from them.

use yimen_kernel::CaseNumber;
use yimen_kernel::date::local_date;
use yimen_kernel::error::{Error, Result};
use yimen_platform::messages::subscribe::Received;
use yimen_platform::store::Tx;
use yimen_proto::approval::v1::DepartmentAdded;
use yimen_proto::intake::v1::{ApplicationAccepted, ApplicationCompleted, ApplicationSubmitted};
use yimen_proto::notification::v1::RatingLinkGiven;

use crate::app::rating::hear;
use crate::app::{office, rating};
use crate::domain::rating::Event;
use crate::store::appraisal::tokens;
use crate::store::parties::Party;
use crate::store::rating::invitations::{Link, New, Served};

/// What an event says.
#[derive(Default)]
pub struct Heard {
    parties: Vec<Party>,
    rating: hear::Heard,
    /// Number and center of what was completed.
    completed: Option<(String, String)>,
}

/// Notes what was heard.
///
/// # Errors
/// When the database fails.
pub async fn hear(tx: &mut Tx, heard: Vec<Heard>) -> Result<()> {
    let completed: Vec<_> = heard.iter().filter_map(|heard| heard.completed.clone()).collect();
    let (parties, ratings): (Vec<_>, Vec<_>) =
        heard.into_iter().map(|heard| (heard.parties, heard.rating)).unzip();
    rating::hear::note(tx, ratings).await?;
    if !completed.is_empty() {
        tokens::complete(tx.sql(), &completed).await?;
    }
    if parties.iter().any(|parties| !parties.is_empty()) {
        office::learn_parties(tx, parties).await?;
    }
    Ok(())
}

/// 收件: a visit that may be rated, by the link on its receipt.
pub fn submitted(event: Received<ApplicationSubmitted>) -> Result<Heard> {
    let served_on = local_date(event.envelope.time);
    let ApplicationSubmitted { number, center, item, window, clerk, rating_digest, .. } = event.message;
    // Who handed in before there were ratings got no link.
    let link = (!rating_digest.is_empty()).then(|| Link {
        digest: rating_digest,
        number: number.clone(),
        event: Event::Visit,
    });
    let served = Served { number: number.clone(), item, ..Served::default() };
    let invited = New { number, event: Event::Visit, center, served_on, window, clerk };
    let rating = hear::Heard { served: Some(served), invited: Some(invited), link };
    Ok(Heard { rating, ..Heard::default() })
}

/// The departments of an application's plan; the window that accepted it.
pub fn accepted(event: Received<ApplicationAccepted>) -> Result<Heard> {
    let ApplicationAccepted { number, plan, item, window, clerk, .. } = event.message;
    let plan = plan.unwrap_or_default();
    let served = Served { number: number.clone(), item, window, clerk, department: plan.lead.clone() };
    let departments = plan.steps.into_iter().map(|step| step.department).chain([plan.lead]);
    let parties = departments.map(|department| Party { number: number.clone(), department }).collect();
    let rating = hear::Heard { served: Some(served), ..hear::Heard::default() };
    Ok(Heard { parties, rating, ..Heard::default() })
}

/// 办结: the matter may be rated, by the link in the message about it; its applicant may be drawn to vote.
pub fn completed(event: Received<ApplicationCompleted>) -> Result<Heard> {
    let served_on = local_date(event.envelope.time);
    let number = event.message.number;
    let center = CaseNumber::parse(&number)
        .map_err(|fault| Error::internal(format!("an event names no case: {fault:?}")))?
        .center()
        .to_string();
    let served = Served { number: number.clone(), ..Served::default() };
    let completed = Some((number.clone(), center.clone()));
    let (window, clerk) = (String::new(), String::new());
    let invited = New { number, event: Event::Completion, center, served_on, window, clerk };
    let rating = hear::Heard { served: Some(served), invited: Some(invited), link: None };
    Ok(Heard { rating, completed, ..Heard::default() })
}

/// A message was written with a link to rate the completion.
pub fn link_given(event: Received<RatingLinkGiven>) -> Result<Heard> {
    let RatingLinkGiven { number, digest, .. } = event.message;
    let link = Link { digest, number, event: Event::Completion };
    Ok(Heard { rating: hear::Heard { link: Some(link), ..hear::Heard::default() }, ..Heard::default() })
}

/// A department takes part that was not in the plan.
pub fn department_added(event: Received<DepartmentAdded>) -> Result<Heard> {
    let parties = vec![Party { number: event.message.number, department: event.message.department }];
    Ok(Heard { parties, ..Heard::default() })
}
