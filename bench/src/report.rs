//! Figures as they are told: to people in lines, to programs as JSON.

use std::time::Duration;

use serde::Serialize;

/// A figure of several repetitions.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Spread {
    /// The middle one.
    pub median: f64,
    /// The least.
    pub least: f64,
    /// The most.
    pub most: f64,
}

impl Spread {
    /// Of figures, one at least.
    pub fn of(mut figures: Vec<f64>) -> Self {
        figures.sort_by(f64::total_cmp);
        let at = |place: usize| figures.get(place).copied().unwrap_or(f64::NAN);
        Self { median: at(figures.len() / 2), least: at(0), most: at(figures.len().saturating_sub(1)) }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { median, least, most } = self;
        match f.precision() {
            Some(places) => write!(f, "{median:.places$} ({least:.places$}–{most:.places$})"),
            None => write!(f, "{median:.2} ({least:.2}–{most:.2})"),
        }
    }
}

/// The time within which so many of a thousand are.
pub fn within(mut all: Vec<Duration>, permille: usize) -> Duration {
    all.sort_unstable();
    let place = (all.len() * permille / 1_000).min(all.len().saturating_sub(1));
    all.get(place).copied().unwrap_or_default()
}

/// In milliseconds.
pub fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// Says a line.
pub fn say(line: &str) {
    use std::io::Write as _;

    let _reader_went_away = writeln!(std::io::stdout().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_quantiles() {
        let spread = Spread::of(vec![3.0, 1.0, 2.0]);
        assert_eq!((spread.median, spread.least, spread.most), (2.0, 1.0, 3.0));
        assert_eq!(format!("{spread:.1}"), "2.0 (1.0–3.0)");
        let all: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(within(all.clone(), 500), Duration::from_millis(51));
        assert_eq!(within(all, 990), Duration::from_millis(100));
        assert_eq!(within(Vec::new(), 500), Duration::ZERO);
    }
}
