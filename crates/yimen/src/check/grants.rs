//! Granted only with every opinion, on the materials that were decided on.

use std::collections::BTreeMap;

use sqlx::FromRow;

use super::{Faults, Finding, Look, PAGE, Unreadable};

#[derive(FromRow)]
struct Grant {
    number: String,
    outcome: String,
    materials_revision: i64,
}

/// A department's part, with its opinion if one stands.
#[derive(FromRow)]
struct Task {
    number: String,
    department: String,
    relies_on: Vec<String>,
    site_visit: bool,
    kind: Option<String>,
    seen: Option<i64>,
}

#[derive(FromRow)]
struct Application {
    number: String,
    state: String,
    outcome: Option<String>,
    materials_revision: i64,
}

/// A material and the revision that brought it, as far as the decision could see it.
#[derive(FromRow)]
struct Material {
    number: String,
    code: String,
    revision: i64,
}

/// All that a grant rests on.
#[derive(Default)]
struct Ground {
    tasks: Vec<Task>,
    materials: Vec<Material>,
    application: Option<Application>,
    /// Whether the visit's record stands and all who were there have signed.
    visited: bool,
}

/// Every grant rests on an approving opinion of each department, given of the materials decided on,
/// with nothing owed and the joint inspection concluded; and the application was completed by it.
pub(super) async fn check(look: &Look<'_>) -> Result<Finding, Unreadable> {
    let mut faults = Faults::default();
    let (mut count, mut opinions, mut after) = (0, 0, String::new());
    loop {
        let page: Vec<Grant> = sqlx::query_as(
            "select number, outcome, materials_revision from approval.decision
             where outcome <> 'REFUSED' and number > $1 and decided_at <= $2 order by number limit $3",
        )
        .bind(&after)
        .bind(look.as_of)
        .bind(PAGE)
        .fetch_all(&mut *look.approval().await?)
        .await?;
        let Some(last) = page.last() else { break };
        after = last.number.clone();
        count += page.len();
        let mut grounds = grounds(look, &page).await?;
        for grant in &page {
            let ground = grounds.remove(&grant.number).unwrap_or_default();
            opinions += ground.tasks.len();
            for fault in self::faults(grant, &ground) {
                faults.add(format!("{} was granted {fault}", grant.number));
            }
        }
    }
    Ok(faults.finding(
        "grants",
        format!("{count} grants on {opinions} opinions, each on the materials decided on"),
    ))
}

async fn grounds(look: &Look<'_>, page: &[Grant]) -> Result<BTreeMap<String, Ground>, Unreadable> {
    let numbers: Vec<&str> = page.iter().map(|grant| grant.number.as_str()).collect();
    let revisions: Vec<i64> = page.iter().map(|grant| grant.materials_revision).collect();
    let mut grounds: BTreeMap<String, Ground> = BTreeMap::new();
    let tasks: Vec<Task> = sqlx::query_as(
        "select t.number, t.department, t.relies_on, t.site_visit, o.kind, o.materials_revision as seen
         from approval.task t
         left join approval.opinion o
           on o.number = t.number and o.department = t.department and o.superseded_at is null
         where t.number = any($1) order by t.number, t.department",
    )
    .bind(&numbers)
    .fetch_all(&mut *look.approval().await?)
    .await?;
    for task in tasks {
        grounds.entry(task.number.clone()).or_default().tasks.push(task);
    }
    let visited: Vec<(String,)> = sqlx::query_as(
        "select number from approval.inspection i where number = any($1) and state = 'CONCLUDED'
           and exists (select 1 from approval.inspection_party p where p.number = i.number and p.conclusion is not null)
           and not exists (select 1 from approval.inspection_party p
             where p.number = i.number and p.answer = 'CONFIRMED'
               and (p.conclusion is null or cardinality(p.staff) < 2))",
    )
    .bind(&numbers)
    .fetch_all(&mut *look.approval().await?)
    .await?;
    for (number,) in visited {
        grounds.entry(number).or_default().visited = true;
    }
    let applications: Vec<Application> = sqlx::query_as(
        "select number, state, outcome, materials_revision::bigint as materials_revision
         from intake.application where number = any($1)",
    )
    .bind(&numbers)
    .fetch_all(&mut *look.intake().await?)
    .await?;
    for application in applications {
        let number = application.number.clone();
        grounds.entry(number).or_default().application = Some(application);
    }
    let materials: Vec<Material> = sqlx::query_as(
        "select m.number, m.code, max(m.revision)::bigint as revision
         from intake.material m join unnest($1::text[], $2::bigint[]) d(number, revision) on d.number = m.number
         where m.revision <= d.revision group by m.number, m.code order by m.number, m.code",
    )
    .bind(&numbers)
    .bind(&revisions)
    .fetch_all(&mut *look.intake().await?)
    .await?;
    for material in materials {
        grounds.entry(material.number.clone()).or_default().materials.push(material);
    }
    Ok(grounds)
}

/// What is wrong with a grant, as the end of a sentence.
fn faults(grant: &Grant, ground: &Ground) -> Vec<String> {
    let mut faults = Vec::new();
    if ground.tasks.is_empty() {
        faults.push("without any department".to_owned());
    }
    for task in &ground.tasks {
        let department = &task.department;
        match (task.kind.as_deref(), grant.outcome.as_str()) {
            (Some("APPROVE"), _) | (Some("APPROVE_WITH_CONDITIONS"), "GRANTED_WITH_CONDITIONS") => {}
            (Some(kind), outcome) => faults.push(format!("({outcome}) while {department} said {kind}")),
            (None, _) => faults.push(format!("without the opinion of {department}")),
        }
        let seen = task.seen.unwrap_or_default();
        let relied_on =
            |material: &&Material| task.relies_on.is_empty() || task.relies_on.contains(&material.code);
        for material in ground.materials.iter().filter(relied_on).filter(|material| material.revision > seen)
        {
            faults.push(format!(
                "although {department} has not seen {} of revision {}",
                material.code, material.revision
            ));
        }
    }
    // Revision 0 is a promise.
    for material in ground.materials.iter().filter(|material| material.revision == 0) {
        faults.push(format!("while {} was only promised", material.code));
    }
    if ground.tasks.iter().filter(|task| task.site_visit).count() >= 2 && !ground.visited {
        faults.push("without its joint inspection".to_owned());
    }
    match &ground.application {
        None => faults.push("without an application".to_owned()),
        Some(application) if application.state == "WITHDRAWN" => {}
        Some(application) => {
            let is_decided = matches!(application.state.as_str(), "DECIDED" | "COMPLETED" | "DELIVERED");
            if !is_decided || application.outcome.as_deref() != Some(grant.outcome.as_str()) {
                faults.push(format!("and its application is {}", application.state));
            }
            if application.materials_revision != grant.materials_revision {
                faults.push(format!(
                    "on revision {} and its application is at revision {}",
                    grant.materials_revision, application.materials_revision
                ));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(department: &str, kind: &str, seen: i64, relies_on: &[&str]) -> Task {
        Task {
            number: "4301".into(),
            department: department.into(),
            relies_on: relies_on.iter().map(|code| (*code).to_owned()).collect(),
            site_visit: true,
            kind: Some(kind.into()),
            seen: Some(seen),
        }
    }

    fn material(code: &str, revision: i64) -> Material {
        Material { number: "4301".into(), code: code.into(), revision }
    }

    fn sound() -> Ground {
        Ground {
            tasks: vec![task("a", "APPROVE", 1, &["plan"]), task("b", "APPROVE", 2, &[])],
            materials: vec![material("form", 2), material("plan", 1)],
            application: Some(Application {
                number: "4301".into(),
                state: "DELIVERED".into(),
                outcome: Some("GRANTED".into()),
                materials_revision: 2,
            }),
            visited: true,
        }
    }

    fn found(change: impl FnOnce(&mut Ground)) -> Vec<String> {
        let grant = Grant { number: "4301".into(), outcome: "GRANTED".into(), materials_revision: 2 };
        let mut ground = sound();
        change(&mut ground);
        faults(&grant, &ground)
    }

    #[test]
    fn a_sound_grant_has_no_fault() {
        assert_eq!(found(|_| {}), Vec::<String>::new());
    }

    #[test]
    fn each_fault_is_found() {
        let one = |says: &str, change: &dyn Fn(&mut Ground)| {
            let found = found(change);
            assert!(found.len() == 1 && found[0].contains(says), "{says}: {found:?}");
        };
        one("without the opinion of a", &|ground| ground.tasks[0].kind = None);
        one("a said OBJECT", &|ground| ground.tasks[0].kind = Some("OBJECT".into()));
        one("a said APPROVE_WITH", &|ground| ground.tasks[0].kind = Some("APPROVE_WITH_CONDITIONS".into()));
        one("b has not seen form", &|ground| ground.tasks[1].seen = Some(1));
        one("only promised", &|ground| ground.materials.push(material("later", 0)));
        one("joint inspection", &|ground| ground.visited = false);
        one("without an application", &|ground| ground.application = None);
        one("is ACCEPTED", &|ground| ground.application.as_mut().unwrap().state = "ACCEPTED".into());
        one("at revision 3", &|ground| ground.application.as_mut().unwrap().materials_revision = 3);
    }
}
