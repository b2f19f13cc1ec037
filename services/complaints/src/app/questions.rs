//! 咨询: asked by anyone, answered within five working days, published after review.

use chrono::Datelike as _;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Actor, DepartmentId, DivisionCode, DocumentNumber, LookupCode, Reason, Role};
use yimen_platform::Context;
use yimen_platform::page::Page;
use yimen_platform::store::Tx;
use yimen_proto::complaints::v1 as pb;

use super::{access, timestamp, today};
use crate::domain::publication;
use crate::domain::question::{self, Question, State};
use crate::grpc::consultation::message;
use crate::store::questions::{self as table, Filter, Kept, Published, Said, Search};

/// What is asked.
pub struct Asked {
    pub center: DivisionCode,
    pub department: Option<DepartmentId>,
    pub item: String,
    pub title: String,
    pub body: String,
    pub may_publish: bool,
}

/// The three texts as everyone reads them.
pub struct Wording {
    pub title: String,
    pub question: String,
    pub answer: String,
}

/// Asks.
///
/// # Errors
/// When the database fails.
pub async fn ask(tx: &mut Tx, asked: Asked) -> Result<pb::AskQuestionResponse> {
    let (now, today) = (tx.now(), today(tx));
    let serial = table::next_serial(tx.sql()).await?;
    let number = DocumentNumber::issue(&asked.center, "ZX", today.year(), serial)
        .map_err(|fault| Error::invalid(vec![fault.at("number")]))?;
    let code = LookupCode::from_random(rand::random());
    let kept = Kept {
        question: Question {
            number,
            center: asked.center,
            version: 1,
            department: asked.department,
            run: 1,
            asked_on: today,
            may_publish: asked.may_publish,
            state: State::Asked,
        },
        item: asked.item,
        title: asked.title,
        body: asked.body,
        asked_at: now,
        answer: None,
        answered_at: None,
        withheld_reason: String::new(),
    };
    let question = &kept.question;
    table::insert(tx.sql(), &kept, &access::digest(&question.number, &code)).await?;
    let told = pb::QuestionAsked {
        number: question.number.to_string(),
        center: question.center.to_string(),
        department: question.department().to_owned(),
        limit_days: question::ANSWER,
        asked_on: today.to_string(),
        time: Some(timestamp(now)),
    };
    tx.emit(question.center.as_str(), question.number.as_str(), question.version, &told);
    let due_on = question.due_on(&tx.calendar().await?.calendar);
    Ok(pb::AskQuestionResponse {
        number: question.number.to_string(),
        lookup_code: code.as_str().to_owned(),
        due_on: due_on.map(|day| day.to_string()).unwrap_or_default(),
    })
}

/// 转交.
///
/// # Errors
/// `QUESTION_UNKNOWN`, and what [`Question::direct`] says.
pub async fn direct(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    department: Option<DepartmentId>,
) -> Result<pb::Question> {
    let kept = lock(tx, actor, number).await?;
    let after = kept.question.clone().direct(department)?;
    let told = pb::QuestionDirected {
        number: number.to_string(),
        from_department: kept.question.department().to_owned(),
        to_department: after.department().to_owned(),
        run: after.run,
        limit_days: question::ANSWER,
        asked_on: after.asked_on.to_string(),
        time: Some(timestamp(tx.now())),
    };
    tx.emit(after.center.as_str(), number.as_str(), after.version, &told);
    save(tx, &after, &Said::default()).await
}

/// 答复.
///
/// # Errors
/// `QUESTION_UNKNOWN`, and what [`Question::answer`] says.
pub async fn answer(tx: &mut Tx, actor: &Actor, number: &DocumentNumber, text: &str) -> Result<pb::Question> {
    let kept = lock(tx, actor, number).await?;
    let after = kept.question.answer(actor)?;
    let now = tx.now();
    let told = pb::QuestionAnswered { number: number.to_string(), time: Some(timestamp(now)) };
    tx.emit(after.center.as_str(), number.as_str(), after.version, &told);
    save(tx, &after, &Said { answered: Some((text, &actor.subject, now)), ..Said::default() }).await
}

/// 公开.
///
/// # Errors
/// `QUESTION_UNKNOWN`, what [`Question::publish`] says; `PERSONAL_DATA` at the text that points at a person.
pub async fn publish(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    wording: Wording,
) -> Result<pb::Question> {
    let kept = lock(tx, actor, number).await?;
    let after = kept.question.clone().publish()?;
    let texts = [("title", &wording.title), ("question", &wording.question), ("answer", &wording.answer)];
    if let Some((field, _)) = texts.into_iter().find(|(_, text)| publication::has_personal_data(text, [])) {
        return Err(Error::field(field, Reason::PersonalData));
    }
    let published = Published {
        number: number.to_string(),
        center: after.center.to_string(),
        department: after.department().to_owned(),
        item: kept.item,
        title: wording.title,
        question: wording.question,
        answer: wording.answer,
        published_on: today(tx),
    };
    table::publish(tx.sql(), &published, &actor.subject).await?;
    save(tx, &after, &Said::default()).await
}

/// 不公开, or no longer.
///
/// # Errors
/// `QUESTION_UNKNOWN`, and what [`Question::withhold`] says.
pub async fn withhold(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    reason: &str,
) -> Result<pb::Question> {
    let after = lock(tx, actor, number).await?.question.withhold()?;
    table::withhold(tx.sql(), number.as_str()).await?;
    save(tx, &after, &Said { withheld: reason, ..Said::default() }).await
}

/// A question for whoever asked it, who was let in by number and code.
///
/// # Errors
/// `QUESTION_UNKNOWN`.
pub async fn follow(ctx: &Context, number: &DocumentNumber) -> Result<pb::Question> {
    shown(&mut ctx.store.begin().await?, number).await
}

/// A question for a member of staff.
///
/// # Errors
/// `QUESTION_UNKNOWN`.
pub async fn get(ctx: &Context, actor: &Actor, number: &DocumentNumber) -> Result<pb::Question> {
    let mut tx = ctx.store.begin().await?;
    let kept = table::read(tx.sql(), number.as_str()).await?;
    seen(kept, actor)?;
    shown(&mut tx, number).await
}

/// The questions that wait for the caller, oldest first.
///
/// # Errors
/// `OTHER_CENTER` for an account that belongs to no center.
pub async fn list(
    ctx: &Context,
    actor: &Actor,
    state: Option<State>,
    page: Page,
) -> Result<pb::ListQuestionsResponse> {
    let center = actor.center.as_ref().ok_or_else(|| Error::denied(Reason::OtherCenter))?;
    let own = actor.department.as_ref().map(DepartmentId::as_str).unwrap_or_default();
    let filter = Filter {
        center: center.as_str(),
        department: (!actor.has(Role::Supervisor)).then_some(own),
        state: state.map(State::as_str),
        after: page.after.as_deref(),
        limit: page.limit(),
    };
    let mut tx = ctx.store.begin().await?;
    let calendar = tx.calendar().await?.calendar;
    let mut rows = table::page(tx.sql(), &filter).await?;
    let next_page_token = page.cut(&mut rows, |row| row.question.number.to_string());
    let questions = rows.into_iter().filter(|row| row.question.is_seen_by(actor));
    let questions = questions.map(|row| message::question(row, None, &calendar)).collect();
    Ok(pb::ListQuestionsResponse { questions, next_page_token })
}

/// What was published.
///
/// # Errors
/// When the database fails.
pub async fn search(ctx: &Context, wanted: &Wanted, page: &Page) -> Result<pb::SearchAnswersResponse> {
    let search = Search {
        center: wanted.center.as_ref().map(DivisionCode::as_str),
        department: wanted.department.as_ref().map(DepartmentId::as_str),
        item: wanted.item.as_deref(),
        words: &wanted.words,
        after: page.after.as_deref(),
        limit: page.limit(),
    };
    let mut connection = ctx.store.read().await?;
    let mut rows = table::search(&mut connection, &search).await?;
    let next_page_token = page.cut(&mut rows, |row| row.number.clone());
    Ok(pb::SearchAnswersResponse {
        answers: rows.into_iter().map(message::published).collect(),
        next_page_token,
    })
}

/// What is searched for.
pub struct Wanted {
    pub center: Option<DivisionCode>,
    pub department: Option<DepartmentId>,
    pub item: Option<String>,
    /// In lower case.
    pub words: Vec<String>,
}

async fn lock(tx: &mut Tx, actor: &Actor, number: &DocumentNumber) -> Result<Kept> {
    seen(table::lock(tx.sql(), number.as_str()).await?, actor)
}

fn seen(kept: Option<Kept>, actor: &Actor) -> Result<Kept> {
    kept.filter(|kept| kept.question.is_seen_by(actor)).ok_or_else(unknown)
}

async fn save(tx: &mut Tx, after: &Question, said: &Said<'_>) -> Result<pb::Question> {
    table::save(tx.sql(), after, said).await?;
    shown(tx, &after.number).await
}

async fn shown(tx: &mut Tx, number: &DocumentNumber) -> Result<pb::Question> {
    let calendar = tx.calendar().await?.calendar;
    let kept = table::read(tx.sql(), number.as_str()).await?.ok_or_else(unknown)?;
    let published = table::published(tx.sql(), number.as_str()).await?;
    Ok(message::question(kept, published, &calendar))
}

fn unknown() -> Error {
    Error::not_found(Reason::QuestionUnknown)
}
