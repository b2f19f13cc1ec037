//! The list of what can be applied for.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Kind, Reason};
use yimen_proto::intake::v1::ServiceItem;
use yimen_proto::intake::v1::service_item::{Audience, Kind as ItemKind};

use super::ask::Departments;
use super::home::CenterView;
use super::shell::Shell;
use super::visitor::Visitor;

/// An item in the list.
#[derive(Clone, Debug)]
pub struct ItemView {
    pub code: String,
    pub name: String,
    pub kind: String,
    pub lead: String,
    pub statutory: u32,
    pub promised: u32,
    pub on_the_spot: bool,
    /// How many departments take part.
    pub departments: u32,
}

/// The items for the same people.
#[derive(Clone, Debug)]
pub struct GroupView {
    pub id: &'static str,
    pub title: String,
    pub items: Vec<ItemView>,
}

/// The page.
#[derive(Template)]
#[template(path = "items.html")]
pub struct Items {
    pub s: Shell,
    pub centers: Vec<CenterView>,
    /// The chosen center: code and name, both empty if none was chosen.
    pub center: String,
    pub center_name: String,
    pub wanted: String,
    pub groups: Vec<GroupView>,
    pub total: u32,
}

/// `GET /items?center=430102&q=…`
pub async fn show(visitor: Visitor) -> Response {
    visitor.answer(page(&visitor).await)
}

async fn page(visitor: &Visitor) -> Result<Response> {
    let s = visitor.shell.clone().at("items");
    let code = visitor.param("center").trim().to_owned();
    let wanted: String = visitor.param("q").trim().chars().take(50).collect();
    let centers: Vec<CenterView> =
        visitor.ask.centers().await?.into_iter().map(|center| CenterView::of(center, &s, &code)).collect();
    let chosen = centers.iter().find(|center| center.chosen).cloned();
    if !code.is_empty() && chosen.is_none() {
        return Err(Error::new(Kind::NotFound, Reason::UnknownCenter));
    }
    let (items, departments) = match &chosen {
        Some(center) => {
            (visitor.ask.items(&center.code).await?, visitor.ask.departments(&center.code).await?)
        }
        None => (visitor.ask.items("").await?, Departments::default()),
    };
    let fits = |item: &&ServiceItem| {
        let wanted = wanted.to_lowercase();
        item.name_zh.contains(&wanted) || item.name_en.to_lowercase().contains(&wanted)
    };
    let items: Vec<&ServiceItem> = items.iter().filter(fits).collect();
    let total = u32::try_from(items.len()).unwrap_or(u32::MAX);
    let groups = [
        ("person", Audience::Person),
        ("organization", Audience::Organization),
        ("anyone", Audience::Anyone),
    ];
    let groups = groups.into_iter().map(|(id, audience)| GroupView {
        id,
        title: s.name("items.audience", audience.as_str_name()),
        items: items
            .iter()
            .filter(|item| item.audience() == audience)
            .map(|item| view(item, &s, &code, &departments))
            .collect(),
    });
    let groups = groups.filter(|group| !group.items.is_empty()).collect();
    let center_name = chosen.map(|center| center.name).unwrap_or_default();
    let page = Items { s, centers, center: code, center_name, wanted, groups, total };
    visitor.page(StatusCode::OK, &page)
}

fn view(item: &ServiceItem, s: &Shell, center: &str, departments: &Departments) -> ItemView {
    let lead = item.plan.as_ref().map(|plan| plan.lead.as_str()).unwrap_or_default();
    let steps = item.plan.as_ref().map_or(0, |plan| plan.steps.len());
    ItemView {
        code: item.code.clone(),
        name: s.pick(&item.name_zh, &item.name_en).to_owned(),
        kind: s.name("item_kind", item.kind().as_str_name()),
        lead: if center.is_empty() {
            String::new()
        } else {
            departments.name(&format!("{center}-{lead}"), s.text.lang())
        },
        statutory: item.statutory_limit_days,
        promised: item.promised_limit_days,
        on_the_spot: item.kind() == ItemKind::Immediate,
        departments: u32::try_from(steps).unwrap_or(u32::MAX),
    }
}
