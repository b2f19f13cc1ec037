//! The guide of an item: everything that 行政许可法 art. 30 has shown in the open, and how it goes.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Kind, Reason};
use yimen_proto::intake::v1::material_requirement::{Necessity, Source};
use yimen_proto::intake::v1::service_item::Kind as ItemKind;
use yimen_proto::intake::v1::{MaterialRequirement, ServiceItem};

use super::home::CenterView;
use super::plan::{Wave, waves};
use super::shell::Shell;
use super::visitor::Visitor;

/// A line of the list of materials.
#[derive(Clone, Debug)]
pub struct MaterialView {
    pub name: String,
    pub necessity: String,
    pub necessity_code: &'static str,
    pub source: String,
    pub shared: bool,
    pub originals: u32,
    pub copies: u32,
    pub note: String,
}

/// The page.
#[derive(Template)]
#[template(path = "guide.html")]
pub struct Guide {
    pub s: Shell,
    pub code: String,
    pub name: String,
    pub kind: String,
    pub item_type: String,
    pub audience: String,
    pub on_the_spot: bool,
    pub statutory: u32,
    pub promised: u32,
    pub visits: u32,
    pub charges_fee: bool,
    pub fee_basis: String,
    pub result: String,
    pub basis: Vec<String>,
    pub conditions: Vec<String>,
    pub materials: Vec<MaterialView>,
    pub deferrable: bool,
    pub waves: Vec<Wave>,
    pub lead: String,
    pub joint: bool,
    pub joint_visit: bool,
    pub consultation: String,
    pub complaint: String,
    pub examples: Vec<String>,
    pub effective_from: String,
    pub basic_code: String,
    /// The centers that offer it.
    pub centers: Vec<CenterView>,
    pub center: String,
    pub center_name: String,
    /// Whose department names are shown while no center is chosen.
    pub model: String,
}

/// `GET /items/{code}?center=430102`
pub async fn show(visitor: Visitor, Path(code): Path<String>) -> Response {
    visitor.answer(page(&visitor, code).await)
}

async fn page(visitor: &Visitor, code: String) -> Result<Response> {
    let item = visitor.ask.get_item(super::apply::asked_item(&code)).await?;
    let chosen = visitor.param("center").trim().to_owned();
    let s = visitor.shell.clone().at("items");
    let centers: Vec<CenterView> = visitor
        .ask
        .centers()
        .await?
        .into_iter()
        .filter(|center| item.centers.contains(&center.code))
        .map(|center| CenterView::of(center, &s, &chosen))
        .collect();
    let center = centers.iter().find(|center| center.chosen).cloned();
    if !chosen.is_empty() && center.is_none() {
        return Err(Error::new(Kind::NotFound, Reason::ItemNotOffered));
    }
    let model = center.clone().or_else(|| centers.first().cloned());
    let departments = match &model {
        Some(center) => visitor.ask.departments(&center.code).await?,
        None => super::ask::Departments::default(),
    };
    let plan = item.plan.clone().unwrap_or_default();
    let at = model.as_ref().map(|center| center.code.as_str()).unwrap_or_default();
    let waves = waves(&plan, at, &departments, s.text.lang());
    let lead = departments.name(&format!("{at}-{}", plan.lead), s.text.lang());
    let model =
        if center.is_none() { model.map(|center| center.name).unwrap_or_default() } else { String::new() };
    let guide = guide(s, item, waves, lead);
    let guide = Guide {
        centers,
        center: chosen,
        center_name: center.map(|center| center.name).unwrap_or_default(),
        model,
        ..guide
    };
    visitor.page(StatusCode::OK, &guide)
}

/// What the page shows of an item, before a center is named.
pub fn guide(s: Shell, item: ServiceItem, waves: Vec<Wave>, lead: String) -> Guide {
    let steps = || waves.iter().flat_map(|wave| &wave.steps);
    Guide {
        name: s.pick(&item.name_zh, &item.name_en).to_owned(),
        kind: s.name("item_kind", item.kind().as_str_name()),
        item_type: s.text.find(&format!("item_type.{}", item.item_type)).unwrap_or_default().to_owned(),
        audience: s.name("audience", item.audience().as_str_name()),
        on_the_spot: item.kind() == ItemKind::Immediate,
        statutory: item.statutory_limit_days,
        promised: item.promised_limit_days,
        visits: item.visits,
        charges_fee: item.charges_fee,
        materials: item.materials.iter().map(|material| material_view(material, &s)).collect(),
        deferrable: item.materials.iter().any(|m| m.necessity() == Necessity::Deferrable),
        joint: steps().count() > 1,
        joint_visit: steps().filter(|step| step.visit).count() > 1,
        waves,
        lead,
        effective_from: item.effective_from,
        code: item.code,
        fee_basis: item.fee_basis,
        result: item.result_name,
        basis: item.basis,
        conditions: item.conditions,
        consultation: item.consultation,
        complaint: item.complaint,
        examples: item.examples,
        basic_code: item.basic_code,
        centers: Vec::new(),
        center: String::new(),
        center_name: String::new(),
        model: String::new(),
        s,
    }
}

fn material_view(material: &MaterialRequirement, s: &Shell) -> MaterialView {
    MaterialView {
        name: s.pick(&material.name_zh, &material.name_en).to_owned(),
        necessity: s.name("necessity", material.necessity().as_str_name()),
        necessity_code: match material.necessity() {
            Necessity::Deferrable => "deferrable",
            Necessity::Optional => "optional",
            _ => "required",
        },
        source: s.name("source", material.source().as_str_name()),
        shared: material.source() == Source::DataSharing,
        originals: material.originals,
        copies: material.copies,
        note: material.note.clone(),
    }
}

/// The words of the catalog's `examples` that concern a part of the page.
fn words(part: &str) -> &'static [&'static str] {
    match part {
        "statutory" => &["法定时限"],
        "promised" => &["承诺时限"],
        "visits" => &["到办事现场次数"],
        "fees" => &["收费"],
        "conditions" => &["受理条件", "给付条件"],
        "materials" => &["材料清单"],
        "plan" => &["各部门办理时限", "部门先后次序", "参与部门", "联合踏勘部门"],
        _ => &[],
    }
}

impl Guide {
    /// Whether a part of the page holds an example (示例) and no published figure.
    pub fn is_example(&self, part: &str) -> bool {
        words(part).iter().any(|word| self.examples.iter().any(|example| example.contains(word)))
    }
}
