//! 面对面评议 and 巡视.

use chrono::{Datelike as _, NaiveDate};
use yimen_kernel::date::local_date;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Actor, DepartmentId, DivisionCode, DocumentNumber, FieldError, Reason, Role};
use yimen_platform::Context;
use yimen_platform::page::Page;
use yimen_platform::store::Tx;
use yimen_proto::complaints::v1 as pb;

use super::{timestamp, today};
use crate::domain::publication::has_personal_data;
use crate::domain::recusal;
use crate::domain::scrutiny::{self, Kind, Scrutiny, unknown};
use crate::grpc::scrutiny::message;
use crate::store::appraisal::rounds;
use crate::store::scrutiny::{self as table, Kept, New, Said};

/// Undertakings that one round of the chore looks at.
const BATCH: i64 = 200;

/// What is set up.
pub struct Setting {
    pub center: DivisionCode,
    pub kind: Kind,
    pub title: String,
    pub held_on: NaiveDate,
    pub seats: u32,
    pub round: Option<DocumentNumber>,
    pub units: Vec<DepartmentId>,
}

/// Sets up a session or a tour.
///
/// # Errors
/// `OTHER_CENTER`; `RECUSED` for whoever belongs to a unit; `APPRAISAL_ROUND_UNKNOWN` for a round of another center.
pub async fn create(tx: &mut Tx, actor: &Actor, setting: Setting) -> Result<pb::Scrutiny> {
    if !recusal::oversees(actor, &setting.center) {
        return Err(Error::denied(Reason::OtherCenter).with("center", &setting.center));
    }
    if let Some(number) = &setting.round {
        let round = rounds::read(tx.sql(), number).await?;
        if round.is_none_or(|kept| kept.round.center() != setting.center) {
            return Err(Error::not_found(Reason::AppraisalRoundUnknown));
        }
    }
    let serial = table::next_serial(tx.sql()).await?;
    let letters = match setting.kind {
        Kind::Session => "MP",
        Kind::Tour => "XS",
    };
    let number = DocumentNumber::issue(&setting.center, letters, today(tx).year(), serial)
        .map_err(|fault| Error::invalid(vec![fault.at("scrutiny")]))?;
    let scrutiny = Scrutiny {
        number,
        kind: setting.kind,
        held_on: setting.held_on,
        seats: setting.seats,
        units: setting.units,
    };
    scrutiny.manage(actor)?;
    let round = setting.round.as_ref().map(DocumentNumber::as_str);
    table::insert(tx.sql(), &scrutiny, &setting.title, round).await?;
    shown(tx, &scrutiny.number).await
}

/// Takes down a question of a seat.
///
/// # Errors
/// `SCRUTINY_UNKNOWN`, `OTHER_CENTER`, `RECUSED`; `NOT_ALLOWED_HERE` at `scrutiny` for a tour; `OUT_OF_RANGE` at
/// `seat`; `UNKNOWN_DEPARTMENT`; `PERSONAL_DATA` at `text`.
pub async fn ask(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    department: &DepartmentId,
    (seat, text): (u32, &str),
) -> Result<pb::Scrutiny> {
    let scrutiny = managed(tx, actor, number).await?;
    if scrutiny.kind != Kind::Session {
        return Err(Error::field("scrutiny", Reason::NotAllowedHere));
    }
    if !(1..=scrutiny.seats).contains(&seat) {
        let range = format!("1–{}", scrutiny.seats);
        return Err(Error::invalid(vec![FieldError::new("seat", Reason::OutOfRange).limit(range)]));
    }
    scrutiny.unit(department)?;
    public("text", text)?;
    let now = tx.now();
    table::ask(tx.sql(), number.as_str(), department, (seat, text), now).await?;
    shown(tx, number).await
}

/// The unit answers for itself, or a supervisor takes down what it said.
///
/// # Errors
/// `SCRUTINY_UNKNOWN`, `SCRUTINY_QUESTION_UNKNOWN`; `NOT_A_PARTY` for another unit; `STATE_FORBIDS` once it is answered;
/// `PERSONAL_DATA` at `answer`.
pub async fn answer(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    position: i32,
    answer: &str,
) -> Result<pb::Scrutiny> {
    let scrutiny = table::lock(tx.sql(), number.as_str()).await?.ok_or_else(unknown)?;
    let asked = table::asked(tx.sql(), number.as_str(), position).await?;
    let (department, is_answered) = asked.ok_or_else(|| Error::not_found(Reason::ScrutinyQuestionUnknown))?;
    if actor.has(Role::Supervisor) {
        scrutiny.manage(actor)?;
    } else {
        scrutiny::own(actor, &department)?;
    }
    if is_answered {
        return Err(Error::precondition(Reason::StateForbids).with("state", "ANSWERED"));
    }
    public("answer", answer)?;
    let now = tx.now();
    table::answer(tx.sql(), number.as_str(), position, answer, now).await?;
    shown(tx, number).await
}

/// Takes down a promise, or what was found with its remedy.
///
/// # Errors
/// `SCRUTINY_UNKNOWN`, `OTHER_CENTER`, `RECUSED`, `UNKNOWN_DEPARTMENT`; `BACK_DATED` at `due_on`; `REQUIRED_FIELD` at
/// `finding` for a tour, `NOT_ALLOWED_HERE` for a session; `PERSONAL_DATA`.
pub async fn undertake(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    department: &DepartmentId,
    (finding, text): (Option<&str>, &str),
    due_on: NaiveDate,
) -> Result<pb::Scrutiny> {
    let scrutiny = managed(tx, actor, number).await?;
    scrutiny.unit(department)?;
    match (scrutiny.kind, finding) {
        (Kind::Session, Some(_)) => return Err(Error::field("finding", Reason::NotAllowedHere)),
        (Kind::Tour, None) => return Err(Error::field("finding", Reason::Required)),
        (Kind::Session, None) | (Kind::Tour, Some(_)) => {}
    }
    let (finding, today) = (finding.unwrap_or_default(), today(tx));
    public("finding", finding)?;
    public("text", text)?;
    scrutiny::due(due_on, today)?;
    let new = New { finding, text, follows: None };
    table::add(tx.sql(), number.as_str(), department, &new, (today, due_on)).await?;
    shown(tx, number).await
}

/// The unit says that it is done.
///
/// # Errors
/// `SCRUTINY_UNKNOWN`, `UNDERTAKING_UNKNOWN`, `NOT_A_PARTY`, `STATE_FORBIDS`; `PERSONAL_DATA` at `report`.
pub async fn report(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    position: i32,
    report: &str,
) -> Result<pb::Scrutiny> {
    table::lock(tx.sql(), number.as_str()).await?.ok_or_else(unknown)?;
    let before = lock(tx, number, position).await?.undertaking;
    let after = before.clone().report(actor)?;
    public("report", report)?;
    let said = Said { report: Some((report, tx.now())), ..Said::default() };
    table::save(tx.sql(), (number.as_str(), position), before.version, &after, &said).await?;
    shown(tx, number).await
}

/// It was seen whether it is done. What is not may get another day.
///
/// # Errors
/// `SCRUTINY_UNKNOWN`, `UNDERTAKING_UNKNOWN`, `OTHER_CENTER`, `RECUSED`, `STATE_FORBIDS`, `NOT_DUE`; `BACK_DATED` at
/// `due_on`; `PERSONAL_DATA` at `evidence`.
pub async fn settle(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    position: i32,
    (kept, evidence, again_on): (bool, &str, Option<NaiveDate>),
) -> Result<pb::Scrutiny> {
    managed(tx, actor, number).await?;
    let before = lock(tx, number, position).await?;
    let today = today(tx);
    let after = before.undertaking.clone().settle(kept, today)?;
    public("evidence", evidence)?;
    let said = Said { settled: Some((evidence, today)), ..Said::default() };
    let version = before.undertaking.version;
    table::save(tx.sql(), (number.as_str(), position), version, &after, &said).await?;
    if let Some(due_on) = again_on {
        scrutiny::due(due_on, today)?;
        let new = New { finding: &before.finding, text: &before.text, follows: Some(position) };
        table::add(tx.sql(), number.as_str(), &after.department, &new, (today, due_on)).await?;
    }
    shown(tx, number).await
}

/// One, for everyone.
///
/// # Errors
/// `SCRUTINY_UNKNOWN`.
pub async fn get(ctx: &Context, number: &DocumentNumber) -> Result<pb::Scrutiny> {
    let mut tx = ctx.store.begin().await?;
    shown(&mut tx, number).await
}

/// Those of a center, or of all, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    ctx: &Context,
    center: Option<DivisionCode>,
    page: Page,
) -> Result<pb::ListScrutiniesResponse> {
    let mut connection = ctx.store.read().await?;
    let center = center.as_ref().map(DivisionCode::as_str);
    let part = (page.after.as_deref(), page.limit());
    let mut rows = table::list(&mut connection, center, None, part).await?;
    let next_page_token = page.cut(&mut rows, |row| row.number.clone());
    let scrutinies = rows.into_iter().map(message::scrutiny).collect();
    Ok(pb::ListScrutiniesResponse { scrutinies, next_page_token })
}

/// Notes what was to be done by a day that has passed, and tells of it. Copies of the service may do it side by side:
/// each undertaking is held while it is noted.
pub async fn pass(ctx: Context) -> Result<()> {
    let due = {
        let mut connection = ctx.store.read().await?;
        table::passed(&mut connection, local_date(ctx.store.now()), BATCH).await?
    };
    for (number, position) in due {
        let number = DocumentNumber::parse(&number).map_err(|_| crate::store::odd("number"))?;
        let mut tx = ctx.store.begin().await?;
        let (now, today) = (tx.now(), today(&tx));
        let before = lock(&mut tx, &number, position).await?.undertaking;
        let Some(after) = before.clone().pass(today) else { continue };
        let said = Said { passed_at: Some(now), ..Said::default() };
        table::save(tx.sql(), (number.as_str(), position), before.version, &after, &said).await?;
        let center = number.center();
        let passed = pb::UndertakingPassed {
            scrutiny: number.to_string(),
            center: center.to_string(),
            position: u32::try_from(position).unwrap_or_default(),
            department: after.department.to_string(),
            due_on: after.due_on.to_string(),
            time: Some(timestamp(now)),
        };
        tx.emit(center.as_str(), number.as_str(), after.version, &passed);
        tx.commit().await?;
    }
    Ok(())
}

async fn managed(tx: &mut Tx, actor: &Actor, number: &DocumentNumber) -> Result<Scrutiny> {
    let scrutiny = table::lock(tx.sql(), number.as_str()).await?.ok_or_else(unknown)?;
    scrutiny.manage(actor)?;
    Ok(scrutiny)
}

async fn lock(tx: &mut Tx, number: &DocumentNumber, position: i32) -> Result<Kept> {
    let kept = table::lock_undertaking(tx.sql(), number.as_str(), position).await?;
    kept.ok_or_else(|| Error::not_found(Reason::UndertakingUnknown))
}

async fn shown(tx: &mut Tx, number: &DocumentNumber) -> Result<pb::Scrutiny> {
    let number = number.as_str();
    tx.plan_by_values().await?;
    let row = table::list(tx.sql(), None, Some(number), (None, 1)).await?.pop().ok_or_else(unknown)?;
    let mut shown = message::scrutiny(row);
    let questions = table::questions(tx.sql(), number).await?;
    shown.questions = questions.into_iter().map(message::question).collect();
    let undertakings = table::undertakings(tx.sql(), number).await?;
    shown.undertakings = undertakings.into_iter().map(message::undertaking).collect();
    Ok(shown)
}

/// Everyone reads it: nothing in it points at a person.
fn public(field: &str, text: &str) -> Result<()> {
    if has_personal_data(text, []) { Err(Error::field(field, Reason::PersonalData)) } else { Ok(()) }
}
