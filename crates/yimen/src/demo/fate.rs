//! What the people of the demo are like: chosen by the case number, so that a case has the same
//! story however often it is looked at, and a file shows everything that can happen.

/// How an application's way through the hall will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The clerk refuses: it belongs elsewhere.
    NotCompetent,
    /// The clerk refuses: it needs no permit.
    NotRequired,
    /// The clerk asks for a better material, and the applicant brings it.
    Supplement,
    /// The clerk asks, and the applicant never answers.
    Silence,
    /// Nobody at the window looks at it, until silence has accepted it (行政许可法 art. 32).
    Forgotten,
    /// The applicant takes it back before the clerk gets to it.
    WithdrawnAtOnce,
    /// The applicant takes it back while the departments work on it.
    WithdrawnLate,
    /// It is in order.
    Plain,
}

/// What a department will say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Approve,
    Conditions,
    Object,
    Return,
}

/// How a payer pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paying {
    /// At the counter.
    Cash,
    /// At the counter.
    Card,
    /// Through the bank.
    Bank,
    /// Through a bank that reports it twice.
    BankTwice,
    /// In two parts.
    Parts,
    /// More than is due.
    TooMuch,
    /// By card, and it goes back.
    Refunded,
    /// Through the bank, when the last day has passed.
    Late,
}

/// How the payer will pay.
pub(super) fn paying(number: &str) -> Paying {
    match roll(number, "pays") {
        0..15 => Paying::Cash,
        15..30 => Paying::Card,
        30..60 => Paying::Bank,
        60..75 => Paying::BankTwice,
        75..83 => Paying::Parts,
        83..89 => Paying::TooMuch,
        89..95 => Paying::Refunded,
        _ => Paying::Late,
    }
}

/// How many working days somebody takes before turning to a case: departments longer than the clerk.
pub(super) fn leisure(number: &str, who: &str) -> usize {
    let clerk = [(60, 0), (85, 1), (95, 2), (100, 3)];
    let department = [(45, 0), (65, 1), (77, 2), (85, 3), (91, 4), (95, 6), (98, 9), (100, 14)];
    let steps: &[(u32, usize)] = if who == CLERK { &clerk } else { &department };
    let rolled = roll(number, &format!("{who} takes"));
    steps.iter().find(|(below, _)| rolled < *below).map_or(0, |(_, days)| *days)
}

/// The clerk, as [`leisure`] knows who takes in.
pub(super) const CLERK: &str = "clerk";

/// How the application's way will be. Of a hundred consecutive serials each way takes its part exactly.
pub(super) fn way(number: &str) -> Way {
    let serial: u32 = number.get(14..20).and_then(|digits| digits.parse().ok()).unwrap_or_default();
    // 37 has no factor in common with 100, so a hundred neighbours meet every value once.
    match serial.wrapping_mul(37) % 100 {
        0..2 => Way::NotCompetent,
        2..4 => Way::NotRequired,
        4..12 => Way::Supplement,
        12..14 => Way::Silence,
        14..16 => Way::WithdrawnAtOnce,
        16..18 => Way::WithdrawnLate,
        18 => Way::Forgotten,
        _ => Way::Plain,
    }
}

/// What the department will say at first; after a return it approves.
pub(super) fn word(number: &str, department: &str) -> Word {
    match roll(number, department) {
        0..6 => Word::Conditions,
        6..8 => Word::Object,
        8..12 => Word::Return,
        _ => Word::Approve,
    }
}

/// Whether the lead puts the department's return back to it instead of handing it on.
pub(super) fn puts_back(number: &str, department: &str) -> bool {
    roll(number, &format!("{department} puts back")) < 15
}

/// Whether the applicant leaves a return unanswered for good.
pub(super) fn leaves_return(number: &str) -> bool {
    roll(number, "leaves") < 25
}

/// Whether the department has no time for the joint visit.
pub(super) fn declines_visit(number: &str, department: &str) -> bool {
    roll(number, &format!("{department} declines")) < 6
}

/// Whether the department finds something to put right at the visit.
pub(super) fn finds_something(number: &str, department: &str) -> bool {
    roll(number, &format!("{department} finds")) < 12
}

/// For how many days after the first the department has experts review the case, if it has.
pub(super) fn review(number: &str, department: &str) -> Option<u32> {
    (roll(number, &format!("{department} reviews")) < 4)
        .then(|| 2 + roll(number, &format!("{department} reviews for")) % 6)
}

/// How many days longer than it said the review takes.
pub(super) fn overrun(number: &str, department: &str) -> u32 {
    if roll(number, &format!("{department} overruns")) < 25 { 3 } else { 0 }
}

/// Whether the lead asks for more time.
pub(super) fn extends(number: &str) -> bool {
    roll(number, "extends") < 2
}

/// How the result reaches the applicant: 0, 1 or 2.
pub(super) fn delivery(number: &str) -> u32 {
    roll(number, "delivery") % 3
}

/// What somebody says of an event who rates it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rating {
    /// The level's code.
    pub(super) level: &'static str,
    /// What it is about, where it is not good.
    pub(super) aspect: Option<&'static str>,
    /// Whether the rater says how to be reached.
    pub(super) named: bool,
}

/// What is said of an event of a case; none by those who do not rate.
pub(super) fn rating(number: &str, event: &str) -> Option<Rating> {
    if roll(number, &format!("rates {event}")) >= 60 {
        return None;
    }
    let level = match roll(number, &format!("is rated {event}")) {
        0..3 => "VERY_DISSATISFIED",
        3..8 => "DISSATISFIED",
        8..18 => "FAIRLY_SATISFIED",
        18..50 => "SATISFIED",
        _ => "VERY_SATISFIED",
    };
    let is_negative = level.ends_with("DISSATISFIED");
    let named = is_negative && roll(number, &format!("is known {event}")) < 60;
    Some(Rating { level, aspect: is_negative.then_some("SPEED"), named })
}

/// 0 to 99, spread evenly (FNV-1a with a final mix).
fn roll(number: &str, salt: &str) -> u32 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in number.bytes().chain([b'/']).chain(salt.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    u32::try_from(hash % 100).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(serial: u32) -> String {
        format!("43010220261124{serial:06}0")
    }

    #[test]
    fn a_hundred_neighbours_show_every_way() {
        for start in [0, 1, 57, 999_900] {
            let count =
                |wanted| (start..start + 100).filter(|serial| way(&number(*serial)) == wanted).count();
            assert_eq!(count(Way::Plain), 81);
            assert_eq!(count(Way::Forgotten), 1);
            assert_eq!(count(Way::Supplement), 8);
            for rare in
                [Way::NotCompetent, Way::NotRequired, Way::Silence, Way::WithdrawnAtOnce, Way::WithdrawnLate]
            {
                assert_eq!(count(rare), 2, "{rare:?}");
            }
        }
    }

    #[test]
    fn some_rate_and_some_are_not_content() {
        let ratings: Vec<Rating> =
            (0..10_000).filter_map(|serial| rating(&number(serial), "visit")).collect();
        assert!((5_700..6_300).contains(&ratings.len()), "{}", ratings.len());
        let negative = ratings.iter().filter(|rating| rating.aspect.is_some()).count();
        assert!((380..580).contains(&negative), "{negative}");
        assert!(ratings.iter().any(|rating| rating.named));
        assert!(ratings.iter().all(|rating| !rating.named || rating.aspect.is_some()));
        assert_eq!(rating(&number(7), "visit"), rating(&number(7), "visit"));
    }

    #[test]
    fn words_are_spread_and_stay_the_same() {
        let count =
            |wanted| (0..10_000).filter(|serial| word(&number(*serial), "430102-scjg") == wanted).count();
        assert!((8_500..9_100).contains(&count(Word::Approve)), "{}", count(Word::Approve));
        assert!((100..300).contains(&count(Word::Object)), "{}", count(Word::Object));
        assert_eq!(word(&number(7), "430102-scjg"), word(&number(7), "430102-scjg"));
    }
}
