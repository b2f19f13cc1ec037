//! gRPC through the door.

use std::net::SocketAddr;

use http::{HeaderMap, Request};
use prost::Message as _;
use tonic::{Code, Request as Call, Status};
use tower::{BoxError, ServiceExt as _};
use yimen_platform::Config;
use yimen_platform::rpc::{Body, Channel, Channels};
use yimen_proto::approval::v1::ListTasksRequest;
use yimen_proto::approval::v1::approval_client::ApprovalClient;
use yimen_proto::file::v1::DownloadFileResponse;
use yimen_proto::identity::v1::AuthenticateRequest;
use yimen_proto::identity::v1::identity_client::IdentityClient;
use yimen_proto::intake::v1::intake_client::IntakeClient;
use yimen_proto::intake::v1::{DownloadMaterialRequest, GetItemRequest, ServiceItem};

use super::Hall;
use crate::door::Door;

fn channel(hall: &Hall) -> Channel {
    let router = hall.router.clone();
    Channel::new(tower::service_fn(move |request: Request<Body>| {
        let router = router.clone();
        async move {
            let answer = router.oneshot(request.map(axum::body::Body::new)).await;
            answer.map(|response| response.map(Body::new)).map_err(BoxError::from)
        }
    }))
}

fn with<T>(message: T, headers: &[(&'static str, &'static str)]) -> Call<T> {
    let mut call = Call::new(message);
    for (name, value) in headers {
        call.metadata_mut().as_mut().insert(*name, value.parse().unwrap());
    }
    call
}

#[tokio::test]
async fn a_call_goes_through_and_nobody_says_who_he_is() {
    let hall = Hall::answering(&[ServiceItem { code: "tobacco-retail".into(), ..Default::default() }]);
    let mut client = IntakeClient::new(channel(&hall));
    let asked = GetItemRequest { code: "tobacco-retail".into(), on: String::new() };
    let forged = [
        ("yimen-actor-bin", "Zm9yZ2Vk"),
        ("yimen-source", "somebody else"),
        ("cookie", "yimen_session=good"),
        ("x-forwarded-for", "10.0.0.1"),
        ("x-department", "kept"),
    ];
    let item = client.get_item(with(asked.clone(), &forged)).await.unwrap().into_inner();
    assert_eq!(item.code, "tobacco-retail");
    let call = hall.calls().remove(0);
    assert_eq!(call.message::<GetItemRequest>(), asked);
    assert!(call.headers.get("yimen-actor-bin").is_none());
    assert_ne!(call.headers["yimen-source"], "somebody else");
    assert!(call.headers.get("cookie").is_none() && call.headers.get("x-forwarded-for").is_none());
    assert_eq!(call.headers["x-department"], "kept");

    let signed = [("authorization", "Bearer good"), ("yimen-actor-bin", "Zm9yZ2Vk")];
    client.get_item(with(asked, &signed)).await.unwrap();
    let call = hall.calls().remove(1);
    assert_eq!(call.headers.get_all("yimen-actor-bin").iter().collect::<Vec<_>>(), ["c2lnbmVk"]);
    assert!(call.headers.get("authorization").is_none());
}

#[tokio::test]
async fn streams_go_through() {
    use yimen_proto::file::v1::download_file_response::Part;
    let piece = |byte| DownloadFileResponse { part: Some(Part::Chunk(vec![byte; 10])) };
    let hall = Hall::answering(&[piece(1), piece(2)]);
    let mut client = IntakeClient::new(channel(&hall));
    let call = with(DownloadMaterialRequest::default(), &[("authorization", "Bearer good")]);
    let mut answer = client.download_material(call).await.unwrap().into_inner();
    let mut pieces = Vec::new();
    while let Some(message) = answer.message().await.unwrap() {
        pieces.push(message);
    }
    assert_eq!(pieces, [piece(1), piece(2)]);
    assert!(answer.trailers().await.unwrap().is_some());
}

#[tokio::test]
async fn what_is_not_for_outside_stays_inside() {
    let hall = Hall::answering(&[ServiceItem::default()]);
    let request = AuthenticateRequest { credential: super::CREDENTIAL.into() };
    let refused = IdentityClient::new(channel(&hall)).authenticate(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert!(hall.calls.lock().unwrap().is_empty());

    let mut client = IntakeClient::new(channel(&hall));
    let revoked = with(GetItemRequest::default(), &[("authorization", "Bearer revoked")]);
    assert_eq!(client.get_item(revoked).await.unwrap_err().code(), Code::Unauthenticated);
    let away = ApprovalClient::new(channel(&hall)).list_tasks(ListTasksRequest::default()).await;
    assert_eq!(away.unwrap_err().code(), Code::Unavailable);
    assert!(hall.calls().is_empty());

    for path in ["/yimen.intake.v1.Intake/Nothing", "/nothing", "/api/v1/centers", "/"] {
        let request = Request::post(path).header("content-type", "application/grpc+proto");
        let response = hall.ask(request.body(axum::body::Body::empty()).unwrap()).await;
        let status = Status::from_header_map(&response.headers).unwrap();
        assert_eq!(status.code(), Code::Unimplemented, "{path}");
    }
}

#[tokio::test]
async fn health_and_reflection_are_answered_by_the_door() {
    let hall = Hall::answering(&[ServiceItem::default()]);
    let mut health = tonic_health::pb::health_client::HealthClient::new(channel(&hall));
    let healthy = health.check(tonic_health::pb::HealthCheckRequest::default()).await.unwrap();
    assert_eq!(healthy.into_inner().status, 1);

    use tonic_reflection::pb::v1 as pb;
    let mut client = pb::server_reflection_client::ServerReflectionClient::new(channel(&hall));
    let question = pb::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(pb::server_reflection_request::MessageRequest::ListServices(String::new())),
    };
    let answer = client.server_reflection_info(futures::stream::iter([question])).await;
    let listed = answer.unwrap().into_inner().message().await.unwrap().unwrap().encode_to_vec();
    let name = b"yimen.intake.v1.Intake";
    assert!(listed.windows(name.len()).any(|window| window == name));
}

#[test]
fn a_source_is_stable_and_no_address() {
    let clock = yimen_platform::clock::StillClock::new(Default::default());
    let direct = Door::new(Channels::default(), &Config::default(), clock.clone());
    let config = Config { behind_proxy: true, ..Config::default() };
    let proxied = Door::new(Channels::default(), &config, clock);
    let peer = |text: &str| text.parse::<SocketAddr>().unwrap();
    let forwarded = |text: &str| {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", text.parse().unwrap());
        headers
    };
    let none = HeaderMap::new();
    let one = direct.source(peer("192.0.2.1:1000"), &none);
    assert_eq!(one, direct.source(peer("192.0.2.1:2000"), &forwarded("192.0.2.9")));
    assert_eq!(one, direct.source(peer("[::ffff:192.0.2.1]:1"), &none));
    assert_ne!(one, direct.source(peer("192.0.2.2:1000"), &none));
    assert_eq!(one, proxied.source(peer("10.0.0.1:1"), &forwarded("203.0.113.7, 192.0.2.1")));
    assert_eq!(direct.source(peer("10.0.0.1:1"), &none), proxied.source(peer("10.0.0.1:1"), &forwarded("?")));
    let network = direct.source(peer("[2001:db8::1]:1"), &none);
    assert_eq!(network, direct.source(peer("[2001:db8::ffff:2]:1"), &none));
    assert_ne!(network, direct.source(peer("[2001:db8:0:1::1]:1"), &none));
}
