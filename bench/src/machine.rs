//! What the machine spends: processor time and memory, as Linux counts them.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// Ticks in a second: what every Linux gives its readers.
const TICKS: u64 = 100;
/// A page of memory, in KiB.
const PAGE_KIB: u64 = 4;

/// The time that all processors together have been busy since the start of the machine.
///
/// # Errors
/// When it cannot be read.
pub fn busy() -> Result<Duration, String> {
    let stat = fs::read_to_string("/proc/stat").map_err(|error| format!("/proc/stat: {error}"))?;
    let line = stat.lines().next().unwrap_or_default();
    let ticks: Vec<u64> = line.split_whitespace().skip(1).filter_map(|ticks| ticks.parse().ok()).collect();
    // user, nice, system, idle, iowait, irq, softirq
    let [user, nice, system, _, _, irq, softirq, ..] = ticks.as_slice() else {
        return Err("/proc/stat has another form".to_owned());
    };
    Ok(duration(user + nice + system + irq + softirq))
}

/// What a group of processes has spent and holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Processor time since their start.
    pub cpu: Duration,
    /// Resident memory in KiB, the largest process alone.
    pub rss_kib: u64,
}

/// The usage of groups of processes: those of `pids` by their name, PostgreSQL, RabbitMQ, and this one.
pub fn usage(pids: &BTreeMap<String, u32>) -> BTreeMap<String, Usage> {
    let mut groups: BTreeMap<String, Usage> = BTreeMap::new();
    for process in processes() {
        let named = pids.iter().find(|(_, pid)| **pid == process.pid).map(|(name, _)| name.clone());
        let group = match (named, process.command.as_str()) {
            (Some(name), _) => name,
            (None, "postgres") => "PostgreSQL".to_owned(),
            (None, "beam.smp") => "RabbitMQ".to_owned(),
            (None, _) if process.pid == std::process::id() => "clients".to_owned(),
            _ => continue,
        };
        let usage = groups.entry(group).or_default();
        usage.cpu += duration(process.ticks);
        usage.rss_kib = usage.rss_kib.max(process.rss_pages * PAGE_KIB);
    }
    groups
}

struct Process {
    pid: u32,
    command: String,
    /// Its own, and of those children of it that have ended.
    ticks: u64,
    rss_pages: u64,
}

fn processes() -> impl Iterator<Item = Process> {
    fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        // Whoever ends meanwhile is not counted.
        process(pid, &fs::read_to_string(entry.path().join("stat")).ok()?)
    })
}

/// proc(5): the name stands in parentheses, and may have some itself.
fn process(pid: u32, stat: &str) -> Option<Process> {
    let (head, tail) = stat.rsplit_once(')')?;
    let command = head.split_once('(')?.1.to_owned();
    let fields: Vec<&str> = tail.split_whitespace().collect();
    let field = |nth: usize| fields.get(nth - 3)?.parse::<u64>().ok();
    Some(Process {
        pid,
        command,
        ticks: field(14)? + field(15)? + field(16)? + field(17)?,
        rss_pages: field(24)?,
    })
}

fn duration(ticks: u64) -> Duration {
    Duration::from_millis(ticks * 1_000 / TICKS)
}

#[cfg(test)]
mod tests {
    use super::process;

    #[test]
    fn a_line_of_proc() {
        let stat =
            "42 (tokio (rt) x) S 1 42 42 0 -1 4194560 1 2 3 4 100 20 3 4 20 0 9 0 777 123456 2048 184467";
        let process = process(42, stat).unwrap();
        assert_eq!((process.command.as_str(), process.ticks, process.rss_pages), ("tokio (rt) x", 127, 2048));
    }
}
