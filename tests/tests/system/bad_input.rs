//! Bad input gets a typed error that names field and rule, never the value, and leaves nothing.

use reqwest::Method;
use serde_json::{Value, json};
use yimen_tests::{Center, answer, sample};

const APPLICATIONS: &str = "/api/v1/applications";

/// Where in the application, what to write there, and the field and reason of the refusal.
fn table() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    let long = |length: usize| Value::String("长".repeat(length));
    vec![
        ("/center", json!(""), "center", "REQUIRED_FIELD"),
        ("/center", json!("999999"), "center", "ITEM_NOT_OFFERED"),
        ("/item", json!("no-such-item"), "item", "UNKNOWN_ITEM"),
        ("/item", json!("'; drop table intake.application; --"), "item", "BAD_FORMAT"),
        ("/subject", json!(""), "subject", "REQUIRED_FIELD"),
        ("/subject", long(201), "subject", "TOO_LONG"),
        ("/subject", json!("a\u{0}b"), "subject", "FORBIDDEN_CHARACTER"),
        ("/subject", json!("a\u{202e}b"), "subject", "FORBIDDEN_CHARACTER"),
        ("/subject", json!("a\u{200b}b"), "subject", "FORBIDDEN_CHARACTER"),
        ("/applicant/kind", json!("KIND_UNSPECIFIED"), "applicant.kind", "REQUIRED_FIELD"),
        ("/applicant/name", json!("   "), "applicant.name", "REQUIRED_FIELD"),
        ("/applicant/name", long(2_000), "applicant.name", "TOO_LONG"),
        ("/applicant/id_number", json!("92430111XXXX006921"), "applicant.id_number", "CHECK_DIGIT"),
        ("/applicant/id_number", json!("9243"), "applicant.id_number", "BAD_FORMAT"),
        ("/applicant/mobile", json!("12345"), "applicant.mobile", "BAD_FORMAT"),
        ("/form/trade_name", long(61), "form.trade_name", "TOO_LONG"),
        ("/form/nonsense", json!("x"), "form.nonsense", "UNKNOWN_VALUE"),
        ("/materials/0/code", json!("no-such-material"), "materials[0].code", "MATERIAL_UNKNOWN"),
        ("/materials/0/file/content", json!(""), "materials[0].file.content", "FILE_EMPTY"),
        (
            "/materials/0/file/content",
            json!("TVqQAAMAAAAEAAAA"),
            "materials[0].file.content",
            "FILE_TYPE_NOT_ALLOWED",
        ),
    ]
}

fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[key] = value;
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_field_is_named_and_nothing_is_written() {
    let center = Center::start().await;
    let clerk = center.staff("430102-clerk1").await;
    let good = sample("restaurant-opening", "430102");
    let mut wrong = Vec::new();
    for (pointer, value, field, reason) in table() {
        let refused = center.post(APPLICATIONS, None, with(good.clone(), pointer, value.clone())).await;
        let said: Vec<(&str, &str)> = refused.body["fields"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|fault| (fault["field"].as_str().unwrap(), fault["reason"].as_str().unwrap()))
            .collect();
        if refused.status != 400 || !said.contains(&(field, reason)) {
            wrong.push(format!("{pointer}: {field} {reason}, but {} {said:?}", refused.status));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // A citizen's number: 18 characters, a real day, the right check digit; never repeated in full.
    let person = sample("birth-registration", "430102");
    for (number, reason) in [
        ("430102199002300015", "IMPOSSIBLE_DATE"),
        ("430102900101001", "FIRST_GENERATION_ID"),
        ("430102199001010000", "CHECK_DIGIT"),
        ("999999199001010016", "UNKNOWN_DIVISION"),
    ] {
        let refused = center
            .post(APPLICATIONS, None, with(person.clone(), "/applicant/id_number", json!(number)))
            .await;
        assert_eq!(refused.body["fields"][0]["reason"], reason, "{number}: {refused:?}");
        assert!(!refused.body.to_string().contains(number));
    }
    let listed = center.get("/api/v1/window/applications", Some(&clerk)).await;
    assert_eq!((listed.status, listed.body["applications"].as_array().map_or(0, Vec::len)), (200, 0));
    center.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_refused_as_it_is() {
    let center = Center::start().await;
    let post = |content_type: &'static str, body: Vec<u8>| {
        answer(center.request(Method::POST, APPLICATIONS).header("content-type", content_type).body(body))
    };
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    for body in
        [&b"{"[..], b"", b"[]", b"nonsense", b"{\"center\":1}", b"\xff\xfe", b"{\"unknown\":1}", &deep]
    {
        let refused = post("application/json", body.to_vec()).await;
        let shown = String::from_utf8_lossy(&body[..body.len().min(20)]).into_owned();
        assert_eq!(refused.status, 400, "{shown}: {refused:?}");
        assert!(
            refused.body["reason"].is_string() && refused.body["detail"].is_string(),
            "{shown}: {refused:?}"
        );
    }
    assert_eq!(post("application/json", vec![b' '; 3 << 20]).await.status, 413);
    assert!(matches!(post("text/plain", b"{}".to_vec()).await.status, 400 | 415));

    // Protobuf of another shape over gRPC.
    let framed = [&[0, 0, 0, 0, 4][..], b"\xff\xff\xff\xff"].concat();
    let url = format!("http://{}/yimen.intake.v1.Intake/SubmitApplication", center.address());
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let request = client.post(url).header("content-type", "application/grpc").header("te", "trailers");
    let response = request.body(framed).send().await.unwrap();
    let status = response.headers().get("grpc-status").map(|value| value.to_str().unwrap().to_owned());
    assert!(status.as_deref().is_some_and(|status| status != "0"), "{status:?}");

    // Too large a file is refused while it comes; the wrong type when it is there.
    let upload = |name: &str, bytes: Vec<u8>| {
        answer(center.request(Method::POST, &format!("/api/v1/uploads?file_name={name}")).body(bytes))
    };
    assert_eq!(upload("a.pdf", [b"%PDF-1.4\n".to_vec(), vec![b' '; 21 << 20]].concat()).await.status, 413);
    let wrong = upload("a.pdf", b"MZ\x90\x00\x03\x00\x00\x00".to_vec()).await;
    assert_eq!((wrong.status, &wrong.body["fields"][0]["reason"]), (400, &json!("FILE_TYPE_NOT_ALLOWED")));
    center.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_looks_dangerous_and_is_not_is_kept_as_it_is() {
    let center = Center::start().await;
    let clerk = center.staff("430102-clerk1").await;
    // Han outside the Basic Multilingual Plane, markup and SQL are text like any other.
    for subject in [
        "𠮷野家与㐂𬀩",
        "<script>alert(1)</script> & \"引号\"",
        "'; drop table x; --",
        "%s %n \\u0000 ${7*7}",
    ] {
        let body = with(sample("restaurant-opening", "430102"), "/subject", json!(subject));
        let number = yimen_tests::text(&center.ok(APPLICATIONS, None, body).await["number"]);
        let kept = center.get(&format!("/api/v1/window/applications/{number}"), Some(&clerk)).await;
        assert!(
            kept.body.to_string().contains(&serde_json::to_string(subject).unwrap()),
            "{subject}: {kept:?}"
        );
        let page = center.request(Method::GET, "/items").send().await.unwrap();
        assert!(page.status().is_success());
    }
    center.stop().await;
}
