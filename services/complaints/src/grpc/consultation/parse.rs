//! Messages about questions as commands. Every faulty field is named at once.

use yimen_kernel::error::{Error, Result};
use yimen_kernel::{DepartmentId, DivisionCode, DocumentNumber, Fields, ItemCode, Reason, text};
use yimen_proto::complaints::v1 as pb;

use crate::app::questions::{Asked, Wanted, Wording};
use crate::domain::question::State;
use crate::grpc::parse::{TEXT_MAX, document, optional};

/// Characters of a title.
const TITLE_MAX: usize = 100;
/// Characters of a question.
const QUESTION_MAX: usize = 2_000;
/// Characters of what is searched for.
const WORDS_MAX: usize = 100;

pub fn number(value: &str) -> Result<DocumentNumber> {
    document("number", "ZX", value)
}

pub fn asked(message: &pb::AskQuestionRequest) -> Result<Asked> {
    let mut fields = Fields::new();
    let center = fields.take("center", DivisionCode::parse(&message.center));
    let department = fields.take("department", optional(&message.department, DepartmentId::parse)).flatten();
    if let (Some(department), Some(center)) = (&department, &center)
        && department.center() != *center
    {
        fields.add("department", Reason::OtherCenter);
    }
    let item = fields.take("item", optional(&message.item, ItemCode::parse)).flatten();
    let title = fields.take("title", text::line(&message.title, TITLE_MAX));
    let body = fields.take("body", text::paragraph(&message.body, QUESTION_MAX));
    fields.build(|| {
        Some(Asked {
            center: center?,
            department,
            item: item.map(|item| item.to_string()).unwrap_or_default(),
            title: title?,
            body: body?,
            may_publish: message.may_publish,
        })
    })
}

pub fn department(value: &str) -> Result<Option<DepartmentId>> {
    let mut fields = Fields::new();
    let department = fields.take("department", optional(value, DepartmentId::parse));
    fields.build(|| department)
}

pub fn wording(message: &pb::PublishQuestionRequest) -> Result<Wording> {
    let mut fields = Fields::new();
    let title = fields.take("title", text::line(&message.title, TITLE_MAX));
    let question = fields.take("question", text::paragraph(&message.question, QUESTION_MAX));
    let answer = fields.take("answer", text::paragraph(&message.answer, TEXT_MAX));
    fields.build(|| Some(Wording { title: title?, question: question?, answer: answer? }))
}

pub fn state(value: i32) -> Result<Option<State>> {
    match pb::question::State::try_from(value) {
        Ok(pb::question::State::Unspecified) => Ok(None),
        Ok(state) => Ok(State::parse(state.as_str_name())),
        Err(_) => Err(Error::field("state", Reason::UnknownValue)),
    }
}

pub fn wanted(message: &pb::SearchAnswersRequest) -> Result<Wanted> {
    let mut fields = Fields::new();
    let center = fields.take("center", optional(&message.center, DivisionCode::parse)).flatten();
    let department = fields.take("department", optional(&message.department, DepartmentId::parse)).flatten();
    let item = fields.take("item", optional(&message.item, ItemCode::parse)).flatten();
    let words = fields.take("words", text::optional_line(&message.words, WORDS_MAX)).flatten();
    let words = words.unwrap_or_default().split_whitespace().map(str::to_lowercase).collect();
    fields.build(|| Some(Wanted { center, department, item: item.map(|item| item.to_string()), words }))
}
