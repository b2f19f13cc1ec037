//! Lights, last days and explanations, computed when they are asked for; warnings as they were written.

use std::collections::HashMap;

use chrono::NaiveDate;
use uuid::Uuid;
use yimen_kernel::date::local_date;
use yimen_kernel::deadline::{Which, explain};
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{Actor, Calendar, CaseNumber, DivisionCode, Lang, Role};
use yimen_platform::Context;
use yimen_platform::page::Page;
use yimen_platform::store::Tx;
use yimen_proto::supervision::v1 as pb;

use super::{after, ladder, party, timestamp, unknown_page};
use crate::domain::{Kind, Rung, Timer};
use crate::store::warnings::{self, Filter, Row};
use crate::store::{moves, timers};

/// The clocks of a case, for those who work on it.
///
/// # Errors
/// `OTHER_CENTER`, `APPLICATION_UNKNOWN`.
pub async fn clocks(ctx: &Context, actor: &Actor, number: &CaseNumber) -> Result<pb::ListClocksResponse> {
    actor.require_center(&number.center())?;
    let mut tx = ctx.store.begin().await?;
    let ids = timers::of_cases(tx.sql(), &[number.to_string()]).await?;
    let clocks = shown(&mut tx, &ids).await?.into_iter().map(|(_, clock)| clock).collect::<Vec<_>>();
    if clocks.is_empty() {
        return Err(Error::not_found(Reason::ApplicationUnknown));
    }
    Ok(pb::ListClocksResponse { clocks, next_page_token: String::new() })
}

/// What runs, the most urgent first: the caller's, or the center's.
///
/// # Errors
/// `OTHER_CENTER`, `UNKNOWN_PAGE_TOKEN`.
pub async fn urgent(
    ctx: &Context,
    actor: &Actor,
    department: Option<String>,
    page: Page,
) -> Result<pb::ListClocksResponse> {
    let (center, department) = party::sees(actor, department)?;
    let after = page.after.as_deref().map(|token| place(token).ok_or_else(unknown_page)).transpose()?;
    let mut tx = ctx.store.begin().await?;
    let (whose, hides) = ((center.as_str(), department.as_deref()), party::hides_complaints(actor));
    let mut places = timers::urgent(tx.sql(), whose, hides, after, page.limit()).await?;
    let next_page_token = page.cut(&mut places, |(clock, day)| format!("{day} {clock}"));
    let ids: Vec<Uuid> = places.iter().map(|(clock, _)| *clock).collect();
    let mut clocks: HashMap<Uuid, pb::Clock> = shown(&mut tx, &ids).await?.into_iter().collect();
    let clocks = ids.iter().filter_map(|id| clocks.remove(id)).collect();
    Ok(pb::ListClocksResponse { clocks, next_page_token })
}

fn place(token: &str) -> Option<(NaiveDate, Uuid)> {
    let (day, clock) = token.split_once(' ')?;
    Some((day.parse().ok()?, Uuid::parse_str(clock).ok()?))
}

async fn shown(tx: &mut Tx, clocks: &[Uuid]) -> Result<Vec<(Uuid, pb::Clock)>> {
    let (calendar, today) = (tx.calendar().await?.calendar, local_date(tx.now()));
    let kept = timers::load(tx.sql(), clocks).await?;
    Ok(kept.iter().map(|one| (one.timer.id, clock(&one.timer, &one.number, &calendar, today))).collect())
}

fn clock(timer: &Timer, number: &str, calendar: &Calendar, today: NaiveDate) -> pb::Clock {
    let [promised, statutory] = [Which::Promised, Which::Statutory].map(|which| timer.due(which, calendar));
    let leading = timer.leading();
    let day = timer.ended_on.unwrap_or(today);
    let lines = leading.as_ref().map(|clock| explain(clock, calendar, day)).unwrap_or_default();
    let text = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    pb::Clock {
        number: number.to_owned(),
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
///
/// # Errors
/// `UNKNOWN_PAGE_TOKEN`.
pub async fn public(ctx: &Context, center: Option<String>, page: Page) -> Result<pb::ListWarningsResponse> {
    let filter = Filter { center, public: true, ..Filter::default() };
    list(ctx, filter, page, false).await
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
    let (center, department) = party::sees(actor, department)?;
    let hides_complaints = party::hides_complaints(actor);
    let filter = Filter { center: Some(center), department, running, hides_complaints, ..Filter::default() };
    list(ctx, filter, page, true).await
}

async fn list(ctx: &Context, filter: Filter, page: Page, own: bool) -> Result<pb::ListWarningsResponse> {
    let filter = Filter { after: after(&page)?, limit: page.limit(), ..filter };
    let mut connection = ctx.store.read().await?;
    let mut rows = warnings::list(&mut connection, &filter).await?;
    let next_page_token = page.cut(&mut rows, |row| row.warning.to_string());
    let warnings = rows.into_iter().map(|row| warning(row, own)).collect();
    Ok(pb::ListWarningsResponse { warnings, next_page_token })
}

/// A warning; with what is said against it for those whom it concerns, with nothing but its correction for
/// everyone else.
pub fn warning(row: Row, own: bool) -> pb::Warning {
    let state = row.state.as_deref().and_then(pb::appeal::State::from_str_name);
    let is_corrected = state == Some(pb::appeal::State::Upheld);
    let correction = is_corrected.then(|| pb::Correction {
        reason: row.decision.clone().unwrap_or_default(),
        time: row.decided_at.map(timestamp),
    });
    let appeal = state.filter(|_| own).map(|state| pb::Appeal {
        state: state.into(),
        reason: row.reason.unwrap_or_default(),
        evidence: row.evidence.unwrap_or_default(),
        time: row.appealed_at.map(timestamp),
        decision: row.decision.unwrap_or_default(),
        decided_at: row.decided_at.map(timestamp),
    });
    pb::Warning {
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
        correction,
        appeal,
    }
}

/// Last days that notices of the calendar moved: of the caller's center, or for an operator of all.
///
/// # Errors
/// `UNKNOWN_PAGE_TOKEN`.
pub async fn moves(
    ctx: &Context,
    actor: &Actor,
    year: i32,
    page: Page,
) -> Result<pb::ListCalendarMovesResponse> {
    let center = actor.center.as_ref().filter(|_| !actor.has(Role::Operator));
    let after = page.after.as_deref().map(|token| moved(token).ok_or_else(unknown_page)).transpose()?;
    let mut connection = ctx.store.read().await?;
    let year = (year != 0).then_some(year);
    let center = center.map(DivisionCode::as_str);
    let mut rows = moves::list(&mut connection, center, year, after, page.limit()).await?;
    let key = |row: &moves::Row| format!("{} {} {}", row.edition, row.clock, row.promised);
    let next_page_token = page.cut(&mut rows, key);
    let moves = rows.into_iter().map(|row| pb::CalendarMove {
        number: row.number,
        kind: Kind::parse(&row.kind).map(ladder::kind).unwrap_or_default().into(),
        department: row.department,
        promised: row.promised,
        year: row.year,
        before_on: row.before_on.to_string(),
        after_on: row.after_on.to_string(),
        time: Some(timestamp(row.at)),
    });
    Ok(pb::ListCalendarMovesResponse { moves: moves.collect(), next_page_token })
}

fn moved(token: &str) -> Option<(i64, Uuid, bool)> {
    let mut parts = token.split(' ');
    let mut part = || parts.next();
    Some((part()?.parse().ok()?, Uuid::parse_str(part()?).ok()?, part()?.parse().ok()?))
}
