//! The centers, the fee and the items that the benchmark works with: made for it, and for nothing else.

use serde_json::{Value, json};
use yimen::catalog::Catalog;

/// So many centers as the floor has.
pub const CENTERS: u32 = 10;
/// What every case costs, in fen.
const FEE_FEN: i64 = 12_000;
const FEE: &str = "bench-fee";

/// The division code of a center.
pub fn center(nth: u32) -> String {
    format!("4309{:02}", nth + 1)
}

/// A department of a center.
pub fn department(center: &str, nth: u32) -> String {
    format!("{center}-{}", short(nth))
}

/// The item that so many departments decide on.
pub fn item(departments: u32) -> String {
    format!("bench-{departments}")
}

/// The login of somebody of a center.
pub fn login(center: &str, role: &str) -> String {
    format!("{center}-{role}")
}

/// A catalog with one item for each number of departments.
pub fn catalog(numbers: &[u32]) -> Catalog {
    let most = numbers.iter().copied().max().unwrap_or(1);
    let centers: Vec<String> = (0..CENTERS).map(center).collect();
    let staff = |center: &String, login_role: &str, role: &str| {
        json!({
            "login": login(center, login_role), "name": format!("示例·{login_role}"), "center": center,
            "roles": [role], "active": true,
        })
    };
    let departments: Vec<Value> = centers
        .iter()
        .flat_map(|center| {
            (0..most).map(move |nth| {
                json!({
                    "id": department(center, nth), "center": center, "name_zh": format!("示例部门{nth}"),
                    "name_en": format!("Example department {nth}"), "telephone": "12345",
                })
            })
        })
        .collect();
    let named: Vec<Value> = centers
        .iter()
        .map(|center| {
            json!({
                "code": center, "name_zh": format!("示例政务服务中心{center}"),
                "name_en": format!("Example service center {center}"), "address": "示例路1号", "telephone": "12345",
            })
        })
        .collect();
    let staff: Vec<Value> = centers
        .iter()
        .flat_map(|center| [staff(center, "clerk", "ROLE_CLERK"), staff(center, "cashier", "ROLE_CASHIER")])
        .collect();
    Catalog {
        organization: json!({ "centers": named, "departments": departments, "windows": [], "staff": staff }),
        fees: json!({ "fees": [fee()] }),
        items: numbers.iter().map(|number| service_item(*number, &centers)).collect(),
    }
}

fn short(nth: u32) -> String {
    format!("d{nth}")
}

fn fee() -> Value {
    json!({
        "code": FEE, "name_zh": "示例费", "name_en": "Example fee", "department": short(0), "unit": "件",
        "standard": { "fixed_fen": FEE_FEN }, "approving_document": "示例批准文件",
        "legal_basis": "中华人民共和国民法典第二百二十三条", "payer": "申请人", "pay_within_days": 15,
        "effective_from": "2026-01-01", "supervision_telephone": "12345", "examples": ["收费标准"],
    })
}

/// One material, one field, everybody decides side by side, and the fee is due by the decision.
fn service_item(departments: u32, centers: &[String]) -> Value {
    let steps: Vec<Value> =
        (0..departments).map(|nth| json!({ "department": short(nth), "limit_days": 5 })).collect();
    json!({
        "code": item(departments), "name_zh": format!("示例事项{departments}"),
        "name_en": format!("Example item {departments}"), "item_type": "01", "kind": "PROMISED",
        "audience": "ANYONE", "centers": centers, "basis": ["中华人民共和国行政许可法第二十六条第二款"],
        "conditions": ["示例条件。"], "statutory_limit_days": 20, "promised_limit_days": 10, "visits": 1,
        "charges_fee": true, "fees_raised": "BY_DECISION", "fee_basis": "中华人民共和国民法典第二百二十三条",
        "fees": [{ "fee": FEE, "department": short(0) }],
        "result_name": "示例证", "consultation": "12345", "complaint": "12345", "effective_from": "2026-01-01",
        "examples": ["全部"], "plan": { "lead": short(0), "steps": steps },
        "materials": [{
            "code": "application-form", "name_zh": "申请表", "name_en": "Application form",
            "necessity": "REQUIRED", "source": "APPLICANT", "originals": 1, "copies": 0,
        }],
        "form": [{
            "code": "purpose", "label_zh": "用途", "label_en": "Purpose", "required": true, "max_length": 40,
        }],
    })
}
