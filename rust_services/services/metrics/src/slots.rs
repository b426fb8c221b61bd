//! Who holds the slots of the folder, and what the holders use.
//!
//! A Python process holds slot N by an open-file-description lock on `slot<N>.lock`; the kernel frees
//! it on any death. The lock is only asked about here, never taken. The file says who wrote it, which
//! is believed of a process only if /proc knows one of that pid and start.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use serde::{Deserialize, Serialize};

use crate::process::{ProcessUse, process_use};

/// Slots of a folder: 0 to 63.
pub const MOST_SLOTS: u8 = 64;

/// Longest content of a lock file that is read, bytes.
const LONGEST_CONTENT: u64 = 1024;

/// Pairs of slot and role whose CPU is remembered.
const MOST_ACCOUNTS: usize = 512;

/// Who holds a slot.
#[derive(Debug, Clone, PartialEq)]
pub struct Holder {
    /// Number of the slot.
    pub slot: u8,
    /// What it does, such as `web` or `worker`; `other` where it does not say.
    pub role: String,
    /// What it uses; absent where /proc does not know it.
    pub process: Option<ProcessUse>,
    pid: u32,
}

/// What a lock file says.
#[derive(Debug, Deserialize)]
struct Content {
    pid: u32,
    start_ticks: u64,
    role: String,
}

/// CPU seconds of a slot under one role, over all its holders: a counter that no restart sets back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CpuAccount {
    /// Number of the slot.
    pub slot: u8,
    /// Role of the holders.
    pub role: String,
    /// CPU seconds of holders that are gone, as last seen.
    pub gone_seconds: f64,
    /// Last holder: its pid.
    pub pid: u32,
    /// Last holder: its start, clock ticks since the machine's.
    pub start_ticks: u64,
    /// Last holder: its CPU seconds.
    pub seconds: f64,
}

impl CpuAccount {
    /// CPU seconds of all holders so far.
    pub fn total_seconds(&self) -> f64 {
        self.gone_seconds + self.seconds
    }
}

/// The slots of a folder.
#[derive(Debug)]
pub struct Slots {
    folder: PathBuf,
    proc: PathBuf,
    accounts: BTreeMap<(u8, String), CpuAccount>,
}

impl Slots {
    /// The slots of a folder whose holders are processes below `proc`.
    pub fn new(folder: &Path, proc: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            proc: proc.to_owned(),
            accounts: BTreeMap::new(),
        }
    }

    /// Who holds one of these slots now; CPU is written to the accounts.
    pub fn holders(&mut self, slots: &[u8]) -> Vec<Holder> {
        let mut holders = Vec::new();
        for &slot in slots.iter().take(usize::from(MOST_SLOTS)) {
            let Some((holder, start_ticks)) = holder(&self.folder, &self.proc, slot) else {
                continue;
            };
            if let Some(process) = &holder.process {
                self.account(&holder, start_ticks, process.cpu_seconds);
            }
            holders.push(holder);
        }
        holders
    }

    fn account(&mut self, holder: &Holder, start_ticks: u64, seconds: f64) {
        let key = (holder.slot, holder.role.clone());
        if self.accounts.len() >= MOST_ACCOUNTS && !self.accounts.contains_key(&key) {
            return;
        }
        let account = self.accounts.entry(key).or_insert_with(|| CpuAccount {
            slot: holder.slot,
            role: holder.role.clone(),
            gone_seconds: 0.0,
            pid: holder.pid,
            start_ticks,
            seconds,
        });
        if (account.pid, account.start_ticks) == (holder.pid, start_ticks) {
            account.seconds = seconds.max(account.seconds);
        } else {
            account.gone_seconds += account.seconds;
            (account.pid, account.start_ticks) = (holder.pid, start_ticks);
            account.seconds = seconds;
        }
    }

    /// CPU of all slots that had a holder since the generation began.
    pub fn accounts(&self) -> impl Iterator<Item = &CpuAccount> {
        self.accounts.values()
    }

    /// Takes over what was remembered before a restart.
    pub fn restore(&mut self, accounts: Vec<CpuAccount>) {
        let accounts = accounts.into_iter().take(MOST_ACCOUNTS);
        let accounts = accounts.filter(|account| account.total_seconds().is_finite());
        self.accounts = accounts
            .map(|account| ((account.slot, account.role.clone()), account))
            .collect();
    }

    /// Forgets all: a new generation began.
    pub fn reset(&mut self) {
        self.accounts.clear();
    }
}

/// The number in `slot<N>.lock`, written as the holder writes it.
pub fn slot_of(name: &str) -> Option<u8> {
    let number = name.strip_prefix("slot")?.strip_suffix(".lock")?;
    let slot: u8 = number.parse().ok()?;
    (slot < MOST_SLOTS && slot.to_string() == number).then_some(slot)
}

fn holder(folder: &Path, proc: &Path, slot: u8) -> Option<(Holder, u64)> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC | libc::O_NONBLOCK)
        .open(folder.join(format!("slot{slot}.lock")))
        .ok()?;
    if !file.metadata().is_ok_and(|is| is.is_file()) || !is_locked(&file) {
        return None;
    }
    let mut content = String::new();
    let _ = file.take(LONGEST_CONTENT).read_to_string(&mut content);
    let content: Option<Content> = serde_json::from_str(&content).ok();
    let Some(content) = content else {
        // Taken, but not yet written.
        return Some((
            Holder {
                slot,
                role: "other".to_owned(),
                process: None,
                pid: 0,
            },
            0,
        ));
    };
    let process = process_use(proc, content.pid, content.start_ticks);
    let holder = Holder {
        slot,
        role: plain_role(content.role),
        process,
        pid: content.pid,
    };
    Some((holder, content.start_ticks))
}

/// A role is a label's value: few are known, and none is long.
fn plain_role(role: String) -> String {
    let is_plain = !role.is_empty()
        && role.len() <= 32
        && role
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || b"_-0123456789".contains(&byte));
    if is_plain { role } else { "other".to_owned() }
}

/// Whether somebody has a lock on the file. Asking takes nothing.
#[allow(
    clippy::cast_possible_truncation,
    reason = "the system's constants fit its own struct"
)]
fn is_locked(file: &File) -> bool {
    let mut lock = libc::flock {
        l_type: libc::F_WRLCK as i16,
        l_whence: libc::SEEK_SET as i16,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    fcntl(file, FcntlArg::F_OFD_GETLK(&mut lock)).is_ok() && lock.l_type != libc::F_UNLCK as i16
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[allow(
        clippy::cast_possible_truncation,
        reason = "the system's constants fit its own struct"
    )]
    fn lock(path: &Path) -> File {
        let file = File::options()
            .read(true)
            .write(true)
            .open(path)
            .expect("there");
        let lock = libc::flock {
            l_type: libc::F_WRLCK as i16,
            l_whence: libc::SEEK_SET as i16,
            l_start: 0,
            l_len: 0,
            l_pid: 0,
        };
        fcntl(&file, FcntlArg::F_OFD_SETLK(&lock)).expect("free");
        file
    }

    #[test]
    fn a_slot_is_held_as_long_as_its_lock_and_asking_does_not_take_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("slot3.lock");
        fs::write(&path, r#"{"pid": 1, "start_ticks": 5, "role": "web"}"#).expect("written");
        let mut slots = Slots::new(folder.path(), &folder.path().join("proc"));
        assert_eq!(slots.holders(&[3]), []);

        let held = lock(&path);
        let holders = slots.holders(&[2, 3]);
        assert_eq!(holders.len(), 1);
        assert_eq!((holders[0].slot, holders[0].role.as_str()), (3, "web"));
        assert_eq!(holders[0].process, None, "nobody below that /proc");

        drop(held);
        assert_eq!(slots.holders(&[3]), []);
        drop(lock(&path));
    }

    #[test]
    fn cpu_of_a_slot_goes_on_over_its_holders() {
        let mut slots = Slots::new(Path::new("/nowhere"), Path::new("/nowhere"));
        let mut holder = Holder {
            slot: 1,
            role: "web".to_owned(),
            process: None,
            pid: 10,
        };
        slots.account(&holder, 100, 3.0);
        slots.account(&holder, 100, 4.0);
        holder.pid = 11;
        slots.account(&holder, 200, 0.5);

        let totals: Vec<f64> = slots.accounts().map(CpuAccount::total_seconds).collect();
        assert_eq!(totals.len(), 1);
        assert!((totals[0] - 4.5).abs() < 1e-12, "{totals:?}");
    }

    #[test]
    fn names_of_slots_are_read_strictly() {
        assert_eq!(slot_of("slot0.lock"), Some(0));
        assert_eq!(slot_of("slot63.lock"), Some(63));
        for name in [
            "slot64.lock",
            "slot01.lock",
            "slot+1.lock",
            "slot.lock",
            "slot1.db",
        ] {
            assert_eq!(slot_of(name), None, "{name}");
        }
        assert_eq!(plain_role("Web\n".to_owned()), "other");
    }
}
