//! What intake and notification tell of events that may be rated, in any order.

use yimen_kernel::error::Result;
use yimen_platform::store::Tx;

use crate::store::rating::invitations::{self as table, Link, New, Served};

/// What an event says about ratings.
#[derive(Debug, Default)]
pub struct Heard {
    pub served: Option<Served>,
    pub invited: Option<New>,
    pub link: Option<Link>,
}

/// Notes what was heard.
///
/// # Errors
/// When the database fails.
pub async fn note(tx: &mut Tx, heard: Vec<Heard>) -> Result<()> {
    let (mut served, mut invited, mut links) = (Vec::new(), Vec::new(), Vec::new());
    for heard in heard {
        served.extend(heard.served);
        invited.extend(heard.invited);
        links.extend(heard.link);
    }
    if !served.is_empty() {
        // It holds the rows of the cases: an acceptance and a completion that come at the same time see each other.
        table::serve(tx.sql(), &served).await?;
        let accepted: Vec<String> = served
            .into_iter()
            .filter(|served| !served.department.is_empty())
            .map(|served| served.number)
            .collect();
        if !accepted.is_empty() {
            table::complete_ratings(tx.sql(), &accepted).await?;
        }
    }
    if !invited.is_empty() {
        table::invite(tx.sql(), &invited).await?;
    }
    if !links.is_empty() {
        table::link(tx.sql(), &links).await?;
    }
    Ok(())
}
