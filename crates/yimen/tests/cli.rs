//! The program as an operator meets it: exit codes, sentences, and a whole small demo.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Write as _;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use yimen_tests::collector::Collector;

/// A directory of its own for each test, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("yimen-cli-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::File::create(&path).unwrap().write_all(content).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _left_behind = std::fs::remove_dir_all(&self.0);
    }
}

/// The program in `directory`, with nothing of this process's configuration.
fn yimen(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yimen"));
    command.args(arguments).current_dir(directory);
    for (key, _) in std::env::vars_os() {
        if key.to_string_lossy().starts_with("YIMEN_") {
            command.env_remove(key);
        }
    }
    command
}

/// The one sentence of a failure.
#[track_caller]
fn sentence(output: &Output) -> String {
    let error = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "a failure is no result");
    let last = error.lines().last().unwrap_or_default().to_owned();
    assert!(last.ends_with('.'), "{last}");
    last
}

#[test]
fn wrong_usage_is_2() {
    let scratch = Scratch::new("usage");
    for arguments in
        [&["serve"][..], &["serve", "kitchen"], &["apply"], &["nonsense"], &["check", "--wait", "x"]]
    {
        let output = yimen(&scratch.0, arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    let help = yimen(&scratch.0, &["--help"]).output().unwrap();
    assert!(help.status.success());
}

#[test]
fn keys_are_a_pair_for_the_environment() {
    let scratch = Scratch::new("keys");
    let output = yimen(&scratch.0, &["keys"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let [private, public] = lines.as_slice() else { panic!("{text}") };
    let hex = |line: &str, name: &str| {
        let digits = line.strip_prefix(name).unwrap();
        assert!(digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()), "{line}");
    };
    hex(private, "YIMEN_ACTOR_PRIVATE_KEY=");
    hex(public, "YIMEN_ACTOR_PUBLIC_KEY=");
}

#[test]
fn a_broken_configuration_names_the_key() {
    let scratch = Scratch::new("config");
    scratch.file("yimen.toml", b"listen = \"nowhere\"\n");
    let output = yimen(&scratch.0, &["serve", "gateway"]).output().unwrap();
    assert!(sentence(&output).contains("listen"));
    scratch.file("yimen.toml", b"databse_url = \"postgres://localhost/x\"\n");
    let output = yimen(&scratch.0, &["migrate"]).output().unwrap();
    assert!(sentence(&output).contains("databse_url"));
    let output = yimen(&scratch.0, &["migrate"]).env("YIMEN_CONFIG", "missing.toml").output().unwrap();
    assert!(sentence(&output).contains("missing.toml"));
}

#[test]
fn no_database_and_no_server_are_said() {
    let scratch = Scratch::new("database");
    for arguments in [&["migrate"][..], &["check"]] {
        // The format of the log is no key of the configuration.
        let output = yimen(&scratch.0, arguments).env("YIMEN_LOG", "json").output().unwrap();
        assert!(sentence(&output).contains("YIMEN_DATABASE_URL"), "{arguments:?}");
    }
    let output = yimen(&scratch.0, &["serve", "intake"])
        .env("YIMEN_SERVICES__INTAKE__LISTEN", "127.0.0.1:0")
        .output()
        .unwrap();
    assert!(sentence(&output).contains("YIMEN_DATABASE_URL"));
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = nobody.local_addr().unwrap();
    drop(nobody);
    let output = yimen(&scratch.0, &["migrate"])
        .env("YIMEN_DATABASE_URL", format!("postgres://yimen@{place}/yimen"))
        .output()
        .unwrap();
    assert!(sentence(&output).contains(&place.to_string()));
}

#[test]
fn a_port_in_use_is_said() {
    let scratch = Scratch::new("port");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = yimen(&scratch.0, &["demo", "--exit", "--port", &port]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.lines().any(|line| line.contains(&port) && line.contains("another port")), "{error}");
    let output = yimen(&scratch.0, &["serve", "gateway"])
        .env("YIMEN_LISTEN", format!("127.0.0.1:{port}"))
        .output()
        .unwrap();
    assert!(sentence(&output).contains("another port"));
}

#[test]
fn migrations_that_wait_are_said() {
    let Ok(url) = std::env::var("YIMEN_TEST_DATABASE_URL") else { return };
    let scratch = Scratch::new("pending");
    // `template1` is there on every server and holds none of our schemas.
    let (server, _) = url.rsplit_once('/').unwrap();
    let output = yimen(&scratch.0, &["serve", "intake"])
        .env("YIMEN_DATABASE_URL", format!("{server}/template1"))
        .env("YIMEN_SERVICES__INTAKE__LISTEN", "127.0.0.1:0")
        .output()
        .unwrap();
    assert!(sentence(&output).contains("yimen migrate"));
}

#[test]
fn what_cannot_be_reached_or_read_is_said() {
    let scratch = Scratch::new("unreachable");
    let output = yimen(&scratch.0, &["apply", "--file", "missing.jsonl"]).output().unwrap();
    assert!(sentence(&output).contains("missing.jsonl"));
    let output = yimen(&scratch.0, &["demo", "--input", "missing.jsonl"]).output().unwrap();
    assert!(sentence(&output).contains("missing.jsonl"));
    let output =
        yimen(&scratch.0, &["import", "--gateway", "nowhere", "--operator-password", "x"]).output().unwrap();
    assert!(sentence(&output).contains("http://"));
    scratch.file("organization.toml", b"centers = [\n");
    let output =
        yimen(&scratch.0, &["import", "--catalog", ".", "--operator-password", "x"]).output().unwrap();
    assert!(sentence(&output).contains("organization.toml is broken near line"));
}

/// Takes the ten seconds for which an absent gateway is given a chance.
#[test]
fn a_line_that_nobody_answered_is_not_accounted_for() {
    let scratch = Scratch::new("lost");
    let input = scratch.file("lines.jsonl", b"{}\n\nnonsense\n");
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let gateway = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let output = yimen(&scratch.0, &["apply", "--file", input.to_str().unwrap(), "--gateway", &gateway])
        .output()
        .unwrap();
    let (shown, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{said}");
    let mut results: Vec<Value> = shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    results.sort_by_key(|result| result["line"].as_u64());
    assert_eq!((&results[0]["line"], &results[0]["error"]["reason"]), (&1.into(), &"UNREACHABLE".into()));
    assert_eq!((&results[1]["line"], &results[1]["error"]["reason"]), (&3.into(), &"MALFORMED_LINE".into()));
    assert!(said.contains("lines=2 accepted=0 refused=1 unaccounted=1") && said.contains("--run "), "{said}");
}

#[test]
fn an_empty_file_opens_an_empty_center() {
    let scratch = Scratch::new("empty");
    let input = scratch.file("empty.jsonl", b"");
    let report = scratch.0.join("report.json");
    let output = demo(&scratch, &input, &report);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let report = read(&report);
    assert_eq!(report["lines"]["read"], 0);
    assert!(report["invariants"].as_array().unwrap().iter().all(|invariant| invariant["holds"] == true));
}

/// 26 units, the test set of the rules among them: who is rewarded, and who is held to account.
#[test]
fn a_round_of_review_is_held() {
    let scratch = Scratch::new("review");
    let input = scratch.file("empty.jsonl", b"");
    let report = scratch.0.join("report.json");
    let paths = [input.to_str().unwrap(), report.to_str().unwrap()];
    let arguments = [
        "demo",
        "--exit",
        "--port",
        "0",
        "--start",
        "2026-03-02",
        "--days",
        "4",
        "--input",
        paths[0],
        "--report",
        paths[1],
    ];
    let output = yimen(&scratch.0, &arguments).output().unwrap();
    let (shown, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{shown}\n{said}");
    let report = read(&report);
    let units = report["review"]["units"].as_array().unwrap();
    assert_eq!(units.len(), 26);
    let of = |outcome: &str| -> Vec<(u64, u64)> {
        let held = units.iter().filter(|unit| unit[outcome] == true);
        held.map(|unit| (unit["rank"].as_u64().unwrap(), unit["rate_hundredths"].as_u64().unwrap())).collect()
    };
    assert_eq!(of("rewarded"), [(1, 9_500), (2, 9_200), (2, 9_200)], "90 % is rank 4");
    assert_eq!(of("held_to_account"), [(25, 5_000), (26, 4_990)], "50 % is included");
    assert!(shown.contains("held to account") && shown.contains("49.90 %"), "{shown}");
}

#[test]
fn a_small_file_runs_through_with_its_bad_lines_named() {
    let scratch = Scratch::new("small");
    let sample = include_str!("../../../samples/applications.jsonl");
    let mut lines: Vec<Vec<u8>> = sample.lines().take(8).map(|line| line.as_bytes().to_vec()).collect();
    lines.insert(2, Vec::new());
    lines.push(b"{\"center\": \"430102\", ".to_vec());
    lines.push(b"\xFF\xFE not text".to_vec());
    lines.push(sample.lines().next().unwrap().replace("\"430121\"", "\"999999\"").into_bytes());
    lines.push(br#"{"center":"430102","item":"no-such-item"}"#.to_vec());
    let input = scratch.file("small.jsonl", &lines.join(&b'\n'));
    let report = scratch.0.join("report.json");
    let output = demo(&scratch, &input, &report);
    let (shown, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{shown}\n{said}");
    let report = read(&report);
    assert_eq!(
        report["lines"],
        serde_json::json!({ "read": 12, "accepted": 8, "refused": 4, "unaccounted": 0 })
    );
    for line in ["line 10: MALFORMED_LINE", "line 11: MALFORMED_LINE", "line 12: ", "line 13: "] {
        assert!(said.contains(line), "{line} in {said}");
    }
    let received: u64 =
        report["centers"].as_array().unwrap().iter().map(|center| center["received"].as_u64().unwrap()).sum();
    assert_eq!(received, 8);
    assert_eq!(shown.matches("ok   ").count(), 12, "{shown}");
}

/// A demo that stays up, and its address.
fn open(scratch: &Scratch) -> (Child, String) {
    let empty = scratch.file("empty.jsonl", b"");
    let data = scratch.0.join("data");
    let mut command =
        yimen(&scratch.0, &["demo", "--port", "0", "--days", "1", "--input", empty.to_str().unwrap()]);
    command.arg("--data").arg(data).env("RUST_LOG", "warn").stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let address = lines
        .find_map(|line| Some(line.strip_prefix("The center is open at ")?.split_once(';')?.0.to_owned()))
        .unwrap();
    lines.find(|line| line.starts_with("The center stays open")).unwrap();
    // Nobody else reads what it says from now on, and it must not wait for a reader.
    std::thread::spawn(move || lines.for_each(drop));
    (child, address)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_kill() {
    let scratch = Scratch::new("kill");
    let (mut child, address) = open(&scratch);
    let client = reqwest::Client::new();
    let body = yimen_tests::sample("birth-registration", "430102");
    let mut given = Vec::new();
    for _ in 0..3 {
        let request = client.post(format!("{address}/api/v1/applications")).json(&body);
        let answer: Value = request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap();
        given.push((yimen_tests::text(&answer["number"]), yimen_tests::text(&answer["lookup_code"])));
    }
    child.kill().unwrap();
    child.wait().unwrap();

    let (mut child, address) = open(&scratch);
    for (number, code) in given {
        let tracked = client.get(format!("{address}/api/v1/applications/{number}?code={code}")).send().await;
        let tracked: Value = tracked.unwrap().error_for_status().unwrap().json().await.unwrap();
        assert_eq!(tracked["state"], "SUBMITTED");
    }
    let asked = Command::new("sh").args(["-c", &format!("kill -TERM {}", child.id())]).status().unwrap();
    assert!(asked.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_applications_trace_goes_through_every_service() {
    let scratch = Scratch::new("trace");
    let collector = Collector::start().await;
    let sample = include_str!("../../../samples/applications.jsonl");
    let input = scratch.file("one.jsonl", sample.lines().next().unwrap().as_bytes());
    let arguments = ["demo", "--exit", "--port", "0", "--days", "1", "--input", input.to_str().unwrap()];
    let mut command = yimen(&scratch.0, &arguments);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint()).env("RUST_LOG", "warn");
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let whole = collector.traces().into_iter().any(|spans| {
        let has = |what: &str| spans.iter().any(|(_, span)| span.contains(what));
        ["POST /api/v1/applications/{number}/accept", "identity ", "intake ", "approval handles "]
            .into_iter()
            .all(has)
    });
    assert!(whole, "{:#?}", collector.traces());
}

fn demo(scratch: &Scratch, input: &Path, report: &Path) -> Output {
    let (input, report) = (input.to_str().unwrap(), report.to_str().unwrap());
    yimen(&scratch.0, &["demo", "--exit", "--port", "0", "--days", "1", "--input", input, "--report", report])
        .env("RUST_LOG", "warn")
        .output()
        .unwrap()
}

fn read(report: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap()
}
