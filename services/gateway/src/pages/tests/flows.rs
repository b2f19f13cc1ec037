//! What citizens and clerks do, from form to form.

use prost::Message as _;
use yimen_kernel::error::{Error, FieldError};
use yimen_kernel::{Lang, Reason};
use yimen_proto::approval::v1 as approval;
use yimen_proto::complaints::v1 as complaints;
use yimen_proto::file::v1 as file;
use yimen_proto::identity::v1 as identity;
use yimen_proto::intake::v1 as intake;
use yimen_proto::intake::v1::application_state::Value as State;
use yimen_proto::intake::v1::material_input::Source;

use super::sample::{self, CODE, NUMBER};
use super::{Answer, Call, Hall, Played, get, multipart, post, signed_in};

const UPLOAD: &str = "4b4b38ae-6f37-4f1c-bf7f-0a2b4c6d8e90";

const FILLED: [(&str, &str, &str); 10] = [
    ("center", "", "430102"),
    ("applicant.kind", "", "ORGANIZATION"),
    ("applicant.name", "", "示例餐饮有限公司"),
    ("applicant.id_number", "", "91430102XXXX00019D"),
    ("applicant.contact_name", "", "示例"),
    ("applicant.mobile", "", "13000000000"),
    ("subject", "", "示例"),
    ("form.trade_name", "", "示例"),
    ("form.business_scope", "", "示例"),
    ("promise.signboard-sketch", "", "1"),
];

fn upload(_: &Call) -> Played {
    Ok(file::UploadFileResponse { upload_id: UPLOAD.into(), ..Default::default() }.encode_to_vec())
}

fn hidden(page: &Answer) -> Vec<(String, String)> {
    let form = page.body.split("/submit\"").nth(1).unwrap().split("</form>").next().unwrap();
    let input = |rest: &str| {
        let name = rest.split('"').next().unwrap().to_owned();
        let value = rest.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        (name, value)
    };
    form.split("type=\"hidden\" name=\"").skip(1).map(input).collect()
}

#[tokio::test]
async fn an_application_from_form_to_number() {
    let hall = Hall::new(|call| match call.method.as_str() {
        "UploadFile" => upload(call),
        "SubmitApplication" => Ok(intake::SubmitApplicationResponse {
            number: NUMBER.into(),
            lookup_code: CODE.into(),
            receipt: "R".into(),
            ..Default::default()
        }
        .encode_to_vec()),
        other => Err(Error::internal(other.to_owned())),
    });
    let empty = hall.ask(get("/apply/restaurant-opening?center=430102")).await;
    let token = empty.hidden("request_id");

    let mut parts = FILLED.to_vec();
    parts.push(("request_id", "", &token));
    parts.push(("file.application-form", "form.pdf", "%PDF-1.4 first"));
    parts.push(("file.layout-plan", "plan.pdf", "%PDF-1.4 second"));
    parts.push(("file.signboard-sketch", "", ""));
    parts.push(("file.business-licence", "unwanted.pdf", "%PDF-1.4"));
    let checked = hall.ask(multipart("/apply/restaurant-opening", &parts)).await;
    assert_eq!(checked.status, 200, "{}", checked.body);
    assert!(checked.body.contains("plan.pdf"));
    let uploads = hall.called("UploadFile");
    assert_eq!(uploads.len(), 2, "what is shared between agencies is not taken in");
    let first: file::UploadFileRequest = uploads[0].message();
    let name = match first.part {
        Some(file::upload_file_request::Part::Header(header)) => header.file_name,
        _ => String::new(),
    };
    assert_eq!(name, "form.pdf");

    let pairs = hidden(&checked);
    let borrowed: Vec<(&str, &str)> =
        pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    // Twice, as with two clicks.
    for _ in 0..2 {
        let done = hall.ask(post("/apply/restaurant-opening/submit", &borrowed)).await;
        assert_eq!(done.status, 201);
        assert!(done.body.contains(NUMBER) && done.body.contains("2345-ABCD"));
        assert_eq!(done.header("cache-control"), "no-store");
    }
    let sent = hall.called("SubmitApplication");
    let message: intake::SubmitApplicationRequest = sent[0].message();
    assert_eq!(message, sent[1].message(), "the second is the same request");
    assert_eq!(message.request_id, token);
    assert_eq!(message.form.len(), 2);
    let codes: Vec<&str> = message.materials.iter().map(|material| material.code.as_str()).collect();
    assert_eq!(codes, ["application-form", "layout-plan", "signboard-sketch"]);
    assert_eq!(message.materials[2].source, Some(Source::Promised(true)));
}

#[tokio::test]
async fn a_refused_form_keeps_what_was_typed_and_uploaded() {
    let hall = Hall::new(|call| match call.method.as_str() {
        "UploadFile" if call.messages.len() > 1 => upload(call),
        "UploadFile" => Err(Error::field("file", Reason::FileEmpty)),
        "SubmitApplication" => Err(Error::invalid(vec![
            FieldError::new("applicant.name", Reason::TooLong).limit(100),
            FieldError::new("materials[1].upload_id", Reason::UploadUnknown),
        ])),
        other => Err(Error::internal(other.to_owned())),
    });
    let mut parts = FILLED.to_vec();
    parts[5] = ("applicant.mobile", "", "12");
    parts.push(("file.application-form", "form.pdf", "%PDF-1.4 first"));
    parts.push(("file.layout-plan", "empty.pdf", ""));
    let page = hall.ask(multipart("/apply/restaurant-opening", &parts)).await;
    assert_eq!(page.status, 400);
    for shown in [
        "value=\"12\"",
        "href=\"#apply-applicant.mobile\"",
        "id=\"apply-applicant.mobile-error\"",
        "href=\"#apply-file.layout-plan\"",
        Reason::FileEmpty.text(Lang::En),
        "name=\"upload.application-form\"",
        "role=\"alert\"",
    ] {
        assert!(page.body.contains(shown), "{shown}");
    }
    assert!(!page.body.contains("href=\"#apply-applicant.name\""));

    let uploads = [("upload.application-form", UPLOAD), ("upload.layout-plan", UPLOAD)];
    let names = [("upload_name.application-form", "form.pdf"), ("upload_name.layout-plan", "plan.pdf")];
    let typed = FILLED.map(|(name, _, value)| (name, value));
    let pairs: Vec<(&str, &str)> = typed.into_iter().chain(uploads).chain(names).collect();
    let page = hall.ask(post("/apply/restaurant-opening/submit", &pairs)).await;
    assert_eq!(page.status, 400);
    assert!(page.body.contains("href=\"#apply-applicant.name\""));
    assert!(page.body.contains("href=\"#apply-file.layout-plan\""));
    assert!(
        page.body.contains("form.pdf") && !page.body.contains("plan.pdf"),
        "a lost file is asked for again"
    );
}

#[tokio::test]
async fn a_file_that_is_too_large_is_a_fault_of_its_field() {
    let hall = Hall::new(upload);
    let large = "x".repeat(20 * 1024 * 1024 + 1);
    let mut parts = FILLED.to_vec();
    parts.push(("file.application-form", "form.pdf", &large));
    parts.push(("file.layout-plan", "plan.pdf", "%PDF-1.4"));
    let page = hall.ask(multipart("/apply/restaurant-opening", &parts)).await;
    assert_eq!(page.status, 400);
    assert!(page.body.contains("20 MiB") && page.body.contains("href=\"#apply-file.application-form\""));
    assert!(page.body.contains("name=\"upload.layout-plan\""), "the file after it is kept");
}

#[tokio::test]
async fn number_and_code_stay_out_of_addresses() {
    let hall = Hall::new(|call| match call.method.as_str() {
        "TrackApplication" => Ok(sample::tracked("").encode_to_vec()),
        "ProvideMaterials" | "WithdrawApplication" => Ok(Vec::new()),
        "UploadFile" => upload(call),
        other => Err(Error::internal(other.to_owned())),
    });
    let page = hall.ask(post("/track", &[("number", NUMBER), ("code", "2345-abcd")])).await;
    assert_eq!(page.status, 200);
    for address in page.body.split(" href=\"").chain(page.body.split(" action=\"")).skip(1) {
        assert!(!address.split('"').next().unwrap().contains(CODE));
    }
    let asked: intake::TrackApplicationRequest = hall.called("TrackApplication")[0].message();
    assert_eq!((asked.number.as_str(), asked.code.as_str()), (NUMBER, CODE));

    let token = page.hidden("request_id");
    let parts = [
        ("number", "", NUMBER),
        ("code", "", CODE),
        ("request_id", "", &token),
        ("file.layout-plan", "plan.pdf", "%PDF-1.4"),
    ];
    let page = hall.ask(multipart("/track/materials", &parts)).await;
    assert_eq!(page.status, 200);
    let sent: intake::ProvideMaterialsRequest = hall.called("ProvideMaterials")[0].message();
    assert_eq!((sent.code.as_str(), sent.materials.len()), (CODE, 1));
    assert_eq!(sent.request_id, token);

    let without = [("number", NUMBER), ("code", CODE), ("reason", "x")];
    let page = hall.ask(post("/track/withdraw", &without)).await;
    assert_eq!(page.status, 400);
    assert!(hall.called("WithdrawApplication").is_empty(), "nothing is withdrawn without a confirmation");
    let confirmed = [("number", NUMBER), ("code", CODE), ("confirm", "1")];
    assert_eq!(hall.ask(post("/track/withdraw", &confirmed)).await.status, 200);
    assert_eq!(hall.called("WithdrawApplication").len(), 1);
    let back = hall.ask(get("/track/withdraw")).await;
    assert_eq!((back.status.as_u16(), back.header("location")), (303, "/track"));
}

#[tokio::test]
async fn the_language_is_chosen_once() {
    let hall = Hall::new(upload);
    let page = hall.ask(get("/?lang=zh")).await;
    assert!(page.body.contains("<html lang=\"zh-CN\">"));
    assert!(page.header("set-cookie").starts_with("yimen_lang=zh"));
    let mut request = get("/");
    request.headers_mut().insert("cookie", http::HeaderValue::from_static("yimen_lang=zh"));
    assert!(hall.ask(request).await.body.contains("<html lang=\"zh-CN\">"));
    assert!(hall.ask(get("/")).await.body.contains("<html lang=\"en\">"));
}

#[tokio::test]
async fn signing_in_and_out() {
    let hall = Hall::new(|call| match call.method.as_str() {
        "SignIn" => {
            let asked: identity::SignInRequest = call.message();
            if asked.password != "right" {
                return Err(Error::unauthenticated(Reason::WrongCredentials));
            }
            Ok(identity::SignInResponse { session_token: "tok".into(), ..Default::default() }.encode_to_vec())
        }
        "SignOut" => Ok(Vec::new()),
        other => Err(Error::internal(other.to_owned())),
    });
    let wrong = hall.ask(post("/staff/sign-in", &[("login", "a"), ("password", "secret-typed")])).await;
    assert_eq!(wrong.status, 401);
    assert!(wrong.body.contains("value=\"a\"") && !wrong.body.contains("secret-typed"));
    let pairs = [("login", "a"), ("password", "right"), ("next", "//evil")];
    let right = hall.ask(post("/staff/sign-in", &pairs)).await;
    assert_eq!((right.status.as_u16(), right.header("location")), (303, "/staff"));
    assert_eq!(right.header("set-cookie"), "yimen_session=tok; Path=/; HttpOnly; SameSite=Strict");

    let nobody = hall.ask(get("/staff/tasks")).await;
    assert_eq!(
        (nobody.status.as_u16(), nobody.header("location")),
        (303, "/staff/sign-in?next=/staff/tasks")
    );
    let mut expired = get("/staff/tasks");
    expired.headers_mut().insert("cookie", http::HeaderValue::from_static("yimen_session=old"));
    let expired = hall.ask(expired).await;
    assert_eq!(expired.header("location"), "/staff/sign-in?expired=1&next=/staff/tasks");
    assert!(expired.header("set-cookie").contains("Max-Age=0"));
    let out = hall.ask(signed_in(post("/staff/sign-out", &[]))).await;
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(hall.called("SignOut").len(), 1);
}

#[tokio::test]
async fn another_site_can_do_nothing_in_a_clerks_name() {
    let hall = Hall::new(|_| Ok(Vec::new()));
    let path = format!("/staff/applications/{NUMBER}");
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil")] {
        let mut request = signed_in(post(&path, &[("form", "accept")]));
        request.headers_mut().insert(name, value.parse().unwrap());
        assert_eq!(hall.ask(request).await.status, 403);
    }
    assert!(hall.called("AcceptApplication").is_empty());
    let mut request = signed_in(post(&path, &[("form", "accept"), ("request_id", "r1")]));
    request.headers_mut().insert("sec-fetch-site", "same-origin".parse().unwrap());
    let done = hall.ask(request).await;
    assert_eq!(
        (done.status.as_u16(), done.header("location")),
        (303, format!("{path}?done=accepted").as_str())
    );
    let sent: intake::AcceptApplicationRequest = hall.called("AcceptApplication")[0].message();
    assert_eq!((sent.number.as_str(), sent.request_id.as_str()), (NUMBER, "r1"));
}

#[tokio::test]
async fn a_refused_opinion_comes_back_as_it_was_typed() {
    let hall = Hall::new(|call| match call.method.as_str() {
        "RecordOpinion" => {
            let said: approval::RecordOpinionRequest = call.message();
            if said.reason.is_empty() {
                return Err(Error::field("reason", Reason::Required));
            }
            Ok(Vec::new())
        }
        "GetJointApproval" => Ok(sample::joint_approval("").encode_to_vec()),
        "GetApplication" => Ok(sample::application(State::Accepted, "").encode_to_vec()),
        other => Err(Error::internal(other.to_owned())),
    });
    let path = format!("/staff/tasks/{NUMBER}");
    let mut pairs = vec![
        ("form", "opinion"),
        ("kind", "RETURN"),
        ("conditions", "kept as typed"),
        ("materials", "layout-plan"),
        ("materials", "signboard-sketch"),
        ("materials_revision", "1"),
    ];
    let page = hall.ask(signed_in(post(&path, &pairs))).await;
    assert_eq!(page.status, 400);
    assert!(page.body.contains("kept as typed"));
    assert!(page.body.contains("value=\"RETURN\" checked"));
    assert!(page.body.contains("href=\"#opinion-reason\""));
    pairs.push(("reason", "unclear"));
    let done = hall.ask(signed_in(post(&path, &pairs))).await;
    assert_eq!(done.header("location"), format!("{path}?done=opinion"));
    let said: approval::RecordOpinionRequest = hall.called("RecordOpinion")[1].message();
    assert_eq!(said.kind(), approval::opinion::Kind::Return);
    assert_eq!((said.materials.len(), said.materials_revision), (2, 1));
}

#[tokio::test]
async fn assets_are_kept_until_they_change() {
    let hall = Hall::new(upload);
    let style = hall.ask(get(super::super::assets::address("style.css"))).await;
    assert_eq!(style.status, 200);
    assert!(style.header("cache-control").contains("immutable"));
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    assert_eq!(hall.ask(get("/assets/none")).await.status, 404);
}

const TOKEN: &str = "abcdefghijklmnopqrstuvwxyz";

fn invited(state: complaints::rating_invitation::State) -> complaints::RatingInvitation {
    complaints::RatingInvitation {
        state: state.into(),
        event: complaints::rating::Event::Completion.into(),
        center: "430102".into(),
        item: "restaurant-opening".into(),
        served_on: "2026-11-23".into(),
        until_on: "2026-12-23".into(),
    }
}

#[tokio::test]
async fn a_link_leads_to_a_rating_once() {
    let hall = Hall::new(|call| match call.method.as_str() {
        "OpenRatingLink" => {
            let asked: complaints::OpenRatingLinkRequest = call.message();
            assert_eq!(asked.token, TOKEN);
            Ok(invited(complaints::rating_invitation::State::Open).encode_to_vec())
        }
        "Rate" => {
            let said: complaints::RateRequest = call.message();
            if said.level == 0 {
                return Err(Error::invalid(vec![
                    FieldError::new("level", Reason::Required),
                    FieldError::new("rater.mobile", Reason::BadFormat),
                ]));
            }
            let answer = complaints::RateResponse {
                level: said.level,
                is_followed: true,
                rectify_until: "2026-11-30".into(),
            };
            Ok(answer.encode_to_vec())
        }
        other => Err(Error::internal(other.to_owned())),
    });
    let place = format!("/rate/{TOKEN}");
    let page = hall.ask(get(&place)).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!(page.body.matches("type=\"radio\" ").count(), 5);
    assert!(page.body.contains("Very dissatisfied") && page.body.contains("23 Dec 2026"));
    assert!(!page.body.contains(NUMBER), "whose case it is does not stand there");
    assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "same-origin"));
    let token = page.hidden("request_id");

    let pairs = [("request_id", token.as_str()), ("text", "kept as typed"), ("rater.mobile", "12")];
    let refused = hall.ask(post(&place, &pairs)).await;
    assert_eq!(refused.status, 400);
    for shown in ["kept as typed", "href=\"#rate-level-1\"", "href=\"#rate-rater.mobile\"", "role=\"alert\""]
    {
        assert!(refused.body.contains(shown), "{shown}");
    }
    assert_eq!(refused.hidden("request_id"), token, "the same change");

    let pairs = [
        ("request_id", token.as_str()),
        ("level", "VERY_DISSATISFIED"),
        ("aspects", "SPEED"),
        ("aspects", "GUIDANCE"),
        ("rater.name", "示例"),
        ("rater.mobile", "13000001234"),
    ];
    let done = hall.ask(post(&place, &pairs)).await;
    assert_eq!(done.status, 201, "{}", done.body);
    assert!(done.body.contains("Thank you") && done.body.contains("30 Nov 2026"));
    assert!(!done.body.contains("13000001234"));
    let said: complaints::RateRequest = hall.called("Rate")[1].message();
    assert_eq!((said.token.as_str(), said.aspects.len(), said.department_may_know), (TOKEN, 2, false));
    assert_eq!(said.level(), complaints::rating::Level::VeryDissatisfied);
    assert_eq!(said.request_id, token);
}

#[tokio::test]
async fn a_link_that_is_spent_late_or_wrong_says_so() {
    use complaints::rating_invitation::State;

    for (state, shown) in [(State::Rated, "Rated already"), (State::TooLate, "The time to rate has ended")] {
        let hall = Hall::new(move |_| Ok(invited(state).encode_to_vec()));
        let page = hall.ask(get(&format!("/rate/{TOKEN}"))).await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains(shown) && !page.body.contains("<textarea"), "{}", page.body);
    }
    for (reason, refusal, status, shown) in [
        (Reason::AlreadyRated, yimen_kernel::Kind::AlreadyExists, 409, "Rated already"),
        (Reason::RatingLate, yimen_kernel::Kind::FailedPrecondition, 409, "The time to rate has ended"),
        (Reason::RatingLinkUnknown, yimen_kernel::Kind::NotFound, 404, "This link leads nowhere"),
        (Reason::RatingByStaff, yimen_kernel::Kind::PermissionDenied, 403, "sign out first"),
        (Reason::TooManyAttempts, yimen_kernel::Kind::ResourceExhausted, 429, "too many attempts"),
    ] {
        let hall = Hall::new(move |_| Err(Error::new(refusal, reason)));
        let page = hall.ask(post("/rate/x", &[("level", "SATISFIED")])).await;
        assert_eq!(page.status, status, "{reason:?}");
        assert!(page.body.contains(shown), "{reason:?}: {}", page.body);
        assert!(hall.called("OpenRatingLink").is_empty());
    }
}

/// The link and its code stand on what is shown after handing in, and on the receipt that is opened from there.
#[tokio::test]
async fn a_receipt_has_the_link_to_rate() {
    let hall = Hall::new(|call| match call.method.as_str() {
        "SubmitApplication" => Ok(intake::SubmitApplicationResponse {
            number: NUMBER.into(),
            lookup_code: CODE.into(),
            receipt: "R".into(),
            rating_token: TOKEN.into(),
            ..Default::default()
        }
        .encode_to_vec()),
        "GetDocument" => Ok(intake::Document { number: "R".into(), ..Default::default() }.encode_to_vec()),
        other => Err(Error::internal(other.to_owned())),
    });
    let link = format!("https://hall.example/rate/{TOKEN}");
    let done = hall.ask(post("/apply/restaurant-opening/submit", &[("center", "430102")])).await;
    assert_eq!(done.status, 201, "{}", done.body);
    assert!(done.body.contains(&link) && done.body.contains("<svg role=\"img\""));
    let token = done.hidden("rate");
    let pairs = [("number", NUMBER), ("code", CODE), ("document", "R"), ("rate", token.as_str())];
    let receipt = hall.ask(post("/track/document", &pairs)).await;
    assert!(receipt.body.contains(&link) && receipt.body.contains("<svg role=\"img\""), "{}", receipt.body);
    for wrong in ["", "nonsense"] {
        let pairs = [("number", NUMBER), ("code", CODE), ("document", "R"), ("rate", wrong)];
        let plain = hall.ask(post("/track/document", &pairs)).await;
        assert!(plain.status == 200 && !plain.body.contains("<svg role"));
    }
}

#[tokio::test]
async fn the_figures_are_for_everyone() {
    let hall = Hall::new(|call| match call.method.as_str() {
        "GetRatingFigures" => {
            let asked: complaints::GetRatingFiguresRequest = call.message();
            assert_eq!((asked.center.as_str(), asked.month.as_str()), ("430102", "2026-10"));
            let line = complaints::RatingLine {
                very_satisfied: 5,
                very_dissatisfied: 1,
                valid: 6,
                set_aside: 2,
                level_sum: 26,
                mean_hundredths_floor: 433,
                satisfaction_ten_thousandths_floor: 8_333,
                ..Default::default()
            };
            let window = complaints::RatingLine { window: "430102-w01".into(), ..line.clone() };
            let department = complaints::RatingLine { department: "430102-scjg".into(), ..line.clone() };
            let item = complaints::RatingLine { item: "restaurant-opening".into(), ..line.clone() };
            let figures = complaints::RatingFigures {
                center: asked.center,
                month: asked.month,
                published_on: "2026-11-01".into(),
                edition: 2,
                lines: vec![line, window, department, item],
            };
            Ok(figures.encode_to_vec())
        }
        other => Err(Error::internal(other.to_owned())),
    });
    let page = hall.ask(get("/ratings?center=430102&month=2026-10")).await;
    assert_eq!(page.status, 200, "{}", page.body);
    for shown in [
        "4.33",
        "83.33 %",
        "430102-w01",
        "Market Regulation",
        "Opening a restaurant",
        "1 Nov 2026",
        "Edition 2",
    ] {
        assert!(page.body.contains(shown), "{shown}");
    }
    assert_eq!(hall.ask(get("/ratings?center=999999")).await.status, 404);
}

/// The values of the contract's enums all have a name.
#[test]
fn every_value_has_a_name_in_the_catalog() {
    let text = super::super::text::Text::of(Lang::En).unwrap();
    for (name, kind) in [
        ("yimen.intake.v1.ServiceItem.Kind", "item_kind"),
        ("yimen.intake.v1.ServiceItem.Audience", "audience"),
        ("yimen.intake.v1.MaterialRequirement.Necessity", "necessity"),
        ("yimen.intake.v1.MaterialRequirement.Source", "source"),
        ("yimen.intake.v1.Applicant.Kind", "applicant_kind"),
        ("yimen.intake.v1.ApplicationState.Value", "application_state"),
        ("yimen.intake.v1.ApplicationState.Value", "state"),
        ("yimen.intake.v1.Decision.Outcome", "outcome"),
        ("yimen.intake.v1.Document.Kind", "document_kind"),
        ("yimen.approval.v1.Task.State", "task_state"),
        ("yimen.approval.v1.Task.State", "state"),
        ("yimen.approval.v1.JointApproval.State", "approval_state"),
        ("yimen.approval.v1.JointApproval.State", "state"),
        ("yimen.approval.v1.SiteInspection.State", "inspection_state"),
        ("yimen.approval.v1.SiteInspection.State", "state"),
        ("yimen.approval.v1.Opinion.Kind", "opinion"),
        ("yimen.approval.v1.InspectionParty.Answer", "inspection_answer"),
        ("yimen.approval.v1.InspectionParty.Conclusion", "conclusion"),
        ("yimen.complaints.v1.Rating.Event", "rating_event"),
        ("yimen.complaints.v1.Rating.Level", "rating_level"),
        ("yimen.complaints.v1.Rating.Aspect", "rating_aspect"),
    ] {
        let values = yimen_proto::pool().get_enum_by_name(name).unwrap();
        for value in values.values() {
            let key = format!("{kind}.{}", value.name().to_ascii_lowercase());
            assert!(text.find(&key).is_some(), "{key}");
        }
    }
}
