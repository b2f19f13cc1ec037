//! 民主评议: what a round is, who may do what when, what a ballot may say, and what follows from the votes.

mod fraction;
mod marks;
mod round;
mod tally;
#[cfg(test)]
mod tests;
mod token;

use yimen_kernel::codes;

pub use fraction::Fraction;
pub use marks::{Given, read};
pub use round::{Phase, Round, Rules, State, Unit, unknown};
pub use tally::{Proposal, Standing, Votes, evaluate};
pub use token::Token;

codes! {
    /// Who votes: counted apart, always.
    Group {
        /// 群众.
        Public = "PUBLIC",
        /// 监督员.
        Supervisors = "SUPERVISORS",
        /// 人大代表、政协委员.
        Deputies = "DEPUTIES",
        /// 服务对象, drawn from completed cases.
        ServiceUsers = "SERVICE_USERS",
    }
}

impl Group {
    /// All of them, in the order in which they are numbered.
    pub const ALL: [Self; 4] = [Self::Public, Self::Supervisors, Self::Deputies, Self::ServiceUsers];

    /// Its number in the tables, 1 for the first.
    pub fn number(self) -> i16 {
        match self {
            Self::Public => 1,
            Self::Supervisors => 2,
            Self::Deputies => 3,
            Self::ServiceUsers => 4,
        }
    }

    /// The group with a number.
    pub fn of(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.number() == number)
    }
}

codes! {
    /// A level of satisfaction, the best first.
    Level {
        /// 非常满意.
        VerySatisfied = "VERY_SATISFIED",
        /// 满意.
        Satisfied = "SATISFIED",
        /// 基本满意.
        FairlySatisfied = "FAIRLY_SATISFIED",
        /// 不满意.
        Dissatisfied = "DISSATISFIED",
        /// 非常不满意.
        VeryDissatisfied = "VERY_DISSATISFIED",
    }
}
