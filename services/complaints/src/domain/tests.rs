//! Every step of a complaint's life, and every way around recusal that the rules have to close.

use chrono::NaiveDate;
use yimen_kernel::{
    Actor, Calendar, DepartmentId, DivisionCode, DocumentNumber, Kind as Refusal, Login, Reason, Role,
    WindowId,
};

use super::accountability::{self, Case};
use super::codes::{Measure, SubjectKind};
use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn calendar() -> Calendar {
    Calendar::published().unwrap()
}

fn department(id: &str) -> DepartmentId {
    DepartmentId::parse(id).unwrap()
}

fn staff(login: &str, role: Role, own: Option<&str>) -> Actor {
    Actor {
        subject: login.into(),
        name: "示例".into(),
        roles: vec![role],
        center: DivisionCode::parse(login.get(..6).unwrap()).ok(),
        department: own.map(department),
        window: None,
    }
}

fn supervisor() -> Actor {
    staff("430102-supervisor", Role::Supervisor, None)
}

fn city() -> Actor {
    staff("430100-supervisor", Role::Supervisor, None)
}

fn handler() -> Actor {
    staff("430102-zjj-approver", Role::Approver, Some("430102-zjj"))
}

fn accused() -> Actor {
    staff("430102-scjg-approver", Role::Approver, Some("430102-scjg"))
}

/// Filed on Monday 2 March 2026 about a department.
fn filed() -> Complaint {
    Complaint {
        number: DocumentNumber::parse("430102-TS-2026-0000001").unwrap(),
        version: 1,
        kind: Kind::Complaint,
        identity: Identity::Named,
        about: SubjectKind::Department,
        filed_on: day("2026-03-02"),
        accused: vec![Accused::Department(department("430102-scjg"))],
        parties: Vec::new(),
        authors: Vec::new(),
        extended: false,
        reopened: false,
        state: State::Registered,
    }
}

fn to(id: &str) -> Handler {
    Handler::Department(department(id))
}

/// Given to the handling department on 3 March.
fn assigned() -> Complaint {
    filed().accept(&supervisor(), Way::Assigned, to("430102-zjj"), vec![], day("2026-03-03")).unwrap()
}

fn told() -> Complaint {
    let answered = assigned().answer(&handler(), Finding::Unfounded).unwrap();
    answered.tell(&handler(), day("2026-03-10")).unwrap()
}

fn reason<T: std::fmt::Debug>(refused: yimen_kernel::Result<T>) -> Reason {
    refused.unwrap_err().reason()
}

#[test]
fn each_step_has_its_last_day() {
    let calendar = calendar();
    assert_eq!(filed().due_on(&calendar), Some(day("2026-03-05")), "three working days");
    // 30 calendar days end on Thursday 2 April.
    assert_eq!(assigned().due_on(&calendar), Some(day("2026-04-02")));
    let longer = assigned().extend(&supervisor(), 30, &calendar, day("2026-04-02")).unwrap();
    // 2 May is a day off; the holiday ends with 5 May.
    assert_eq!(longer.due_on(&calendar), Some(day("2026-05-06")), "rolled to the day after the holiday");
    assert_eq!(told().due_on(&calendar), None);
    assert_eq!(told().review_until(&calendar), Some(day("2026-04-09")));
    let review = told().request_review(&calendar, day("2026-04-09")).unwrap();
    assert_eq!(review.due_on(&calendar), Some(day("2026-05-09")), "a worked Saturday");
}

#[test]
fn the_whole_way() {
    let calendar = calendar();
    let reviewed = told()
        .request_review(&calendar, day("2026-03-11"))
        .unwrap()
        .answer_review(&supervisor(), Finding::Unfounded)
        .unwrap();
    assert_eq!(reason(reviewed.clone().tell(&handler(), day("2026-03-12"))), Reason::NotAParty);
    let told_again = reviewed.tell(&supervisor(), day("2026-03-12")).unwrap();
    assert_eq!(told_again.state.as_str(), "TOLD");
    assert_eq!(reason(told_again.clone().reopen(&calendar, day("2026-03-13"))), Reason::StateForbids);
    let last = told_again.request_review(&calendar, day("2026-03-13")).unwrap();
    assert_eq!(reason(last.clone().answer_review(&supervisor(), Finding::Founded)), Reason::SameAuthor);
    let closed =
        last.answer_review(&city(), Finding::Founded).unwrap().tell(&city(), day("2026-03-20")).unwrap();
    assert_eq!(closed.state, State::Closed(Closing::Final));
    assert_eq!(reason(closed.clone().request_review(&calendar, day("2026-03-21"))), Reason::StateForbids);
    assert_eq!(reason(closed.withdraw()), Reason::StateForbids);
}

#[test]
fn a_registered_one_is_accepted_or_declined_once() {
    let declined = filed().decline(&supervisor()).unwrap();
    assert_eq!(declined.state, State::Closed(Closing::Declined));
    assert_eq!(reason(declined.clone().decline(&supervisor())), Reason::StateForbids);
    let again = declined.accept(&supervisor(), Way::Own, Handler::Office, vec![], day("2026-03-03"));
    assert_eq!(reason(again), Reason::StateForbids);
    assert_eq!(reason(assigned().decline(&supervisor())), Reason::StateForbids);
    let elsewhere = filed().accept(&supervisor(), Way::Assigned, to("430103-zjj"), vec![], day("2026-03-03"));
    assert_eq!(elsewhere.unwrap_err().fields()[0].reason, Reason::UnknownDepartment);
}

#[test]
fn an_objection_comes_within_five_working_days_and_is_decided() {
    let calendar = calendar();
    let object = |on| assigned().object(&handler(), "非本部门职责".into(), &calendar, day(on));
    assert_eq!(reason(object("2026-03-11")), Reason::ObjectionLate);
    let objected = object("2026-03-10").unwrap();
    assert_eq!(reason(objected.clone().answer(&handler(), Finding::Unfounded)), Reason::ObjectionOpen);
    let stays = objected.clone().decide_objection(&supervisor(), None, day("2026-03-10")).unwrap();
    assert!(stays.clone().answer(&handler(), Finding::Unfounded).is_ok());
    let twice = stays.object(&handler(), "再次异议".into(), &calendar, day("2026-03-10"));
    assert_eq!(reason(twice), Reason::StateForbids);
    let other = Some((Way::Transferred, to("430102-cgj")));
    let moved = objected.clone().decide_objection(&supervisor(), other, day("2026-03-10")).unwrap();
    assert_eq!(moved.due_on(&calendar), Some(day("2026-04-09")), "thirty days from the new receipt");
    assert_eq!(moved.in_hand().unwrap().run, 2);
    assert_eq!(reason(moved.view(&handler())), Reason::ComplaintUnknown, "it is gone for who objected");
    let back = Some((Way::Assigned, to("430102-scjg")));
    let refused = objected.decide_objection(&supervisor(), back, day("2026-03-10"));
    assert_eq!(reason(refused), Reason::Recused, "an objection is no way to the accused");
    assert_eq!(
        reason(assigned().decide_objection(&supervisor(), None, day("2026-03-10"))),
        Reason::StateForbids
    );
}

#[test]
fn it_is_extended_once_and_before_its_last_day() {
    let calendar = calendar();
    let late = assigned().extend(&supervisor(), 10, &calendar, day("2026-04-03"));
    assert_eq!(reason(late), Reason::LimitExpired);
    let extended = assigned().extend(&supervisor(), 10, &calendar, day("2026-03-20")).unwrap();
    assert_eq!(
        reason(extended.extend(&supervisor(), 10, &calendar, day("2026-03-20"))),
        Reason::AlreadyExtended
    );
    assert_eq!(reason(assigned().extend(&handler(), 10, &calendar, day("2026-03-20"))), Reason::NotAParty);
}

#[test]
fn it_is_reopened_once_and_starts_anew() {
    let calendar = calendar();
    assert_eq!(reason(assigned().reopen(&calendar, day("2026-03-11"))), Reason::StateForbids);
    let late = told().reopen(&calendar, day("2026-04-10"));
    assert_eq!(reason(late), Reason::ReviewLate);
    let reopened = told().reopen(&calendar, day("2026-03-11")).unwrap();
    assert_eq!(reopened.in_hand().unwrap().run, 2);
    assert_eq!(reopened.due_on(&calendar), Some(day("2026-04-10")));
    let again =
        reopened.answer(&handler(), Finding::Unfounded).unwrap().tell(&handler(), day("2026-03-12")).unwrap();
    assert_eq!(reason(again.clone().reopen(&calendar, day("2026-03-13"))), Reason::AlreadyReopened);
    assert!(again.request_review(&calendar, day("2026-03-13")).is_ok());
}

#[test]
fn the_complainant_may_be_satisfied_withdraw_or_be_silent() {
    let calendar = calendar();
    assert_eq!(reason(filed().confirm()), Reason::StateForbids);
    assert_eq!(told().confirm().unwrap().state, State::Closed(Closing::Satisfied));
    assert_eq!(filed().withdraw().unwrap().state, State::Closed(Closing::Withdrawn));
    assert_eq!(told().lapse(&calendar, day("2026-04-09")), None);
    assert_eq!(told().lapse(&calendar, day("2026-04-10")).unwrap().state, State::Closed(Closing::Lapsed));
    assert_eq!(filed().lapse(&calendar, day("2027-01-01")), None);
}

#[test]
fn a_department_tells_only_whom_it_knows() {
    let mut answered = assigned().answer(&handler(), Finding::Unfounded).unwrap();
    for identity in [Identity::Protected, Identity::Anonymous] {
        answered.identity = identity;
        assert_eq!(reason(answered.clone().tell(&handler(), day("2026-03-10"))), Reason::TellByOffice);
        assert!(answered.clone().tell(&supervisor(), day("2026-03-10")).is_ok());
        assert!(answered.show_complainant(View::Handler).is_err());
    }
    assert!(answered.show_complainant(View::Office).is_err(), "nobody knows who is anonymous");
    answered.identity = Identity::Protected;
    assert!(answered.show_complainant(View::Office).is_ok());
    answered.identity = Identity::Named;
    assert!(answered.show_complainant(View::Handler).is_ok());
    assert!(answered.show_complainant(View::Complainant).is_err());
}

/// What an actor could try on a complaint, each giving whether it was let through.
fn attempts(complaint: &Complaint, actor: &Actor) -> Vec<(&'static str, yimen_kernel::Result<()>)> {
    let calendar = calendar();
    let on = day("2026-03-04");
    let one = || complaint.clone();
    let done = |tried: yimen_kernel::Result<Complaint>| tried.map(drop);
    vec![
        ("view", one().view(actor).map(drop)),
        ("accept", done(one().accept(actor, Way::Own, Handler::Office, vec![], on))),
        ("decline", done(one().decline(actor))),
        ("add accused", done(one().add_accused(actor, vec![], on))),
        ("object", done(one().object(actor, "x".into(), &calendar, on))),
        ("decide objection", done(one().decide_objection(actor, None, on))),
        ("extend", done(one().extend(actor, 1, &calendar, on))),
        ("answer", done(one().answer(actor, Finding::Unfounded))),
        ("tell", done(one().tell(actor, on))),
        ("answer review", done(one().answer_review(actor, Finding::Unfounded))),
        ("merge", one().merge(actor, filed_as("430102-TS-2026-0000002"), on).map(drop)),
        ("merge into", filed_as("430102-TS-2026-0000002").merge(actor, one(), on).map(drop)),
    ]
}

fn filed_as(number: &str) -> Complaint {
    Complaint { number: DocumentNumber::parse(number).unwrap(), accused: vec![], ..filed() }
}

/// In every state, for the department, the window, the person and a party of the case, with any role: the
/// complaint does not exist.
#[test]
fn for_whom_it_is_about_it_does_not_exist() {
    let calendar = calendar();
    let window = WindowId::parse("430102-w07").unwrap();
    let login = Login::parse("430102-supervisor").unwrap();
    let states = [
        filed().state,
        assigned().state,
        assigned().answer(&handler(), Finding::Unfounded).unwrap().state,
        told().state,
        told().request_review(&calendar, day("2026-03-11")).unwrap().state,
        State::Closed(Closing::Withdrawn),
    ];
    let mut in_department = supervisor();
    in_department.department = Some(department("430102-scjg"));
    let mut at_window = supervisor();
    at_window.window = Some(window.clone());
    let mut system = accused();
    system.roles = vec![Role::DepartmentSystem];
    let mut everything = accused();
    everything.roles = Role::ALL.to_vec();
    let cases = [
        (Accused::Department(department("430102-scjg")), in_department),
        (Accused::Department(department("430102-scjg")), accused()),
        (Accused::Department(department("430102-scjg")), system),
        (Accused::Department(department("430102-scjg")), everything),
        (Accused::Window(window), at_window),
        (Accused::Person(login), supervisor()),
        (Accused::Person(Login::parse("430100-supervisor").unwrap()), city()),
    ];
    for state in &states {
        for (accused, actor) in &cases {
            for kind in [Kind::Complaint, Kind::Accusation] {
                let complaint =
                    Complaint { kind, accused: vec![accused.clone()], state: state.clone(), ..filed() };
                for (tried, outcome) in attempts(&complaint, actor) {
                    let refusal = outcome.expect_err(tried);
                    assert_eq!(refusal.reason(), Reason::ComplaintUnknown, "{tried} {state:?} {actor:?}");
                    assert_eq!(refusal.kind(), Refusal::NotFound);
                    assert!(refusal.metadata().is_empty(), "nothing tells that it exists");
                }
            }
        }
        let party = Complaint {
            accused: vec![],
            parties: vec![department("430102-scjg")],
            state: state.clone(),
            ..filed()
        };
        for (tried, outcome) in attempts(&party, &super::tests::accused()) {
            assert_eq!(outcome.expect_err(tried).reason(), Reason::ComplaintUnknown, "{tried}");
        }
    }
}

/// Who is not concerned at all does not learn of it either.
#[test]
fn others_do_not_learn_of_it() {
    for actor in [
        staff("430102-manager", Role::Manager, None),
        staff("430102-clerk1", Role::Clerk, None),
        staff("430103-supervisor", Role::Supervisor, None),
        staff("430102-cgj-approver", Role::Approver, Some("430102-cgj")),
        staff("430102-operator", Role::Operator, None),
        Actor::anonymous(),
    ] {
        for (tried, outcome) in attempts(&assigned(), &actor) {
            assert_eq!(outcome.expect_err(tried).reason(), Reason::ComplaintUnknown, "{tried} {actor:?}");
        }
    }
    assert_eq!(assigned().view(&city()).unwrap(), View::Office, "the city's office sees its districts'");
    assert_eq!(assigned().view(&handler()).unwrap(), View::Handler);
    let district = staff("430102-supervisor", Role::Supervisor, None);
    let above = Complaint { number: DocumentNumber::parse("430100-TS-2026-0000001").unwrap(), ..filed() };
    assert_eq!(reason(above.view(&district)), Reason::ComplaintUnknown, "a district does not see the city's");
}

#[test]
fn the_accused_is_never_the_handler() {
    let on = day("2026-03-03");
    let to_accused = filed().accept(&supervisor(), Way::Assigned, to("430102-scjg"), vec![], on);
    assert_eq!(reason(to_accused), Reason::Recused);
    let named_with_it = vec![Accused::Department(department("430102-zjj"))];
    let at_once = filed().accept(&supervisor(), Way::Assigned, to("430102-zjj"), named_with_it, on);
    assert_eq!(reason(at_once), Reason::Recused, "named in the same breath");
    let party = Complaint { parties: vec![department("430102-zjj")], accused: vec![], ..filed() };
    let to_party = party.accept(&supervisor(), Way::Transferred, to("430102-zjj"), vec![], on);
    assert_eq!(reason(to_party), Reason::Recused);
    let person = Complaint {
        about: SubjectKind::Person,
        accused: vec![Accused::Person(Login::parse("430102-zjj-approver").unwrap())],
        ..filed()
    };
    let unit_unknown = person.clone().accept(&supervisor(), Way::Assigned, to("430102-zjj"), vec![], on);
    assert_eq!(reason(unit_unknown), Reason::AccusedNeeded, "it might be the person's own unit");
    let unit = vec![Accused::Department(department("430102-zjj"))];
    let own_unit = person.clone().accept(&supervisor(), Way::Assigned, to("430102-zjj"), unit.clone(), on);
    assert_eq!(reason(own_unit), Reason::Recused);
    assert!(person.accept(&supervisor(), Way::Assigned, to("430102-cgj"), unit, on).is_ok());
}

#[test]
fn who_turns_out_to_be_accused_loses_it() {
    let on = day("2026-03-05");
    let more = vec![Accused::Department(department("430102-zjj"))];
    let taken = assigned().add_accused(&supervisor(), more.clone(), on).unwrap();
    assert_eq!(taken.in_hand().unwrap().handler, Handler::Office);
    assert_eq!(reason(taken.view(&handler())), Reason::ComplaintUnknown);
    let answered = assigned().answer(&handler(), Finding::Unfounded).unwrap();
    let taken = answered.add_accused(&supervisor(), more.clone(), on).unwrap();
    assert_eq!(reason(taken.clone().tell(&handler(), on)), Reason::ComplaintUnknown);
    assert!(taken.tell(&supervisor(), on).is_ok());
    let mut learned = assigned();
    learned.parties.push(department("430102-zjj"));
    assert_eq!(learned.take_back(on).in_hand().unwrap().handler, Handler::Office);
    let (_, joined) = Complaint { accused: more, ..filed_as("430102-TS-2026-0000003") }
        .merge(&supervisor(), assigned(), on)
        .unwrap();
    assert_eq!(joined.in_hand().unwrap().handler, Handler::Office, "joining brings the other's accused");
    let me = vec![Accused::Person(Login::parse("430102-supervisor").unwrap())];
    assert_eq!(reason(assigned().add_accused(&supervisor(), me, on)), Reason::Recused);
}

#[test]
fn what_is_founded_has_somebody_to_hold_to_account() {
    let nobody = Complaint { accused: vec![], ..assigned() };
    assert_eq!(reason(nobody.clone().answer(&handler(), Finding::Founded)), Reason::AccusedNeeded);
    assert!(nobody.answer(&handler(), Finding::Unfounded).is_ok());
    let of_case = Complaint { accused: vec![], parties: vec![department("430102-scjg")], ..filed() };
    let held = of_case.held_to_account(Finding::PartlyFounded).unwrap();
    assert_eq!(held, [Accused::Department(department("430102-scjg"))]);
    assert_eq!(filed().held_to_account(Finding::Unfounded).unwrap(), []);
}

#[test]
fn accountability_goes_up_to_its_publication() {
    let case = Case {
        number: DocumentNumber::parse("430102-ZR-2026-0000001").unwrap(),
        version: 1,
        held: Accused::Department(department("430102-scjg")),
        opened_on: day("2026-03-10"),
        state: accountability::State::Open,
    };
    for actor in [accused(), handler(), staff("430102-manager", Role::Manager, None)] {
        let refused = case.decider(&actor, told().office(&actor).is_ok()).unwrap_err();
        assert_eq!(refused.reason(), Reason::AccountabilityCaseUnknown);
    }
    assert!(case.decider(&supervisor(), told().office(&supervisor()).is_ok()).is_ok());
    let about_me =
        Complaint { accused: vec![Accused::Person(Login::parse("430102-supervisor").unwrap())], ..told() };
    assert!(
        case.decider(&supervisor(), about_me.office(&supervisor()).is_ok()).is_err(),
        "nor who is recused from the complaint"
    );
    assert!(case.decider(&city(), about_me.office(&city()).is_ok()).is_ok());

    let today = day("2026-03-20");
    assert_eq!(reason(case.clone().publish()), Reason::StateForbids);
    assert_eq!(reason(case.clone().carry_out(today, today)), Reason::StateForbids);
    let decided = case.clone().decide(Measure::Circular).unwrap();
    assert_eq!(reason(decided.clone().decide(Measure::Criticism)), Reason::StateForbids);
    assert_eq!(reason(decided.clone().drop()), Reason::StateForbids);
    for out in ["2026-03-09", "2026-03-21"] {
        assert!(decided.clone().carry_out(day(out), today).is_err(), "{out}");
    }
    let published = decided.carry_out(today, today).unwrap().publish().unwrap();
    assert_eq!(published.state, accountability::State::Published(Measure::Circular));
    assert_eq!(case.drop().unwrap().state, accountability::State::Dropped);
}
