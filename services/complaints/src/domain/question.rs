//! 咨询: a question, who answers it, and what becomes of it.

use chrono::NaiveDate;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Actor, Calendar, DepartmentId, DivisionCode, DocumentNumber, Reason, Role, codes};

/// Working days to answer (示例: hotlines' five, as in 潍坊市's ordinance; no rule says it of a hall).
pub const ANSWER: u32 = 5;

codes! {
    /// Where it stands.
    State {
        /// 待答复.
        Asked = "ASKED",
        /// 已答复.
        Answered = "ANSWERED",
        /// 已公开.
        Published = "PUBLISHED",
        /// 不公开.
        Withheld = "WITHHELD",
    }
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Its number.
    pub number: DocumentNumber,
    /// Where it was asked.
    pub center: DivisionCode,
    /// Counts its changes.
    pub version: i64,
    /// Who is to answer; none for the window.
    pub department: Option<DepartmentId>,
    /// 1 for whoever had it first.
    pub run: u32,
    /// The day from which its days count.
    pub asked_on: NaiveDate,
    /// Whether whoever asked agreed to its publication.
    pub may_publish: bool,
    /// Where it stands.
    pub state: State,
}

impl Question {
    /// Who is to answer; empty for the window.
    pub fn department(&self) -> &str {
        self.department.as_ref().map(DepartmentId::as_str).unwrap_or_default()
    }

    /// The last day to answer; none once that is done.
    pub fn due_on(&self, calendar: &Calendar) -> Option<NaiveDate> {
        (self.state == State::Asked).then(|| calendar.due(self.asked_on, ANSWER))
    }

    /// Whether a member of staff sees it: the window's clerks what is the window's, a department's staff what is
    /// with it, the supervisor's office all of its center.
    pub fn is_seen_by(&self, actor: &Actor) -> bool {
        actor.center.as_ref() == Some(&self.center) && (actor.has(Role::Supervisor) || self.is_with(actor))
    }

    /// Whether it is the caller's to answer.
    fn is_with(&self, actor: &Actor) -> bool {
        match &self.department {
            Some(department) => actor.department.as_ref() == Some(department),
            None => actor.has(Role::Clerk),
        }
    }

    /// 转交.
    ///
    /// # Errors
    /// `STATE_FORBIDS` once it is answered, `DUPLICATE` at `department` if it is there already.
    pub fn direct(self, department: Option<DepartmentId>) -> Result<Self> {
        self.expect(State::Asked)?;
        if department == self.department {
            return Err(Error::field("department", Reason::Duplicate));
        }
        if department.as_ref().is_some_and(|department| department.center() != self.center) {
            return Err(Error::field("department", Reason::OtherCenter));
        }
        Ok(Self { department, run: self.run + 1, ..self }.changed())
    }

    /// 答复.
    ///
    /// # Errors
    /// `STATE_FORBIDS` once it is answered, `NOT_A_PARTY` for whoever it is not with.
    pub fn answer(self, actor: &Actor) -> Result<Self> {
        self.expect(State::Asked)?;
        if !self.is_with(actor) {
            return Err(Error::denied(Reason::NotAParty));
        }
        Ok(Self { state: State::Answered, ..self }.changed())
    }

    /// 公开, also anew.
    ///
    /// # Errors
    /// `STATE_FORBIDS` before it is answered, `PUBLICATION_REFUSED` where whoever asked did not agree.
    pub fn publish(self) -> Result<Self> {
        if self.state == State::Asked {
            return Err(self.forbidden());
        }
        if !self.may_publish {
            return Err(Error::precondition(Reason::PublicationRefused));
        }
        Ok(Self { state: State::Published, ..self }.changed())
    }

    /// 不公开, or no longer.
    ///
    /// # Errors
    /// `STATE_FORBIDS` before it is answered, and if it is withheld already.
    pub fn withhold(self) -> Result<Self> {
        match self.state {
            State::Asked | State::Withheld => Err(self.forbidden()),
            State::Answered | State::Published => Ok(Self { state: State::Withheld, ..self }.changed()),
        }
    }

    fn changed(self) -> Self {
        Self { version: self.version + 1, ..self }
    }

    fn expect(&self, state: State) -> Result<()> {
        if self.state == state { Ok(()) } else { Err(self.forbidden()) }
    }

    fn forbidden(&self) -> Error {
        Error::precondition(Reason::StateForbids).with("state", self.state.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question() -> Question {
        Question {
            number: DocumentNumber::parse("430102-ZX-2026-0000001").unwrap(),
            center: DivisionCode::parse("430102").unwrap(),
            version: 1,
            department: None,
            run: 1,
            asked_on: "2026-03-02".parse().unwrap(),
            may_publish: true,
            state: State::Asked,
        }
    }

    fn staff(role: Role, department: Option<&str>) -> Actor {
        Actor {
            subject: "430102-x".to_owned(),
            roles: vec![role],
            center: DivisionCode::parse("430102").ok(),
            department: department.map(|id| DepartmentId::parse(id).unwrap()),
            ..Actor::anonymous()
        }
    }

    #[test]
    fn the_one_it_is_with_answers_once() {
        let (clerk, fire) = (staff(Role::Clerk, None), staff(Role::Approver, Some("430102-xfjy")));
        let asked = question();
        assert_eq!(asked.clone().answer(&fire).unwrap_err().reason(), Reason::NotAParty);
        assert!(asked.is_seen_by(&clerk) && !asked.is_seen_by(&fire));
        let directed = asked.direct(fire.department.clone()).unwrap();
        assert_eq!((directed.run, directed.version), (2, 2));
        assert_eq!(directed.clone().answer(&clerk).unwrap_err().reason(), Reason::NotAParty);
        assert_eq!(
            directed.clone().direct(fire.department.clone()).unwrap_err().fields()[0].reason,
            Reason::Duplicate
        );
        let elsewhere = DepartmentId::parse("430103-xfjy").ok();
        assert_eq!(directed.clone().direct(elsewhere).unwrap_err().fields()[0].reason, Reason::OtherCenter);
        let answered = directed.answer(&fire).unwrap();
        assert_eq!(answered.clone().answer(&fire).unwrap_err().reason(), Reason::StateForbids);
        assert_eq!(answered.clone().direct(None).unwrap_err().reason(), Reason::StateForbids);
        assert!(answered.is_seen_by(&staff(Role::Supervisor, None)));
    }

    #[test]
    fn it_is_published_after_the_answer_and_with_consent() {
        let clerk = staff(Role::Clerk, None);
        assert_eq!(question().publish().unwrap_err().reason(), Reason::StateForbids);
        assert_eq!(question().withhold().unwrap_err().reason(), Reason::StateForbids);
        let published = question().answer(&clerk).unwrap().publish().unwrap();
        let withheld = published.withhold().unwrap();
        assert_eq!(withheld.clone().withhold().unwrap_err().reason(), Reason::StateForbids);
        assert_eq!(withheld.publish().unwrap().state, State::Published);
        let private = Question { may_publish: false, ..question() };
        let refused = private.answer(&clerk).unwrap().publish().unwrap_err();
        assert_eq!(refused.reason(), Reason::PublicationRefused);
    }

    #[test]
    fn five_working_days_to_answer() {
        let calendar = Calendar::published().unwrap();
        let asked = question();
        assert_eq!(asked.due_on(&calendar), Some("2026-03-09".parse().unwrap()));
        assert_eq!(asked.answer(&staff(Role::Clerk, None)).unwrap().due_on(&calendar), None);
    }
}
