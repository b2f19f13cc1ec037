//! What the broker hands to whom.

use futures::StreamExt as _;
use futures::future::join_all;
use lapin::options::BasicConsumeOptions;
use lapin::{Connection, ConnectionProperties};
use prost::Name as _;
use serde_json::json;
use yimen_platform::messages::{Envelope, wire};
use yimen_proto::intake::v1::{ApplicationAccepted, ApplicationSubmitted, ContactGiven, FeesDue};
use yimen_tests::broker;
use yimen_tests::servers::{Place, Servers};
use yimen_tests::{Center, sample, text};

/// Applications that come at once, so that their events leave together.
const TOGETHER: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn personal_data_reaches_nobody_who_does_not_listen_to_it() {
    let Some(place) = Place::named() else { return };
    let url = place.amqp_url.clone();
    let center = Center::on(Servers::start(place, &[]).await).await;
    let clerk = center.staff("430102-clerk1").await;
    let connection = Connection::connect(&url, ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let kinds = [ApplicationSubmitted::full_name(), ApplicationAccepted::full_name()];
    let keys = kinds.clone().map(|kind| format!("430102.{kind}"));
    let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
    let mut listener = broker::listen(&channel, keys, options).await.unwrap();

    let one = async || {
        let asked = sample("real-estate-transfer", "430102");
        let number = text(&center.ok("/api/v1/applications", None, asked).await["number"]);
        center.ok(&format!("/api/v1/applications/{number}/accept"), Some(&clerk), json!({})).await;
        number
    };
    let mut awaited: Vec<(String, String)> = Vec::new();
    for number in join_all((0..TOGETHER).map(|_| one())).await {
        awaited.extend(kinds.clone().map(|kind| (number.clone(), kind)));
    }
    while !awaited.is_empty() {
        let delivery = listener.next().await.unwrap().unwrap();
        for Envelope { subject, kind, .. } in wire::decode(&delivery.data).unwrap() {
            assert!(
                ![ContactGiven::full_name(), FeesDue::full_name()].contains(&kind),
                "{kind} of {subject}"
            );
            let place = awaited.iter().position(|awaited| *awaited == (subject.clone(), kind.clone()));
            if kinds.contains(&kind) {
                awaited.remove(place.expect("each is handed out once"));
            }
        }
    }
    center.stop().await;
}
