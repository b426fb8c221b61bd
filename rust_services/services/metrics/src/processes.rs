//! `process_*{slot,role}`: what the holders of slots use, as series beside those of their files.

use std::collections::{BTreeMap, HashMap};

use furrow_exposition::{CellId, FileKind, GaugeMode, Key, Table};

use crate::process::ProcessUse;
use crate::slots::{CpuAccount, Holder};

/// A value that a process has now.
struct Now {
    name: &'static str,
    help: &'static str,
    value: fn(&ProcessUse) -> Option<f64>,
}

const NOW: [Now; 6] = [
    Now {
        name: "process_resident_memory_bytes",
        help: "Memory that the process has in use",
        value: |process| Some(process.resident_bytes as f64),
    },
    Now {
        name: "process_virtual_memory_bytes",
        help: "Addresses that the process has taken",
        value: |process| Some(process.virtual_bytes as f64),
    },
    Now {
        name: "process_open_fds",
        help: "Files and sockets that the process has open",
        value: |process| process.open_fds.map(|count| count as f64),
    },
    Now {
        name: "process_max_fds",
        help: "Files and sockets that the process may have open",
        value: |process| process.max_fds.map(|count| count as f64),
    },
    Now {
        name: "process_threads",
        help: "Threads of the process",
        value: |process| Some(process.threads as f64),
    },
    Now {
        name: "process_start_time_seconds",
        help: "When the process began, Unix time",
        value: |process| process.start_time_seconds,
    },
];

/// Slot and role.
type Whose = (u8, String);

/// The series that are held in a table.
#[derive(Debug, Default)]
pub struct Processes {
    now: HashMap<(Whose, &'static str), (CellId, f64)>,
    cpu: BTreeMap<Whose, (CellId, f64)>,
}

impl Processes {
    /// Takes up what was read of /proc: holders that are gone keep their CPU counter alone.
    pub fn update<'a>(
        &mut self,
        table: &mut Table,
        holders: &[Holder],
        accounts: impl Iterator<Item = &'a CpuAccount>,
    ) {
        let mut before = std::mem::take(&mut self.now);
        for holder in holders {
            let Some(process) = &holder.process else {
                continue;
            };
            for now in &NOW {
                let Some(value) = (now.value)(process) else {
                    continue;
                };
                let whose = (holder.slot, holder.role.clone());
                let key = (whose, now.name);
                let held = before.remove(&key).map(|(cell, _)| cell);
                let cell = held.or_else(|| {
                    let kind = FileKind::Gauge(GaugeMode::Max);
                    intern(table, kind, (now.name, now.name), now.help, &key.0)
                });
                if let Some(cell) = cell {
                    self.now.insert(key, (cell, value));
                }
            }
        }
        for (cell, _) in before.into_values() {
            table.release(cell);
        }
        for account in accounts {
            let whose = (account.slot, account.role.clone());
            let total = account.total_seconds();
            if let Some((_, seconds)) = self.cpu.get_mut(&whose) {
                *seconds = total;
                continue;
            }
            let names = ("process_cpu_seconds", "process_cpu_seconds_total");
            let help = "CPU time of the processes that held the slot, in all their threads";
            if let Some(cell) = intern(table, FileKind::Counter, names, help, &whose) {
                self.cpu.insert(whose, (cell, total));
            }
        }
    }

    /// Adds the values to a scrape.
    pub fn add(&self, table: &mut Table) {
        for &(cell, value) in self.now.values().chain(self.cpu.values()) {
            table.add(cell, value);
        }
    }

    /// Forgets all.
    pub fn release(&mut self, table: &mut Table) {
        let now = std::mem::take(&mut self.now).into_values();
        let cpu = std::mem::take(&mut self.cpu).into_values();
        for (cell, _) in now.chain(cpu) {
            table.release(cell);
        }
    }
}

fn intern(
    table: &mut Table,
    kind: FileKind,
    (family, sample): (&str, &str),
    help: &str,
    (slot, role): &Whose,
) -> Option<CellId> {
    let slot = slot.to_string();
    let labels = [("role", role.as_str()), ("slot", slot.as_str())];
    table
        .intern(kind, "", &Key::new(family, sample, &labels, help))
        .ok()
}
