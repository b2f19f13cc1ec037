//! What a complaint's page shows its complainant.

use askama::Template;
use yimen_proto::complaints::v1::complaint::{Closing, Procedure, State};
use yimen_proto::complaints::v1::{Complaint, ComplaintAnswer, ComplaintStep};

use super::handler;
use crate::pages::ask::Departments;
use crate::pages::form::{Control, Field, Form};
use crate::pages::shell::{Shell, Switch};

/// An answer.
#[derive(Clone, Debug)]
pub struct AnswerView {
    pub level: String,
    pub finding: String,
    pub by: String,
    pub time: String,
    pub text: String,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct StepView {
    pub time: String,
    pub what: String,
    pub by: String,
    pub note: String,
}

/// The page.
#[derive(Template)]
#[template(path = "heard/complaint.html")]
pub struct Followed {
    pub s: Shell,
    pub number: String,
    pub kind: String,
    pub state: String,
    pub facts: Vec<(String, String)>,
    pub body: String,
    pub answers: Vec<AnswerView>,
    pub history: Vec<StepView>,
    pub forms: Vec<Form>,
}

/// What the page shows of a complaint; `key` is its number and code.
pub fn page(
    s: Shell,
    complaint: Complaint,
    departments: &Departments,
    key: &[(String, String)],
    request_id: &str,
) -> Followed {
    let s = s.switched_by(Switch::Form("/complaints/follow".to_owned(), key.to_vec()));
    Followed {
        kind: s.name("complaint_kind", complaint.kind().as_str_name()),
        state: s.name("complaint_state", complaint.state().as_str_name()),
        facts: facts(&complaint, departments, &s),
        answers: answers(&complaint.answers, departments, &s),
        history: history(&complaint.history, &s),
        forms: forms(&complaint, key, request_id, &s),
        number: complaint.number,
        body: complaint.body,
        s,
    }
}

/// What stands fast about a complaint, without what is not known of it.
pub fn facts(complaint: &Complaint, departments: &Departments, s: &Shell) -> Vec<(String, String)> {
    let subject = complaint.subject.clone().unwrap_or_default();
    let grounds: Vec<String> =
        complaint.grounds().map(|ground| s.name("complaint_ground", ground.as_str_name())).collect();
    let is_handled = !complaint.accepted_on.is_empty();
    let handled_by = if is_handled { handler(&complaint.department, departments, s) } else { String::new() };
    let date = |iso: &str| if iso.is_empty() { String::new() } else { s.date(iso) };
    let extension = match complaint.extension_days {
        0 => String::new(),
        days => format!("{} {}", s.count("complaint.extended", &days), complaint.extension_reason),
    };
    let closing = match complaint.closing() {
        Closing::Unspecified => String::new(),
        closing => s.name("complaint_closing", closing.as_str_name()),
    };
    let procedure = match complaint.procedure() {
        Procedure::Unspecified => String::new(),
        procedure => s.name("complaint_procedure", procedure.as_str_name()),
    };
    let department = match subject.department.as_str() {
        "" => String::new(),
        id => departments.name(id, s.text.lang()),
    };
    let facts = [
        ("complaint.about", s.name("complaint_subject", subject.kind().as_str_name())),
        ("track.number", subject.number),
        ("complaint.department", department),
        ("complaint.window", subject.window),
        ("complaint.description", subject.description),
        ("complaint.grounds", grounds.join(s.t("list.separator"))),
        ("complaint.filed_at", s.time(&complaint.file_time)),
        ("complaint.handler", handled_by),
        ("complaint.due_on", date(&complaint.due_on)),
        ("complaint.extension", extension),
        ("complaint.told_on", date(&complaint.told_on)),
        ("complaint.review_until", date(&complaint.review_until)),
        ("complaint.closing", closing),
        ("complaint.procedure", procedure),
        ("complaint.closing_reason", complaint.closing_reason.clone()),
        ("complaint.merged_into", complaint.merged_into.clone()),
    ];
    let known = facts.into_iter().filter(|(_, value)| !value.trim().is_empty());
    known.map(|(key, value)| (s.t(key).to_owned(), value)).collect()
}

/// The answers, in order.
pub fn answers(answers: &[ComplaintAnswer], departments: &Departments, s: &Shell) -> Vec<AnswerView> {
    let view = |answer: &ComplaintAnswer| AnswerView {
        level: s.name("complaint_level", &answer.level.to_string()),
        finding: s.name("complaint_finding", answer.finding().as_str_name()),
        by: handler(&answer.department, departments, s),
        time: s.time(&answer.time),
        text: answer.text.clone(),
    };
    answers.iter().map(view).collect()
}

/// The history, latest first.
pub fn history(steps: &[ComplaintStep], s: &Shell) -> Vec<StepView> {
    let view = |step: &ComplaintStep| StepView {
        time: s.time(&step.time),
        what: s.name("complaint_step", step.what().as_str_name()),
        by: step.by.clone(),
        note: step.note.clone(),
    };
    steps.iter().rev().map(view).collect()
}

/// What its complainant may do now; the service has the last word.
fn forms(complaint: &Complaint, key: &[(String, String)], request_id: &str, s: &Shell) -> Vec<Form> {
    let form = |id: &str, title: &str| {
        let mut form = Form::new(id, "/complaints/act", s.t(title))
            .titled(s.t(title))
            .hidden("form", id)
            .hidden("request_id", request_id);
        form.hidden.extend(key.iter().cloned());
        form
    };
    let reason = || {
        let field = Field::new(Control::Paragraph, "reason", s.t("complaint.reason")).required();
        vec![field.hint(s.with("form.at_most", "n", 1_000))]
    };
    let mut forms = Vec::new();
    if complaint.state() == State::Told {
        forms.push(form("confirm", "complaint.confirm").group("", Vec::new()));
        let level = complaint.answers.iter().map(|answer| answer.level).max().unwrap_or_default();
        if !complaint.review_until.is_empty() {
            if level == 0 {
                forms.push(
                    form("reopen", "complaint.reopen")
                        .intro(s.t("complaint.reopen_intro"))
                        .group("", reason()),
                );
            }
            let title = if level == 0 { "complaint.review" } else { "complaint.second_review" };
            forms.push(form("review", title).intro(s.t("complaint.review_intro")).group("", reason()));
        }
    }
    if complaint.state() != State::Closed {
        let withdraw = form("withdraw", "complaint.withdraw").intro(s.t("complaint.withdraw_intro"));
        forms.push(withdraw.group("", reason()).grave());
    }
    forms
}
