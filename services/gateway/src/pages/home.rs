//! The way in: what the hall stands for, and the two things that most people come for.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use yimen_kernel::error::Result;
use yimen_proto::identity::v1::Center;

use super::shell::Shell;
use super::visitor::Visitor;

/// A center as pages name it.
#[derive(Clone, Debug)]
pub struct CenterView {
    pub code: String,
    pub name: String,
    pub address: String,
    pub telephone: String,
    pub chosen: bool,
}

impl CenterView {
    /// The center, with whether it is the chosen one.
    pub fn of(center: Center, shell: &Shell, chosen: &str) -> Self {
        Self {
            name: shell.pick(&center.name_zh, &center.name_en).to_owned(),
            chosen: center.code == chosen,
            code: center.code,
            address: center.address,
            telephone: center.telephone,
        }
    }
}

/// The page.
#[derive(Template)]
#[template(path = "home.html")]
pub struct Home {
    pub s: Shell,
    pub centers: Vec<CenterView>,
}

/// `GET /`
pub async fn show(visitor: Visitor) -> Response {
    visitor.answer(page(&visitor).await)
}

async fn page(visitor: &Visitor) -> Result<Response> {
    let centers = visitor.ask.centers().await?;
    let s = visitor.shell.clone().at("home");
    let centers = centers.into_iter().map(|center| CenterView::of(center, &s, "")).collect();
    visitor.page(StatusCode::OK, &Home { s, centers })
}
