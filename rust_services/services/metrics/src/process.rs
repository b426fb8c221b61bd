//! What /proc says of a process: what `prometheus_client` cannot tell in multiprocess mode.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::OnceLock;

use nix::unistd::{SysconfVar, sysconf};

/// A process at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessUse {
    /// When it started, clock ticks since the machine did: with the pid this names a process for good.
    pub start_ticks: u64,
    /// CPU seconds, in user and kernel mode, of all its threads.
    pub cpu_seconds: f64,
    /// Bytes of its memory that are in RAM.
    pub resident_bytes: u64,
    /// Bytes of its address space.
    pub virtual_bytes: u64,
    /// Threads.
    pub threads: u64,
    /// Unix seconds of its start; absent where the machine's own start is not known.
    pub start_time_seconds: Option<f64>,
    /// Open file descriptors; absent where the process is another user's.
    pub open_fds: Option<u64>,
    /// Most file descriptors it may open; absent if there is no limit, or where it cannot be read.
    pub max_fds: Option<u64>,
}

/// Reads a process below `/proc`; None when it is gone, or is not the one that started then.
pub fn process_use(proc: &Path, pid: u32, start_ticks: u64) -> Option<ProcessUse> {
    let folder = proc.join(pid.to_string());
    let stat = fs::read_to_string(folder.join("stat")).ok()?;
    let mut process = parse_stat(&stat, ticks_per_second(), page_bytes())?;
    if process.start_ticks != start_ticks {
        return None;
    }
    process.start_time_seconds = machine_start(proc)
        .map(|machine| machine + process.start_ticks as f64 / ticks_per_second());
    process.open_fds = count_entries(&folder.join("fd")).ok();
    let limits = fs::read_to_string(folder.join("limits")).ok();
    process.max_fds = limits.as_deref().and_then(parse_max_fds);
    Some(process)
}

/// The fields of `/proc/<pid>/stat` by their numbers in `proc_pid_stat(5)`; the name, in parentheses,
/// may hold anything.
fn parse_stat(stat: &str, ticks_per_second: f64, page_bytes: u64) -> Option<ProcessUse> {
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    let (user_ticks, system_ticks) = (field(14)?, field(15)?);
    Some(ProcessUse {
        cpu_seconds: (user_ticks + system_ticks) as f64 / ticks_per_second,
        threads: field(20)?,
        start_ticks: field(22)?,
        virtual_bytes: field(23)?,
        resident_bytes: field(24)?.saturating_mul(page_bytes),
        start_time_seconds: None,
        open_fds: None,
        max_fds: None,
    })
}

fn parse_max_fds(limits: &str) -> Option<u64> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

fn count_entries(folder: &Path) -> io::Result<u64> {
    Ok(fs::read_dir(folder)?.count() as u64)
}

/// Unix seconds of the machine's start; read once.
fn machine_start(proc: &Path) -> Option<f64> {
    static START: OnceLock<Option<f64>> = OnceLock::new();
    *START.get_or_init(|| {
        let stat = fs::read_to_string(proc.join("stat")).ok()?;
        let line = stat.lines().find_map(|line| line.strip_prefix("btime "))?;
        line.trim().parse().ok()
    })
}

fn ticks_per_second() -> f64 {
    static TICKS: OnceLock<f64> = OnceLock::new();
    *TICKS.get_or_init(|| {
        let ticks = sysconf(SysconfVar::CLK_TCK).ok().flatten();
        ticks.map_or(100.0, |ticks| ticks as f64)
    })
}

fn page_bytes() -> u64 {
    static BYTES: OnceLock<u64> = OnceLock::new();
    *BYTES.get_or_init(|| {
        let bytes = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
        bytes
            .and_then(|bytes| u64::try_from(bytes).ok())
            .unwrap_or(4096)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_parentheses_shifts_no_field() {
        let stat = "7 (a) b ) S 1 7 7 0 -1 4194304 99 0 0 0 150 50 0 0 20 0 3 0 4242 1000000 25 \
                    18446744073709551615 1 1";

        let process = parse_stat(stat, 100.0, 4096).expect("parsed");

        assert!((process.cpu_seconds - 2.0).abs() < 1e-9);
        assert_eq!((process.threads, process.start_ticks), (3, 4242));
        assert_eq!(
            (process.virtual_bytes, process.resident_bytes),
            (1_000_000, 102_400)
        );
        assert_eq!(parse_stat("7 (cut", 100.0, 4096), None);
    }

    #[test]
    fn this_process_is_read_and_another_start_is_not_it() {
        let pid = std::process::id();
        let proc = Path::new("/proc");
        let stat = fs::read_to_string(proc.join("self/stat")).expect("readable");
        let ticks = parse_stat(&stat, 100.0, 4096).expect("parsed").start_ticks;

        let process = process_use(proc, pid, ticks).expect("it lives");

        assert!(process.resident_bytes > 100_000 && process.threads >= 1);
        assert!(process.open_fds.is_some_and(|fds| fds >= 3));
        assert!(process.start_time_seconds.is_some_and(|start| start > 1e9));
        assert_eq!(process_use(proc, pid, ticks + 1), None);
    }
}
