//! Every step of a negative rating's way, every way around recusal that the rules have to close, and who is last.

use chrono::NaiveDate;
use proptest::prelude::*;
use yimen_kernel::{
    Actor, Calendar, DepartmentId, DivisionCode, DocumentNumber, Kind as Refusal, Reason, Role, WindowId,
};

use super::month::{Counts, Month, called_in, last};
use super::rectification::*;
use super::*;
use crate::domain::{Handler, Identity, View};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn calendar() -> Calendar {
    Calendar::published().unwrap()
}

fn staff(login: &str, role: Role, department: Option<&str>, window: Option<&str>) -> Actor {
    Actor {
        subject: login.into(),
        name: "示例".into(),
        roles: vec![role],
        center: DivisionCode::parse(login.get(..6).unwrap()).ok(),
        department: department.map(|id| DepartmentId::parse(id).unwrap()),
        window: window.map(|id| WindowId::parse(id).unwrap()),
    }
}

fn supervisor() -> Actor {
    staff("430102-supervisor", Role::Supervisor, None, None)
}

fn approver() -> Actor {
    staff("430102-zjj-approver", Role::Approver, Some("430102-zjj"), None)
}

fn zjj() -> Handler {
    Handler::Department(DepartmentId::parse("430102-zjj").unwrap())
}

/// Opened on Monday 2 March 2026.
fn opened(identity: Identity) -> Rectification {
    let number = DocumentNumber::parse("430102-ZG-2026-0000001").unwrap();
    Rectification::open(number, identity, rated("430102-w01", "430102-clerk1"), day("2026-03-02"))
}

fn refused<T: std::fmt::Debug>(result: yimen_kernel::Result<T>) -> Reason {
    result.unwrap_err().reason()
}

fn due(case: &Rectification) -> Vec<(Step, String, u32, String)> {
    let calendar = calendar();
    let line = |due: Due| {
        let last = due.clock().due(&calendar).unwrap().on.to_string();
        (due.step, due.handler.department().to_owned(), due.run, last)
    };
    case.due().into_iter().map(line).collect()
}

#[test]
fn an_event_is_rated_once_and_in_time() {
    let calendar = calendar();
    let event = Invitation { served_on: day("2026-03-02"), rated: false };
    // Thirty days from Monday 2 March: Wednesday 1 April.
    assert_eq!(event.until(&calendar), Some(day("2026-04-01")));
    event.rate(&calendar, day("2026-03-02")).unwrap();
    event.rate(&calendar, day("2026-04-01")).unwrap();
    let late = event.rate(&calendar, day("2026-04-02")).unwrap_err();
    assert_eq!(late.reason(), Reason::RatingLate);
    assert_eq!(late.metadata().get("due").map(String::as_str), Some("2026-04-01"));
    let again = Invitation { rated: true, ..event.clone() };
    let refusal = again.rate(&calendar, day("2026-04-02")).unwrap_err();
    assert_eq!((refusal.kind(), refusal.reason()), (Refusal::AlreadyExists, Reason::AlreadyRated));
    assert_eq!(event.reminder_on(&calendar), Some(day("2026-03-05")));
    // Three days from Thursday end on Sunday: the reminder comes on Monday.
    let thursday = Invitation { served_on: day("2026-03-05"), rated: false };
    assert_eq!(thursday.reminder_on(&calendar), Some(day("2026-03-09")));
}

#[test]
fn only_the_two_lowest_are_negative() {
    let negative: Vec<i32> =
        Level::ALL.into_iter().filter(|level| level.is_negative()).map(Level::points).collect();
    assert_eq!(negative, [1, 2]);
    for level in Level::ALL {
        assert_eq!(Level::of_points(level.points()), Some(level));
        assert_eq!(Level::parse(level.as_str()), Some(level));
    }
    assert_eq!((Level::of_points(0), Level::of_points(6)), (None, None));
}

#[test]
fn staff_rates_nothing() {
    require_citizen(&Actor::anonymous()).unwrap();
    for actor in [supervisor(), approver(), staff("430102-clerk1", Role::Clerk, None, Some("430102-w01"))] {
        assert_eq!(refused(require_citizen(&actor)), Reason::RatingByStaff);
    }
}

#[test]
fn the_whole_way_with_its_clocks() {
    let case = opened(Identity::Named);
    let office = |step, run, last: &str| (step, String::new(), run, last.to_owned());
    let theirs = |step, run, last: &str| (step, "430102-zjj".to_owned(), run, last.to_owned());
    assert_eq!(due(&case), [office(Step::Contact, 1, "2026-03-03"), office(Step::Rectify, 1, "2026-03-09")]);
    assert_eq!(case.due_on(&calendar()), Some(day("2026-03-03")));

    // Given on the third day: its days run on.
    let given = case.give(&supervisor(), zjj()).unwrap();
    assert_eq!(due(&given), [theirs(Step::Contact, 2, "2026-03-03"), theirs(Step::Rectify, 2, "2026-03-09")]);
    assert_eq!(refused(given.clone().rectify(&approver(), day("2026-03-03"))), Reason::ContactFirst);
    assert_eq!(refused(given.clone().contact(&supervisor())), Reason::NotAParty, "the department does");
    let contacted = given.contact(&approver()).unwrap();
    assert_eq!(due(&contacted), [theirs(Step::Rectify, 2, "2026-03-09")]);
    assert_eq!(refused(contacted.clone().contact(&approver())), Reason::StateForbids);

    // A complex matter: fifteen working days in all, once, and not after the last day.
    assert_eq!(
        refused(contacted.clone().extend(&approver(), &calendar(), day("2026-03-09"))),
        Reason::NotAParty
    );
    let late = contacted.clone().extend(&supervisor(), &calendar(), day("2026-03-10"));
    assert_eq!(refused(late), Reason::LimitExpired);
    let longer = contacted.extend(&supervisor(), &calendar(), day("2026-03-09")).unwrap();
    assert_eq!(due(&longer), [theirs(Step::Rectify, 2, "2026-03-23")]);
    let twice = longer.clone().extend(&supervisor(), &calendar(), day("2026-03-10"));
    assert_eq!(refused(twice), Reason::AlreadyExtended);

    assert_eq!(refused(longer.clone().close(&supervisor())), Reason::StateForbids);
    assert_eq!(
        refused(longer.clone().visit(&supervisor(), Visit::Pleased, day("2026-03-20"))),
        Reason::StateForbids
    );
    let right = longer.rectify(&approver(), day("2026-03-20")).unwrap();
    assert_eq!(due(&right), [office(Step::ReturnVisit, 2, "2026-03-27")]);
    assert_eq!(refused(right.view(&approver())), Reason::RectificationUnknown, "it has left the department");
    assert_eq!(refused(right.clone().close(&supervisor())), Reason::StateForbids, "the rater is asked first");
    assert_eq!(refused(right.clone().give(&supervisor(), Handler::Office)), Reason::StateForbids);

    // Not satisfied: once more, from that day; the second time it ends so.
    let again = right.visit(&supervisor(), Visit::Displeased, day("2026-03-23")).unwrap();
    assert_eq!(due(&again), [theirs(Step::Rectify, 3, "2026-03-30")]);
    let right = again.rectify(&approver(), day("2026-03-24")).unwrap();
    let asked = right.clone().visit(&supervisor(), Visit::Displeased, day("2026-03-25")).unwrap();
    let ended = asked.close(&supervisor()).unwrap();
    assert_eq!(ended.state, State::Closed(Outcome::RaterDissatisfied));
    assert!(ended.due().is_empty() && ended.clone().set_aside().is_none());
    for (visit, outcome) in
        [(Visit::Pleased, Outcome::RaterSatisfied), (Visit::Absent, Outcome::RaterUnreached)]
    {
        let asked = right.clone().visit(&supervisor(), visit, day("2026-03-25")).unwrap();
        assert_eq!(asked.close(&supervisor()).unwrap().state, State::Closed(outcome));
    }
}

#[test]
fn an_anonymous_one_is_put_right_without_asking() {
    let case = opened(Identity::Anonymous);
    assert_eq!(due(&case), [(Step::Rectify, String::new(), 1, "2026-03-09".to_owned())]);
    assert_eq!(refused(case.clone().contact(&supervisor())), Reason::RaterUnknown);
    assert_eq!(refused(case.clone().close(&supervisor())), Reason::StateForbids);
    let right = case.rectify(&supervisor(), day("2026-03-04")).unwrap();
    assert!(right.due().is_empty());
    assert_eq!(
        refused(right.clone().visit(&supervisor(), Visit::Pleased, day("2026-03-05"))),
        Reason::RaterUnknown
    );
    assert_eq!(right.close(&supervisor()).unwrap().state, State::Closed(Outcome::PutRight));
}

#[test]
fn who_may_know_who_rated() {
    let asked = |identity, view| opened(identity).show_rater(view).map_err(|error| error.reason());
    assert_eq!(asked(Identity::Named, View::Office), Ok(()));
    assert_eq!(asked(Identity::Named, View::Handler), Ok(()));
    assert_eq!(asked(Identity::Protected, View::Office), Ok(()));
    assert_eq!(asked(Identity::Protected, View::Handler), Err(Reason::NotAParty));
    assert_eq!(asked(Identity::Anonymous, View::Office), Err(Reason::RaterUnknown));
    // The department handles what it does not know the rater of: the office contacts.
    let given = opened(Identity::Protected).give(&supervisor(), zjj()).unwrap();
    assert_eq!(refused(given.clone().contact(&approver())), Reason::NotAParty);
    let contacted = given.contact(&supervisor()).unwrap();
    assert_eq!(refused(contacted.clone().rectify(&supervisor(), day("2026-03-03"))), Reason::NotAParty);
    contacted.rectify(&approver(), day("2026-03-03")).unwrap();
}

/// For the rated window, for its clerk wherever that clerk works by now, and for strangers it does not exist.
#[test]
fn whoever_was_rated_takes_no_part() {
    let given = opened(Identity::Named).give(&supervisor(), zjj()).unwrap();
    let blind = [
        staff("430102-supervisor", Role::Supervisor, None, Some("430102-w01")),
        staff("430102-clerk1", Role::Supervisor, None, None),
        staff("430102-clerk1", Role::Approver, Some("430102-zjj"), None),
        staff("430102-zjj-approver", Role::Approver, Some("430102-zjj"), Some("430102-w01")),
        staff("430102-zjj-clerk", Role::Clerk, Some("430102-zjj"), None),
        staff("430102-scjg-approver", Role::Approver, Some("430102-scjg"), None),
        staff("430102-manager", Role::Manager, None, None),
        staff("430103-supervisor", Role::Supervisor, None, None),
        Actor::anonymous(),
    ];
    let on = day("2026-03-03");
    for actor in &blind {
        assert_eq!(refused(given.view(actor)), Reason::RectificationUnknown, "{}", actor.subject);
        for result in [
            given.clone().give(actor, Handler::Office),
            given.clone().contact(actor),
            given.clone().extend(actor, &calendar(), on),
            given.clone().rectify(actor, on),
            given.clone().visit(actor, Visit::Pleased, on),
            given.clone().close(actor),
        ] {
            assert_eq!(refused(result), Reason::RectificationUnknown, "{}", actor.subject);
        }
        let center = DivisionCode::parse("430102").unwrap();
        let aside = set_aside(actor, &center, &given.rated, None);
        assert_eq!(refused(aside), Reason::RatingUnknown, "{}", actor.subject);
    }
    assert_eq!(given.view(&approver()).unwrap(), View::Handler);
    assert_eq!(given.view(&staff("430100-supervisor", Role::Supervisor, None, None)).unwrap(), View::Office);
    let center = DivisionCode::parse("430102").unwrap();
    set_aside(&supervisor(), &center, &given.rated, None).unwrap();
    let twice = set_aside(&supervisor(), &center, &given.rated, Some(SetAside::Mistaken));
    assert_eq!(refused(twice), Reason::AlreadySetAside);
    assert_eq!(refused(set_aside(&approver(), &center, &given.rated, None)), Reason::RatingUnknown);
}

#[test]
fn months_have_their_days() {
    let month = Month::parse("2026-12").unwrap();
    assert_eq!((month.first(), month.before().first()), (day("2026-12-01"), day("2026-11-01")));
    assert_eq!((month.before().to_string(), month.to_string()), ("2026-11".into(), "2026-12".into()));
    assert_eq!(Month::of(day("2026-01-31")).before().to_string(), "2025-12");
    assert_eq!(Month::of(day("2026-12-31")), month);
    assert_eq!(Month::parse("").unwrap_err().reason, Reason::Required);
    for bad in ["2026", "2026-13", "2026-1", "2026-12-01", "x"] {
        assert!(Month::parse(bad).is_err(), "{bad}");
    }
}

fn counts(levels: [u64; 5]) -> Counts {
    Counts { levels, set_aside: 0 }
}

#[test]
fn figures_are_exact_fractions_rounded_down() {
    let figures = counts([1, 0, 0, 0, 5]);
    assert_eq!((figures.valid(), figures.satisfied(), figures.level_sum()), (6, 5, 26));
    assert_eq!(figures.mean_hundredths_floor(), 433);
    assert_eq!(figures.satisfaction_ten_thousandths_floor(), 8_333);
    let none = Counts { set_aside: 3, ..Counts::default() };
    assert_eq!(
        (none.valid(), none.mean_hundredths_floor(), none.satisfaction_ten_thousandths_floor()),
        (0, 0, 0)
    );
}

#[test]
fn the_last_window_is_called_in_after_two_months() {
    let window = |id: &str, levels| (id.to_owned(), counts(levels));
    let names = |last: Vec<&(String, Counts)>| last.into_iter().map(|one| one.0.clone()).collect::<Vec<_>>();
    let good = window("w1", [0, 0, 0, 5, 5]);
    // 1 of 3 and 2 of 6 are the same; the mean decides.
    let bad = window("w2", [4, 0, 2, 0, 0]);
    let worse = window("w3", [8, 0, 4, 0, 0]);
    let few = window("w4", [4, 0, 0, 0, 0]);
    let windows = [good.clone(), bad.clone(), few.clone()];
    let (compared, found) = last(&windows);
    assert_eq!((compared, names(found)), (2, vec!["w2".to_owned()]), "too few ratings are not compared");
    let windows = [good.clone(), bad.clone(), worse.clone()];
    assert_eq!(names(last(&windows).1), ["w2", "w3"], "equal ones share the place");
    assert_eq!(last(&[bad.clone(), worse.clone()]).1, Vec::<&(String, Counts)>::new(), "all are equal");
    assert_eq!(last(std::slice::from_ref(&bad)).1, Vec::<&(String, Counts)>::new(), "alone");
    assert_eq!(last(&[]).0, 0);
    let lower = window("w2", [6, 0, 3, 0, 0]);
    let mean = window("w3", [5, 1, 3, 0, 0]);
    assert_eq!(names(last(&[good.clone(), lower, mean]).1), ["w2"], "by the mean, where the share is equal");

    let first = [good.clone(), bad.clone()];
    let second = [good.clone(), worse.clone(), bad.clone()];
    assert_eq!(names(called_in(&first, &second).1), ["w2"], "last in both");
    assert_eq!(names(called_in(&[], &second).1), Vec::<String>::new());
    assert_eq!(names(called_in(&second, &[good, worse]).1), ["w3"]);
}

proptest! {
    /// The exact comparison is that of the fractions, by long division.
    #[test]
    fn nobody_is_behind_the_last(windows in proptest::collection::vec(proptest::array::uniform5(0_u64..40), 0..8)) {
        let windows: Vec<(String, Counts)> =
            windows.into_iter().enumerate().map(|(at, levels)| (format!("w{at}"), counts(levels))).collect();
        let (compared, found) = last(&windows);
        prop_assert_eq!(compared, windows.iter().filter(|(_, of)| of.valid() >= month::COMPARED).count());
        // Over one common denominator.
        let common: u128 = windows.iter().map(|(_, of)| u128::from(of.valid().max(1))).product();
        let share = |of: &Counts| {
            let by = |part: u64| u128::from(part) * (common / u128::from(of.valid()));
            (by(of.satisfied()), by(of.level_sum()))
        };
        for (_, behind) in &found {
            for (_, other) in windows.iter().filter(|(_, of)| of.valid() >= month::COMPARED) {
                prop_assert!(share(behind) <= share(other));
            }
        }
    }
}
