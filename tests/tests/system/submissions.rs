//! Who hands in at the same moment shares a transaction, and nothing else.

use std::collections::BTreeSet;

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use yimen_tests::{Answer, Center, answer, sample, text};

const APPLICATIONS: &str = "/api/v1/applications";

async fn upload(center: &Center) -> Value {
    let content = b"%PDF-1.4\n".to_vec();
    let taken = answer(center.request(Method::POST, "/api/v1/uploads?file_name=a.pdf").body(content)).await;
    taken.body["upload_id"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_used_once_whoever_hands_in_beside() {
    let center = Center::start().await;
    let plain = sample("restaurant-opening", "430102");
    let with = |upload: &Value| {
        let mut body = plain.clone();
        let code = body["materials"][0]["code"].clone();
        body["materials"][0] = json!({"code": code, "upload_id": upload});
        body
    };
    let send = async |key: String, body: Value| -> Answer {
        center.send(Method::POST, APPLICATIONS, None, &[("Idempotency-Key", key.as_str())], Some(body)).await
    };
    // Two for each upload, one without, and one that names the same upload twice.
    let mut bodies = Vec::new();
    for _ in 0..4 {
        let upload = upload(&center).await;
        bodies.extend([with(&upload), with(&upload), plain.clone()]);
    }
    let mut twice = with(&upload(&center).await);
    twice["materials"][1]["file"].take();
    twice["materials"][1] =
        json!({"code": twice["materials"][1]["code"], "upload_id": twice["materials"][0]["upload_id"]});
    bodies.push(twice);
    let key = |place: usize| format!("beside-{place}");
    let sent = bodies.iter().enumerate().map(|(place, body)| send(key(place), body.clone()));
    let answers: Vec<Answer> = join_all(sent).await;

    let (last, pairs) = answers.split_last().unwrap();
    assert_eq!(last.body["fields"][0]["field"], "materials[1].upload_id", "{last:?}");
    for three in pairs.chunks(3) {
        let [one, other, plain] = three else { panic!("three each") };
        assert_eq!(plain.status, 201, "{plain:?}");
        let refused = if one.status == 201 { other } else { one };
        assert_eq!(one.status.min(other.status), 201, "{three:?}");
        assert_eq!(refused.status, 400, "{three:?}");
        let field = &refused.body["fields"][0];
        assert_eq!(
            (&field["field"], &field["reason"]),
            (&json!("materials[0].upload_id"), &json!("UPLOAD_UNKNOWN"))
        );
    }
    let taken_in = pairs.iter().filter(|answer| answer.status == 201);
    let different =
        |name: &str| taken_in.clone().map(|answer| text(&answer.body[name])).collect::<BTreeSet<_>>().len();
    assert_eq!((different("number"), different("receipt"), different("lookup_code")), (8, 8, 8));
    for accepted in taken_in.clone() {
        let tracked = center
            .get(
                &format!(
                    "{APPLICATIONS}/{}?code={}",
                    text(&accepted.body["number"]),
                    text(&accepted.body["lookup_code"])
                ),
                None,
            )
            .await;
        assert_eq!(tracked.body["state"], "SUBMITTED", "{tracked:?}");
    }

    // Again, each is answered as before, although its upload is used now.
    for (place, (body, before)) in
        bodies.iter().zip(&answers).enumerate().filter(|(_, (_, before))| before.status == 201)
    {
        assert_eq!(send(key(place), body.clone()).await.body, before.body);
    }
    center.stop().await;
}
