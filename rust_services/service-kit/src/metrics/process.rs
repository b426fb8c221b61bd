//! This process, asked of the system at every scrape; and the clock that turns seconds into cycles.

use std::fmt;
use std::fs::{File, read_dir};
use std::io::Read as _;

use nix::unistd::{SysconfVar, sysconf};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::{Registry, Unit};

use crate::cpu::process_seconds;

/// Most bytes read of a file in /proc: those of a process have a few kB, that of the processors a few
/// for each.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Open files that are counted; a service that has more is beyond its limit long since.
const MAX_OPEN_FILES: usize = 1 << 16;

/// Adds what is known of this process.
pub(super) fn register(registry: &mut Registry) {
    registry.register_collector(Box::new(Process {
        start_s: start_time_s(),
        page_bytes: configured(SysconfVar::PAGE_SIZE).unwrap_or(4096),
    }));
    let reference =
        Family::<[(&str, &str); 1], Gauge<f64, std::sync::atomic::AtomicU64>>::default();
    if let Some(hertz) = read("/proc/cpuinfo").as_deref().and_then(tsc_hertz) {
        reference.get_or_create(&[("source", "tsc")]).set(hertz);
    }
    registry.register(
        "cpu_reference_hz",
        "Rate of the clock by which CPU seconds become reference cycles; nothing where it is unknown",
        reference,
    );
}

#[derive(Debug)]
struct Process {
    /// Unix time; None where /proc says nothing.
    start_s: Option<f64>,
    page_bytes: u64,
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let mut gauge = |name, help, unit: Option<&Unit>, value: Option<f64>| match value {
            None => Ok(()),
            Some(value) => {
                let gauge = ConstGauge::new(value);
                let kind = gauge.metric_type();
                gauge.encode(encoder.encode_descriptor(name, help, unit, kind)?)
            }
        };
        let stat = read("/proc/self/stat");
        let stat = stat.as_deref().and_then(Stat::parse);
        let of_stat = |value: fn(&Stat) -> u64| stat.as_ref().map(|stat| value(stat) as f64);
        let page_bytes = self.page_bytes as f64;
        gauge(
            "process_resident_memory",
            "Memory that this process has in use",
            Some(&Unit::Bytes),
            of_stat(|stat| stat.resident_pages).map(|pages| pages * page_bytes),
        )?;
        gauge(
            "process_virtual_memory",
            "Addresses that this process has taken",
            Some(&Unit::Bytes),
            of_stat(|stat| stat.virtual_bytes),
        )?;
        gauge(
            "process_threads",
            "Threads of this process",
            None,
            of_stat(|stat| stat.threads),
        )?;
        gauge(
            "process_open_fds",
            "Files and sockets that this process has open",
            None,
            open_files(),
        )?;
        gauge(
            "process_max_fds",
            "Files and sockets that this process may have open",
            None,
            read("/proc/self/limits").as_deref().and_then(most_files),
        )?;
        gauge(
            "process_start_time",
            "When this process began, Unix time",
            Some(&Unit::Seconds),
            self.start_s,
        )?;
        let cpu = ConstCounter::new(process_seconds());
        let kind = cpu.metric_type();
        cpu.encode(encoder.encode_descriptor(
            "process_cpu",
            "CPU time of this process, in all its threads",
            Some(&Unit::Seconds),
            kind,
        )?)
    }
}

/// Parts of `/proc/self/stat`, by `proc_pid_stat(5)`.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    threads: u64,
    start_ticks: u64,
    virtual_bytes: u64,
    resident_pages: u64,
}

impl Stat {
    fn parse(text: &str) -> Option<Self> {
        // The name of the program, in parentheses, may hold anything.
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        // Fields count from 1 in the manual; the first two are gone.
        let field = |number: usize| fields.get(number - 3)?.parse().ok();
        Some(Self {
            threads: field(20)?,
            start_ticks: field(22)?,
            virtual_bytes: field(23)?,
            resident_pages: field(24)?,
        })
    }
}

fn start_time_s() -> Option<f64> {
    let stat = Stat::parse(&read("/proc/self/stat")?)?;
    let ticks_per_s = configured(SysconfVar::CLK_TCK)?;
    let system = read("/proc/stat")?;
    let boot = system
        .lines()
        .find_map(|line| line.strip_prefix("btime "))?;
    let boot_s: f64 = boot.trim().parse().ok()?;
    Some(boot_s + stat.start_ticks as f64 / ticks_per_s as f64)
}

fn configured(variable: SysconfVar) -> Option<u64> {
    sysconf(variable).ok()??.try_into().ok()
}

/// The directory that is read is open itself, and is not counted.
fn open_files() -> Option<f64> {
    let entries = read_dir("/proc/self/fd").ok()?;
    let open = entries.take(MAX_OPEN_FILES).count();
    Some(open.saturating_sub(1) as f64)
}

/// The soft limit; infinite where there is none.
fn most_files(limits: &str) -> Option<f64> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_ascii_whitespace().next()? {
        "unlimited" => Some(f64::INFINITY),
        soft => soft.parse().ok(),
    }
}

/// Rate of the time stamp counter: twice it, in MHz, are the `BogoMIPS` where the counter is constant,
/// because the kernel sets its delay loop by it (Linux, `calibrate_delay`, `lpj_fine`); else the rate
/// in the processor's name.
fn tsc_hertz(cpuinfo: &str) -> Option<f64> {
    // Sane for a processor.
    const HERTZ: std::ops::RangeInclusive<f64> = 1e8..=1e10;
    let first = cpuinfo.split("\n\n").next()?;
    let value = |name: &str| {
        first.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            (key.trim_end() == name).then(|| value.trim())
        })
    };
    let is_constant = value("flags")?
        .split(' ')
        .any(|flag| flag == "constant_tsc");
    if !is_constant {
        return None;
    }
    let from_delay = || Some(value("bogomips")?.parse::<f64>().ok()? / 2.0 * 1e6);
    let from_name = || {
        let rate = value("model name")?.rsplit_once('@')?.1.trim();
        Some(rate.strip_suffix("GHz")?.trim().parse::<f64>().ok()? * 1e9)
    };
    let sane = |hertz: &f64| HERTZ.contains(hertz);
    from_delay()
        .filter(sane)
        .or_else(|| from_name().filter(sane))
}

fn read(path: &str) -> Option<String> {
    let mut text = String::new();
    let file = File::open(path).ok()?;
    file.take(MAX_FILE_BYTES).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;

    #[test]
    fn a_program_with_a_strange_name_is_read_all_the_same() {
        let fields: Vec<String> = (3..=52).map(|number| number.to_string()).collect();
        let stat = format!("7 (a ) S 1) {}\n", fields.join(" "));
        let expected = Stat {
            threads: 20,
            start_ticks: 22,
            virtual_bytes: 23,
            resident_pages: 24,
        };
        assert_eq!(Stat::parse(&stat), Some(expected));
        assert_eq!(Stat::parse("7 (cut off) S 1 2"), None);
    }

    #[test]
    fn the_counters_rate_is_half_the_bogomips_or_stands_in_the_name() {
        let cpu = |flags: &str, bogomips: &str| {
            format!(
                "processor\t: 0\nmodel name\t: Some CPU @ 2.50GHz\nflags\t\t: fpu tsc {flags}\n\
                 bogomips\t: {bogomips}\n\nprocessor\t: 1\nflags\t\t: constant_tsc\n"
            )
        };
        let near = |found: Option<f64>, hertz: f64| found.is_some_and(|f| (f - hertz).abs() < 1.0);
        assert!(near(
            tsc_hertz(&cpu("constant_tsc", "5192.24")),
            2_596_120_000.0
        ));
        assert!(near(tsc_hertz(&cpu("constant_tsc", "0.00")), 2.5e9));
        assert_eq!(tsc_hertz(&cpu("nonstop_tsc", "5192.24")), None);
        assert_eq!(tsc_hertz("processor\t: 0\nBogoMIPS\t: 50.00\n"), None);
    }

    #[test]
    fn a_process_knows_what_it_takes() {
        let text = Metrics::new("furrow-test", "0").text();
        let value = |name: &str| -> f64 {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.and_then(|value| value.parse().ok())
                .unwrap_or_else(|| panic!("{name} in\n{text}"))
        };
        assert!(value("process_cpu_seconds_total") > 0.0);
        let resident = value("process_resident_memory_bytes");
        assert!((1e6..1e10).contains(&resident), "{resident}");
        assert!(value("process_virtual_memory_bytes") >= resident);
        assert!(value("process_threads") >= 1.0);
        let open = value("process_open_fds");
        assert!(open >= 3.0 && open <= value("process_max_fds"));
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let age = now.expect("after 1970").as_secs_f64() - value("process_start_time_seconds");
        assert!((-1.0..3600.0).contains(&age), "{age}");
    }
}
