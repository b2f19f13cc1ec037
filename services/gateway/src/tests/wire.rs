//! The same over sockets: clients, gateway and services in their own processes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures::StreamExt as _;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::transport::Endpoint;
use tower::ServiceExt as _;
use yimen_platform::Config;
use yimen_platform::clock::StillClock;
use yimen_platform::rpc::{Channels, channel};
use yimen_proto::file::v1::{UploadFileRequest, UploadFileResponse, upload_file_request};
use yimen_proto::intake::v1::intake_client::IntakeClient;
use yimen_proto::intake::v1::{GetItemRequest, ServiceItem};

use super::{Hall, answer, signed_in};

async fn served(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    address
}

fn gateway(services: SocketAddr) -> Router {
    gateway_until(CancellationToken::new(), services)
}

fn gateway_until(stop: CancellationToken, services: SocketAddr) -> Router {
    let mut channels = Channels::until(stop);
    for service in ["identity", "intake", "approval"] {
        channels.insert(service, channel::remote(service, &format!("http://{services}")).unwrap());
    }
    crate::router(channels, &Config::default(), StillClock::new(Default::default())).unwrap()
}

/// Answers as soon as the call begins, with one message for every message that comes.
fn echoing() -> Router {
    Router::new().fallback(|request: Request<Body>| async move {
        assert!(request.headers().get("authorization").is_none());
        let body = request.into_body().map_err(std::io::Error::other);
        Response::builder().header("content-type", "application/grpc").body(Body::new(body)).unwrap()
    })
}

#[tokio::test]
async fn streams_flow_both_ways_while_they_are_open() {
    let gateway = served(gateway(served(echoing()).await)).await;
    let channel = Endpoint::from_shared(format!("http://{gateway}")).unwrap().connect().await.unwrap();
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.unwrap();
    let (pieces, received) = tokio::sync::mpsc::channel::<Bytes>(1);
    let path = "/yimen.intake.v1.Intake/UploadFile".parse().unwrap();
    let outgoing = tokio_stream::wrappers::ReceiverStream::new(received);
    let call = client.streaming(tonic::Request::new(outgoing), path, crate::http::call::Untyped);
    let mut answers = call.await.unwrap().into_inner();
    for piece in ["one", "two", "three"] {
        pieces.send(piece.into()).await.unwrap();
        let echo = tokio::time::timeout(Duration::from_secs(5), answers.message()).await;
        assert_eq!(echo.unwrap().unwrap().unwrap(), piece);
    }
}

#[tokio::test]
async fn a_gateway_that_stops_lets_no_watch_hang() {
    let stop = CancellationToken::new();
    let address = served(gateway_until(stop.clone(), served(echoing()).await)).await;
    let channel = Endpoint::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.unwrap();
    let (pieces, received) = tokio::sync::mpsc::channel::<Bytes>(1);
    let path = "/yimen.approval.v1.Approval/WatchTasks".parse().unwrap();
    let outgoing = tokio_stream::wrappers::ReceiverStream::new(received);
    let call = client.streaming(tonic::Request::new(outgoing), path, crate::http::call::Untyped);
    let mut answers = call.await.unwrap().into_inner();
    pieces.send("one".into()).await.unwrap();
    assert_eq!(answers.message().await.unwrap().unwrap(), "one");
    stop.cancel();
    let end = tokio::time::timeout(Duration::from_secs(5), answers.message()).await.unwrap();
    assert_eq!(end.unwrap_err().code(), tonic::Code::Unavailable);
}

/// What a service saw of an upload: whether it came to its end.
async fn upload(body: Body, length: Option<u64>) -> (u16, Vec<bool>) {
    let ends = Arc::new(Mutex::new(Vec::new()));
    let seen = ends.clone();
    let intake = Router::new().fallback(move |request: Request<Body>| {
        let seen = seen.clone();
        async move {
            let complete = request.into_body().collect().await.is_ok();
            seen.lock().unwrap().push(complete);
            use prost::Message as _;
            answer(Ok(vec![UploadFileResponse::default().encode_to_vec()])).map(Body::new)
        }
    });
    let gateway = gateway(served(intake).await);
    let mut request = Request::post("/api/v1/uploads?file_name=a").body(body).unwrap();
    if let Some(length) = length {
        request.headers_mut().insert("content-length", length.into());
    }
    let status = gateway.oneshot(request).await.unwrap().status().as_u16();
    for _ in 0..100 {
        if !ends.lock().unwrap().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let ends = ends.lock().unwrap().clone();
    (status, ends)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_never_takes_half_a_file_for_a_whole_one() {
    assert_eq!(upload("whole".into(), None).await, (201, vec![true]));
    let piece = Bytes::from(vec![0; 1 << 20]);
    let large = futures::stream::iter((0..21).map(move |_| Ok::<_, std::io::Error>(piece.clone())));
    let (status, ends) = upload(Body::from_stream(large), None).await;
    assert_eq!(status, 413);
    assert!(!ends.contains(&true), "{ends:?}");
    // What must not happen is a race, so it gets many chances.
    for _ in 0..50 {
        let broken = [Ok(Bytes::from_static(b"half")), Err(std::io::Error::other("gone"))];
        let slowly = futures::stream::iter(broken).then(|piece| async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            piece
        });
        let (status, ends) = upload(Body::from_stream(slowly), None).await;
        assert_eq!(status, 400);
        assert!(!ends.contains(&true), "{ends:?}");
    }
}

#[tokio::test]
async fn one_port_speaks_grpc_and_http() {
    let hall = Hall::answering(&[ServiceItem { code: "a".into(), ..Default::default() }]);
    let address = served(hall.router.clone()).await;
    let channel = Endpoint::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
    let asked = GetItemRequest { code: "a".into(), on: String::new() };
    let item = IntakeClient::new(channel).get_item(asked).await.unwrap().into_inner();
    assert_eq!(item.code, "a");
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let request = b"GET /api/v1/items/a HTTP/1.1\r\nhost: hall\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 200 OK") && response.contains("\"code\":\"a\""), "{response}");
}

#[tokio::test]
async fn a_service_that_is_away_is_unavailable() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let router = gateway(free);
    let request = Request::get("/api/v1/items/a").body(Body::empty()).unwrap();
    assert_eq!(router.clone().oneshot(signed_in(request)).await.unwrap().status(), 503);
    let address = served(router).await;
    let channel = Endpoint::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
    let part = upload_file_request::Part::Chunk(vec![1]);
    let messages = futures::stream::iter([UploadFileRequest { part: Some(part) }]);
    let refused = IntakeClient::new(channel).upload_file(messages).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unavailable);
}

#[tokio::test]
async fn who_is_refused_while_still_sending_reads_why() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let hall = Hall::answering::<ServiceItem>(&[]);
    let address = served(hall.router.clone()).await;
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let length = 24 << 20;
    let head = format!(
        "POST /api/v1/applications HTTP/1.1\r\nhost: hall\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // More than all the buffers on the way hold.
    for _ in 0..24 {
        stream.write_all(&[b' '; 1 << 20]).await.unwrap();
    }
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 413 "), "{response}");
}
