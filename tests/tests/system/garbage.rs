//! Every operation of the published description, fed with what nobody should send: always a typed
//! answer, never a failure of ours.

use reqwest::Method;
use serde_json::{Value, json};
use yimen_tests::Center;

/// What no field takes.
fn garbage() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(1e308),
        json!(u64::MAX),
        json!(""),
        json!("长".repeat(50_000)),
        json!("a\u{0}b\u{1b}[31m"),
        json!("\u{202e}\u{2066}\u{feff}"),
        json!("'; drop schema intake cascade; --"),
        json!("<img src=x onerror=alert(1)>"),
        json!("𠮷"),
        json!("2026-02-30"),
        json!("NO_SUCH_VALUE"),
        json!([]),
        json!([[[]]]),
        json!({}),
        json!({"a": {"b": 1}}),
    ]
}

/// Bodies that put each piece of garbage into each field, two levels deep.
fn bodies(document: &Value, schema: &Value) -> Vec<Value> {
    let mut bodies: Vec<Value> = garbage();
    for (field, inner) in properties(document, schema) {
        bodies.extend(garbage().into_iter().map(|piece| json!({ &field: piece })));
        let (element, wrap): (&Value, fn(Value) -> Value) = match &inner["items"] {
            Value::Null => (&inner, |value| value),
            items => (items, |value| json!([value])),
        };
        for (deeper, _) in properties(document, element) {
            bodies.extend(
                garbage().into_iter().map(|piece| json!({ &field: wrap(json!({ &deeper: piece })) })),
            );
        }
    }
    bodies
}

fn properties(document: &Value, schema: &Value) -> Vec<(String, Value)> {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    };
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties.map(|(name, inner)| (name.clone(), inner.clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_answers_garbage_with_a_typed_refusal() {
    let center = Center::start().await;
    let clerk = center.staff("430102-clerk1").await;
    let (key, _) = center.api_key("430102-scjg").await;
    let document = center.get("/api/openapi.json", None).await.body;
    let mut sent = 0;
    for (pattern, operations) in document["paths"].as_object().unwrap() {
        let path = pattern
            .replace("{number}", "430102202601010000017")
            .replace("{center}", "430102")
            .replace("{login}", "nobody")
            .split('/')
            .map(|part| if part.starts_with('{') { "x" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        let schema = &operations["post"]["requestBody"]["content"]["application/json"]["schema"];
        if schema.is_null() {
            for query in [
                "?page_size=-1",
                "?page_size=x",
                "?page_token=%00",
                "?nonsense=1",
                "?code=%ff",
                "?on=2026-02-30",
            ] {
                for token in [None, Some(clerk.as_str()), Some(key.as_str())] {
                    let answer = center.get(&format!("{path}{query}"), token).await;
                    assert!(answer.status < 500, "{path}{query}: {answer:?}");
                }
            }
            continue;
        }
        // Whoever may call it at all: ending one's own session would end the test.
        let tokens: &[&str] =
            if pattern.ends_with("/sessions/end") { &[] } else { &[center.operator(), &clerk, &key] };
        let mut token = None;
        for candidate in tokens {
            if !matches!(center.post(&path, Some(candidate), json!({})).await.status, 401 | 403) {
                token = Some(*candidate);
            }
        }
        for body in bodies(&document, schema) {
            let answer = center
                .send(Method::POST, &path, token, &[("Accept-Language", "en")], Some(body.clone()))
                .await;
            let shown: String = body.to_string().chars().take(120).collect();
            assert!(answer.status < 500, "{path} {shown}: {answer:?}");
            if answer.status >= 400 {
                let typed = answer.body["reason"].is_string() && answer.body["detail"].is_string();
                assert!(typed, "{path} {shown}: {answer:?}");
                assert!(answer.body.to_string().len() < 60_000, "{path} {shown}: it repeats what was sent");
            }
            sent += 1;
        }
    }
    assert!(sent > 1_000, "the description has shrunk: {sent}");
    center.stop().await;
}
