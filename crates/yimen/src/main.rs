//! The executable.

use std::process::ExitCode;

fn main() -> ExitCode {
    yimen::command::main()
}
