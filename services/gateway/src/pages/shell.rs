//! What every page has around it: language, navigation, who is signed in, what was just done.

use prost_types::Timestamp;
use yimen_kernel::Lang;
use yimen_proto::identity::v1::ActorClaims;
use yimen_proto::policy::v1::Role;

use super::text::Text;
use super::{assets, moment};

/// The frame of a page; templates call it `s`.
#[derive(Clone, Debug)]
pub struct Shell {
    /// The words.
    pub text: Text,
    /// The way to the same page in the other language.
    pub switch: Switch,
    /// Who is signed in.
    pub staff: Option<Bar>,
    /// What was just done: a key of the catalog.
    pub done: Option<&'static str>,
    /// Which entry of the navigation the page belongs to.
    pub here: &'static str,
}

/// How one reaches the same page in the other language.
#[derive(Clone, Debug)]
pub enum Switch {
    /// By a link.
    Link(String),
    /// By sending the same form again: the address must not hold what is in it.
    Form(String, Vec<(String, String)>),
    /// Not at all: the page is shown once.
    None,
}

/// What the header says of a member of staff.
#[derive(Clone, Debug)]
pub struct Bar {
    /// The name as documents show it.
    pub name: String,
    /// Has tasks of a department.
    pub tasks: bool,
    /// Sees the applications of a center, and the messages about them.
    pub applications: bool,
    /// Answers questions, or reviews answers.
    pub questions: bool,
    /// Hears complaints.
    pub complaints: bool,
    /// Sees what the simulated carrier received.
    pub simulator: bool,
}

impl Bar {
    /// The bar of whoever these claims speak of.
    pub fn of(claims: &ActorClaims) -> Self {
        let has = |roles: &[Role]| claims.roles().any(|role| roles.contains(&role));
        Self {
            name: if claims.name.is_empty() { claims.subject.clone() } else { claims.name.clone() },
            tasks: has(&[Role::Approver]),
            applications: has(&[Role::Clerk, Role::Supervisor, Role::Manager]),
            questions: has(&[Role::Clerk, Role::Approver, Role::Supervisor]),
            complaints: has(&[Role::Supervisor]),
            simulator: has(&[Role::Operator]),
        }
    }
}

impl Shell {
    /// The text under a key.
    pub fn t<'k>(&self, key: &'k str) -> &'k str {
        self.text.find(key).unwrap_or(key)
    }

    /// The text under a key, with `{name}` filled.
    pub fn with(&self, key: &str, name: &str, value: impl std::fmt::Display) -> String {
        self.text.with(key, name, value)
    }

    /// The text for a number of things.
    pub fn count(&self, key: &str, n: &u32) -> String {
        self.text.count(key, u64::from(*n))
    }

    /// The name of a value of an enum of the contract.
    pub fn name(&self, kind: &str, value: &str) -> String {
        self.text.name(kind, value)
    }

    /// Whichever is written in the reader's language.
    pub fn pick<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        self.text.pick(zh, en)
    }

    /// A moment, in China's time.
    pub fn time(&self, at: &Option<Timestamp>) -> String {
        moment::time(at.as_ref(), self.text.lang())
    }

    /// An ISO date.
    pub fn date(&self, iso: &str) -> String {
        moment::date(iso, self.text.lang())
    }

    /// The page's language tag.
    pub fn tag(&self) -> &'static str {
        self.text.lang().tag()
    }

    /// The language tag of the other language.
    pub fn other_tag(&self) -> &'static str {
        self.other().tag()
    }

    /// Whether the reader reads English.
    pub fn is_english(&self) -> bool {
        self.text.lang() == Lang::En
    }

    /// The address of the stylesheet, which changes with its content.
    pub fn style(&self) -> &'static str {
        assets::address("style.css")
    }

    /// The address of the script.
    pub fn script(&self) -> &'static str {
        assets::address("page.js")
    }

    /// The address of the mark.
    pub fn mark(&self) -> &'static str {
        assets::address("mark.svg")
    }

    /// The address of the page in the other language, if it is a link.
    pub fn switch_link(&self) -> Option<&str> {
        match &self.switch {
            Switch::Link(place) => Some(place),
            _ => None,
        }
    }

    /// Where to send what to see the page in the other language, if it is a form.
    pub fn switch_form(&self) -> Option<(&str, &[(String, String)])> {
        match &self.switch {
            Switch::Form(place, pairs) => Some((place, pairs)),
            _ => None,
        }
    }

    fn other(&self) -> Lang {
        match self.text.lang() {
            Lang::Zh => Lang::En,
            Lang::En => Lang::Zh,
        }
    }

    /// This frame, for a page of this entry of the navigation.
    #[must_use]
    pub fn at(mut self, here: &'static str) -> Self {
        self.here = here;
        self
    }

    /// This frame, with another way to the other language.
    #[must_use]
    pub fn switched_by(mut self, switch: Switch) -> Self {
        self.switch = switch;
        self
    }
}

/// The same address in `lang`, without what was just done.
pub fn in_language(path: &str, query: &str, lang: Lang) -> String {
    let code = match lang {
        Lang::Zh => "zh",
        Lang::En => "en",
    };
    let kept = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("lang=") && !pair.starts_with("done="));
    let pairs: Vec<&str> = kept.collect();
    let separator = if pairs.is_empty() { "" } else { "&" };
    format!("{path}?{}{separator}lang={code}", pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_language_keeps_the_page() {
        assert_eq!(in_language("/items", "", Lang::En), "/items?lang=en");
        assert_eq!(
            in_language("/items", "center=430102&lang=en&done=x", Lang::Zh),
            "/items?center=430102&lang=zh"
        );
    }
}
