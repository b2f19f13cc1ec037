//! Questions and answers as messages.

use yimen_kernel::Calendar;
use yimen_proto::complaints::v1 as pb;

use crate::app::timestamp;
use crate::store::questions::{Kept, Published};

pub fn question(kept: Kept, as_published: Option<Published>, calendar: &Calendar) -> pb::Question {
    let question = kept.question;
    let state = pb::question::State::from_str_name(question.state.as_str()).unwrap_or_default();
    pb::Question {
        number: question.number.to_string(),
        center: question.center.to_string(),
        department: question.department().to_owned(),
        item: kept.item,
        title: kept.title,
        body: kept.body,
        may_publish: question.may_publish,
        state: state.into(),
        ask_time: Some(timestamp(kept.asked_at)),
        due_on: question.due_on(calendar).map(|day| day.to_string()).unwrap_or_default(),
        answer: kept.answer.unwrap_or_default(),
        answer_time: kept.answered_at.map(timestamp),
        withheld_reason: kept.withheld_reason,
        published: as_published.map(published),
    }
}

pub fn published(row: Published) -> pb::PublishedAnswer {
    pb::PublishedAnswer {
        number: row.number,
        center: row.center,
        department: row.department,
        item: row.item,
        title: row.title,
        question: row.question,
        answer: row.answer,
        published_on: row.published_on.to_string(),
    }
}
