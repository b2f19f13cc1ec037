//! A center, its departments and one item, as the catalog has them.

use prost_types::Timestamp;
use yimen_proto::approval::v1 as approval;
use yimen_proto::complaints::v1 as complaints;
use yimen_proto::identity::v1 as identity;
use yimen_proto::intake::v1 as intake;

pub const NUMBER: &str = "430102202611230000011";
pub const CODE: &str = "2345ABCD";

pub fn at(minutes: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds: 1_795_417_440 + 60 * minutes, nanos: 0 })
}

pub fn centers() -> identity::ListCentersResponse {
    let center = |code: &str, zh: &str, en: &str| identity::Center {
        code: code.into(),
        name_zh: zh.into(),
        name_en: en.into(),
        address: "示例地址：示例路1号".into(),
        telephone: "12345".into(),
        ..identity::Center::default()
    };
    identity::ListCentersResponse {
        centers: vec![
            center("430100", "长沙市政务服务中心", "Changsha City Government Service Center"),
            center(
                "430102",
                "长沙市芙蓉区政务服务中心",
                "Changsha Furong District Government Service Center",
            ),
            center(
                "430103",
                "长沙市天心区政务服务中心",
                "Changsha Tianxin District Government Service Center",
            ),
        ],
        next_page_token: String::new(),
    }
}

pub fn departments() -> identity::ListDepartmentsResponse {
    let department = |id: &str, zh: &str, en: &str| identity::Department {
        id: id.into(),
        center: "430102".into(),
        name_zh: zh.into(),
        name_en: en.into(),
        ..identity::Department::default()
    };
    identity::ListDepartmentsResponse {
        departments: vec![
            department(
                "430102-cgj",
                "芙蓉区城市管理和综合执法局",
                "Furong District Bureau of Urban Management",
            ),
            department(
                "430102-scjg",
                "芙蓉区市场监督管理局",
                "Furong District Administration for Market Regulation",
            ),
            department("430102-wsjk", "芙蓉区卫生健康局", "Furong District Health Bureau"),
            department("430102-xfjy", "芙蓉区消防救援大队", "Furong District Fire and Rescue Brigade"),
        ],
        next_page_token: String::new(),
    }
}

pub fn item() -> intake::ServiceItem {
    use intake::material_requirement::{Necessity, Source};
    let material =
        |code: &str, zh: &str, en: &str, necessity: Necessity, source: Source| intake::MaterialRequirement {
            code: code.into(),
            name_zh: zh.into(),
            name_en: en.into(),
            necessity: necessity.into(),
            source: source.into(),
            originals: 1,
            copies: 0,
            note: "标明粗加工、烹饪、备餐和清洗消毒的位置".into(),
        };
    let step = |department: &str, days: u32, after: &[&str], site_visit: bool| intake::ApprovalStep {
        department: department.into(),
        limit_days: days,
        after: after.iter().map(|id| (*id).into()).collect(),
        relies_on: Vec::new(),
        site_visit,
    };
    let field = |code: &str, zh: &str, en: &str, max_length: u32| intake::FormField {
        code: code.into(),
        label_zh: zh.into(),
        label_en: en.into(),
        required: true,
        max_length,
    };
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    intake::ServiceItem {
        code: "restaurant-opening".into(),
        basic_code: "000131026000".into(),
        name_zh: "开办餐饮店“一件事”".into(),
        name_en: "Opening a restaurant, one visit".into(),
        item_type: "01".into(),
        kind: intake::service_item::Kind::Promised.into(),
        audience: intake::service_item::Audience::Organization.into(),
        centers: texts(&["430102", "430103"]),
        basis: texts(&["中华人民共和国食品安全法第三十五条", "中华人民共和国消防法第十五条"]),
        conditions: texts(&["已取得营业执照。", "有与供应的食品品种、数量相适应的场所、设备和布局。"]),
        materials: vec![
            material(
                "application-form",
                "开办餐饮店“一件事”申请表",
                "Application form",
                Necessity::Required,
                Source::Applicant,
            ),
            material(
                "business-licence",
                "营业执照",
                "Business licence",
                Necessity::Required,
                Source::DataSharing,
            ),
            material(
                "layout-plan",
                "经营场所布局和操作流程图",
                "Layout and operation flow plan",
                Necessity::Required,
                Source::Applicant,
            ),
            material(
                "signboard-sketch",
                "户外招牌效果图",
                "Sketch of the outdoor signboard",
                Necessity::Deferrable,
                Source::Applicant,
            ),
        ],
        statutory_limit_days: 45,
        promised_limit_days: 7,
        plan: Some(intake::ApprovalPlan {
            lead: "scjg".into(),
            steps: vec![
                step("scjg", 5, &[], true),
                step("cgj", 3, &[], false),
                step("xfjy", 5, &[], true),
                step("wsjk", 2, &["scjg", "xfjy"], false),
            ],
        }),
        visits: 1,
        result_name: "食品经营许可证、户外招牌设置意见".into(),
        consultation: "12345".into(),
        complaint: "12345".into(),
        effective_from: "2026-01-01".into(),
        version: 1,
        examples: texts(&["承诺时限", "各部门办理时限", "表单字段", "开办中心"]),
        form: vec![
            field("trade_name", "招牌名称", "Name on the signboard", 60),
            field("business_scope", "经营项目", "Kinds of food service", 500),
        ],
        ..intake::ServiceItem::default()
    }
}

pub fn items() -> intake::ListItemsResponse {
    let other = intake::ServiceItem {
        code: "clinic-filing".into(),
        name_zh: "诊所备案".into(),
        name_en: "Filing of a clinic".into(),
        kind: intake::service_item::Kind::Immediate.into(),
        audience: intake::service_item::Audience::Anyone.into(),
        plan: Some(intake::ApprovalPlan {
            lead: "wsjk".into(),
            steps: vec![intake::ApprovalStep::default()],
        }),
        statutory_limit_days: 20,
        promised_limit_days: 0,
        ..item()
    };
    intake::ListItemsResponse { items: vec![item(), other], next_page_token: String::new() }
}

fn timeline() -> Vec<intake::TimelineEntry> {
    let entry = |minutes: i64, zh: &str, en: &str| intake::TimelineEntry {
        time: at(minutes),
        text_zh: zh.into(),
        text_en: en.into(),
        ..intake::TimelineEntry::default()
    };
    vec![
        entry(0, "已收到申请材料", "Application received"),
        entry(90, "已发出补正告知书", "Supplement notice issued"),
    ]
}

fn documents() -> Vec<intake::DocumentSummary> {
    let document = |number: &str, kind: intake::document::Kind| intake::DocumentSummary {
        number: number.into(),
        kind: kind.into(),
        issue_time: at(5),
    };
    vec![
        document("430102-SJ-2026-000001", intake::document::Kind::Receipt),
        document("430102-BZ-2026-000002", intake::document::Kind::SupplementNotice),
    ]
}

fn owed(reason: &str) -> Vec<intake::OwedMaterial> {
    vec![intake::OwedMaterial {
        code: "layout-plan".into(),
        name_zh: "经营场所布局和操作流程图".into(),
        name_en: "Layout and operation flow plan".into(),
        reason: reason.into(),
        due_on: "2026-12-04".into(),
    }]
}

pub fn tracked(hostile: &str) -> intake::TrackedApplication {
    intake::TrackedApplication {
        number: NUMBER.into(),
        center: "430102".into(),
        item: "restaurant-opening".into(),
        item_name_zh: "开办餐饮店“一件事”".into(),
        item_name_en: format!("Opening a restaurant, one visit{hostile}"),
        state: intake::application_state::Value::SupplementRequested.into(),
        submit_time: at(0),
        timeline: timeline(),
        documents: documents(),
        owed: owed(&format!("缺少备餐间的位置{hostile}")),
        fee: Some(intake::ApplicationFee {
            state: intake::application_fee::State::Due.into(),
            notice: "430102-JF-2026-0000001".into(),
            amount_fen: 8_000,
            payment_code: format!("43010226000000000022{hostile}"),
            limit_on: "2026-12-10".into(),
            receipt: hostile.into(),
        }),
        ..intake::TrackedApplication::default()
    }
}

pub fn application(state: intake::application_state::Value, hostile: &str) -> intake::Application {
    let material = |code: &str, zh: &str, en: &str, promised: bool| intake::Material {
        code: code.into(),
        name_zh: zh.into(),
        name_en: en.into(),
        revision: u32::from(!promised),
        file_name: if promised { String::new() } else { format!("{zh}{hostile}.pdf") },
        media_type: "application/pdf".into(),
        size: 345_678,
        promised,
        ..intake::Material::default()
    };
    intake::Application {
        fee: None,
        summary: Some(intake::ApplicationSummary {
            number: NUMBER.into(),
            center: "430102".into(),
            item: "restaurant-opening".into(),
            item_name_zh: "开办餐饮店“一件事”".into(),
            item_name_en: "Opening a restaurant, one visit".into(),
            subject: format!("示例街道开办餐馆{hostile}"),
            applicant_name: "示例餐饮有限公司".into(),
            state: state.into(),
            submit_time: at(0),
            ..intake::ApplicationSummary::default()
        }),
        applicant: Some(intake::Applicant {
            kind: intake::applicant::Kind::Organization.into(),
            name: format!("示例餐饮有限公司{hostile}"),
            id_number: "91430102********3X".into(),
            contact_name: "示例".into(),
            mobile: "13000000000".into(),
            address: String::new(),
        }),
        form: [("trade_name".to_owned(), format!("示例餐馆{hostile}"))].into(),
        materials: vec![
            material("application-form", "申请表", "Application form", false),
            material("layout-plan", "经营场所布局和操作流程图", "Layout plan", false),
            material("signboard-sketch", "户外招牌效果图", "Sketch of the signboard", true),
        ],
        materials_revision: 1,
        timeline: timeline(),
        documents: documents(),
        owed: owed(hostile),
        item_version: 1,
        version: 2,
    }
}

pub fn joint_approval(hostile: &str) -> approval::JointApproval {
    use approval::inspection_party::Answer;
    use approval::task::State;
    let task = |department: &str, state: State, after: &[&str], site_visit: bool| approval::Task {
        number: NUMBER.into(),
        department: department.into(),
        state: state.into(),
        limit_days: 5,
        after: after.iter().map(|id| (*id).into()).collect(),
        open_time: at(120),
        site_visit,
        ..approval::Task::default()
    };
    let opinion = approval::Opinion {
        kind: approval::opinion::Kind::ApproveWithConditions.into(),
        conditions: format!("招牌高度不超过1.2米{hostile}"),
        given_by: "示例·审批员".into(),
        time: at(300),
        materials_revision: 1,
        sequence: 1,
        ..approval::Opinion::default()
    };
    let party = |department: &str, answer: Answer| approval::InspectionParty {
        department: department.into(),
        answer: answer.into(),
        ..approval::InspectionParty::default()
    };
    approval::JointApproval {
        number: NUMBER.into(),
        center: "430102".into(),
        item: "restaurant-opening".into(),
        item_version: 1,
        item_name_zh: "开办餐饮店“一件事”".into(),
        item_name_en: "Opening a restaurant, one visit".into(),
        subject: format!("示例街道开办餐馆{hostile}"),
        lead: "430102-scjg".into(),
        state: approval::joint_approval::State::Running.into(),
        materials_revision: 1,
        materials: vec!["application-form".into(), "layout-plan".into(), "signboard-sketch".into()],
        promised: vec!["signboard-sketch".into()],
        tasks: vec![
            approval::Task { opinion: None, ..task("430102-scjg", State::Open, &[], true) },
            approval::Task { opinion: Some(opinion), ..task("430102-cgj", State::Opined, &[], false) },
            approval::Task {
                return_request: Some(approval::Return {
                    reason: format!("流程图看不清{hostile}"),
                    materials: vec!["layout-plan".into()],
                    time: at(400),
                }),
                ..task("430102-xfjy", State::Returned, &[], true)
            },
        ],
        inspection: Some(approval::SiteInspection {
            state: approval::site_inspection::State::Proposed.into(),
            time: at(3_000),
            place: format!("示例路1号{hostile}"),
            parties: vec![party("430102-scjg", Answer::Pending), party("430102-xfjy", Answer::Confirmed)],
            findings: String::new(),
            proposal: 2,
        }),
        inspection_required: true,
        decision: None,
        open_time: at(120),
        version: 7,
        procedures: vec![],
        extension: None,
    }
}

pub const TOKEN: &str = "ABCDEFGHJKMNPQRSTUVWXYZ234";

/// A round of two units; published, with what was counted of it.
pub fn appraisal_round(
    phase: complaints::appraisal_round::Phase,
    hostile: &str,
) -> complaints::AppraisalRound {
    use complaints::{SatisfactionLevel as Level, VoterGroup};

    let unit = |id: &str, zh: &str, en: &str| complaints::AppraisedUnit {
        department: id.into(),
        name_zh: format!("{zh}{hostile}"),
        name_en: format!("{en}{hostile}"),
    };
    let count = |group: VoterGroup, choice: &str, votes: u64| complaints::VoteCount {
        group: group.into(),
        choice: choice.into(),
        votes,
    };
    let result = |department: &str, rank: u32, hundredths: u32| complaints::UnitResult {
        department: department.into(),
        votes: vec![
            count(VoterGroup::Public, "", 1),
            count(VoterGroup::Public, "SATISFIED", 90),
            count(VoterGroup::Public, "DISSATISFIED", 9),
            count(VoterGroup::Supervisors, "SATISFIED", 50),
        ],
        valid: 149,
        satisfied: 140,
        rate_part: "140".into(),
        rate_whole: "149".into(),
        rate_hundredths: hundredths,
        rank,
        outcomes: vec![complaints::AppraisalOutcome {
            proposal: complaints::appraisal_outcome::Proposal::Reward.into(),
            state: complaints::appraisal_outcome::State::Rejected.into(),
            reason: format!("示例{hostile}"),
            ..complaints::AppraisalOutcome::default()
        }],
        ..complaints::UnitResult::default()
    };
    complaints::AppraisalRound {
        round: "430102-PY-2026-0000001".into(),
        center: "430102".into(),
        kind: complaints::appraisal_round::Kind::Rated.into(),
        title: format!("示例：市民评议政府{hostile}"),
        award: format!("示例{hostile}"),
        rated: Some(complaints::RatedRules {
            levels: vec![Level::Satisfied.into(), Level::FairlySatisfied.into(), Level::Dissatisfied.into()],
            satisfied: 2,
            reward_percent: 90,
            reward_places: 3,
            accountability_percent: 50,
            accountability_exclusive: false,
        }),
        minimum: 30,
        weights: vec![
            complaints::GroupWeight { group: VoterGroup::Public.into(), percent: 60 },
            complaints::GroupWeight { group: VoterGroup::Supervisors.into(), percent: 40 },
        ],
        units: vec![
            unit("430102-scjg", "芙蓉区市场监督管理局", "Market Regulation"),
            unit("430102-gaj", "芙蓉区公安分局", "Public Security"),
        ],
        open_time: at(0),
        close_time: at(10_000),
        phase: phase.into(),
        draw: Some(complaints::ServiceUserDraw {
            seed: "00ff".into(),
            population: 1_234,
            population_digest: "ab".repeat(32),
        }),
        result: Some(complaints::AppraisalResult {
            turnouts: vec![complaints::GroupTurnout {
                group: VoterGroup::Public.into(),
                issued: 120,
                spent: 100,
            }],
            refused: 3,
            units: vec![result("430102-scjg", 1, 9_396), result("430102-gaj", 0, 0)],
            count_time: at(10_001),
            publish_time: at(10_100),
        }),
        ..complaints::AppraisalRound::default()
    }
}

pub fn ballot(phase: complaints::appraisal_round::Phase, hostile: &str) -> complaints::Ballot {
    complaints::Ballot {
        round: Some(appraisal_round(phase, hostile)),
        group: complaints::VoterGroup::Supervisors.into(),
        spent: false,
    }
}

pub fn scrutiny(hostile: &str) -> complaints::Scrutiny {
    let undertaking = |position: u32, state: complaints::undertaking::State| complaints::Undertaking {
        position,
        department: "430102-scjg".into(),
        finding: format!("示例：收费标准未公示{hostile}"),
        text: format!("示例：三日内公示{hostile}"),
        given_on: "2026-11-23".into(),
        due_on: "2026-11-26".into(),
        state: state.into(),
        report: format!("示例{hostile}"),
        pass_time: at(5_000),
        evidence: format!("示例{hostile}"),
        ..complaints::Undertaking::default()
    };
    complaints::Scrutiny {
        scrutiny: "430102-MP-2026-0000001".into(),
        center: "430102".into(),
        kind: complaints::scrutiny::Kind::Session.into(),
        title: format!("示例：面对面评议{hostile}"),
        held_on: "2026-11-23".into(),
        seats: 50,
        round: "430102-PY-2026-0000001".into(),
        departments: vec!["430102-scjg".into()],
        questions: vec![
            complaints::ScrutinyQuestion {
                position: 1,
                department: "430102-scjg".into(),
                seat: 7,
                text: format!("示例：为什么要跑两趟？{hostile}"),
                answer: format!("示例{hostile}"),
                ..complaints::ScrutinyQuestion::default()
            },
            complaints::ScrutinyQuestion { position: 2, seat: 8, ..complaints::ScrutinyQuestion::default() },
        ],
        undertakings: vec![
            undertaking(1, complaints::undertaking::State::Broken),
            undertaking(2, complaints::undertaking::State::Reported),
        ],
    }
}
