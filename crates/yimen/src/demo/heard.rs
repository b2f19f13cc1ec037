//! Who is heard in the demo: applicants whose cases were late complain of the departments that kept them waiting,
//! the supervisor's office finds out, and what follows is published; one asks a question that others then read.

use serde::Serialize;
use serde_json::{Value, json};

use super::hall::{Hall, pages};
use crate::gateway::{Failure, text};

/// Complaints of one demo: fewer than one place may file in an hour.
const COMPLAINTS: usize = 6;

/// What was said and what became of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Heard {
    /// Complaints about late cases of the run.
    pub complaints: u64,
    /// Those that were founded; the others were about warnings that had been corrected.
    pub founded: u64,
    /// Who was held to account, as everyone reads it.
    pub held_to_account: Vec<Value>,
    /// Questions that everyone reads with their answers.
    pub answers: u64,
}

/// Everybody speaks, and is heard.
pub(super) async fn speak(hall: &Hall) -> Result<Heard, Failure> {
    let mut heard = Heard::default();
    let late = pages(&hall.door, "/api/v1/warnings", "warnings").await?;
    let by_department = late.iter().filter(|warning| !text(warning, "department").is_empty());
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for warning in by_department {
        let what = (text(warning, "number"), text(warning, "department"));
        if seen.len() == COMPLAINTS || seen.iter().any(|(_, department)| *department == what.1) {
            continue;
        }
        seen.push(what);
        heard.complaints += 1;
        heard.founded += u64::from(complain(hall, warning).await?);
    }
    heard.held_to_account = pages(&hall.door, "/api/v1/accountability", "publications").await?;
    ask(hall).await?;
    heard.answers = pages(&hall.door, "/api/v1/answers", "answers").await?.len() as u64;
    Ok(heard)
}

/// A complaint about a late case, from its filing to what follows from it. Gives whether it was founded.
async fn complain(hall: &Hall, warning: &Value) -> Result<bool, Failure> {
    let (number, department) = (text(warning, "number"), text(warning, "department"));
    let center = number.get(..6).unwrap_or_default();
    let filing = json!({
        "center": center, "kind": "COMPLAINT", "identity": "ANONYMOUS", "grounds": ["DRAGGING"],
        "subject": { "kind": "CASE", "number": number, "department": department },
        "body": "示例：承诺的期限已过，仍未办结。",
    });
    let filed = hall.door.change("/api/v1/complaints", &json!({ "filing": filing })).await?;
    let (complaint, code) = (text(&filed, "number"), text(&filed, "lookup_code"));
    let office = hall.staff(center, "ROLE_SUPERVISOR", None).await?;
    let act = async |action: &str, message: Value| {
        office.change(&format!("/api/v1/complaints/{complaint}/{action}"), &message).await
    };
    act("accept", json!({ "way": "OWN" })).await?;
    let is_founded = warning.get("correction").is_none_or(Value::is_null);
    let (finding, answer) = if is_founded {
        ("FOUNDED", "示例：经查属实，该部门超过了承诺的期限。")
    } else {
        ("UNFOUNDED", "示例：经查，该事项在期限内办结，公示已更正。")
    };
    act("answer", json!({ "text": answer, "finding": finding })).await?;
    act("tell", json!({ "method": "ONLINE" })).await?;
    let confirm = format!("/api/v1/complaints/{complaint}/confirm");
    hall.door.change(&confirm, &json!({ "code": code })).await?;
    let cases = office.get("/api/v1/accountability-cases", &format!("complaint={complaint}")).await?;
    for case in crate::gateway::list(&cases, "accountability_cases") {
        let case = text(case, "accountability_case");
        let today = yimen_kernel::date::local_date(hall.clock.now()).to_string();
        for (action, message) in [
            ("decide", json!({ "finding": "示例：逾期且无正当理由。", "measure": "CRITICISM" })),
            ("carry-out", json!({ "evidence": "示例：谈话记录1份", "carried_out_on": today })),
            ("publish", json!({ "text": "示例：逾期未办结，对责任部门批评教育。" })),
        ] {
            office.change(&format!("/api/v1/accountability-cases/{case}/{action}"), &message).await?;
        }
    }
    Ok(is_founded)
}

/// A question, its answer at the window, and its publication.
async fn ask(hall: &Hall) -> Result<(), Failure> {
    let question = json!({
        "center": super::SHOWCASE, "title": "开小餐馆要办哪些手续", "body": "示例：要跑几个部门？", "may_publish": true,
    });
    let asked = hall.door.change("/api/v1/questions", &question).await?;
    let path = format!("/api/v1/questions/{}", text(&asked, "number"));
    let answer = "示例：一个窗口申请，营业执照、食品经营许可、消防等手续并联办理。";
    let clerk = hall.staff(super::SHOWCASE, "ROLE_CLERK", None).await?;
    clerk.change(&format!("{path}/answer"), &json!({ "answer": answer })).await?;
    let office = hall.staff(super::SHOWCASE, "ROLE_SUPERVISOR", None).await?;
    let wording = json!({ "title": "开小餐馆要办哪些手续", "question": "要跑几个部门？", "answer": answer });
    office.change(&format!("{path}/publish"), &wording).await.map(|_| ())
}

/// What became of it, a line each.
pub(super) fn lines(heard: &Heard) -> Vec<String> {
    let held = heard
        .held_to_account
        .iter()
        .map(|one| format!("  {} {} {}", text(one, "department"), text(one, "measure"), text(one, "text")));
    std::iter::once(format!(
        "投诉 complaints={} 属实 founded={} 追责 held to account={} 公开问答 answers={}",
        heard.complaints,
        heard.founded,
        heard.held_to_account.len(),
        heard.answers
    ))
    .chain(held)
    .collect()
}
