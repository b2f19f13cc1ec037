//! Every page with texts that try to be markup. With `YIMEN_TEST_PAGES` naming a directory, the
//! pages are also written there, to be looked at.

use askama::Template;
use axum::body::Body;
use http::Request;
use prost::Message as _;
use yimen_kernel::Lang;
use yimen_kernel::error::Error;
use yimen_proto::approval::v1 as approval;
use yimen_proto::complaints::v1 as complaints;
use yimen_proto::complaints::v1::appraisal_round::Phase;
use yimen_proto::file::v1 as file;
use yimen_proto::intake::v1 as intake;
use yimen_proto::intake::v1::application_state::Value as State;

use super::super::form::Typed;
use super::super::shell::{Bar, Shell, Switch};
use super::super::text::Text;
use super::super::{guide, items, plan, printed, rate, ratings, reviews, staff, track, vote};
use super::sample::{self, CODE, NUMBER, TOKEN};
use super::{Hall, get, multipart, post, signed_in};

pub const HOSTILE: &str = "<script>alert('x')</script>\"><img src=x>";

pub fn shell(lang: Lang) -> Shell {
    Shell {
        text: Text::of(lang).unwrap(),
        switch: Switch::Link(format!("/?q={HOSTILE}")),
        staff: Some(Bar {
            name: format!("示例{HOSTILE}"),
            tasks: true,
            applications: true,
            questions: true,
            complaints: true,
            simulator: true,
        }),
        done: None,
        here: "",
    }
}

/// What is written holds no markup of the text's own.
pub fn harmless(name: &str, page: &str) {
    assert!(page.starts_with("<!DOCTYPE html>"), "{name}");
    assert!(!page.contains("<script>") && !page.contains("<img src=x"), "{name} is hurt");
    assert!(page.contains("&#60;script&#62;"), "{name} does not show the text");
    kept(name, page);
}

/// Writes a page for people to look at, if that is wanted.
fn kept(name: &str, page: &str) {
    assert_eq!(page.matches("<h1").count(), 1, "{name}");
    assert_eq!(page.matches("<main").count(), 1, "{name}");
    for id in page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert_eq!(page.matches(&format!(" id=\"{id}\"")).count(), 1, "{name} has {id} twice");
    }
    for target in page.split(" for=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(page.contains(&format!(" id=\"{target}\"")), "{name} labels nothing: {target}");
    }
    for described in page.split(" aria-describedby=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        for target in described.split(' ') {
            assert!(page.contains(&format!(" id=\"{target}\"")), "{name} is not described: {target}");
        }
    }
    if let Some(folder) = std::env::var_os("YIMEN_TEST_PAGES") {
        let assets = concat!("file://", env!("CARGO_MANIFEST_DIR"), "/assets/");
        let page = page.replace("\"/assets/", &format!("\"{assets}"));
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}.html")), page).unwrap();
    }
}

#[test]
fn nothing_that_anyone_typed_becomes_markup() {
    for (lang, tag) in [(Lang::Zh, "zh"), (Lang::En, "en")] {
        let s = || shell(lang);
        let departments = super::super::ask::Departments::sample(&[("430102-scjg", HOSTILE, HOSTILE)]);
        let item = intake::ServiceItem {
            name_zh: HOSTILE.into(),
            name_en: HOSTILE.into(),
            conditions: vec![HOSTILE.into()],
            basis: vec![HOSTILE.into()],
            examples: vec![HOSTILE.into()],
            ..sample::item()
        };
        let waves = plan::waves(&item.plan.clone().unwrap(), "430102", &departments, lang);
        let page = guide::guide(s(), item, waves, HOSTILE.into());
        harmless(&format!("hostile-guide-{tag}"), &page.render().unwrap());

        let page = items::Items {
            s: s(),
            centers: Vec::new(),
            center: HOSTILE.into(),
            center_name: HOSTILE.into(),
            wanted: HOSTILE.into(),
            groups: Vec::new(),
            total: 1,
        };
        harmless(&format!("hostile-items-{tag}"), &page.render().unwrap());

        let page = track::page(s(), sample::tracked(HOSTILE), HOSTILE.into(), CODE, "id");
        harmless(&format!("hostile-tracked-{tag}"), &page.render().unwrap());

        let document = intake::Document {
            text_zh: HOSTILE.into(),
            text_en: HOSTILE.into(),
            ..intake::Document::default()
        };
        harmless(&format!("hostile-document-{tag}"), &printed::Printed::of(document, s()).render().unwrap());

        let ballot = sample::ballot(Phase::Voting, HOSTILE);
        let page = vote::page(s(), TOKEN, &ballot, &Typed::default(), None);
        harmless(&format!("hostile-vote-{tag}"), &page.render().unwrap());
        let page = reviews::page(s(), sample::appraisal_round(Phase::Published, HOSTILE));
        harmless(&format!("hostile-review-{tag}"), &page.render().unwrap());
        let page = reviews::scrutiny_page(s(), sample::scrutiny(HOSTILE), &departments);
        harmless(&format!("hostile-scrutiny-{tag}"), &page.render().unwrap());

        for state in [State::Submitted, State::SupplementRequested, State::Completed] {
            let case = sample::application(state, HOSTILE);
            let page = staff::application_page(s(), case, Some(&sample::item()), true, "id");
            harmless(&format!("hostile-application-{state:?}-{tag}"), &page.render().unwrap());
        }
        let known = staff::Known {
            approval: sample::joint_approval(HOSTILE),
            case: sample::application(State::Accepted, HOSTILE),
            departments,
            own: "430102-scjg".into(),
            acts: true,
        };
        let seen = staff::Seen {
            received: HOSTILE.into(),
            mobile: HOSTILE.into(),
            text: HOSTILE.into(),
            outcome: HOSTILE.into(),
        };
        let typed = Typed(vec![
            ("text".to_owned(), HOSTILE.to_owned()),
            ("rater.name".to_owned(), HOSTILE.to_owned()),
        ]);
        let served = rate::Served { item: HOSTILE.into(), center: HOSTILE.into(), ..rate::Served::default() };
        let page = rate::Rate { form: rate::form(&s(), HOSTILE, &typed), served: served.clone(), s: s() };
        harmless(&format!("hostile-rate-{tag}"), &page.render().unwrap());
        let page = rate::Rated {
            s: s(),
            title: HOSTILE.into(),
            message: HOSTILE.into(),
            follows: HOSTILE.into(),
            served: Some(served),
        };
        harmless(&format!("hostile-rated-{tag}"), &page.render().unwrap());
        let line = complaints::RatingLine { window: HOSTILE.into(), ..Default::default() };
        let figures =
            complaints::RatingFigures { month: HOSTILE.into(), lines: vec![line], ..Default::default() };
        let page = ratings::view(s(), Vec::new(), HOSTILE.into(), figures, |line| line.window.clone());
        harmless(&format!("hostile-ratings-{tag}"), &page.render().unwrap());
        let page = staff::Simulator { s: s(), rows: vec![seen], next: HOSTILE.into() };
        harmless(&format!("hostile-simulator-{tag}"), &page.render().unwrap());
        let row = staff::MessageRow {
            message: HOSTILE.into(),
            number: HOSTILE.into(),
            transition: HOSTILE.into(),
            mobile: HOSTILE.into(),
            state: HOSTILE.into(),
            created: HOSTILE.into(),
            reason: HOSTILE.into(),
            unknown: true,
            request_id: HOSTILE.into(),
        };
        let page = staff::Messages {
            s: s(),
            states: Vec::new(),
            state: HOSTILE.into(),
            rows: vec![row],
            next: HOSTILE.into(),
        };
        harmless(&format!("hostile-messages-{tag}"), &page.render().unwrap());
        let (page, _) = staff::task_page(s(), known, "id");
        harmless(&format!("hostile-task-{tag}"), &page.render().unwrap());
    }
}

fn hall() -> Hall {
    Hall::new(|call| {
        Ok(match call.method.as_str() {
            "TrackApplication" => sample::tracked("").encode_to_vec(),
            "GetDocument" => intake::Document {
                number: "430102-BZ-2026-000002".into(),
                kind: intake::document::Kind::SupplementNotice.into(),
                issue_time: sample::at(90),
                text_zh: "补正告知书\n文书编号：430102-BZ-2026-000002\n\n申请人：示例餐饮有限公司\n办件编号：430102202611230000011\n\n请补正以下材料：\n1. 经营场所布局和操作流程图：缺少备餐间的位置\n\n2026年11月23日\n（专用章）\n".into(),
                text_en: "Supplement notice\n\nPlease supplement: layout plan.\n".into(),
            }
            .encode_to_vec(),
            "SubmitApplication" => intake::SubmitApplicationResponse {
                number: NUMBER.into(),
                lookup_code: CODE.into(),
                receipt: "430102-SJ-2026-000001".into(),
                rating_token: "abcdefghijklmnopqrstuvwxyz".into(),
                submit_time: sample::at(0),
                ..intake::SubmitApplicationResponse::default()
            }
            .encode_to_vec(),
            "UploadFile" => file::UploadFileResponse {
                upload_id: "4b4b38ae-6f37-4f1c-bf7f-0a2b4c6d8e90".into(),
                ..file::UploadFileResponse::default()
            }
            .encode_to_vec(),
            "GetApplication" => sample::application(State::Submitted, "").encode_to_vec(),
            "GetJointApproval" => sample::joint_approval("").encode_to_vec(),
            "ListTasks" => approval::ListTasksResponse {
                tasks: sample::joint_approval("")
                    .tasks
                    .into_iter()
                    .map(|task| approval::Task {
                        item_name_zh: "开办餐饮店“一件事”".into(),
                        subject: "示例街道开办餐馆".into(),
                        is_lead: task.department == "430102-scjg",
                        ..task
                    })
                    .collect(),
                next_page_token: "61".into(),
            }
            .encode_to_vec(),
            "ListApplications" => intake::ListApplicationsResponse {
                applications: [State::Submitted, State::Accepted, State::Completed, State::Refused]
                    .into_iter()
                    .filter_map(|state| sample::application(state, "").summary)
                    .collect(),
                next_page_token: String::new(),
            }
            .encode_to_vec(),
            "OpenBallot" => sample::ballot(Phase::Voting, "").encode_to_vec(),
            "CastBallot" => complaints::CastBallotResponse::default().encode_to_vec(),
            "ListAppraisalRounds" => complaints::ListAppraisalRoundsResponse {
                rounds: vec![sample::appraisal_round(Phase::Published, "")],
                next_page_token: String::new(),
            }
            .encode_to_vec(),
            "GetAppraisalRound" => {
                let asked: complaints::GetAppraisalRoundRequest = call.message();
                let phase = if asked.round.ends_with('2') { Phase::Counted } else { Phase::Published };
                sample::appraisal_round(phase, "").encode_to_vec()
            }
            "ListScrutinies" => complaints::ListScrutiniesResponse {
                scrutinies: vec![sample::scrutiny("")],
                next_page_token: String::new(),
            }
            .encode_to_vec(),
            "GetScrutiny" => sample::scrutiny("").encode_to_vec(),
            "OpenRatingLink" => complaints::RatingInvitation {
                state: complaints::rating_invitation::State::Open.into(),
                event: complaints::rating::Event::Visit.into(),
                center: "430102".into(),
                item: "restaurant-opening".into(),
                served_on: "2026-11-23".into(),
                until_on: "2026-12-23".into(),
            }
            .encode_to_vec(),
            "Rate" => complaints::RateResponse {
                is_followed: true,
                rectify_until: "2026-11-30".into(),
                ..complaints::RateResponse::default()
            }
            .encode_to_vec(),
            "GetRatingFigures" => complaints::RatingFigures {
                center: "430102".into(),
                month: "2026-11".into(),
                lines: vec![complaints::RatingLine { very_satisfied: 3, valid: 3, level_sum: 15, ..Default::default() }],
                ..complaints::RatingFigures::default()
            }
            .encode_to_vec(),
            other => return Err(Error::internal(format!("{other} is not played"))),
        })
    })
}

fn in_chinese(mut request: Request<Body>) -> Request<Body> {
    request.headers_mut().remove("accept-language");
    request
}

/// Every page is whole in both languages: one heading, labels for fields, no key without a text.
#[tokio::test]
async fn every_page_in_both_languages() {
    let hall = hall();
    let filled = [
        ("center", "", "430102"),
        ("applicant.kind", "", "ORGANIZATION"),
        ("applicant.name", "", "示例餐饮有限公司"),
        ("applicant.id_number", "", "91430102MA00000000"),
        ("subject", "", "示例街道开办餐馆"),
        ("file.layout-plan", "plan.pdf", "%PDF-1.4"),
    ];
    let case = [("number", NUMBER), ("code", CODE), ("document", "430102-BZ-2026-000002")];
    let track = [("number", NUMBER), ("code", "")];
    let application = format!("/staff/applications/{NUMBER}");
    let task = format!("/staff/tasks/{NUMBER}");
    let document = format!("{application}/documents/430102-BZ-2026-000002");
    let refuse = [("form", "refuse"), ("reason", "x")];
    let pages: Vec<(&str, u16, Made<'_>)> = vec![
        ("home", 200, Box::new(|| get("/"))),
        ("items", 200, Box::new(|| get("/items?center=430102"))),
        ("items-all", 200, Box::new(|| get("/items?q=x"))),
        ("guide", 200, Box::new(|| get("/items/restaurant-opening?center=430102"))),
        ("guide-no-center", 200, Box::new(|| get("/items/restaurant-opening"))),
        ("apply", 200, Box::new(|| get("/apply/restaurant-opening?center=430102"))),
        ("apply-faulty", 400, Box::new(|| multipart("/apply/restaurant-opening", &filled))),
        ("track", 200, Box::new(|| get("/track?number=4301"))),
        ("track-faulty", 400, Box::new(|| post("/track", &track))),
        ("tracked", 200, Box::new(|| post("/track", &case))),
        ("document", 200, Box::new(|| post("/track/document", &case))),
        ("submitted", 201, Box::new(|| post("/apply/restaurant-opening/submit", &[("center", "430102")]))),
        ("vote-code", 200, Box::new(|| get("/vote"))),
        ("vote-code-faulty", 400, Box::new(|| post("/vote", &[("token", " ")]))),
        ("vote", 200, Box::new(|| get(&format!("/vote/{TOKEN}")))),
        ("voted", 201, Box::new(|| post(&format!("/vote/{TOKEN}"), &[("mark.1", "SATISFIED")]))),
        ("reviews", 200, Box::new(|| get("/reviews"))),
        ("review", 200, Box::new(|| get("/reviews/430102-PY-2026-0000001"))),
        ("review-counted", 200, Box::new(|| get("/reviews/430102-PY-2026-0000002"))),
        ("scrutiny", 200, Box::new(|| get("/reviews/sessions/430102-MP-2026-0000001"))),
        ("rate", 200, Box::new(|| get("/rate/abcdefghijklmnopqrstuvwxyz"))),
        ("rated", 201, Box::new(|| post("/rate/abcdefghijklmnopqrstuvwxyz", &[("level", "SATISFIED")]))),
        ("ratings", 200, Box::new(|| get("/ratings?center=430102"))),
        ("sign-in", 200, Box::new(|| get("/staff/sign-in?expired=1"))),
        ("not-found", 404, Box::new(|| get("/nowhere"))),
        ("tasks", 200, Box::new(|| signed_in(get("/staff/tasks?done=opinion")))),
        ("task", 200, Box::new(|| signed_in(get(&task)))),
        ("applications", 200, Box::new(|| signed_in(get("/staff/applications?number=12")))),
        ("application", 200, Box::new(|| signed_in(get(&application)))),
        ("application-faulty", 500, Box::new(|| signed_in(post(&application, &refuse)))),
        ("staff-document", 200, Box::new(|| signed_in(get(&document)))),
    ];
    whole(&hall, pages).await;
}

/// Makes the request for a page.
pub type Made<'a> = Box<dyn Fn() -> Request<Body> + 'a>;

/// Asks for pages in both languages, by name, status and request, and looks whether they are whole.
pub async fn whole(hall: &Hall, pages: Vec<(&str, u16, Made<'_>)>) {
    let zh = Text::of(Lang::Zh).unwrap();
    for (name, status, request) in &pages {
        let page = hall.ask(request()).await;
        assert_eq!(page.status.as_u16(), *status, "{name}: {}", page.body);
        assert_eq!(page.header("content-language"), "en", "{name}");
        assert_eq!(page.header("cache-control"), "no-store", "{name}");
        kept(&format!("{name}-en"), &page.body);
        let page = hall.ask(in_chinese(request())).await;
        assert!(page.body.contains("<html lang=\"zh-CN\">"), "{name}");
        assert!(page.body.contains(zh.get("nav.skip")), "{name}");
        kept(&format!("{name}-zh"), &page.body);
        for word in page.body.split(['>', '<']) {
            let dotted = word.contains('.') && !word.contains(' ') && !word.contains('/');
            let key = dotted && word.chars().all(|c| c.is_ascii_lowercase() || c == '.' || c == '_');
            assert!(!key, "{name} shows the key {word}");
        }
    }
}
