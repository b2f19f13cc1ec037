//! Rows as messages. Numbers are masked.

use yimen_kernel::mask;
use yimen_proto::notification::v1 as pb;

use crate::app::timestamp;
use crate::store::{messages, simulated};

/// A message.
pub fn message(row: &messages::Row) -> pb::Message {
    pb::Message {
        message: row.message.to_string(),
        number: row.number.clone(),
        transition: row.transition.clone(),
        template: row.template.clone(),
        state: pb::message::State::from_str_name(&row.state).unwrap_or_default() as i32,
        mobile: row.mobile.as_deref().map(mask::mobile).unwrap_or_default(),
        carrier: row.carrier.clone().unwrap_or_default(),
        attempts: u32::try_from(row.attempts).unwrap_or_default(),
        create_time: Some(timestamp(row.created_at)),
        send_time: row.sent_at.map(timestamp),
        reason: row.reason.clone(),
    }
}

/// What the simulated carrier received.
pub fn simulated(row: &simulated::Row) -> pb::SimulatedMessage {
    pb::SimulatedMessage {
        message: row.message.to_string(),
        mobile: mask::mobile(&row.mobile),
        text: row.text.clone(),
        receive_time: Some(timestamp(row.received_at)),
        outcome: row.outcome.clone(),
    }
}
