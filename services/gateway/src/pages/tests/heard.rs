//! Complaints and questions, from form to answer; and what the supervisor's office sees.

use askama::Template;
use prost::Message as _;
use yimen_kernel::error::{Error, FieldError};
use yimen_kernel::{Lang, Reason};
use yimen_proto::complaints::v1 as pb;
use yimen_proto::complaints::v1::complaint::{Finding, Ground, Identity, Kind, State};
use yimen_proto::complaints::v1::complaint_file::Source;
use yimen_proto::complaints::v1::complaint_step::What;
use yimen_proto::file::v1::UploadFileResponse;
use yimen_proto::identity::v1::ActorClaims;
use yimen_proto::policy::v1::Role;

use super::render::{HOSTILE, harmless, shell, whole};
use super::sample::{self, CODE};
use super::{Hall, Played, get, multipart, post, signed_in};
use crate::pages::{ask, heard, staff};

const COMPLAINT: &str = "430102-TS-2026-0000001";
const QUESTION: &str = "430102-ZX-2026-0000001";

fn complaint(state: State, said: &str) -> pb::Complaint {
    let step = |what: What| pb::ComplaintStep {
        what: what.into(),
        time: sample::at(5),
        by: said.to_owned(),
        note: said.to_owned(),
    };
    pb::Complaint {
        number: COMPLAINT.into(),
        center: "430102".into(),
        kind: Kind::Complaint.into(),
        identity: Identity::Protected.into(),
        grounds: vec![Ground::Dragging.into()],
        subject: Some(pb::Subject {
            kind: pb::subject::Kind::Department.into(),
            department: "430102-scjg".into(),
            description: said.to_owned(),
            ..pb::Subject::default()
        }),
        body: if said.is_empty() { "示例：等了三周没有答复".to_owned() } else { said.to_owned() },
        state: state.into(),
        file_time: sample::at(0),
        department: "430102-wsjk".into(),
        accepted_on: "2026-11-24".into(),
        due_on: "2026-12-24".into(),
        answers: vec![pb::ComplaintAnswer {
            level: 0,
            text: format!("示例：经查属实，已责令限期办结。{said}"),
            finding: Finding::Founded.into(),
            department: "430102-wsjk".into(),
            time: sample::at(30),
        }],
        told_on: "2026-11-25".into(),
        review_until: "2026-12-25".into(),
        history: vec![step(What::Filed), step(What::Accepted), step(What::Answered)],
        accused: vec![pb::Accused { kind: pb::accused::Kind::Department.into(), id: "430102-scjg".into() }],
        similar: vec!["430102-TS-2026-0000002".into()],
        ..pb::Complaint::default()
    }
}

fn case(said: &str) -> pb::AccountabilityCase {
    pb::AccountabilityCase {
        accountability_case: "430102-ZR-2026-0000001".into(),
        state: pb::accountability_case::State::Published.into(),
        center: "430102".into(),
        complaint: COMPLAINT.into(),
        held: Some(pb::Accused { kind: pb::accused::Kind::Department.into(), id: "430102-scjg".into() }),
        opened_on: "2026-11-25".into(),
        finding: format!("示例：逾期未办结{said}"),
        measure: pb::accountability_case::Measure::Circular.into(),
        evidence: "示例通报〔2026〕1号".into(),
        carried_out_on: "2026-11-26".into(),
        public_text: "示例：逾期未办结，予以通报。".into(),
        ..pb::AccountabilityCase::default()
    }
}

fn question(said: &str) -> pb::Question {
    pb::Question {
        number: QUESTION.into(),
        center: "430102".into(),
        title: format!("开餐馆要带什么{said}"),
        body: format!("示例：要办哪些手续？{said}"),
        state: pb::question::State::Answered.into(),
        ask_time: sample::at(0),
        answer: format!("示例：一窗申请。{said}"),
        answer_time: sample::at(40),
        ..pb::Question::default()
    }
}

fn published(said: &str) -> pb::SearchAnswersResponse {
    let answer = pb::PublishedAnswer {
        number: QUESTION.into(),
        center: "430102".into(),
        title: format!("开办餐馆{said}"),
        question: "开小餐馆要办哪些手续？".into(),
        answer: "营业执照、食品经营许可和消防手续，一窗申请。".into(),
        published_on: "2026-11-25".into(),
        ..pb::PublishedAnswer::default()
    };
    pb::SearchAnswersResponse { answers: vec![answer], next_page_token: "61".into() }
}

fn consequences(said: &str) -> pb::ListAccountabilityPublicationsResponse {
    let publication = pb::AccountabilityPublication {
        accountability_case: "430102-ZR-2026-0000001".into(),
        center: "430102".into(),
        department: "430102-scjg".into(),
        grounds: vec![Ground::Dragging.into()],
        measure: pb::accountability_case::Measure::Circular.into(),
        carried_out_on: "2026-11-26".into(),
        text: format!("示例：逾期未办结，予以通报。{said}"),
        ..pb::AccountabilityPublication::default()
    };
    pb::ListAccountabilityPublicationsResponse {
        publications: vec![publication],
        next_page_token: String::new(),
    }
}

fn play(method: &str, said: &str) -> Played {
    Ok(match method {
        "ListAccountabilityPublications" => consequences(said).encode_to_vec(),
        "SearchAnswers" => published(said).encode_to_vec(),
        "FileComplaint" => pb::FileComplaintResponse {
            number: COMPLAINT.into(),
            lookup_code: CODE.into(),
            due_on: "2026-11-27".into(),
        }
        .encode_to_vec(),
        "AskQuestion" => pb::AskQuestionResponse {
            number: QUESTION.into(),
            lookup_code: CODE.into(),
            due_on: "2026-12-01".into(),
        }
        .encode_to_vec(),
        "FollowComplaint" | "GetComplaint" => complaint(State::Told, said).encode_to_vec(),
        "ListQuestions" => {
            pb::ListQuestionsResponse { questions: vec![question(said)], next_page_token: String::new() }
                .encode_to_vec()
        }
        "GetQuestion" => pb::Question {
            state: pb::question::State::Asked.into(),
            department: "430102-scjg".into(),
            answer: String::new(),
            answer_time: None,
            ..question(said)
        }
        .encode_to_vec(),
        "AnswerQuestion" => return Err(Error::field("answer", Reason::Required)),
        "DirectQuestion" => question(said).encode_to_vec(),
        "FollowQuestion" => question(said).encode_to_vec(),
        "ConfirmAnswer" => complaint(State::Closed, said).encode_to_vec(),
        "RequestReview" => return Err(Error::field("reason", Reason::Required)),
        "ListComplaints" => pb::ListComplaintsResponse {
            complaints: vec![complaint(State::Registered, said), complaint(State::Handling, said)],
            next_page_token: String::new(),
        }
        .encode_to_vec(),
        "ListAccountabilityCases" => pb::ListAccountabilityCasesResponse {
            accountability_cases: vec![case(said)],
            next_page_token: String::new(),
        }
        .encode_to_vec(),
        other => return Err(Error::internal(format!("{other} is not played"))),
    })
}

#[tokio::test]
async fn every_page_in_both_languages() {
    let hall = Hall::new(|call| play(&call.method, ""));
    let key = [("number", COMPLAINT), ("code", CODE)];
    let asked = [("number", QUESTION), ("code", CODE)];
    let review = [("form", "review"), ("number", COMPLAINT), ("code", CODE), ("reason", "")];
    let filing = [("center", "", "430102"), ("kind", "", "COMPLAINT")];
    let shown = format!("/staff/complaints/{COMPLAINT}");
    let waits = format!("/staff/questions/{QUESTION}");
    whole(
        &hall,
        vec![
            ("complaints", 200, Box::new(|| get("/complaints"))),
            ("complaint-new", 200, Box::new(|| get("/complaints/new?center=430102"))),
            ("complaint-filed", 201, Box::new(|| multipart("/complaints/new", &filing))),
            ("complaint-lookup", 200, Box::new(|| get("/complaints/follow"))),
            ("complaint-followed", 200, Box::new(|| post("/complaints/follow", &key))),
            ("complaint-review-faulty", 400, Box::new(|| post("/complaints/act", &review))),
            ("questions", 200, Box::new(|| get("/questions?words=x&center=430102"))),
            ("question-new", 200, Box::new(|| get("/questions/new?center=430102"))),
            ("question-asked", 201, Box::new(|| post("/questions/new", &[("center", "430102")]))),
            ("question-lookup-faulty", 400, Box::new(|| post("/questions/follow", &[("number", "x")]))),
            ("question-followed", 200, Box::new(|| post("/questions/follow", &asked))),
            ("staff-complaints", 200, Box::new(|| signed_in(get("/staff/complaints?state=HANDLING")))),
            ("staff-questions", 200, Box::new(|| signed_in(get("/staff/questions?state=ASKED")))),
            ("staff-question", 200, Box::new(|| signed_in(get(&waits)))),
            ("staff-question-faulty", 400, Box::new(|| signed_in(post(&waits, &[("form", "answer")])))),
            ("staff-complaint", 200, Box::new(|| signed_in(get(&shown)))),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_refused_complaint_keeps_what_was_typed() {
    let uploaded =
        |id: &str| UploadFileResponse { upload_id: id.into(), ..Default::default() }.encode_to_vec();
    let hall = Hall::new(move |call| match call.method.as_str() {
        "UploadComplaintFile" => Ok(uploaded("of-a-photo")),
        _ => Err(Error::invalid(vec![FieldError::new("filing.subject.window", Reason::Required)])),
    });
    let parts = [
        ("center", "", "430102"),
        ("subject.kind", "", "WINDOW"),
        ("grounds", "", "DRAGGING"),
        ("grounds", "", "NOT_IN_PLACE"),
        ("body", "", "示例：等了三周"),
        ("file.1", "", ""),
        ("file.2", "photo.pdf", "%PDF-1.4"),
    ];
    let refused = hall.ask(multipart("/complaints/new", &parts)).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(refused.body.contains("示例：等了三周"));
    assert!(refused.body.contains("name=\"upload.2\" value=\"of-a-photo\""), "the file stays");
    assert!(refused.body.contains("href=\"#complaint-subject.window\""), "the fault leads to its field");
    assert_eq!(refused.body.matches(" checked").count(), 3, "{}", refused.body);
    let sent: pb::FileComplaintRequest = hall.called("FileComplaint")[0].message();
    let filing = sent.filing.unwrap();
    assert_eq!(filing.grounds.len(), 2);
    assert_eq!(filing.files.len(), 1, "an empty field is no file");
    assert_eq!(filing.files[0].source, Some(Source::UploadId("of-a-photo".into())));
}

#[tokio::test]
async fn a_file_that_is_refused_is_shown_at_its_place() {
    let hall = Hall::new(|call| match call.method.as_str() {
        "UploadComplaintFile" => {
            Err(Error::invalid(vec![FieldError::new("file", Reason::FileTooLarge).limit("20 MiB")]))
        }
        method => play(method, ""),
    });
    let parts =
        [("center", "", "430102"), ("file.3", "video.pdf", "%PDF-1.4"), ("file.9", "a.pdf", "%PDF-1.4")];
    let refused = hall.ask(multipart("/complaints/new", &parts)).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(refused.body.contains("20 MiB") && refused.body.contains("href=\"#complaint-file.3\""));
    assert!(hall.called("FileComplaint").is_empty());
    assert_eq!(hall.called("UploadComplaintFile").len(), 1, "what is not asked for is not taken in");
}

#[tokio::test]
async fn an_upload_that_is_no_longer_good_is_asked_for_again() {
    let hall = Hall::new(|call| match call.method.as_str() {
        "FileComplaint" => {
            Err(Error::invalid(vec![FieldError::new("filing.files[1].upload_id", Reason::UploadUnknown)]))
        }
        method => play(method, ""),
    });
    let parts = [("center", "", "430102"), ("upload.1", "", "first"), ("upload.4", "", "second")];
    let refused = hall.ask(multipart("/complaints/new", &parts)).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(refused.body.contains("href=\"#complaint-file.4\""));
    assert!(!refused.body.contains("value=\"second\""));
}

#[tokio::test]
async fn nobody_is_asked_before_it_is_known_where() {
    let hall = Hall::new(|call| play(&call.method, ""));
    for (path, back) in [("/complaints/new?center=x", "/complaints"), ("/questions/new", "/questions")] {
        let answer = hall.ask(get(path)).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, back));
    }
    let signed_out = hall.ask(get("/staff/complaints")).await;
    assert!(signed_out.header("location").starts_with("/staff/sign-in"));
}

#[tokio::test]
async fn what_the_complainant_does_is_done_once_and_told() {
    let hall = Hall::new(|call| play(&call.method, ""));
    let page = hall.ask(post("/complaints/follow", &[("number", COMPLAINT), ("code", CODE)])).await;
    let token = page.hidden("request_id");
    let pairs = [("form", "confirm"), ("number", COMPLAINT), ("code", CODE), ("request_id", &token)];
    let done = hall.ask(post("/complaints/act", &pairs)).await;
    assert_eq!(done.status, 200);
    assert!(done.body.contains("You have said that you are satisfied"), "{}", done.body);
    let sent: pb::ConfirmAnswerRequest = hall.called("ConfirmAnswer")[0].message();
    assert_eq!((sent.request_id, sent.number, sent.code), (token, COMPLAINT.into(), CODE.into()));
}

#[tokio::test]
async fn whoever_directs_a_question_comes_back_to_the_others() {
    let hall = Hall::new(|call| play(&call.method, ""));
    let pairs = [("form", "direct"), ("department", "430102-wsjk")];
    let done = hall.ask(signed_in(post(&format!("/staff/questions/{QUESTION}"), &pairs))).await;
    assert_eq!(done.header("location"), "/staff/questions?done=question_directed");
    let sent: pb::DirectQuestionRequest = hall.called("DirectQuestion")[0].message();
    assert_eq!(sent.department, "430102-wsjk");
}

#[test]
fn nothing_that_anyone_typed_becomes_markup() {
    for (lang, tag) in [(Lang::Zh, "zh"), (Lang::En, "en")] {
        let s = || shell(lang);
        let departments = ask::Departments::sample(&[("430102-scjg", HOSTILE, HOSTILE)]);
        let key = [("number".to_owned(), HOSTILE.to_owned())];
        let told = complaint(State::Told, HOSTILE);
        let page = heard::complaint_page(s(), told, &departments, &key, "id");
        harmless(&format!("hostile-complaint-{tag}"), &page.render().unwrap());
        let page = heard::question_page(s(), question(HOSTILE), &departments, key.to_vec());
        harmless(&format!("hostile-question-{tag}"), &page.render().unwrap());
        let supervisor = ActorClaims { roles: vec![Role::Supervisor.into()], ..ActorClaims::default() };
        let answered = pb::Question { may_publish: true, ..question(HOSTILE) };
        let page = staff::question_page(s(), answered, &departments, &supervisor, "id");
        harmless(&format!("hostile-staff-question-{tag}"), &page.render().unwrap());
        let told = complaint(State::Told, HOSTILE);
        let page = staff::complaint_page(s(), told, vec![case(HOSTILE)], &departments);
        harmless(&format!("hostile-staff-complaint-{tag}"), &page.render().unwrap());
    }
}

#[tokio::test]
async fn nothing_that_was_published_becomes_markup() {
    let hall = Hall::new(|call| play(&call.method, HOSTILE));
    for path in ["/complaints", "/questions"] {
        let page = hall.ask(get(path)).await;
        harmless(&format!("hostile{}", path.replace('/', "-")), &page.body);
    }
    let list = hall.ask(signed_in(get("/staff/complaints"))).await;
    assert!(!list.body.contains("<script>"), "{}", list.body);
}
