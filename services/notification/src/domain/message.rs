//! The life of one message: never sent twice by itself.

use chrono::{DateTime, Duration, Utc};
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;

/// How long a message that could certainly not be sent is tried again.
pub const RETRIED: Duration = Duration::hours(72);
/// The wait before the second attempt; each later one is twice as long.
const FIRST_WAIT: Duration = Duration::seconds(30);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::hours(1);

/// How far a message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Waits for the applicant's number.
    AwaitingContact,
    /// Waits for this moment.
    Queued {
        /// Not before.
        due_at: DateTime<Utc>,
    },
    /// A carrier is being asked; whoever asked has until then to note the answer.
    Sending {
        /// After that nobody knows.
        until: DateTime<Utc>,
    },
    /// A carrier took it and calls it so.
    Sent {
        /// The carrier's name for it.
        carrier_id: String,
    },
    /// 已送达.
    Delivered,
    /// Cannot be sent.
    FailedPermanent,
    /// Could not be sent for too long.
    FailedTemporary,
    /// Nobody knows whether it was sent.
    Unknown,
    /// Not sent on purpose.
    Suppressed,
}

/// What asking a carrier came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It took the message.
    Taken {
        /// Its name for it, or for its first part.
        carrier_id: String,
        /// Its names for the other parts of a message that it took in parts.
        more: Vec<String>,
    },
    /// It did not take it, and may later; another carrier may now.
    NotNow,
    /// It did not take it and never will.
    Never,
    /// It may have taken it.
    Unknown,
}

/// What a person found out about an unknown message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is to be sent again.
    Resend,
    /// It arrived.
    Delivered,
    /// It did not.
    Failed,
}

impl Answer {
    /// It took the message as a whole.
    pub fn taken(carrier_id: String) -> Self {
        Answer::Taken { carrier_id, more: Vec::new() }
    }
}

impl State {
    /// The state's name in the contract.
    pub fn as_str(&self) -> &'static str {
        match self {
            State::AwaitingContact => "AWAITING_CONTACT",
            State::Queued { .. } => "QUEUED",
            State::Sending { .. } => "SENDING",
            State::Sent { .. } => "SENT",
            State::Delivered => "DELIVERED",
            State::FailedPermanent => "FAILED_PERMANENT",
            State::FailedTemporary => "FAILED_TEMPORARY",
            State::Unknown => "UNKNOWN",
            State::Suppressed => "SUPPRESSED",
        }
    }

    /// Whether nothing more happens to it by itself.
    pub fn is_final(&self) -> bool {
        !matches!(
            self,
            State::AwaitingContact | State::Queued { .. } | State::Sending { .. } | State::Sent { .. }
        )
    }

    /// What the carrier's answer means, after so many attempts. `others` says whether another carrier
    /// has not been asked yet.
    pub fn answered(
        self,
        answer: Answer,
        attempts: u32,
        others: bool,
        created_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Self {
        if !matches!(self, State::Sending { .. }) {
            return self;
        }
        match answer {
            Answer::Taken { carrier_id, .. } => State::Sent { carrier_id },
            Answer::Never => State::FailedPermanent,
            Answer::Unknown => State::Unknown,
            Answer::NotNow if now - created_at >= RETRIED => State::FailedTemporary,
            Answer::NotNow => {
                let wait = if others { Duration::zero() } else { backoff(attempts) };
                State::Queued { due_at: now + wait }
            }
        }
    }

    /// The carrier's report of what became of it. A late one settles an unknown message too.
    pub fn reported(self, delivered: bool) -> Self {
        match (self, delivered) {
            (State::Sent { .. } | State::Unknown, true) => State::Delivered,
            (State::Sent { .. } | State::Unknown, false) => State::FailedPermanent,
            (other, _) => other,
        }
    }

    /// A person decides about an unknown message.
    ///
    /// # Errors
    /// `STATE_FORBIDS` for any other: a message whose end is known is not sent again.
    pub fn resolve(self, found: Found, now: DateTime<Utc>) -> Result<Self> {
        if self != State::Unknown {
            return Err(Error::precondition(Reason::StateForbids).with("state", self.as_str()));
        }
        Ok(match found {
            Found::Resend => State::Queued { due_at: now },
            Found::Delivered => State::Delivered,
            Found::Failed => State::FailedPermanent,
        })
    }
}

/// The wait after so many attempts.
fn backoff(attempts: u32) -> Duration {
    let doubled = 2_i32.checked_pow(attempts.saturating_sub(1).min(16)).unwrap_or(i32::MAX);
    FIRST_WAIT.checked_mul(doubled).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000, 0).unwrap()
    }

    fn sending() -> State {
        State::Sending { until: now() + Duration::minutes(1) }
    }

    fn after(answer: Answer, attempts: u32, others: bool, age: Duration) -> State {
        sending().answered(answer, attempts, others, now() - age, now())
    }

    #[test]
    fn what_may_have_been_sent_is_never_sent_again_by_itself() {
        let unknown = after(Answer::Unknown, 1, true, Duration::zero());
        assert_eq!(unknown, State::Unknown);
        assert!(unknown.is_final());
        let queued = State::Queued { due_at: now() };
        assert_eq!(unknown.resolve(Found::Resend, now()).unwrap(), queued);
        for ended in [State::Delivered, State::FailedPermanent, queued] {
            assert!(ended.resolve(Found::Resend, now()).is_err());
        }
    }

    #[test]
    fn what_was_certainly_not_sent_is_tried_again_for_three_days() {
        let due = |state| match state {
            State::Queued { due_at } => due_at - now(),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            due(after(Answer::NotNow, 1, true, Duration::zero())),
            Duration::zero(),
            "the other carrier"
        );
        assert_eq!(due(after(Answer::NotNow, 1, false, Duration::zero())), Duration::seconds(30));
        assert_eq!(due(after(Answer::NotNow, 3, false, Duration::zero())), Duration::minutes(2));
        assert_eq!(due(after(Answer::NotNow, 99, false, Duration::zero())), Duration::hours(1));
        assert_eq!(after(Answer::NotNow, 99, true, RETRIED), State::FailedTemporary);
        assert_eq!(after(Answer::Never, 1, true, Duration::zero()), State::FailedPermanent);
    }

    #[test]
    fn a_late_report_settles_what_was_unknown() {
        assert_eq!(State::Unknown.reported(true), State::Delivered);
        assert_eq!(State::Sent { carrier_id: "1".into() }.reported(false), State::FailedPermanent);
        assert_eq!(State::Delivered.reported(false), State::Delivered, "the first report stands");
        assert_eq!(State::Suppressed.reported(true), State::Suppressed);
    }
}
