//! Lights, last days and explanations, computed when they are asked for; warnings as they were written.

use chrono::NaiveDate;
use yimen_kernel::date::local_date;
use yimen_kernel::deadline::{Which, explain};
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{Actor, Calendar, CaseNumber, Lang, Role};
use yimen_platform::Context;
use yimen_platform::page::Page;
use yimen_proto::supervision::v1 as pb;

use super::{ladder, timestamp};
use crate::domain::{Kind, Rung, Timer};
use crate::store::timers;
use crate::store::warnings::{self, Filter};

/// The clocks of a case, for those who work on it.
///
/// # Errors
/// `OTHER_CENTER`, `APPLICATION_UNKNOWN`.
pub async fn clocks(ctx: &Context, actor: &Actor, number: &CaseNumber) -> Result<pb::ListClocksResponse> {
    actor.require_center(&number.center())?;
    let mut tx = ctx.store.begin().await?;
    let calendar = tx.calendar().await?.calendar;
    let timers = timers::of_case(tx.sql(), number.as_str()).await?;
    if timers.is_empty() {
        return Err(Error::not_found(Reason::ApplicationUnknown));
    }
    let today = local_date(tx.now());
    let clocks = timers.iter().map(|timer| clock(timer, number, &calendar, today)).collect();
    Ok(pb::ListClocksResponse { clocks, next_page_token: String::new() })
}

fn clock(timer: &Timer, number: &CaseNumber, calendar: &Calendar, today: NaiveDate) -> pb::Clock {
    let [promised, statutory] = [Which::Promised, Which::Statutory].map(|which| timer.due(which, calendar));
    let leading = timer.leading();
    let day = timer.ended_on.unwrap_or(today);
    let lines = leading.as_ref().map(|clock| explain(clock, calendar, day)).unwrap_or_default();
    let text = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    pb::Clock {
        number: number.to_string(),
        kind: ladder::kind(timer.kind).into(),
        department: timer.department.clone(),
        run: timer.run,
        started_on: timer.started_on.to_string(),
        promised_days: timer.promised.unwrap_or_default(),
        statutory_days: timer.statutory.unwrap_or_default(),
        promised_due_on: text(promised.map(|due| due.on)),
        statutory_due_on: text(statutory.map(|due| due.on)),
        provisional: [promised, statutory].into_iter().flatten().any(|due| due.is_provisional),
        ended_on: text(timer.ended_on),
        outcome: timer.outcome.clone(),
        light: pb::Light::from_str_name(timer.light(calendar, today).as_str()).unwrap_or_default().into(),
        used: leading.map(|clock| clock.used(calendar, day)).unwrap_or_default(),
        explanation_zh: lines.iter().map(|line| line.text(Lang::Zh)).collect(),
        explanation_en: lines.iter().map(|line| line.text(Lang::En)).collect(),
    }
}

/// The red list: what everyone may see.
pub async fn public(ctx: &Context, center: Option<String>, page: Page) -> Result<pb::ListWarningsResponse> {
    let filter = Filter { center, public: true, ..Filter::default() };
    list(ctx, filter, page).await
}

/// What concerns the caller: the center's, or those of the caller's department.
///
/// # Errors
/// `OTHER_CENTER` for an account that belongs to no center.
pub async fn own(
    ctx: &Context,
    actor: &Actor,
    department: Option<String>,
    running: bool,
    page: Page,
) -> Result<pb::ListWarningsResponse> {
    let center = actor.center.as_ref().ok_or_else(|| Error::denied(Reason::OtherCenter))?;
    let sees_all = actor.has(Role::Supervisor) || actor.has(Role::Manager);
    let department = match (sees_all, &actor.department) {
        (true, _) => department,
        (false, Some(own)) => Some(own.to_string()),
        (false, None) => Some(String::new()),
    };
    let filter = Filter { center: Some(center.to_string()), department, running, public: false };
    list(ctx, filter, page).await
}

async fn list(ctx: &Context, filter: Filter, page: Page) -> Result<pb::ListWarningsResponse> {
    let mut connection = ctx.store.read().await?;
    let mut rows = warnings::list(&mut connection, &filter, &page).await?;
    let next_page_token = page.cut(&mut rows, |row| row.warning.to_string());
    let warnings = rows
        .into_iter()
        .map(|row| pb::Warning {
            warning: row.warning.to_string(),
            number: row.number,
            center: row.center,
            item: row.item,
            department: row.department,
            kind: Kind::parse(&row.kind).map(ladder::kind).unwrap_or_default().into(),
            rung: Rung::parse(&row.rung).map(ladder::rung).unwrap_or_default().into(),
            due_on: row.due_on.to_string(),
            reached_on: row.reached_on.to_string(),
            time: Some(timestamp(row.at)),
            ended_on: row.ended_on.map(|day| day.to_string()).unwrap_or_default(),
        })
        .collect();
    Ok(pb::ListWarningsResponse { warnings, next_page_token })
}
