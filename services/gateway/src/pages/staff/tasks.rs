//! A department's tasks, oldest first.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use yimen_kernel::error::Result;
use yimen_proto::approval::v1::task::State;
use yimen_proto::approval::v1::{ListTasksRequest, Task};

use super::super::shell::Shell;
use super::super::visitor::Visitor;

/// A task in the list.
#[derive(Clone, Debug)]
pub struct Row {
    pub number: String,
    pub item: String,
    pub subject: String,
    pub state: String,
    pub state_code: String,
    pub days: u32,
    pub opened: String,
    pub lead: bool,
    pub reopened: u32,
}

/// A part of the list.
#[derive(Clone, Debug)]
pub struct Tab {
    pub code: &'static str,
    pub label: String,
    pub chosen: bool,
}

/// The page.
#[derive(Template)]
#[template(path = "staff/tasks.html")]
pub struct Tasks {
    pub s: Shell,
    pub department: String,
    pub tabs: Vec<Tab>,
    pub tab: &'static str,
    pub rows: Vec<Row>,
    /// The token of the next page; empty on the last.
    pub next: String,
    /// Whether this is not the first page.
    pub later: bool,
}

const TABS: [(&str, State); 6] = [
    ("open", State::Open),
    ("decide", State::Unspecified),
    ("waiting", State::Waiting),
    ("returned", State::Returned),
    ("awaiting", State::AwaitingMaterial),
    ("opined", State::Opined),
];

/// `GET /staff/tasks?tab=open&page=…`
pub async fn show(visitor: Visitor) -> Response {
    visitor.answer(page(&visitor).await)
}

async fn page(visitor: &Visitor) -> Result<Response> {
    let claims = visitor.staff()?;
    let wanted = visitor.param("tab");
    let (tab, state) = TABS.into_iter().find(|(code, _)| *code == wanted).unwrap_or(("open", State::Open));
    let token = visitor.param("page");
    let asked = ListTasksRequest {
        state: state.into(),
        page_size: 50,
        page_token: token.to_owned(),
        department: String::new(),
        to_decide: tab == "decide",
    };
    let answer = visitor.ask.list_tasks(asked).await?;
    let s = visitor.shell.clone().at("tasks");
    let departments = visitor.ask.departments(&claims.center).await?;
    let page = Tasks {
        department: departments.name(&claims.department, s.text.lang()),
        tabs: tabs(&s, tab),
        tab,
        rows: answer.tasks.iter().map(|task| row(task, &s)).collect(),
        next: answer.next_page_token,
        later: !token.is_empty(),
        s,
    };
    visitor.page(StatusCode::OK, &page)
}

fn tabs(s: &Shell, chosen: &str) -> Vec<Tab> {
    let tab =
        |(code, _): (&'static str, State)| Tab { code, label: s.name("tab", code), chosen: code == chosen };
    TABS.into_iter().map(tab).collect()
}

fn row(task: &Task, s: &Shell) -> Row {
    let state = if task.state() == State::Unspecified { "TO_DECIDE" } else { task.state().as_str_name() };
    Row {
        number: task.number.clone(),
        item: s.pick(&task.item_name_zh, &task.item_name_en).to_owned(),
        subject: task.subject.clone(),
        state: s.name("task_state", state),
        state_code: state.to_ascii_lowercase(),
        days: task.limit_days,
        opened: s.time(&task.open_time),
        lead: task.is_lead,
        reopened: task.reopened,
    }
}
