# The habits of the house; `just` alone lists them.

default:
    @just --list

# What every change passes, besides the tests.
ci: fmt lint docs

# Formatting.
fmt:
    cargo fmt --all --check

# Lints, with the queries checked against the committed .sqlx/.
lint:
    env -u DATABASE_URL cargo clippy --workspace --all-targets -- -D warnings

# Every public item is documented and every link resolves.
docs:
    env -u DATABASE_URL RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --workspace --no-deps --document-private-items

# Checks the queries against a migrated database and writes .sqlx/ (DATABASE_URL names it).
prepare:
    cargo sqlx prepare --workspace -- --all-targets
