//! No applicant is told anything twice: one message for a transition of a case, and each of them at most
//! once with the carrier, as the simulated carrier saw it.

use chrono::TimeDelta;

use super::{Faults, Finding, Look, Unreadable};

/// How long after a sender's time is over its message may still count as being sent: until the next
/// sender looks.
const OVERDUE: TimeDelta = TimeDelta::minutes(1);

/// Messages against what the simulated carrier received.
pub(super) async fn check(look: &Look<'_>) -> Result<Finding, Unreadable> {
    let mut faults = Faults::default();
    // A refusal is not a sending: the carrier said that it did not take the message. A person may have
    // had an unknown one sent again.
    let twice: Vec<(String, String, i64)> = sqlx::query_as(
        "select m.number, m.transition, count(*) from notification.simulated s
         join notification.message m on m.message = s.message
         where s.outcome <> 'REFUSED' and m.reason not like 'RESENT:%'
         group by m.number, m.transition, m.mobile having count(*) > 1 order by 1, 2",
    )
    .fetch_all(&mut *look.notification().await?)
    .await?;
    for (number, transition, count) in &twice {
        faults.add(format!("{number} was told {transition} {count} times"));
    }
    let nobodys: (i64,) = sqlx::query_as(
        "select count(*) from notification.simulated s
         where not exists (select 1 from notification.message m where m.message = s.message)",
    )
    .fetch_one(&mut *look.notification().await?)
    .await?;
    if nobodys.0 > 0 {
        faults.add(format!("the carrier received {} messages that nobody wrote", nobodys.0));
    }
    let unsent: Vec<(String, String)> = sqlx::query_as(
        "select number, transition from notification.message m
         where m.state in ('SENT', 'DELIVERED') and m.carrier = 'simulator'
           and not exists (select 1 from notification.simulated s where s.message = m.message)
         order by 1, 2",
    )
    .fetch_all(&mut *look.notification().await?)
    .await?;
    for (number, transition) in &unsent {
        faults.add(format!("{number} counts {transition} as sent and the carrier never received it"));
    }
    let stuck: Vec<(String, String)> = sqlx::query_as(
        "select number, transition from notification.message
         where (state = 'AWAITING_CONTACT' and created_at <= $1) or (state = 'SENDING' and leased_until <= $2)
         order by 1, 2",
    )
    .bind(look.as_of)
    .bind(look.as_of - OVERDUE)
    .fetch_all(&mut *look.notification().await?)
    .await?;
    for (number, transition) in &stuck {
        faults.add(format!("{number} has {transition} under way still"));
    }
    let (messages, unknown): (i64, i64) = sqlx::query_as(
        "select count(*), count(*) filter (where state = 'UNKNOWN') from notification.message",
    )
    .fetch_one(&mut *look.notification().await?)
    .await?;
    let counts = format!("{messages} messages, each at most once; of {unknown} it is unknown");
    Ok(faults.finding("messages", counts))
}
