//! The way of an application as steps that a citizen understands.

use yimen_proto::intake::v1::application_state::Value as State;
use yimen_proto::intake::v1::decision::Outcome;

use super::text::Text;

/// A step of the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub title: String,
    /// `done`, `now`, `ended` or `todo`.
    pub status: &'static str,
    /// What the step waits for; empty unless it is the present one.
    pub note: String,
}

/// The steps of an application in this state.
pub fn steps(state: State, outcome: Outcome, text: Text) -> Vec<Step> {
    let (done, now) = match state {
        State::StateUnspecified => (0, None),
        State::Submitted => (1, Some("step.acceptance_note")),
        State::SupplementRequested => (1, Some("step.supplement_note")),
        State::Supplemented => (1, Some("step.supplemented_note")),
        State::Accepted => (2, Some("step.decision_note")),
        State::Refused => (1, Some("step.refused_note")),
        State::Withdrawn => (1, Some("step.withdrawn_note")),
        State::Decided => (3, Some("step.fee_note")),
        State::Completed => (3, Some("step.delivery_note")),
        State::Delivered => (4, None),
    };
    let ended = matches!(state, State::Refused | State::Withdrawn);
    let titles = ["step.receipt", "step.acceptance", "step.decision", "step.delivery"];
    let titles = titles.into_iter().take(if ended { 2 } else { 4 });
    (0..)
        .zip(titles)
        .map(|(at, key)| {
            let current = at == done && now.is_some();
            let title = match (state, current) {
                (State::Refused, true) => text.get("application_state.refused"),
                (State::Withdrawn, true) => text.get("application_state.withdrawn"),
                _ => text.get(key),
            };
            let decided = at == 2 && outcome != Outcome::Unspecified;
            Step {
                title: title.to_owned(),
                status: match (at < done, current, ended) {
                    (true, _, _) => "done",
                    (_, true, true) => "ended",
                    (_, true, false) => "now",
                    _ => "todo",
                },
                note: if current {
                    now.map(|key| text.get(key).to_owned()).unwrap_or_default()
                } else if decided {
                    text.name("outcome", outcome.as_str_name())
                } else {
                    String::new()
                },
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use yimen_kernel::Lang;

    #[test]
    fn each_state_has_its_place() {
        let text = Text::of(Lang::En).unwrap();
        for (state, expected) in [
            (State::Submitted, &["done", "now", "todo", "todo"][..]),
            (State::SupplementRequested, &["done", "now", "todo", "todo"][..]),
            (State::Accepted, &["done", "done", "now", "todo"][..]),
            (State::Completed, &["done", "done", "done", "now"][..]),
            (State::Delivered, &["done", "done", "done", "done"][..]),
            (State::Refused, &["done", "ended"][..]),
            (State::Withdrawn, &["done", "ended"][..]),
        ] {
            let steps = steps(state, Outcome::Unspecified, text);
            assert_eq!(steps.iter().map(|step| step.status).collect::<Vec<_>>(), expected, "{state:?}");
        }
        assert!(!steps(State::Delivered, Outcome::Granted, text)[2].note.is_empty());
    }
}
