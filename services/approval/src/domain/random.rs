//! Random operations in random order: no grant without every required and current opinion.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use yimen_kernel::{DepartmentId, MaterialCode};

use super::fixture::*;
use super::*;

/// What may be tried, by whom; most tries are refused, which is part of the test.
#[derive(Clone, Debug)]
enum Try {
    Say(usize, usize, u32),
    Provide(usize, u32),
    Resolve(usize, bool),
    Add(usize),
    Propose,
    Answer(usize, bool),
    Record,
    Sign(usize),
    Withdraw,
    Decide(bool, u32),
}

const DEPARTMENTS: [&str; 5] = ["a", "b", "c", "x", "z"];
const MATERIALS: [&str; 3] = ["form", "plan", "report"];

fn tries() -> impl Strategy<Value = Try> {
    let what = prop_oneof![6 => Just(0usize), 2 => Just(1), 1 => Just(2), 1 => Just(3)];
    let back = prop_oneof![6 => Just(0u32), 1 => 1..3u32];
    prop_oneof![
        12 => (0..5usize, what, back).prop_map(|(who, what, back)| Try::Say(who, what, back)),
        2 => (0..3usize, 0..3u32).prop_map(|(code, on)| Try::Provide(code, on)),
        2 => (0..5usize, any::<bool>()).prop_map(|(who, forward)| Try::Resolve(who, forward)),
        1 => (0..5usize).prop_map(Try::Add),
        1 => Just(Try::Propose),
        2 => (0..5usize, prop::bool::weighted(0.8)).prop_map(|(who, yes)| Try::Answer(who, yes)),
        2 => Just(Try::Record),
        2 => (0..5usize).prop_map(Try::Sign),
        3 => (any::<bool>(), 0..2u32).prop_map(|(with, back)| Try::Decide(with, back)),
    ]
}

/// An attempt to bring everything in and decide, from which something may be missing: without it
/// chance alone would hardly ever come near a grant.
fn endings() -> impl Strategy<Value = Vec<Try>> {
    let mut steps = vec![Try::Provide(2, 1)];
    steps.extend((0..5).map(|who| Try::Resolve(who, false)));
    steps.extend((0..5).map(|who| Try::Say(who, 0, 0)));
    steps.push(Try::Propose);
    steps.extend((0..2).map(|who| Try::Answer(who, true)));
    steps.push(Try::Record);
    steps.extend((0..2).map(Try::Sign));
    let count = steps.len();
    (prop::sample::subsequence(steps, count - 2..=count), any::<bool>(), prop::bool::weighted(0.1)).prop_map(
        |(mut steps, with, withdraw)| {
            if withdraw {
                steps.push(Try::Withdraw);
            }
            steps.push(Try::Decide(with, 0));
            steps
        },
    )
}

/// Plans of three steps, with and without order and visits.
fn plans() -> impl Strategy<Value = Vec<Step>> {
    let step_of = |short: &'static str, others: &'static [&'static str]| {
        (
            prop::sample::subsequence(others, 0..=others.len()),
            prop::sample::subsequence(MATERIALS.as_slice(), 0..=2),
            any::<bool>(),
        )
            .prop_map(move |(after, relies_on, site_visit)| Step {
                relies_on: codes(&relies_on),
                site_visit,
                ..step(short, &after)
            })
    };
    (step_of("a", &[]), step_of("b", &["a"]), step_of("c", &["a", "b"])).prop_map(|(a, b, c)| vec![a, b, c])
}

/// The oracle: what was said and provided, kept apart from the approval.
struct Ledger {
    required: BTreeMap<DepartmentId, Vec<MaterialCode>>,
    visits: usize,
    revisions: BTreeMap<MaterialCode, u32>,
    owed: BTreeSet<MaterialCode>,
    said: BTreeMap<DepartmentId, (Said, u32)>,
}

impl Ledger {
    fn of(opening: &Opening) -> Self {
        Ledger {
            required: opening.steps.iter().map(|s| (s.department.clone(), s.relies_on.clone())).collect(),
            visits: opening.steps.iter().filter(|step| step.site_visit).count(),
            revisions: opening.materials.iter().map(|code| (code.clone(), 1)).collect(),
            owed: opening.promised.iter().cloned().collect(),
            said: BTreeMap::new(),
        }
    }

    /// Whether a grant is lawful by what the ledger knows.
    fn lawful(&self, approval: &JointApproval, ruling: &Ruling) -> bool {
        let opinions = self.required.iter().all(|(department, relies_on)| {
            let Some((Said::Opinion(verdict), seen)) = self.said.get(department) else { return false };
            let relied = |code: &MaterialCode| relies_on.is_empty() || relies_on.contains(code);
            let is_current = self.revisions.iter().all(|(code, revision)| !relied(code) || revision <= seen);
            let agrees = match verdict {
                Verdict::Approve { .. } => true,
                Verdict::ApproveWithConditions { .. } => {
                    matches!(ruling, Ruling::GrantedWithConditions { .. })
                }
                Verdict::Object { .. } => false,
            };
            is_current && agrees
        });
        let visit = match &approval.inspection {
            Some(inspection) => inspection.is_concluded(),
            None => self.visits < 2,
        };
        opinions && visit && self.owed.is_empty()
    }
}

fn attempt(approval: JointApproval, ledger: &mut Ledger, trial: &Try) -> JointApproval {
    let who = |index: usize| dep(DEPARTMENTS[index]);
    let revision = approval.materials.revision;
    let kept = approval.clone();
    let outcome = match trial {
        Try::Say(index, what, back) => {
            let said = [approve(), with_conditions(), object(), wants(&["plan"])][*what].clone();
            let seen = revision.saturating_sub(*back);
            let outcome = approval.record_opinion(&acting(&who(*index)), said.clone(), seen, at(1));
            if outcome.is_ok() {
                ledger.said.insert(who(*index), (said, seen));
            }
            outcome
        }
        Try::Provide(index, on) => {
            let (code, next) = (code(MATERIALS[*index]), revision + on);
            if approval.state == State::Running {
                let known = ledger.revisions.entry(code.clone()).or_insert(0);
                if next > *known {
                    *known = next;
                    ledger.owed.remove(&code);
                }
            }
            Ok(approval.provide_materials(next, vec![code], at(2)))
        }
        Try::Resolve(index, forward) => {
            let resolution = match forward {
                true => Resolution::Forward { due_on: "2026-04-01".parse().unwrap(), note: String::new() },
                false => Resolution::PutBack { note: "已有".into() },
            };
            approval.resolve_return(
                &acting(&lead()),
                ResolveReturn { department: who(*index), resolution },
                at(3),
            )
        }
        Try::Add(index) => {
            let add = AddDepartment {
                department: who(*index),
                limit_days: 3,
                reason: "需要".into(),
                relies_on: vec![],
            };
            let outcome = approval.add_department(&acting(&lead()), add, at(3));
            if outcome.is_ok() {
                ledger.required.insert(who(*index), vec![]);
            }
            outcome
        }
        Try::Propose => approval.propose_inspection(
            &acting(&lead()),
            ProposeInspection { time: at(10), place: "此地".into(), departments: vec![a(), b()] },
        ),
        Try::Answer(index, yes) => {
            let answer = if *yes { Answer::Confirmed } else { Answer::Declined { reason: "忙".into() } };
            approval.answer_inspection(&acting(&who(*index)), answer)
        }
        Try::Record => {
            let staff = vec!["甲".to_owned(), "乙".to_owned()];
            let invited = approval.inspection.iter().flat_map(|inspection| &inspection.proposal().invited);
            let attendance = invited
                .filter(|invited| invited.answer == Answer::Confirmed)
                .map(|invited| Attendance { department: invited.department.clone(), staff: staff.clone() })
                .collect();
            approval.record_inspection(&acting(&lead()), attendance, "可".into(), at(11))
        }
        Try::Sign(index) => approval.sign_inspection(&acting(&who(*index)), signature()),
        Try::Withdraw => Ok((approval.withdraw(), vec![])),
        Try::Decide(with, back) => {
            let ruling = match with {
                true => Ruling::GrantedWithConditions { conditions: "如附".into(), reasons: String::new() },
                false => Ruling::Granted { reasons: String::new() },
            };
            let lawful = ledger.lawful(&approval, &ruling);
            let running = approval.state == State::Running;
            let outcome = approval.decide(&acting(&lead()), ruling, revision.saturating_sub(*back), at(20));
            if *back == 0 {
                assert_eq!(outcome.is_ok(), lawful && running, "granted if and only if lawful");
            } else {
                assert!(outcome.is_err() || (lawful && running));
            }
            outcome
        }
    };
    outcome.map_or(kept, |(approval, _)| approval)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_grant_is_lawful_whatever_came_before(
        plan in plans(),
        promised in any::<bool>(),
        trials in prop::collection::vec(tries(), 0..30),
        ending in endings(),
    ) {
        let mut opening = opening(plan);
        if !promised {
            opening.promised.clear();
        }
        let mut ledger = Ledger::of(&opening);
        let (mut approval, _) = JointApproval::open(opening);
        for trial in trials.iter().chain(&ending) {
            let ended = approval.state != State::Running;
            let before = approval.clone();
            approval = attempt(approval, &mut ledger, trial);
            if ended {
                prop_assert_eq!(&approval, &before, "what has ended does not change");
            }
        }
    }
}
