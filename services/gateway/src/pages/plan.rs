//! Who decides beside whom and who waits for whom: a plan as waves, one after the other.

use yimen_kernel::Lang;
use yimen_proto::intake::v1::ApprovalPlan;

use super::ask::Departments;

/// The departments that begin at the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wave {
    /// Counted from 1.
    pub ordinal: usize,
    pub steps: Vec<StepView>,
}

/// A department's part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepView {
    pub department: String,
    pub lead: bool,
    pub days: u32,
    /// Names of those whose opinion it waits for.
    pub after: Vec<String>,
    pub visit: bool,
}

/// The waves of a published plan at a center.
pub fn waves(plan: &ApprovalPlan, center: &str, departments: &Departments, lang: Lang) -> Vec<Wave> {
    let edges: Vec<(&str, &[String])> =
        plan.steps.iter().map(|step| (step.department.as_str(), step.after.as_slice())).collect();
    let name = |short: &str| departments.name(&format!("{center}-{short}"), lang);
    let steps = plan.steps.iter().map(|step| StepView {
        department: name(&step.department),
        lead: step.department == plan.lead,
        days: step.limit_days,
        after: step.after.iter().map(|short| name(short)).collect(),
        visit: step.site_visit,
    });
    let mut waves: Vec<Wave> = Vec::new();
    let ordinals = ordinals(&edges);
    for (step, ordinal) in steps.zip(&ordinals) {
        match waves.iter_mut().find(|wave| wave.ordinal == *ordinal) {
            Some(wave) => wave.steps.push(step),
            None => waves.push(Wave { ordinal: *ordinal, steps: vec![step] }),
        }
    }
    waves.sort_by_key(|wave| wave.ordinal);
    waves
}

/// In which wave each begins, by id and the ids that it waits for. Who waits in a circle, or for
/// one who takes no part, comes last: a picture must not hang.
pub fn ordinals(edges: &[(&str, &[String])]) -> Vec<usize> {
    let mut ordinals: Vec<usize> = vec![0; edges.len()];
    for ordinal in 1..=edges.len() {
        let settled: Vec<&str> =
            edges.iter().zip(&ordinals).filter(|(_, o)| **o != 0).map(|((id, _), _)| *id).collect();
        let mut moved = false;
        for ((_, after), place) in edges.iter().zip(ordinals.iter_mut()) {
            if *place == 0 && after.iter().all(|id| settled.contains(&id.as_str())) {
                *place = ordinal;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    let last = ordinals.iter().copied().max().unwrap_or(0) + 1;
    ordinals.iter_mut().filter(|place| **place == 0).for_each(|place| *place = last);
    ordinals
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(edges: &[(&str, &[&str])]) -> Vec<usize> {
        let owned: Vec<(&str, Vec<String>)> = edges
            .iter()
            .map(|(id, after)| (*id, after.iter().map(|id| (*id).to_owned()).collect()))
            .collect();
        let borrowed: Vec<(&str, &[String])> =
            owned.iter().map(|(id, after)| (*id, after.as_slice())).collect();
        ordinals(&borrowed)
    }

    #[test]
    fn waves_follow_who_waits() {
        for (plan, expected) in [
            (&[][..], vec![]),
            (&[("a", &[][..]), ("b", &[][..])][..], vec![1, 1]),
            (&[("a", &["b"][..]), ("b", &["c"][..]), ("c", &[][..])][..], vec![3, 2, 1]),
            (&[("a", &[][..]), ("b", &["a", "c"][..]), ("c", &[][..])][..], vec![1, 2, 1]),
            (&[("a", &["b"][..]), ("b", &["a"][..]), ("c", &[][..])][..], vec![2, 2, 1]),
            (&[("a", &["nobody"][..])][..], vec![1]),
        ] {
            assert_eq!(edges(plan), expected, "{plan:?}");
        }
    }
}
