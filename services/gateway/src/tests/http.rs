//! HTTP/JSON as programs meet it.

use axum::body::Body;
use http::Request;
use serde_json::json;
use yimen_kernel::error::{Error, FieldError};
use yimen_kernel::reason::Reason;
use yimen_proto::intake::v1::{
    AcceptApplicationRequest, AcceptApplicationResponse, Document, ListApplicationsRequest,
    ListApplicationsResponse, SubmitApplicationRequest, SubmitApplicationResponse, TrackApplicationRequest,
    TrackedApplication,
};
use yimen_proto::supervision::v1::{WatchWarningsRequest, WatchWarningsResponse};

use super::{Hall, get, post, signed_in};

const NUMBER: &str = "430102202603020000017";

fn submitted() -> SubmitApplicationResponse {
    SubmitApplicationResponse { number: NUMBER.into(), state: 1, item_version: 2, ..Default::default() }
}

#[tokio::test]
async fn an_application_is_created_in_the_words_of_the_contract() {
    let hall = Hall::answering(&[submitted()]);
    let body = json!({"center": "430102", "item": "tobacco-retail", "applicant": {"kind": "PERSON"}});
    let mut request = post("/api/v1/applications", body.to_string());
    request.headers_mut().insert("idempotency-key", "\"change-1\"".parse().unwrap());
    let answer = hall.ask(request).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["cache-control"], "no-store");
    let shown = answer.json();
    assert_eq!(shown["number"], NUMBER);
    assert_eq!(shown["state"], "SUBMITTED");
    assert_eq!(shown["item_version"], 2);
    let calls = hall.calls();
    assert_eq!(calls[0].path, "/yimen.intake.v1.Intake/SubmitApplication");
    let sent: SubmitApplicationRequest = calls[0].message();
    assert_eq!((sent.request_id.as_str(), sent.center.as_str()), ("change-1", "430102"));
    assert!(calls[0].headers.get("yimen-actor-bin").is_none());
    assert_eq!(calls[0].headers["yimen-source"].len(), 16);
}

#[tokio::test]
async fn the_name_of_a_change_is_given_once() {
    let hall = Hall::answering(&[submitted()]);
    for (body, key, good) in
        [(r#"{"request_id":"a"}"#, "a", true), (r#"{"request_id":"a"}"#, "b", false), ("{}", "钥匙", false)]
    {
        let mut request = post("/api/v1/applications", body);
        let value = http::HeaderValue::from_bytes(key.as_bytes()).unwrap();
        request.headers_mut().insert("idempotency-key", value);
        let answer = hall.ask(request).await;
        assert_eq!(answer.status.is_success(), good, "{body} {key}");
        if !good {
            assert!(answer.problem().2[0].starts_with("request_id: "));
        }
    }
}

#[tokio::test]
async fn fields_in_the_path_are_put_in_and_agree_with_the_body() {
    let hall = Hall::answering(&[AcceptApplicationResponse { state: 4, ..Default::default() }]);
    let path = format!("/api/v1/applications/{NUMBER}/accept");
    for body in ["", "{}", &format!(r#"{{"number":"{NUMBER}"}}"#)] {
        let answer = hall.ask(signed_in(post(&path, body.to_owned()))).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["state"]), (200, &json!("ACCEPTED")));
    }
    for call in hall.calls() {
        assert_eq!(call.message::<AcceptApplicationRequest>().number, NUMBER);
        assert_eq!(call.headers["yimen-actor-bin"], "c2lnbmVk");
    }
    let other = hall.ask(signed_in(post(&path, r#"{"number":"1"}"#))).await;
    assert_eq!(other.problem(), (400, "INVALID_REQUEST".into(), vec!["number: DUPLICATE".into()]));
    assert_eq!(hall.calls().len(), 3);
}

#[tokio::test]
async fn bodies_that_cannot_be_read_reach_no_service() {
    let hall = Hall::answering(&[submitted()]);
    let path = "/api/v1/applications";
    let broken = hall.ask(post(path, "{\"center\":\n 4301O2}")).await;
    assert_eq!(broken.problem(), (400, "MALFORMED_BODY".into(), vec![]));
    assert_eq!(broken.json()["position"]["line"], 2);

    let faulty =
        json!({"centre": "x", "applicant": {"kind": "ALIEN", "secret": 1}, "materials": [{"code": 7}]});
    let answer = hall.ask(post(path, faulty.to_string())).await;
    let (status, reason, mut fields) = answer.problem();
    fields.sort();
    let expected = [
        "applicant.kind: UNKNOWN_VALUE",
        "applicant.secret: NOT_ALLOWED_HERE",
        "centre: NOT_ALLOWED_HERE",
        "materials[0].code: BAD_FORMAT",
    ];
    assert_eq!(
        (status, reason.as_str(), fields),
        (400, "INVALID_REQUEST", expected.map(String::from).to_vec())
    );
    assert!(!answer.json().to_string().contains("ALIEN"), "what the caller sent is not repeated");

    let large = hall.ask(post(path, vec![b' '; 2 * 1024 * 1024 + 1])).await;
    assert_eq!(large.problem(), (413, "BODY_TOO_LARGE".into(), vec![]));
    let chunks = futures::stream::iter((0..40).map(|_| Ok::<_, std::io::Error>(vec![b' '; 64 * 1024])));
    let streamed = hall.ask(post(path, Body::from_stream(chunks))).await;
    assert_eq!(streamed.problem().0, 413);

    let form = Request::post(path).header("content-type", "text/plain").body(Body::from("{}")).unwrap();
    assert_eq!(hall.ask(form).await.problem(), (415, "MALFORMED_BODY".into(), vec![]));
    let query = hall.ask(post(&format!("{path}?center=430102"), "{}")).await;
    assert_eq!(query.problem().2, ["center: NOT_ALLOWED_HERE"]);
    assert!(hall.calls().is_empty());
}

#[tokio::test]
async fn queries_are_read_by_field() {
    let hall = Hall::answering(&[ListApplicationsResponse::default()]);
    let path = "/api/v1/window/applications";
    let query = "center=430102&state=ACCEPTED&page_size=20&page_token=%E9%A1%B5";
    let answer = hall.ask(signed_in(get(&format!("{path}?{query}")))).await;
    assert_eq!(answer.json(), json!({"applications": [], "next_page_token": ""}));
    let sent: ListApplicationsRequest = hall.calls()[0].message();
    let expected =
        ListApplicationsRequest {
            center: "430102".into(), state: 4, page_size: 20, page_token: "页".into()
        };
    assert_eq!(sent, expected);
    for (query, fault) in [
        ("state=accepted", "state: UNKNOWN_VALUE"),
        ("page_size=many", "page_size: BAD_FORMAT"),
        ("page_size=99999999999", "page_size: OUT_OF_RANGE"),
        ("center=1&center=2", "center: DUPLICATE"),
        ("centre=1", "centre: NOT_ALLOWED_HERE"),
        ("center=%ff", "center: BAD_FORMAT"),
        ("center=%4", "center: BAD_FORMAT"),
    ] {
        let answer = hall.ask(signed_in(get(&format!("{path}?{query}")))).await;
        assert_eq!(answer.problem(), (400, "INVALID_REQUEST".into(), vec![fault.into()]), "{query}");
    }
    assert_eq!(hall.calls().len(), 1);
}

#[tokio::test]
async fn paths_are_read_strictly() {
    let hall = Hall::answering(&[TrackedApplication::default()]);
    assert_eq!(hall.ask(get("/api/v1/applications/%E4%B8%80%2F2?code=C")).await.status, 200);
    let sent: TrackApplicationRequest = hall.calls()[0].message();
    assert_eq!((sent.number.as_str(), sent.code.as_str()), ("一/2", "C"));
    for path in ["/api/v1/applications/%ff", "/api/v1/applications/%zz", "/api/v1/applications/a%"] {
        assert_eq!(hall.ask(get(path)).await.problem().2, ["path: BAD_FORMAT"], "{path}");
    }
}

#[tokio::test]
async fn refusals_are_said_in_the_readers_language() {
    let hall = Hall::refusing(|| {
        let field = FieldError::new("applicant.name", Reason::TooLong).limit(60);
        Error::invalid(vec![field])
    });
    let mut request = post("/api/v1/applications", "{}");
    let zh = hall.ask(request).await;
    assert_eq!(zh.headers["content-language"], "zh-CN");
    assert_eq!(zh.json()["fields"][0]["detail"], "内容过长，请不要超过60个字符。");
    request = post("/api/v1/applications", "{}");
    request.headers_mut().insert("accept-language", "en-GB,en".parse().unwrap());
    let en = hall.ask(request).await;
    assert_eq!(en.headers["content-language"], "en");
    assert!(en.json()["detail"].as_str().unwrap().is_ascii());
    assert_eq!(en.json()["fields"][0]["limit"], "60");
    assert_eq!(en.problem().2, zh.problem().2);
}

#[tokio::test]
async fn credentials_are_asked_for_and_checked_at_every_call() {
    let hall = Hall::answering(&[AcceptApplicationResponse::default()]);
    let path = format!("/api/v1/applications/{NUMBER}/accept");
    let nobody = hall.ask(post(&path, "not even JSON")).await;
    assert_eq!(nobody.problem().1, "NOT_SIGNED_IN");
    assert_eq!(nobody.headers["www-authenticate"], "Bearer");
    for (header, reason) in [
        ("Bearer revoked", "CREDENTIAL_REVOKED"),
        ("Basic Z29vZA==", "NOT_SIGNED_IN"),
        ("Bearer ", "NOT_SIGNED_IN"),
        ("good", "NOT_SIGNED_IN"),
    ] {
        let mut request = post("/api/v1/applications", "{}");
        request.headers_mut().insert("authorization", header.parse().unwrap());
        let answer = hall.ask(request).await;
        assert_eq!((answer.status.as_u16(), answer.problem().1.as_str()), (401, reason), "{header}");
    }
    let mut cookie = post(&path, "{}");
    cookie.headers_mut().insert("cookie", format!("yimen_session={}", super::CREDENTIAL).parse().unwrap());
    assert_eq!(hall.ask(cookie).await.status, 401, "a cookie is for pages only");
    assert!(hall.calls().is_empty());
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_too() {
    let hall = Hall::answering(&[submitted()]);
    for path in ["/api", "/api/", "/api/v1/nothing", "/api/v1/centers/1/nothing"] {
        assert_eq!(hall.ask(get(path)).await.problem(), (404, "PAGE_NOT_FOUND".into(), vec![]), "{path}");
    }
    let wrong = hall.ask(Request::delete("/api/v1/applications").body(Body::empty()).unwrap()).await;
    assert_eq!(wrong.problem(), (405, "METHOD_NOT_ALLOWED".into(), vec![]));
    assert_eq!(wrong.headers["allow"], "POST");
    // Approval is not part of the hall that is played here.
    let away = hall.ask(signed_in(get("/api/v1/tasks"))).await;
    assert_eq!(away.problem().1, "UNAVAILABLE");
    assert_eq!(away.headers["retry-after"], "1");
}

#[tokio::test]
async fn a_document_is_json_or_text() {
    let document =
        Document { text_zh: "受理通知书".into(), text_en: "Acceptance".into(), ..Default::default() };
    let hall = Hall::answering(&[document]);
    let path = format!("/api/v1/applications/{NUMBER}/documents/430102-SL-2026-0000001?code=x");
    assert_eq!(hall.ask(get(&path)).await.json()["text_zh"], "受理通知书");
    for (lang, text) in [("zh", "受理通知书"), ("en", "Acceptance")] {
        let mut request = get(&path);
        request.headers_mut().insert("accept", "text/plain".parse().unwrap());
        request.headers_mut().insert("accept-language", lang.parse().unwrap());
        let answer = hall.ask(request).await;
        assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
        assert_eq!(answer.body, text.as_bytes());
    }
}

#[tokio::test]
async fn the_interface_is_described_and_every_answer_is_guarded() {
    let hall = Hall::answering(&[submitted()]);
    let document = hall.ask(get("/api/openapi.json")).await;
    assert_eq!(document.json()["openapi"], "3.1.0");
    let page = hall.ask(get("/api/docs/")).await;
    assert_eq!(page.status, 200);
    let start = hall.ask(get("/api/docs/swagger-initializer.js")).await;
    assert!(String::from_utf8_lossy(&start.body).contains("/api/openapi.json"));
    for answer in [&document, &page, &hall.ask(get("/api/nothing")).await] {
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["x-frame-options"], "DENY");
        assert_eq!(answer.headers["referrer-policy"], "no-referrer");
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'self'") && !policy.contains("script-src"));
    }
}

#[tokio::test]
async fn a_stream_is_events_that_go_on_after_the_last_one_seen() {
    let change = |cursor: &str| WatchWarningsResponse { cursor: cursor.into(), ..Default::default() };
    let hall = Hall::answering(&[change("7"), change("8")]);
    let mut request = get("/api/v1/warnings/watch?center=430102&cursor=1");
    request.headers_mut().insert("last-event-id", "6".parse().unwrap());
    let answer = hall.ask(request).await;
    assert_eq!(answer.headers["content-type"], "text/event-stream");
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    let events: Vec<&str> = text.split("\n\n").filter(|event| !event.is_empty()).collect();
    assert_eq!(events.len(), 2, "{text}");
    assert!(events[0].contains("id: 7") && events[1].contains("id: 8"), "{text}");
    assert!(events[0].contains(r#"data: {"cursor":"7""#), "{text}");
    let sent: WatchWarningsRequest = hall.calls()[0].message();
    assert_eq!((sent.cursor.as_str(), sent.center.as_str()), ("6", "430102"));

    let refusing = Hall::refusing(|| Error::field("cursor", Reason::UnknownCursor));
    let refused = refusing.ask(get("/api/v1/warnings/watch?cursor=x")).await;
    assert_eq!(refused.problem().2, ["cursor: UNKNOWN_CURSOR"]);
}
