//! What democratic reviews came to, with every count: whoever wants to can recompute it.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use yimen_kernel::error::Result;
use yimen_proto::complaints::v1::appraisal_round::Phase;
use yimen_proto::complaints::v1::{
    AppraisalRound, GetAppraisalRoundRequest, GetScrutinyRequest, ListAppraisalRoundsRequest,
    ListScrutiniesRequest, Scrutiny, UnitResult, VoterGroup,
};

use super::ask::Departments;
use super::shell::Shell;
use super::visitor::Visitor;

/// Rounds and sessions that the list shows.
const SHOWN: i32 = 50;

/// A round or a session in the list.
#[derive(Clone, Debug)]
pub struct RowView {
    pub href: String,
    pub title: String,
    pub state: String,
    pub when: String,
}

/// The list.
#[derive(Template)]
#[template(path = "reviews.html")]
pub struct Reviews {
    pub s: Shell,
    pub rounds: Vec<RowView>,
    pub scrutinies: Vec<RowView>,
}

/// A count of the table.
#[derive(Clone, Debug)]
pub struct CountView {
    pub group: String,
    pub votes: Vec<u64>,
}

/// A unit and what was counted of it.
#[derive(Clone, Debug)]
pub struct ResultView {
    pub name: String,
    pub rank: String,
    pub rate: String,
    /// The exact fraction, or the votes on a list.
    pub exact: String,
    pub outcome: String,
    pub counts: Vec<CountView>,
}

/// A round.
#[derive(Template)]
#[template(path = "review.html")]
pub struct Review {
    pub s: Shell,
    pub round: String,
    pub title: String,
    pub award: String,
    pub phase: String,
    pub times: String,
    /// The rules, a sentence each.
    pub rules: Vec<String>,
    pub units: Vec<String>,
    /// Whether there are results.
    pub published: bool,
    pub is_lists: bool,
    pub turnouts: Vec<(String, u64, u64)>,
    pub refused: u64,
    pub draw: Option<(String, u64, String)>,
    pub choices: Vec<String>,
    pub results: Vec<ResultView>,
}

/// What was asked, and what was answered.
#[derive(Clone, Debug)]
pub struct QuestionView {
    pub seat: u32,
    pub department: String,
    pub text: String,
    pub answer: String,
}

/// What a unit has to do.
#[derive(Clone, Debug)]
pub struct UndertakingView {
    pub position: u32,
    pub department: String,
    pub finding: String,
    pub text: String,
    pub due_on: String,
    pub state: String,
    pub passed: String,
    pub report: String,
    pub evidence: String,
}

/// A session or a tour.
#[derive(Template)]
#[template(path = "scrutiny.html")]
pub struct ScrutinyPage {
    pub s: Shell,
    pub title: String,
    pub kind: String,
    pub held_on: String,
    pub seats: u32,
    /// The round in which it votes; empty without one.
    pub round: String,
    pub departments: Vec<String>,
    pub questions: Vec<QuestionView>,
    pub undertakings: Vec<UndertakingView>,
}

/// `GET /reviews`
pub async fn list(visitor: Visitor) -> Response {
    visitor.answer(listed(&visitor).await)
}

/// `GET /reviews/{round}`
pub async fn show(visitor: Visitor, Path(round): Path<String>) -> Response {
    visitor.answer(shown(&visitor, round).await)
}

/// `GET /reviews/sessions/{scrutiny}`
pub async fn session(visitor: Visitor, Path(scrutiny): Path<String>) -> Response {
    visitor.answer(scrutinized(&visitor, scrutiny).await)
}

async fn listed(visitor: &Visitor) -> Result<Response> {
    let s = visitor.shell.clone().at("reviews");
    let asked = ListAppraisalRoundsRequest { page_size: SHOWN, ..ListAppraisalRoundsRequest::default() };
    let rounds = visitor.ask.list_appraisal_rounds(asked).await?.rounds;
    let asked = ListScrutiniesRequest { page_size: SHOWN, ..ListScrutiniesRequest::default() };
    let scrutinies = visitor.ask.list_scrutinies(asked).await?.scrutinies;
    let round = |round: AppraisalRound| RowView {
        href: format!("/reviews/{}", round.round),
        state: s.name("review_phase", round.phase().as_str_name()),
        when: s.time(&round.close_time),
        title: round.title,
    };
    let scrutiny = |scrutiny: Scrutiny| RowView {
        href: format!("/reviews/sessions/{}", scrutiny.scrutiny),
        state: s.name("scrutiny_kind", scrutiny.kind().as_str_name()),
        when: s.date(&scrutiny.held_on),
        title: scrutiny.title,
    };
    let rounds = rounds.into_iter().map(round).collect();
    let scrutinies = scrutinies.into_iter().map(scrutiny).collect();
    visitor.page(StatusCode::OK, &Reviews { s, rounds, scrutinies })
}

async fn shown(visitor: &Visitor, round: String) -> Result<Response> {
    let round = visitor.ask.get_appraisal_round(GetAppraisalRoundRequest { round }).await?;
    visitor.page(StatusCode::OK, &page(visitor.shell.clone().at("reviews"), round))
}

async fn scrutinized(visitor: &Visitor, scrutiny: String) -> Result<Response> {
    let scrutiny = visitor.ask.get_scrutiny(GetScrutinyRequest { scrutiny }).await?;
    let departments = visitor.ask.departments(&scrutiny.center).await?;
    let s = visitor.shell.clone().at("reviews");
    visitor.page(StatusCode::OK, &scrutiny_page(s, scrutiny, &departments))
}

/// What the page shows of a round.
pub fn page(s: Shell, round: AppraisalRound) -> Review {
    // A page for everyone: what only supervisors see is not on it.
    let result = round.result.clone().filter(|_| round.phase() == Phase::Published).unwrap_or_default();
    let name = |department: &str| {
        let unit = round.units.iter().find(|unit| unit.department == department);
        unit.map_or_else(|| department.to_owned(), |unit| s.pick(&unit.name_zh, &unit.name_en).to_owned())
    };
    let group = |group: VoterGroup| s.name("voter_group", group.as_str_name());
    let (codes, is_lists) = (codes(&round), round.lists.is_some());
    let turnouts =
        result.turnouts.iter().map(|turnout| (group(turnout.group()), turnout.issued, turnout.spent));
    let results: Vec<ResultView> = result
        .units
        .iter()
        .map(|unit| result_view(&s, &codes, is_lists, (name(&unit.department), unit)))
        .collect();
    let choice = |code: &&str| {
        if code.is_empty() { s.t("vote.blank").to_owned() } else { s.name("vote_choice", code) }
    };
    Review {
        title: round.title.clone(),
        award: round.award.clone(),
        phase: s.name("review_phase", round.phase().as_str_name()),
        times: format!("{} – {}", s.time(&round.open_time), s.time(&round.close_time)),
        rules: rules(&s, &round),
        units: round.units.iter().map(|unit| name(&unit.department)).collect(),
        published: round.phase() == Phase::Published,
        is_lists,
        turnouts: turnouts.collect(),
        refused: result.refused,
        draw: round.draw.clone().map(|draw| (draw.seed, draw.population, draw.population_digest)),
        choices: codes.iter().map(choice).collect(),
        results,
        round: round.round,
        s,
    }
}

/// The codes of a round's choices, the blank one last.
fn codes(round: &AppraisalRound) -> Vec<&'static str> {
    let chosen = match &round.rated {
        Some(rated) => rated.levels().map(|level| level.as_str_name()).collect(),
        None => vec!["BEST", "WORST"],
    };
    chosen.into_iter().chain([""]).collect()
}

fn result_view(s: &Shell, codes: &[&str], is_lists: bool, (name, unit): (String, &UnitResult)) -> ResultView {
    let groups =
        [VoterGroup::Public, VoterGroup::Supervisors, VoterGroup::Deputies, VoterGroup::ServiceUsers];
    let of = |group: VoterGroup, code: &str| {
        let found = unit.votes.iter().find(|count| count.group() == group && count.choice == code);
        found.map_or(0, |count| count.votes)
    };
    let voted = |group: &VoterGroup| unit.votes.iter().any(|count| count.group() == *group);
    let count = |group: VoterGroup| CountView {
        group: s.name("voter_group", group.as_str_name()),
        votes: codes.iter().map(|code| of(group, code)).collect(),
    };
    let rank = |rank: u32| if rank == 0 { s.t("review.not_rated").to_owned() } else { rank.to_string() };
    let outcome = |outcome: &yimen_proto::complaints::v1::AppraisalOutcome| {
        let proposal = s.name("review_proposal", outcome.proposal().as_str_name());
        let state = s.name("review_outcome", outcome.state().as_str_name());
        format!("{proposal}{}{state} {}", s.t("list.colon"), outcome.reason).trim_end().to_owned()
    };
    let outcomes: Vec<String> = unit.outcomes.iter().map(outcome).collect();
    ResultView {
        name,
        rank: if is_lists {
            format!("{} / {}", rank(unit.best_rank), rank(unit.worst_rank))
        } else {
            rank(unit.rank)
        },
        rate: if unit.rate_whole.is_empty() {
            String::new()
        } else {
            format!("{}.{:02} %", unit.rate_hundredths / 100, unit.rate_hundredths % 100)
        },
        exact: if is_lists {
            format!("{} / {}", unit.best, unit.worst)
        } else if unit.rate_whole.is_empty() {
            String::new()
        } else {
            format!("{}/{}", unit.rate_part, unit.rate_whole)
        },
        outcome: outcomes.join(s.t("list.separator")),
        counts: groups.into_iter().filter(voted).map(count).collect(),
    }
}

fn rules(s: &Shell, round: &AppraisalRound) -> Vec<String> {
    let mut rules = Vec::new();
    if let Some(rated) = &round.rated {
        let satisfied = rated.levels().take(rated.satisfied as usize);
        let names: Vec<String> = satisfied.map(|level| s.name("vote_choice", level.as_str_name())).collect();
        rules.push(s.with("review.rule_rate", "levels", names.join(s.t("list.separator"))));
        let reward = s.with("review.rule_reward", "percent", rated.reward_percent);
        rules.push(reward.replace("{places}", &rated.reward_places.to_string()));
        let held = if rated.accountability_exclusive {
            "review.rule_accountability_below"
        } else {
            "review.rule_accountability"
        };
        rules.push(s.with(held, "percent", rated.accountability_percent));
    }
    if let Some(lists) = &round.lists {
        rules.push(s.with("review.rule_lists", "n", lists.nominations));
        rules.push(s.with("review.rule_best", "n", lists.best_places));
        rules.push(s.with("review.rule_worst", "n", lists.worst_places));
    }
    rules.push(s.with("review.rule_minimum", "n", round.minimum));
    if round.weights.is_empty() {
        rules.push(s.t("review.rule_added").to_owned());
    } else {
        let weight = |weight: &yimen_proto::complaints::v1::GroupWeight| {
            format!("{} {} %", s.name("voter_group", weight.group().as_str_name()), weight.percent)
        };
        let weights: Vec<String> = round.weights.iter().map(weight).collect();
        rules.push(s.with("review.rule_weights", "weights", weights.join(s.t("list.separator"))));
    }
    rules
}

/// What the page shows of a session or a tour.
pub fn scrutiny_page(s: Shell, scrutiny: Scrutiny, departments: &Departments) -> ScrutinyPage {
    let name = |department: &str| departments.name(department, s.text.lang());
    let questions = scrutiny.questions.iter().map(|question| QuestionView {
        seat: question.seat,
        department: name(&question.department),
        text: question.text.clone(),
        answer: question.answer.clone(),
    });
    let undertakings = scrutiny.undertakings.iter().map(|undertaking| UndertakingView {
        position: undertaking.position,
        department: name(&undertaking.department),
        finding: undertaking.finding.clone(),
        text: undertaking.text.clone(),
        due_on: s.date(&undertaking.due_on),
        state: s.name("undertaking_state", undertaking.state().as_str_name()),
        passed: s.time(&undertaking.pass_time),
        report: undertaking.report.clone(),
        evidence: undertaking.evidence.clone(),
    });
    ScrutinyPage {
        title: scrutiny.title.clone(),
        kind: s.name("scrutiny_kind", scrutiny.kind().as_str_name()),
        held_on: s.date(&scrutiny.held_on),
        seats: scrutiny.seats,
        round: scrutiny.round.clone(),
        departments: scrutiny.departments.iter().map(|department| name(department)).collect(),
        questions: questions.collect(),
        undertakings: undertakings.collect(),
        s,
    }
}
