//! The application (办件) from handing in to delivery.

use chrono::NaiveDate;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;

/// How far an application is (domain rules, section 5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// 收件: the window's turn.
    Submitted,
    /// 补正告知: the applicant's turn.
    SupplementRequested,
    /// 补正收件: the window's turn again.
    Supplemented,
    /// 受理: the departments' turn.
    Accepted,
    /// 不予受理.
    Refused,
    /// 撤回申请.
    Withdrawn,
    /// 决定, and the fee is not settled yet.
    Decided(Outcome),
    /// 办结.
    Completed(Outcome),
    /// 送达.
    Delivered(Outcome),
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 准予.
    Granted,
    /// 附条件准予.
    GrantedWithConditions,
    /// 不予许可.
    Refused,
}

/// Why an applicant owes a material.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// A supplement notice before acceptance (行政许可法 art. 32).
    Supplement,
    /// 容缺后补: promised when the application was handed in.
    Promised,
    /// A department's return, handed on by the lead.
    Returned,
}

/// A material that the applicant owes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    /// Code of the material.
    pub code: String,
    /// Why it is owed.
    pub ground: Ground,
    /// In the words of the one who asks.
    pub reason: String,
    /// The last day to hand it in, if one was set.
    pub due_on: Option<NaiveDate>,
}

impl Owed {
    /// A required material that was not there when the application counted as accepted.
    pub fn missing(code: String) -> Self {
        Self { code, ground: Ground::Promised, reason: String::new(), due_on: None }
    }
}

/// Why acceptance is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalGround {
    /// 不需要取得行政许可 (art. 32(1)(1)).
    NotRequired,
    /// 不属于本机关职权范围 (art. 32(1)(2)).
    NotCompetent,
    /// 逾期未补正 or incomplete after the supplement.
    Incomplete,
    /// 隐瞒情况或提供虚假材料 (art. 78).
    FalseMaterials,
}

/// How a result reaches the applicant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryMethod {
    /// 窗口领取.
    Counter,
    /// 邮寄.
    Post,
    /// 电子送达.
    Electronic,
}

/// How far the fee of an application is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fee {
    /// It charges none.
    Free,
    /// A grant will make it due.
    Later,
    /// The fees service was asked to raise it.
    Due,
    /// Nothing more is to be paid.
    Settled,
}

impl Fee {
    /// The name in the table; none for no row.
    pub fn as_str(self) -> Option<&'static str> {
        match self {
            Fee::Free => None,
            Fee::Later => Some("LATER"),
            Fee::Due => Some("DUE"),
            Fee::Settled => Some("SETTLED"),
        }
    }
}

/// What decides the next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// How far it is.
    pub state: State,
    /// How far its fee is.
    pub fee: Fee,
    /// Grows with every change.
    pub version: i64,
    /// Supplement notices so far.
    pub notices: u32,
    /// Grows with every handing in of materials.
    pub materials_revision: u32,
    /// What the applicant owes now.
    pub owed: Vec<Owed>,
    /// Required materials that are neither there nor owed: a window may take in an incomplete application.
    pub missing: Vec<String>,
}

impl State {
    /// The state's name in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Submitted => "SUBMITTED",
            State::SupplementRequested => "SUPPLEMENT_REQUESTED",
            State::Supplemented => "SUPPLEMENTED",
            State::Accepted => "ACCEPTED",
            State::Refused => "REFUSED",
            State::Withdrawn => "WITHDRAWN",
            State::Decided(_) => "DECIDED",
            State::Completed(_) => "COMPLETED",
            State::Delivered(_) => "DELIVERED",
        }
    }

    /// The outcome, once there is one.
    pub fn outcome(self) -> Option<Outcome> {
        match self {
            State::Decided(outcome) | State::Completed(outcome) | State::Delivered(outcome) => Some(outcome),
            _ => None,
        }
    }
}

impl Application {
    /// Asks the applicant for everything that is to be supplemented.
    ///
    /// The law foresees one notice (art. 32(1)(4)); a second needs a reason and is marked.
    /// Gives whether the notice is a repeated one.
    ///
    /// # Errors
    /// `STATE_FORBIDS`, `SECOND_SUPPLEMENT_NEEDS_REASON`.
    pub fn request_supplement(
        mut self,
        asked: Vec<Owed>,
        repeat_reason: Option<&str>,
    ) -> Result<(Self, bool)> {
        self.require(&[State::Submitted, State::Supplemented])?;
        let repeated = self.notices > 0;
        if repeated && repeat_reason.is_none() {
            return Err(Error::precondition(Reason::SecondSupplementNeedsReason));
        }
        self.notices += 1;
        self.owed.extend(asked);
        self.state = State::SupplementRequested;
        Ok((self.next(), repeated))
    }

    /// Takes in materials of the given codes.
    ///
    /// # Errors
    /// `STATE_FORBIDS`; `MATERIAL_NOT_ASKED` for a code that is neither owed nor missing.
    pub fn provide(mut self, codes: &[String]) -> Result<Self> {
        self.require(&[State::Submitted, State::SupplementRequested, State::Supplemented, State::Accepted])?;
        let asked =
            |code: &String| self.missing.contains(code) || self.owed.iter().any(|owed| owed.code == *code);
        let unasked: Vec<usize> =
            (0..).zip(codes).filter(|(_, code)| !asked(code)).map(|(index, _)| index).collect();
        if !unasked.is_empty() {
            let fields = unasked
                .iter()
                .map(|index| {
                    yimen_kernel::FieldError::new(
                        format!("materials[{index}].code"),
                        Reason::MaterialNotAsked,
                    )
                })
                .collect();
            return Err(Error::invalid(fields));
        }
        self.owed.retain(|owed| !codes.contains(&owed.code));
        self.missing.retain(|code| !codes.contains(code));
        self.materials_revision += 1;
        let supplement_open = self.owed.iter().any(|owed| owed.ground == Ground::Supplement);
        if self.state == State::SupplementRequested && !supplement_open {
            self.state = State::Supplemented;
        }
        Ok(self.next())
    }

    /// Accepts: complete but for what was promised (art. 32(1)(5)).
    ///
    /// # Errors
    /// `STATE_FORBIDS`; `MATERIALS_OUTSTANDING` while a required material is missing.
    ///
    /// `fee` is what the item charges: [`Fee::Due`] when it is raised now.
    pub fn accept(mut self, fee: Fee) -> Result<Self> {
        self.require(&[State::Submitted, State::Supplemented])?;
        if !self.missing.is_empty() {
            return Err(
                Error::precondition(Reason::MaterialsOutstanding).with("materials", self.missing.join(", "))
            );
        }
        self.state = State::Accepted;
        self.fee = fee;
        Ok(self.next())
    }

    /// Takes it as accepted because nobody said anything in time (视为受理, art. 32(1)(4)); `None` when the
    /// window has said something meanwhile. What is missing is owed: complete or not, it is accepted.
    pub fn deem_accepted(mut self, fee: Fee) -> Option<Self> {
        if !self.waits_for_the_window() {
            return None;
        }
        let missing = std::mem::take(&mut self.missing);
        self.owed.extend(missing.into_iter().map(Owed::missing));
        self.state = State::Accepted;
        self.fee = fee;
        Some(self.next())
    }

    /// Whether it is the window's turn to accept, to send back or to refuse.
    pub fn waits_for_the_window(&self) -> bool {
        matches!(self.state, State::Submitted | State::Supplemented)
    }

    /// Refuses acceptance.
    ///
    /// # Errors
    /// `STATE_FORBIDS`, also for 逾期未补正 while the applicant still has time.
    pub fn refuse(mut self, ground: RefusalGround, today: NaiveDate) -> Result<Self> {
        self.require(&[State::Submitted, State::SupplementRequested, State::Supplemented])?;
        let still_time = self
            .owed
            .iter()
            .any(|owed| owed.ground == Ground::Supplement && owed.due_on.is_some_and(|due| due >= today));
        // Incomplete papers are first to be supplemented: that is what the notice is for.
        let never_told = self.notices == 0;
        if ground == RefusalGround::Incomplete && (still_time || never_told) {
            return Err(self.forbidden());
        }
        self.state = State::Refused;
        Ok(self.next())
    }

    /// Takes the application back before it is decided.
    ///
    /// # Errors
    /// `STATE_FORBIDS`.
    pub fn withdraw(mut self) -> Result<Self> {
        self.require(&[State::Submitted, State::SupplementRequested, State::Supplemented, State::Accepted])?;
        self.state = State::Withdrawn;
        Ok(self.next())
    }

    /// Asks for what a department returned; `None` when it came too late to matter.
    pub fn ask_again(mut self, asked: Vec<Owed>) -> Option<Self> {
        if self.state != State::Accepted {
            return None;
        }
        self.owed.extend(asked);
        Some(self.next())
    }

    /// Takes in the lead's decision; `None` when the application was withdrawn meanwhile.
    ///
    /// It is completed if no fee stands in the way. A grant makes a fee due that waited for it; after a
    /// refusal nothing is charged any more.
    ///
    /// # Errors
    /// `STALE_MATERIALS` when the grant rests on other materials than the application holds.
    pub fn decide(mut self, outcome: Outcome, decided_on: u32) -> Result<Option<Self>> {
        if self.state != State::Accepted {
            return Ok(None);
        }
        if outcome != Outcome::Refused && decided_on != self.materials_revision {
            return Err(Error::precondition(Reason::StaleMaterials));
        }
        self.fee = match (self.fee, outcome) {
            (Fee::Later, Outcome::Refused) => Fee::Settled,
            (Fee::Later, Outcome::Granted | Outcome::GrantedWithConditions) => Fee::Due,
            (fee, _) => fee,
        };
        self.state = match self.fee {
            Fee::Free | Fee::Settled => State::Completed(outcome),
            Fee::Later | Fee::Due => State::Decided(outcome),
        };
        Ok(Some(self.next()))
    }

    /// Nothing more is to be paid; a decided application is completed. `None` when that is known already.
    pub fn settle_fee(mut self) -> Option<Self> {
        if self.fee != Fee::Due {
            return None;
        }
        self.fee = Fee::Settled;
        if let State::Decided(outcome) = self.state {
            self.state = State::Completed(outcome);
        }
        Some(self.next())
    }

    /// Notes something that changes nothing else.
    pub fn note(self) -> Self {
        self.next()
    }

    /// Records that the result reached the applicant (art. 44).
    ///
    /// # Errors
    /// `STATE_FORBIDS`.
    pub fn deliver(mut self) -> Result<Self> {
        let State::Completed(outcome) = self.state else { return Err(self.forbidden()) };
        self.state = State::Delivered(outcome);
        Ok(self.next())
    }

    fn require(&self, allowed: &[State]) -> Result<()> {
        if allowed.contains(&self.state) { Ok(()) } else { Err(self.forbidden()) }
    }

    fn forbidden(&self) -> Error {
        Error::precondition(Reason::StateForbids).with("state", self.state.as_str())
    }

    fn next(mut self) -> Self {
        self.version += 1;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submitted() -> Application {
        Application {
            state: State::Submitted,
            fee: Fee::Free,
            version: 1,
            notices: 0,
            materials_revision: 1,
            owed: vec![],
            missing: vec![],
        }
    }

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, n).unwrap()
    }

    fn owed(code: &str, ground: Ground) -> Owed {
        Owed { code: code.into(), ground, reason: "盖章不清".into(), due_on: Some(day(20)) }
    }

    #[test]
    fn a_supplement_goes_to_the_applicant_and_back() {
        let asked = vec![owed("form", Ground::Supplement), owed("plan", Ground::Supplement)];
        let (told, repeated) = submitted().request_supplement(asked, None).unwrap();
        assert!(!repeated);
        assert_eq!(told.clone().accept(Fee::Free).unwrap_err().reason(), Reason::StateForbids);
        let half = told.provide(&["form".into()]).unwrap();
        assert_eq!(half.state, State::SupplementRequested);
        let whole = half.provide(&["plan".into()]).unwrap();
        assert_eq!((whole.state, whole.materials_revision), (State::Supplemented, 3));
        assert_eq!(whole.accept(Fee::Free).unwrap().state, State::Accepted);
    }

    #[test]
    fn a_second_notice_needs_a_reason_and_is_marked() {
        let (told, _) = submitted().request_supplement(vec![owed("form", Ground::Supplement)], None).unwrap();
        let back = told.provide(&["form".into()]).unwrap();
        let again = vec![owed("form", Ground::Supplement)];
        assert_eq!(
            back.clone().request_supplement(again.clone(), None).unwrap_err().reason(),
            Reason::SecondSupplementNeedsReason
        );
        assert!(back.request_supplement(again, Some("新的缺陷")).unwrap().1);
    }

    #[test]
    fn nothing_unasked_is_taken() {
        let error = submitted().provide(&["form".into()]).unwrap_err();
        assert_eq!(error.fields()[0].reason, Reason::MaterialNotAsked);
    }

    #[test]
    fn an_incomplete_application_is_not_accepted() {
        let incomplete = Application { missing: vec!["form".into()], ..submitted() };
        assert_eq!(incomplete.clone().accept(Fee::Free).unwrap_err().reason(), Reason::MaterialsOutstanding);
        assert!(incomplete.provide(&["form".into()]).unwrap().accept(Fee::Free).is_ok());
    }

    #[test]
    fn p4_silence_accepts_also_what_is_incomplete() {
        let incomplete = Application { missing: vec!["form".into()], ..submitted() };
        let deemed = incomplete.deem_accepted(Fee::Later).unwrap();
        assert_eq!((deemed.state, deemed.fee, deemed.version), (State::Accepted, Fee::Later, 2));
        assert_eq!(deemed.owed, [Owed::missing("form".into())]);
        assert_eq!(deemed.clone().deem_accepted(Fee::Free), None);
        let provided = deemed.provide(&["form".into()]).unwrap();
        assert!(provided.owed.is_empty());
        let (told, _) = submitted().request_supplement(vec![owed("form", Ground::Supplement)], None).unwrap();
        assert_eq!(told.deem_accepted(Fee::Free), None, "it is the applicant's turn");
    }

    #[test]
    fn incomplete_is_no_ground_before_the_notice_has_run_out() {
        assert!(submitted().refuse(RefusalGround::Incomplete, day(1)).is_err());
        let (told, _) = submitted().request_supplement(vec![owed("form", Ground::Supplement)], None).unwrap();
        assert!(
            told.clone().refuse(RefusalGround::Incomplete, day(20)).is_err(),
            "the last day is the applicant's"
        );
        assert!(told.refuse(RefusalGround::Incomplete, day(21)).is_ok());
        assert!(submitted().refuse(RefusalGround::NotCompetent, day(1)).is_ok());
    }

    #[test]
    fn a_grant_rests_on_the_materials_that_are_held() {
        let accepted = submitted().accept(Fee::Free).unwrap();
        assert_eq!(
            accepted.clone().decide(Outcome::Granted, 2).unwrap_err().reason(),
            Reason::StaleMaterials
        );
        let completed = accepted.clone().decide(Outcome::Granted, 1).unwrap().unwrap();
        assert_eq!(completed.state, State::Completed(Outcome::Granted));
        assert_eq!(completed.deliver().unwrap().state, State::Delivered(Outcome::Granted));
        let withdrawn = accepted.withdraw().unwrap();
        assert_eq!(
            withdrawn.decide(Outcome::Granted, 1).unwrap(),
            None,
            "withdrawn before the decision arrived"
        );
    }

    /// Decision and fee in either order (the application completes when both are there).
    #[test]
    fn decision_and_fee_complete_it_in_either_order() {
        let due = submitted().accept(Fee::Due).unwrap();
        let completed = State::Completed(Outcome::Granted);
        let paid_first = due.clone().settle_fee().unwrap();
        assert_eq!(paid_first.state, State::Accepted);
        assert_eq!(paid_first.decide(Outcome::Granted, 1).unwrap().unwrap().state, completed);
        let decided_first = due.decide(Outcome::Granted, 1).unwrap().unwrap();
        assert_eq!(decided_first.state, State::Decided(Outcome::Granted));
        assert!(decided_first.clone().withdraw().is_err());
        assert!(decided_first.clone().deliver().is_err(), "not before it is paid");
        let both = decided_first.settle_fee().unwrap();
        assert_eq!(both.state, completed);
        assert_eq!(both.settle_fee(), None);
    }

    #[test]
    fn a_fee_by_decision_is_due_by_a_grant_alone() {
        let later = submitted().accept(Fee::Later).unwrap();
        let granted = later.clone().decide(Outcome::GrantedWithConditions, 1).unwrap().unwrap();
        assert_eq!((granted.fee, granted.state), (Fee::Due, State::Decided(Outcome::GrantedWithConditions)));
        let refused = later.decide(Outcome::Refused, 1).unwrap().unwrap();
        assert_eq!((refused.fee, refused.state), (Fee::Settled, State::Completed(Outcome::Refused)));
        let early = submitted().accept(Fee::Due).unwrap().decide(Outcome::Refused, 1).unwrap().unwrap();
        assert_eq!(early.state, State::Decided(Outcome::Refused), "the notice is cancelled first");
    }

    #[test]
    fn ended_applications_stay_ended() {
        for state in [State::Refused, State::Withdrawn, State::Delivered(Outcome::Refused)] {
            let ended = Application { state, ..submitted() };
            assert!(ended.clone().accept(Fee::Free).is_err());
            assert!(ended.clone().withdraw().is_err());
            assert!(ended.clone().provide(&[]).is_err());
            assert!(ended.clone().deliver().is_err());
            assert!(ended.refuse(RefusalGround::NotRequired, day(1)).is_err());
        }
    }
}
