//! The metrics service as a program; `print DIR...` shows once what it would serve of folders.

use std::ffi::OsString;
use std::io::{stderr, stdout};
use std::process::ExitCode;

use furrow_metrics::{MetricsProgram, print};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match arguments.split_first() {
        Some((first, folders)) if first == "print" => {
            print::print(folders, &mut stdout(), &mut stderr())
        }
        _ => furrow_service_kit::run::<MetricsProgram>(),
    }
}
