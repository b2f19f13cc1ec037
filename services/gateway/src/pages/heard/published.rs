//! What everyone reads: what complaints led to, and questions with their answers; and the ways to one's own.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use yimen_kernel::error::Result;
use yimen_proto::complaints::v1::{
    AccountabilityPublication, ListAccountabilityPublicationsRequest, PublishedAnswer, SearchAnswersRequest,
};

use super::answerer;
use crate::pages::ask::Departments;
use crate::pages::home::CenterView;
use crate::pages::shell::Shell;
use crate::pages::visitor::Visitor;

/// Entries of a page.
const PAGE: i32 = 20;

/// What a complaint led to.
#[derive(Clone, Debug)]
pub struct Consequence {
    pub number: String,
    pub unit: String,
    pub measure: String,
    pub grounds: String,
    pub carried_out: String,
    pub text: String,
}

/// The way to complain, and what complaints led to.
#[derive(Template)]
#[template(path = "heard/complaints.html")]
pub struct Complaints {
    pub s: Shell,
    pub centers: Vec<CenterView>,
    pub center: String,
    pub rows: Vec<Consequence>,
    pub next: String,
}

/// A question with its answer.
#[derive(Clone, Debug)]
pub struct Answered {
    pub number: String,
    pub title: String,
    pub question: String,
    pub answer: String,
    pub by: String,
    pub published: String,
}

/// The way to ask, and what others asked.
#[derive(Template)]
#[template(path = "heard/answers.html")]
pub struct Answers {
    pub s: Shell,
    pub centers: Vec<CenterView>,
    pub center: String,
    pub words: String,
    pub rows: Vec<Answered>,
    pub next: String,
}

/// `GET /complaints?center=430102&page=…`
pub async fn complaints(visitor: Visitor) -> Response {
    visitor.answer(consequences(&visitor).await)
}

async fn consequences(visitor: &Visitor) -> Result<Response> {
    let s = visitor.shell.clone().at("complaints");
    let (center, centers) = centers(visitor, &s).await?;
    let asked = ListAccountabilityPublicationsRequest {
        center: center.clone(),
        page_size: PAGE,
        page_token: visitor.param("page").to_owned(),
    };
    let answer = visitor.ask.list_accountability_publications(asked).await?;
    let known = departments(visitor, answer.publications.iter().map(|one| &one.center)).await?;
    let row = |one: AccountabilityPublication| {
        let of = known.get(&one.center).cloned().unwrap_or_default();
        consequence(one, &of, &s)
    };
    let rows = answer.publications.into_iter().map(row).collect();
    visitor.page(StatusCode::OK, &Complaints { centers, center, rows, next: answer.next_page_token, s })
}

/// `GET /questions?center=430102&words=…&page=…`
pub async fn answers(visitor: Visitor) -> Response {
    visitor.answer(found(&visitor).await)
}

async fn found(visitor: &Visitor) -> Result<Response> {
    let s = visitor.shell.clone().at("questions");
    let (center, centers) = centers(visitor, &s).await?;
    let words = visitor.param("words").trim().to_owned();
    let asked = SearchAnswersRequest {
        center: center.clone(),
        words: words.chars().take(100).collect(),
        page_size: PAGE,
        page_token: visitor.param("page").to_owned(),
        ..SearchAnswersRequest::default()
    };
    let answer = visitor.ask.search_answers(asked).await?;
    let known = departments(visitor, answer.answers.iter().map(|one| &one.center)).await?;
    let row = |one: PublishedAnswer| {
        let of = known.get(&one.center).cloned().unwrap_or_default();
        answered(one, &of, &s)
    };
    let rows = answer.answers.into_iter().map(row).collect();
    visitor.page(StatusCode::OK, &Answers { centers, center, words, rows, next: answer.next_page_token, s })
}

/// The departments of centers, asked for once each.
async fn departments(
    visitor: &Visitor,
    centers: impl Iterator<Item = &String>,
) -> Result<BTreeMap<String, Departments>> {
    let centers: BTreeSet<&String> = centers.collect();
    let mut known = BTreeMap::new();
    for center in centers {
        known.insert(center.clone(), visitor.ask.departments(center).await?);
    }
    Ok(known)
}

/// The center that was chosen, empty for none, and all of them.
async fn centers(visitor: &Visitor, s: &Shell) -> Result<(String, Vec<CenterView>)> {
    let wanted = visitor.param("center");
    let centers = visitor.ask.centers().await?;
    let chosen = centers.iter().find(|center| center.code == wanted).map(|center| center.code.clone());
    let views = centers.into_iter().map(|center| CenterView::of(center, s, wanted)).collect();
    Ok((chosen.unwrap_or_default(), views))
}

fn consequence(publication: AccountabilityPublication, departments: &Departments, s: &Shell) -> Consequence {
    let grounds = publication.grounds().map(|ground| s.name("complaint_ground", ground.as_str_name()));
    let grounds: Vec<String> = grounds.collect();
    Consequence {
        unit: match (publication.department.as_str(), publication.window.as_str()) {
            ("", "") => s.t("complaint.a_person").to_owned(),
            ("", window) => s.with("complaint.at_window", "window", window),
            (department, _) => departments.name(department, s.text.lang()),
        },
        measure: s.name("accountability_measure", publication.measure().as_str_name()),
        grounds: grounds.join(s.t("list.separator")),
        carried_out: s.date(&publication.carried_out_on),
        number: publication.accountability_case,
        text: publication.text,
    }
}

fn answered(found: PublishedAnswer, departments: &Departments, s: &Shell) -> Answered {
    Answered {
        by: answerer(&found.department, departments, s),
        published: s.date(&found.published_on),
        number: found.number,
        title: found.title,
        question: found.question,
        answer: found.answer,
    }
}
