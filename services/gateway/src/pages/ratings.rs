//! The published figures of a center's ratings.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Kind, Reason};
use yimen_proto::complaints::v1::{GetRatingFiguresRequest, RatingFigures, RatingLine};

use super::home::CenterView;
use super::shell::Shell;
use super::visitor::Visitor;

/// A line of figures.
#[derive(Clone, Debug)]
pub struct Row {
    pub name: String,
    /// The highest level first.
    pub levels: Vec<u64>,
    pub valid: u64,
    pub set_aside: u64,
    /// The mean level, and the share of levels 3 to 5; both empty without ratings.
    pub mean: String,
    pub satisfaction: String,
}

/// Lines of the same kind.
#[derive(Clone, Debug)]
pub struct Part {
    pub id: &'static str,
    pub title: String,
    pub rows: Vec<Row>,
}

/// The page.
#[derive(Template)]
#[template(path = "ratings.html")]
pub struct Ratings {
    pub s: Shell,
    pub centers: Vec<CenterView>,
    pub center_name: String,
    pub month: String,
    /// Whether the month has ended and its figures are published, and when.
    pub published: String,
    pub edition: u32,
    pub levels: Vec<String>,
    pub parts: Vec<Part>,
}

/// `GET /ratings?center=430102&month=2026-03`
pub async fn show(visitor: Visitor) -> Response {
    visitor.answer(page(&visitor).await)
}

async fn page(visitor: &Visitor) -> Result<Response> {
    let s = visitor.shell.clone().at("ratings");
    let code = visitor.param("center").trim().to_owned();
    let centers: Vec<CenterView> =
        visitor.ask.centers().await?.into_iter().map(|center| CenterView::of(center, &s, &code)).collect();
    let chosen = centers.iter().find(|center| center.chosen).or(centers.first()).cloned();
    let Some(chosen) = chosen.filter(|chosen| code.is_empty() || chosen.code == code) else {
        return Err(Error::new(Kind::NotFound, Reason::UnknownCenter));
    };
    let asked =
        GetRatingFiguresRequest { center: chosen.code.clone(), month: visitor.param("month").to_owned() };
    let figures = visitor.ask.get_rating_figures(asked).await?;
    let departments = visitor.ask.departments(&chosen.code).await?;
    let items = visitor.ask.items("").await?;
    let item = |code: &str| {
        let found = items.iter().find(|item| item.code == code);
        found.map_or(code.to_owned(), |item| s.pick(&item.name_zh, &item.name_en).to_owned())
    };
    let name = |line: &RatingLine| {
        if !line.department.is_empty() {
            departments.names(&line.department, s.text)
        } else if !line.item.is_empty() {
            item(&line.item)
        } else {
            line.window.clone()
        }
    };
    visitor.page(StatusCode::OK, &view(s.clone(), centers, chosen.name, figures, name))
}

/// What the page shows of figures.
pub fn view(
    s: Shell,
    centers: Vec<CenterView>,
    center_name: String,
    figures: RatingFigures,
    name: impl Fn(&RatingLine) -> String,
) -> Ratings {
    let of = |id: &'static str, title: &str, is: fn(&RatingLine) -> bool| Part {
        id,
        title: s.t(title).to_owned(),
        rows: figures
            .lines
            .iter()
            .filter(|line| is(line))
            .map(|line| row(line, name(line), &center_name))
            .collect(),
    };
    let parts = vec![
        of("whole", "ratings.whole", |line| {
            line.department.is_empty() && line.window.is_empty() && line.item.is_empty()
        }),
        of("windows", "ratings.windows", |line| !line.window.is_empty()),
        of("departments", "ratings.departments", |line| !line.department.is_empty()),
        of("items", "ratings.items", |line| !line.item.is_empty()),
    ];
    let levels = ["VERY_SATISFIED", "SATISFIED", "FAIRLY_SATISFIED", "DISSATISFIED", "VERY_DISSATISFIED"];
    Ratings {
        centers,
        month: figures.month.clone(),
        published: if figures.published_on.is_empty() {
            String::new()
        } else {
            s.date(&figures.published_on)
        },
        edition: figures.edition,
        levels: levels.iter().map(|level| s.name("rating_level", level)).collect(),
        parts: parts.into_iter().filter(|part| !part.rows.is_empty()).collect(),
        center_name,
        s,
    }
}

fn row(line: &RatingLine, name: String, center: &str) -> Row {
    let share = |hundredths: u64, unit: &str| {
        if line.valid == 0 {
            String::new()
        } else {
            format!("{}.{:02}{unit}", hundredths / 100, hundredths % 100)
        }
    };
    Row {
        name: if name.is_empty() { center.to_owned() } else { name },
        levels: vec![
            line.very_satisfied,
            line.satisfied,
            line.fairly_satisfied,
            line.dissatisfied,
            line.very_dissatisfied,
        ],
        valid: line.valid,
        set_aside: line.set_aside,
        mean: share(line.mean_hundredths_floor, ""),
        satisfaction: share(line.satisfaction_ten_thousandths_floor, " %"),
    }
}
