# The habits of the house; `just` alone lists them.

# PostgreSQL (a user who may create databases) and RabbitMQ (a vhost whose yimen.* queues may be deleted).
export YIMEN_TEST_DATABASE_URL := env("YIMEN_TEST_DATABASE_URL", "postgres://yimen_test:yimen_test@127.0.0.1/postgres")
export YIMEN_TEST_AMQP_URL := env("YIMEN_TEST_AMQP_URL", "amqp://yimen_test:yimen_test@127.0.0.1:5672/yimen_test")
# An empty or migrated database whose schemas nobody else uses.
schema_url := env("YIMEN_TEST_SCHEMA_URL", "postgres://yimen_test:yimen_test@127.0.0.1/yimen_schema")

default:
    @just --list

# What every change passes, besides the tests.
ci: fmt lint docs deny

# Formatting.
fmt:
    cargo fmt --all --check

# Lints, with the queries checked against the committed .sqlx/.
lint:
    env -u DATABASE_URL cargo clippy --workspace --all-targets -- -D warnings

# Every public item is documented and every link resolves.
docs:
    env -u DATABASE_URL RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --workspace --no-deps --document-private-items

# Licenses, sources, and who may use what.
deny:
    cargo deny check bans licenses sources

# The tests that need PostgreSQL and RabbitMQ: the whole system as separate processes (`.ci/servers` sets them up).
test-servers:
    cargo build -p yimen
    cargo test -p yimen-tests -p yimen

# CaseBench, the clocks, the ballots and the scheduling claim on this machine (docs/performance.md); figures in target/bench.json.
bench: _bench
    target/release/yimen-bench cases --json target/bench.json
    target/release/yimen-bench clocks
    target/release/yimen-bench ballots
    target/release/yimen-bench scheduling

# Growth with 10⁴, 10⁵, 10⁶ and 10⁷ finished cases behind it: hours, and some hundred GiB of disk.
bench-history: _bench
    target/release/yimen-bench history --cases 10000,100000,1000000,10000000 --json target/history.json

# The main ratios, within two minutes.
bench-quick: _bench
    target/release/yimen-bench cases --repetitions 1 --clients 8 --rate 0 --seconds 10

_bench:
    cargo build --release -p yimen -p yimen-bench

# Everything breaks while people work: processes, PostgreSQL and RabbitMQ in turn (as root, on a machine of its own).
faults seconds="60":
    cargo build -p yimen
    YIMEN_FAULT_SECONDS={{ seconds }} YIMEN_FAULTS="service postgresql restart; rabbitmqctl --quiet stop_app && rabbitmqctl --quiet start_app && rabbitmqctl --quiet await_startup" \
        cargo test -p yimen-tests --test system faults -- --nocapture

# Every query against a database that this version migrated, and .sqlx/ against what comes of it.
sql:
    cargo build -p yimen
    YIMEN_DATABASE_URL={{ schema_url }} target/debug/yimen migrate
    rm -rf target/sqlx && mkdir target/sqlx
    touch services/*/src/lib.rs
    SQLX_OFFLINE=false SQLX_OFFLINE_DIR={{ justfile_directory() }}/target/sqlx DATABASE_URL={{ schema_url }} cargo check --workspace
    diff -r .sqlx target/sqlx

# Checks the queries against a migrated database and writes .sqlx/ (DATABASE_URL names it).
prepare:
    cargo sqlx prepare --workspace -- --all-targets
