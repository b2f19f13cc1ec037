//! What the applicant and the hall see of an application.

use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{CaseNumber, DivisionCode, DocumentNumber, Mobile, mask};
use yimen_platform::Context;
use yimen_platform::page::Page;
use yimen_proto::intake::v1 as pb;
use yimen_proto::intake::v1::application_state::Value as StateValue;

use super::{catalog, timestamp};
use crate::domain::application::{Outcome, Owed, State};
use crate::store::applications::{self as table, DocumentRow, Entry, Row, Summary};
use crate::store::materials::Present;
use crate::store::{catalog as items, fees, materials};

/// What the holder of number and lookup code may see.
pub async fn track(ctx: &Context, number: &CaseNumber) -> Result<pb::TrackedApplication> {
    let mut connection = ctx.store.read().await?;
    let row = found(&mut connection, number).await?;
    let guide = guide(&mut connection, &row).await?;
    let state_now = table::state(&row)?;
    Ok(pb::TrackedApplication {
        number: row.number.clone(),
        center: row.center.clone(),
        item: row.item.clone(),
        item_name_zh: row.item_name_zh.clone(),
        item_name_en: row.item_name_en.clone(),
        state: state(state_now) as i32,
        outcome: state_now.outcome().map_or(0, |decided| outcome(decided) as i32),
        submit_time: Some(timestamp(row.submitted_at)),
        accept_time: row.accepted_at.map(timestamp),
        complete_time: row.completed_at.map(timestamp),
        deliver_time: row.delivered_at.map(timestamp),
        timeline: timeline(&table::history(&mut connection, number.as_str()).await?),
        documents: summaries(&table::documents(&mut connection, number.as_str()).await?),
        owed: owed(&owed_by(&mut connection, number).await?, &guide),
        fee: fees::find(&mut connection, number.as_str()).await?.map(fee),
    })
}

/// An application as the hall sees it.
pub async fn get(ctx: &Context, number: &CaseNumber) -> Result<pb::Application> {
    let mut connection = ctx.store.read().await?;
    let row = found(&mut connection, number).await?;
    let guide = guide(&mut connection, &row).await?;
    let present = present(&mut connection, number).await?;
    let organization = row.applicant_kind == "ORGANIZATION";
    Ok(pb::Application {
        applicant: Some(pb::Applicant {
            kind: if organization { pb::applicant::Kind::Organization } else { pb::applicant::Kind::Person }
                as i32,
            name: row.applicant_name.clone(),
            id_number: if organization { row.id_number.clone() } else { mask::citizen_id(&row.id_number) },
            contact_name: row.contact_name.clone(),
            mobile: Mobile::parse(&row.mobile).map(|mobile| mobile.masked()).unwrap_or_default(),
            address: row.address.clone(),
        }),
        form: row.form.0.clone(),
        materials: present.iter().map(|material| self::material(material, &guide)).collect(),
        materials_revision: u32::try_from(row.materials_revision).map_err(Error::internal)?,
        timeline: timeline(&table::history(&mut connection, number.as_str()).await?),
        documents: summaries(&table::documents(&mut connection, number.as_str()).await?),
        owed: owed(&owed_by(&mut connection, number).await?, &guide),
        item_version: u32::try_from(row.item_version).map_err(Error::internal)?,
        version: row.version,
        fee: fees::find(&mut connection, number.as_str()).await?.map(fee),
        summary: Some(summary(Summary {
            number: row.number,
            center: row.center,
            item: row.item,
            item_name_zh: row.item_name_zh,
            item_name_en: row.item_name_en,
            subject: row.subject,
            applicant_kind: row.applicant_kind,
            applicant_name: row.applicant_name,
            state: row.state,
            outcome: row.outcome,
            notices: row.notices,
            submitted_at: row.submitted_at,
        })),
    })
}

/// A center's applications, newest first.
pub async fn list(
    ctx: &Context,
    center: &DivisionCode,
    state: Option<StateValue>,
    page: Page,
) -> Result<pb::ListApplicationsResponse> {
    let mut connection = ctx.store.read().await?;
    let state = state.map(|state| state.as_str_name());
    let mut rows = table::list(&mut connection, center.as_str(), state, &page).await?;
    let next_page_token = page.cut(&mut rows, |row| row.number.clone());
    Ok(pb::ListApplicationsResponse {
        applications: rows.into_iter().map(summary).collect(),
        next_page_token,
    })
}

/// A document as issued.
pub async fn document(ctx: &Context, number: &CaseNumber, document: &DocumentNumber) -> Result<pb::Document> {
    let mut connection = ctx.store.read().await?;
    let wanted = document.to_string();
    let row = table::documents(&mut connection, number.as_str())
        .await?
        .into_iter()
        .find(|row| row.document == wanted)
        .ok_or_else(|| Error::not_found(Reason::DocumentUnknown))?;
    Ok(pb::Document {
        kind: document_kind(&row),
        issue_time: Some(timestamp(row.issued_at)),
        number: row.document,
        text_zh: row.text_zh,
        text_en: row.text_en,
    })
}

async fn found(connection: &mut sqlx::PgConnection, number: &CaseNumber) -> Result<Row> {
    table::find(connection, &[number.to_string()])
        .await?
        .pop()
        .ok_or_else(|| Error::not_found(Reason::ApplicationUnknown))
}

async fn owed_by(connection: &mut sqlx::PgConnection, number: &CaseNumber) -> Result<Vec<Owed>> {
    Ok(materials::owed(connection, &[number.to_string()]).await?.remove(number.as_str()).unwrap_or_default())
}

async fn present(connection: &mut sqlx::PgConnection, number: &CaseNumber) -> Result<Vec<Present>> {
    Ok(materials::present(connection, &[number.to_string()])
        .await?
        .remove(number.as_str())
        .unwrap_or_default())
}

async fn guide(connection: &mut sqlx::PgConnection, row: &Row) -> Result<pb::ServiceItem> {
    let published = items::version(connection, &row.item, row.item_version)
        .await?
        .ok_or_else(|| Error::internal("an application's item version is not there"))?;
    Ok(catalog::read(&published)?.1)
}

/// A fee notice on the wire.
fn fee(row: fees::Row) -> pb::ApplicationFee {
    use pb::application_fee::State;
    pb::ApplicationFee {
        state: row.how.as_deref().map_or(State::Due, |how| State::from_str_name(how).unwrap_or_default())
            as i32,
        notice: row.notice.unwrap_or_default(),
        amount_fen: row.amount_fen.unwrap_or_default(),
        payment_code: row.payment_code.unwrap_or_default(),
        limit_on: row.limit_on.map(|day| day.to_string()).unwrap_or_default(),
        receipt: row.receipt.unwrap_or_default(),
    }
}

/// A material on the wire.
pub fn material(present: &materials::Present, guide: &pb::ServiceItem) -> pb::Material {
    let (name_zh, name_en) = super::names(guide, &present.code);
    pb::Material {
        code: present.code.clone(),
        name_zh: name_zh.to_owned(),
        name_en: name_en.to_owned(),
        revision: u32::try_from(present.revision).unwrap_or_default(),
        file_name: present.file_name.clone(),
        media_type: present.media_type.clone(),
        size: present.size,
        sha256: present.sha256.as_ref().map(hex::encode).unwrap_or_default(),
        promised: present.revision == 0,
    }
}

/// What is owed, on the wire.
pub fn owed(owed: &[Owed], guide: &pb::ServiceItem) -> Vec<pb::OwedMaterial> {
    owed.iter()
        .map(|owed| {
            let (name_zh, name_en) = super::names(guide, &owed.code);
            pb::OwedMaterial {
                code: owed.code.clone(),
                name_zh: name_zh.to_owned(),
                name_en: name_en.to_owned(),
                reason: owed.reason.clone(),
                due_on: owed.due_on.map(|day| day.to_string()).unwrap_or_default(),
            }
        })
        .collect()
}

fn summary(row: Summary) -> pb::ApplicationSummary {
    pb::ApplicationSummary {
        applicant_name: if row.applicant_kind == "PERSON" {
            mask::name(&row.applicant_name)
        } else {
            row.applicant_name
        },
        state: StateValue::from_str_name(&row.state).unwrap_or_default() as i32,
        outcome: row.outcome.as_deref().and_then(pb::decision::Outcome::from_str_name).unwrap_or_default()
            as i32,
        second_supplement: row.notices > 1,
        submit_time: Some(timestamp(row.submitted_at)),
        number: row.number,
        center: row.center,
        item: row.item,
        item_name_zh: row.item_name_zh,
        item_name_en: row.item_name_en,
        subject: row.subject,
    }
}

fn summaries(rows: &[DocumentRow]) -> Vec<pb::DocumentSummary> {
    rows.iter()
        .map(|row| pb::DocumentSummary {
            number: row.document.clone(),
            kind: document_kind(row),
            issue_time: Some(timestamp(row.issued_at)),
        })
        .collect()
}

fn document_kind(row: &DocumentRow) -> i32 {
    pb::document::Kind::from_str_name(&row.kind).unwrap_or_default() as i32
}

fn timeline(history: &[Entry]) -> Vec<pb::TimelineEntry> {
    history
        .iter()
        .map(|entry| {
            let (text_zh, text_en) = told(&entry.happened);
            pb::TimelineEntry {
                time: Some(timestamp(entry.at)),
                state: StateValue::from_str_name(&entry.state).unwrap_or_default() as i32,
                text_zh: text_zh.to_owned(),
                text_en: text_en.to_owned(),
            }
        })
        .collect()
}

/// What an entry of the history says to the applicant.
fn told(happened: &str) -> (&'static str, &'static str) {
    match happened {
        "SUBMITTED" => ("已收到申请材料", "Application received"),
        "SUPPLEMENT_REQUESTED" => ("已发出补正告知书", "Supplement notice issued"),
        "MATERIALS_PROVIDED" => ("已收到补充的材料", "Further materials received"),
        "MATERIALS_ASKED" => ("审批部门需要补充材料", "A department asks for more material"),
        "ACCEPTED" => ("已受理，各部门并联审批中", "Accepted; the departments decide in parallel"),
        "DEEMED_ACCEPTED" => {
            ("逾期未告知，依法视为受理", "Counts as accepted by law: nothing was said in time")
        }
        "PROCEDURE_STARTED" => {
            ("进入特别程序，所需时间不计入时限", "A special procedure began; its time is not counted")
        }
        "PROCEDURE_ENDED" => {
            ("特别程序结束，继续计时", "The special procedure is over; time is counted again")
        }
        "EXTENDED" => ("办理时限已延长", "The limit was extended"),
        "REFUSED" => ("不予受理", "Not accepted"),
        "WITHDRAWN" => ("申请已撤回", "Application withdrawn"),
        "DECIDED" => ("已作出决定，待缴费后办结", "Decided; completed when the fee is paid"),
        "FEE_ASSESSED" => ("已开具缴费通知书", "Fee notice issued"),
        "FEE_RELIEVED" => ("缴费金额或期限已变更", "Amount or last day of the fee changed"),
        "FEE_SETTLED" => ("费用已结清", "Fee settled"),
        "FEE_REFUNDED" => ("费用已退付", "Fee refunded"),
        "COMPLETED" => ("已作出决定并办结", "Decided and completed"),
        "DELIVERED" => ("结果已送达", "Result delivered"),
        _ => ("状态更新", "Updated"),
    }
}

/// A state on the wire.
pub fn state(state: State) -> StateValue {
    StateValue::from_str_name(state.as_str()).unwrap_or_default()
}

/// An outcome on the wire.
pub fn outcome(outcome: Outcome) -> pb::decision::Outcome {
    match outcome {
        Outcome::Granted => pb::decision::Outcome::Granted,
        Outcome::GrantedWithConditions => pb::decision::Outcome::GrantedWithConditions,
        Outcome::Refused => pb::decision::Outcome::Refused,
    }
}
