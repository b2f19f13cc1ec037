//! Files of complaints: as large as materials, for those who may see the complaint only.

use reqwest::Method;
use serde_json::{Value, json};
use yimen_tests::{Answer, Center, answer, text};

const UPLOADS: &str = "/api/v1/complaints/uploads";

async fn upload(center: &Center, path: &str, name: &str, content: Vec<u8>) -> Answer {
    answer(center.request(Method::POST, &format!("{path}?file_name={name}")).body(content)).await
}

fn pdf(bytes: usize) -> Vec<u8> {
    [b"%PDF-1.4\n".to_vec(), vec![b' '; bytes]].concat()
}

fn complaint(files: Value) -> Value {
    json!({
        "center": "430102",
        "kind": "COMPLAINT",
        "identity": "ANONYMOUS",
        "subject": {"kind": "DEPARTMENT", "department": "430102-scjg"},
        "grounds": ["DRAGGING"],
        "body": "示例：附件为排队照片",
        "files": files,
    })
}

async fn file(center: &Center, files: Value) -> Answer {
    center.post("/api/v1/complaints", None, json!({"filing": complaint(files)})).await
}

fn id(uploaded: &Answer) -> String {
    text(&uploaded.body["upload_id"])
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_complaints_are_as_large_as_materials() {
    let center = Center::start().await;
    let [supervisor, accused] =
        [center.staff("430102-supervisor").await, center.staff("430102-scjg-approver").await];

    // What cannot be kept is refused at once, and a complaint with it is not filed.
    assert_eq!(upload(&center, UPLOADS, "a.pdf", pdf(21 << 20)).await.status, 413);
    let wrong = upload(&center, UPLOADS, "a.pdf", b"MZ\x90\x00".to_vec()).await;
    assert_eq!(wrong.body["fields"][0]["reason"], "FILE_TYPE_NOT_ALLOWED", "{wrong:?}");
    let of_intake = upload(&center, "/api/v1/uploads", "a.pdf", pdf(1)).await;
    let large = upload(&center, UPLOADS, "photo.pdf", pdf(3 << 20)).await;
    let inline = json!({"file": {"file_name": "说明.txt", "content": "56S65L6L"}});
    for wrong in [id(&of_intake), "no-such-id".to_owned()] {
        let refused = file(&center, json!([{"upload_id": id(&large)}, {"upload_id": wrong}])).await;
        let fault = &refused.body["fields"][0];
        assert_eq!(
            (&fault["field"], &fault["reason"]),
            (&json!("filing.files[1].upload_id"), &json!("UPLOAD_UNKNOWN")),
            "{refused:?}"
        );
    }
    let nothing = center.get("/api/v1/complaints", Some(&supervisor)).await;
    assert_eq!(nothing.body["complaints"], json!([]));

    // What was refused has used nothing up; what was filed has, for good.
    let filed = file(&center, json!([inline, {"upload_id": id(&large)}])).await;
    assert_eq!(filed.status, 201, "{filed:?}");
    let path = format!("/api/v1/complaints/{}", text(&filed.body["number"]));
    let shown = center.get(&path, Some(&supervisor)).await;
    let names: Vec<String> =
        shown.body["attachments"].as_array().unwrap().iter().map(|file| text(&file["file_name"])).collect();
    assert_eq!(names, ["说明.txt", "photo.pdf"]);
    let again = file(&center, json!([{"upload_id": id(&large)}])).await;
    assert_eq!(again.body["fields"][0]["reason"], "UPLOAD_UNKNOWN");

    // Whole for the office; for whomever it is about there is nothing.
    let whole = center.request(Method::GET, &format!("{path}/attachments/2")).bearer_auth(&supervisor);
    let whole = whole.send().await.unwrap();
    assert_eq!(whole.headers()["content-type"], "application/pdf");
    assert_eq!(whole.bytes().await.unwrap(), pdf(3 << 20));
    let blind = center.get(&format!("{path}/attachments/2"), Some(&accused)).await;
    assert_eq!((blind.status, &blind.body["reason"]), (404, &json!("COMPLAINT_UNKNOWN")));
    assert_eq!(center.get(&format!("{path}/attachments/2"), None).await.status, 401);
    let none = center.get(&format!("{path}/attachments/3"), Some(&supervisor)).await;
    assert_eq!(none.body["reason"], "ATTACHMENT_UNKNOWN");

    center.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_good_for_a_day_and_a_place_brings_so_many_in_an_hour() {
    let center = Center::at("2026-03-02T02:00:00Z".parse().unwrap()).await;
    let late = upload(&center, UPLOADS, "late.pdf", pdf(1)).await;
    center.set_clock(center.now() + chrono::Duration::hours(25)).await;
    let refused = file(&center, json!([{"upload_id": id(&late)}])).await;
    assert_eq!(refused.body["fields"][0]["reason"], "UPLOAD_UNKNOWN", "{refused:?}");
    for _ in 0..50 {
        assert_eq!(upload(&center, UPLOADS, "a.pdf", pdf(1)).await.status, 201);
    }
    let flood = upload(&center, UPLOADS, "a.pdf", pdf(1)).await;
    assert_eq!((flood.status, &flood.body["reason"]), (429, &json!("TOO_MANY_COMPLAINTS")));
    center.stop().await;
}
