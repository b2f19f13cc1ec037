//! A voter with a browser: the ballot, the thanks, and every way in which none is taken.

use std::sync::atomic::{AtomicBool, Ordering};

use prost::Message as _;
use yimen_kernel::Reason;
use yimen_kernel::error::{Error, FieldError};
use yimen_proto::complaints::v1 as complaints;
use yimen_proto::complaints::v1::appraisal_round::Phase;

use super::sample::{self, TOKEN};
use super::{Hall, get, post};

fn path() -> String {
    format!("/vote/{TOKEN}")
}

#[tokio::test]
async fn a_ballot_is_cast_once() {
    let is_spent = AtomicBool::new(false);
    let hall = Hall::new(move |call| match call.method.as_str() {
        "OpenBallot" => {
            let ballot = sample::ballot(Phase::Voting, "");
            Ok(complaints::Ballot { spent: is_spent.load(Ordering::SeqCst), ..ballot }.encode_to_vec())
        }
        "CastBallot" if is_spent.swap(true, Ordering::SeqCst) => {
            Err(Error::precondition(Reason::AlreadyVoted))
        }
        "CastBallot" => Ok(complaints::CastBallotResponse::default().encode_to_vec()),
        other => Err(Error::internal(other.to_owned())),
    });
    let shown = hall.ask(get(&path())).await;
    assert_eq!(shown.status, 200);
    assert_eq!(shown.body.matches("type=\"radio\"").count(), 8, "three levels and none, of two units");
    assert_eq!(shown.body.matches(" checked").count(), 2, "blank to begin with");
    assert!(shown.body.contains("supervisors") && shown.body.contains("Market Regulation"));
    assert_eq!(shown.header("referrer-policy"), "same-origin", "no other site learns the code");

    let marks = [("mark.1", "SATISFIED"), ("mark.2", "")];
    let thanks = hall.ask(post(&path(), &marks)).await;
    assert_eq!(thanks.status, 201);
    assert!(!thanks.body.contains(TOKEN), "the page that stays open does not show the code");
    let cast: complaints::CastBallotRequest = hall.called("CastBallot")[0].message();
    assert_eq!(cast.token, TOKEN);
    let expected = complaints::Mark { department: "430102-scjg".into(), choice: "SATISFIED".into() };
    assert_eq!(cast.marks, [expected], "what is blank is not sent");

    for again in [hall.ask(post(&path(), &marks)).await, hall.ask(get(&path())).await] {
        assert!(again.body.contains("already, and it counts"), "{}", again.body);
        assert!(!again.body.contains("type=\"radio\""));
    }
}

#[tokio::test]
async fn why_no_ballot_is_taken() {
    for (phase, said) in [
        (Phase::Preparing, "has not begun"),
        (Phase::Closed, "ended at"),
        (Phase::Published, "ended at"),
        (Phase::Cancelled, "called off"),
    ] {
        let hall = Hall::new(move |call| match call.method.as_str() {
            "OpenBallot" => Ok(sample::ballot(phase, "").encode_to_vec()),
            other => Err(Error::internal(other.to_owned())),
        });
        let shown = hall.ask(get(&path())).await;
        assert!(shown.status == 200 && shown.body.contains(said), "{phase:?}: {}", shown.body);
        assert!(shown.body.contains("/reviews/430102-PY-2026-0000001"));
    }
}

#[tokio::test]
async fn a_wrong_code_is_asked_for_again() {
    let hall = Hall::new(|call| match call.method.as_str() {
        "OpenBallot" => Err(Error::not_found(Reason::BallotTokenUnknown)),
        other => Err(Error::internal(other.to_owned())),
    });
    for page in [hall.ask(get(&path())).await, hall.ask(post("/vote", &[("token", "abcd-efgh")])).await] {
        assert_eq!(page.status, 404);
        assert!(page.body.contains("There is no such ballot code") && page.body.contains("name=\"token\""));
    }
    let hall = Hall::new(|_| Ok(sample::ballot(Phase::Voting, "").encode_to_vec()));
    let typed = TOKEN.to_lowercase();
    let on = hall.ask(post("/vote", &[("token", &format!("{}-{}", &typed[..13], &typed[13..]))])).await;
    assert_eq!((on.status.as_u16(), on.header("location")), (303, format!("/vote/{typed}").as_str()));
}

#[tokio::test]
async fn a_refused_ballot_comes_back_as_it_was() {
    let hall = Hall::new(|call| match call.method.as_str() {
        "OpenBallot" => Ok(sample::ballot(Phase::Voting, "").encode_to_vec()),
        "CastBallot" => Err(Error::invalid(vec![FieldError::new("marks", Reason::TooMany).limit(1)])),
        other => Err(Error::internal(other.to_owned())),
    });
    let page = hall.ask(post(&path(), &[("mark.1", "DISSATISFIED"), ("mark.2", "SATISFIED")])).await;
    assert_eq!(page.status, 400);
    assert!(page.body.contains("Please give at most 1"), "{}", page.body);
    for kept in
        ["name=\"mark.1\" value=\"DISSATISFIED\" checked", "name=\"mark.2\" value=\"SATISFIED\" checked"]
    {
        assert!(page.body.contains(kept), "{kept}");
    }
}

#[tokio::test]
async fn results_are_shown_once_they_are_public() {
    let hall = Hall::new(|call| match call.method.as_str() {
        "GetAppraisalRound" => {
            let asked: complaints::GetAppraisalRoundRequest = call.message();
            let phase = if asked.round == "counted" { Phase::Counted } else { Phase::Published };
            Ok(sample::appraisal_round(phase, "").encode_to_vec())
        }
        other => Err(Error::internal(other.to_owned())),
    });
    let published = hall.ask(get("/reviews/published")).await.body;
    for shown in ["93.96 %", "140/149", "Not rated", "not followed", "the public 60 %", "00ff", "1234"] {
        assert!(published.contains(shown), "{shown} in {published}");
    }
    let counted = hall.ask(get("/reviews/counted")).await.body;
    assert!(!counted.contains("93.96") && counted.contains("not published yet"), "{counted}");
}
