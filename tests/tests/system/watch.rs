//! A department's system follows its tasks, and goes on where it stopped.

use std::time::Duration;

use serde_json::json;
use tonic::{Code, Streaming};
use yimen_proto::approval::v1::{WatchTasksRequest, WatchTasksResponse};
use yimen_tests::{Center, call, sample, text};

async fn next(stream: &mut Streaming<WatchTasksResponse>) -> (String, String) {
    let change = tokio::time::timeout(Duration::from_secs(30), stream.message()).await;
    let change = change.expect("a change comes").unwrap().expect("a watch goes on");
    (change.task.expect("a change is of a task").number, change.cursor)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_goes_on_from_its_cursor() {
    let center = Center::start().await;
    let clerk = center.staff("430102-clerk1").await;
    let (key, _) = center.api_key("430102-scjg").await;
    let mut client = center.approval().await;
    let watch = |cursor: &str| call(&key, WatchTasksRequest { cursor: cursor.to_owned() });
    let mut accepted = Vec::new();
    for _ in 0..2 {
        let handed_in = center.ok("/api/v1/applications", None, sample("restaurant-opening", "430102")).await;
        accepted.push(text(&handed_in["number"]));
    }
    let accept = async |number: &str| {
        center.ok(&format!("/api/v1/applications/{number}/accept"), Some(&clerk), json!({})).await;
    };

    // It was waiting when the first came.
    let mut stream = client.watch_tasks(watch("")).await.unwrap().into_inner();
    accept(&accepted[0]).await;
    let (number, cursor) = next(&mut stream).await;
    assert_eq!(number, accepted[0]);
    drop(stream);

    // It was away when the second came.
    accept(&accepted[1]).await;
    let mut stream = client.watch_tasks(watch(&cursor)).await.unwrap().into_inner();
    assert_eq!(next(&mut stream).await.0, accepted[1]);

    // From the beginning it sees both.
    let mut stream = client.watch_tasks(watch("")).await.unwrap().into_inner();
    let mut seen = vec![next(&mut stream).await.0, next(&mut stream).await.0];
    seen.sort();
    assert_eq!(seen, accepted);

    for garbage in ["99999999", "-1", "x"] {
        let refused = client.watch_tasks(watch(garbage)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{garbage}");
    }
    // The open watch does not keep the center from stopping.
    center.stop().await;
}

/// A gateway has one connection to a service, which carries every follower and every call of everyone else.
#[tokio::test(flavor = "multi_thread")]
async fn many_who_follow_leave_room_for_calls() {
    let center = Center::start().await;
    let (key, _) = center.api_key("430102-scjg").await;
    let mut open = Vec::new();
    for _ in 0..5 {
        let mut client = center.approval().await;
        for _ in 0..60 {
            open.push(client.watch_tasks(call(&key, WatchTasksRequest::default())).await.unwrap());
        }
    }
    let called = center.get("/api/v1/tasks", Some(&key));
    let answer = tokio::time::timeout(Duration::from_secs(10), called).await.expect("there is room");
    assert_eq!(answer.status, 200, "{answer:?}");
    drop(open);
    center.stop().await;
}
