//! The program as an operator meets it: arguments, refused settings, signals, exit codes.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Output, Stdio};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_furrow-ndvi"));
    command.env_clear();
    command
}

fn output(command: &mut Command) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("it starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn it_says_its_version() {
    let version = concat!("furrow-ndvi ", env!("CARGO_PKG_VERSION"), "\n");
    let found = output(program().arg("--version"));
    assert_eq!(found, (Some(0), version.to_owned(), String::new()));
}

#[test]
fn a_refused_setting_is_one_sentence_and_exit_code_64() {
    let (code, _, complaint) = output(program().env("FURROW_STORE_URL", "ftp://bucket"));
    assert_eq!(code, Some(64));
    assert_eq!(complaint.lines().count(), 1);
    assert!(
        complaint.starts_with("furrow-ndvi: FURROW_STORE_URL=\"ftp://bucket\" is refused:"),
        "{complaint}"
    );
    assert_eq!(output(program().arg("--serve")).0, Some(64));
}

#[test]
fn a_configuration_is_checked_without_binding_anything() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("ndvi.sock");
    let store = format!("file://{}", folder.path().display());
    let (code, answer, _) = output(
        program()
            .arg("--check-config")
            .env("FURROW_STORE_URL", store)
            .env("FURROW_NDVI_LISTEN", format!("unix:{}", socket.display())),
    );
    assert_eq!(code, Some(0));
    assert_eq!(answer, "The configuration is valid.\n");
    assert!(!socket.exists());
}

/// Starts the program over an empty store and waits until it says that it is ready.
#[expect(clippy::zombie_processes, reason = "its test waits for it")]
fn start(folder: &tempfile::TempDir) -> (Child, BufReader<std::process::ChildStderr>) {
    let socket = folder.path().join("ndvi.sock");
    let mut child = program()
        .env(
            "FURROW_STORE_URL",
            format!("file://{}", folder.path().display()),
        )
        .env("FURROW_NDVI_LISTEN", format!("unix:{}", socket.display()))
        .env("FURROW_NDVI_ADMIN_LISTEN", "127.0.0.1:0")
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut log = BufReader::new(child.stderr.take().expect("piped"));
    loop {
        let mut line = String::new();
        assert!(
            log.read_line(&mut line).expect("text") > 0,
            "it ended early"
        );
        if line.contains("\"Ready.\"") {
            return (child, log);
        }
    }
}

#[test]
fn a_signal_drains_and_ends_well_and_nothing_is_left() {
    for signal in ["-TERM", "-INT"] {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut child, mut log) = start(&folder);
        assert!(folder.path().join("ndvi.sock").exists());

        let sent = Command::new("kill")
            .args([signal, &child.id().to_string()])
            .status();

        assert!(sent.expect("there is a kill").success());
        assert_eq!(child.wait().expect("it ends").code(), Some(0));
        let mut rest = String::new();
        log.read_to_string(&mut rest).expect("text");
        assert!(rest.contains("Stopped: every call ended."), "{rest}");
        assert!(
            !rest.contains("\"WARN\"") && !rest.contains("\"ERROR\""),
            "{rest}"
        );
        assert!(!folder.path().join("ndvi.sock").exists());
    }
}

#[test]
fn a_taken_socket_is_one_clear_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut first, _log) = start(&folder);
    let socket = folder.path().join("ndvi.sock");

    let (code, _, log) = output(
        program()
            .env(
                "FURROW_STORE_URL",
                format!("file://{}", folder.path().display()),
            )
            .env("FURROW_NDVI_LISTEN", format!("unix:{}", socket.display()))
            .env("FURROW_NDVI_ADMIN_LISTEN", "127.0.0.1:0"),
    );

    assert_eq!(code, Some(1));
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(
        log.contains("another process listens on this socket"),
        "{log}"
    );
    assert!(socket.exists(), "the first one keeps its socket");
    first.kill().expect("it runs");
    first.wait().expect("it ends");
}
