//! 回避: whoever a complaint is about takes no part in it (信访工作条例 art. 28, 30, 46).

use yimen_kernel::check::Parsed;
use yimen_kernel::{Actor, DepartmentId, DivisionCode, Login, Reason, Role, WindowId};

/// Whom a complaint is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Accused {
    /// Everyone of a department.
    Department(DepartmentId),
    /// Everyone at a window.
    Window(WindowId),
    /// One member of staff.
    Person(Login),
}

impl Accused {
    /// Reads its code and its id.
    ///
    /// # Errors
    /// `UNKNOWN_VALUE` for the code, and what is wrong with the id.
    pub fn parse(kind: &str, id: &str) -> Parsed<Self> {
        match kind {
            "DEPARTMENT" => DepartmentId::parse(id).map(Self::Department),
            "WINDOW" => WindowId::parse(id).map(Self::Window),
            "PERSON" => Login::parse(id).map(Self::Person),
            _ => Err(Reason::UnknownValue.into()),
        }
    }

    /// Its code.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Department(_) => "DEPARTMENT",
            Self::Window(_) => "WINDOW",
            Self::Person(_) => "PERSON",
        }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        match self {
            Self::Department(id) => id.as_str(),
            Self::Window(id) => id.as_str(),
            Self::Person(login) => login.as_str(),
        }
    }

    /// Whether it is a unit: a department or a window.
    pub fn is_unit(&self) -> bool {
        !matches!(self, Self::Person(_))
    }

    /// Whether the caller is, or belongs to, whom it names.
    pub fn concerns(&self, actor: &Actor) -> bool {
        match self {
            Self::Department(id) => actor.department.as_ref() == Some(id),
            Self::Window(id) => actor.window.as_ref() == Some(id),
            Self::Person(login) => actor.subject == login.as_str(),
        }
    }
}

/// Whether the caller takes no part.
pub fn recused(accused: &[Accused], actor: &Actor) -> bool {
    accused.iter().any(|accused| accused.concerns(actor))
}

/// Whether the caller is of the supervisor's office of a center, or of a center above it: of its city, or of
/// its province.
pub fn oversees(actor: &Actor, center: &DivisionCode) -> bool {
    let Some(own) = actor.center.as_ref().filter(|_| actor.has(Role::Supervisor)) else { return false };
    let above = |digits: usize| {
        own.as_str().get(digits..).is_some_and(|rest| rest.bytes().all(|digit| digit == b'0'))
            && own.as_str().get(..digits) == center.as_str().get(..digits)
    };
    own == center || above(4) || above(2)
}
