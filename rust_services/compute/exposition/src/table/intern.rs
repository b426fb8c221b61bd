//! From a key to its cell, and the end of a cell.

use super::family::{Family, Role};
use super::labels::{Rendered, plain_name};
use super::{CellId, Owner, Rule, Table};
use crate::entries::Problem;
use crate::file_name::{FileKind, FileName};
use crate::key::Key;
use crate::limits::{Conflict, ConflictKind, Refusal};

/// Most disagreements that wait to be told.
const MAX_CONFLICTS: usize = 64;

/// What a line has beside name and labels at most: braces, a bound with its name, commas.
const LINE_BYTES: usize = 40;

/// Most buckets of a series: finding and placing one takes time in proportion.
const MAX_BUCKETS: usize = 1024;

impl Table {
    /// The cell of an entry's key, held once more; `None` where the table does not take it.
    pub(super) fn cell_of_key(
        &mut self,
        name: &FileName,
        bytes: &[u8],
    ) -> Result<Option<CellId>, Problem> {
        // One key stands for as many series as there are processes in these modes.
        let is_shared = !matches!(name.kind, FileKind::Gauge(mode) if mode.is_per_process());
        if is_shared
            && let Some((cell, epoch)) = self.cache.get(name.kind, bytes)
            && self.owners[cell.index()].epoch == epoch
        {
            self.owners[cell.index()].holders += 1;
            return Ok(Some(cell));
        }
        let (key, lone_surrogates) = Key::parse(bytes)?;
        self.counts.lone_surrogates += u64::from(lone_surrogates);
        let Ok(cell) = self.intern(name.kind, &name.ident, &key) else {
            return Ok(None);
        };
        if is_shared {
            // Keys of series that are gone stay until they outnumber the others.
            if self.cache.len() > 2 * self.counts.cells + 1024 {
                self.cache.clear();
            }
            let epoch = self.owners[cell.index()].epoch;
            self.cache.put(name.kind, bytes, cell, epoch);
        }
        Ok(Some(cell))
    }

    pub(super) fn intern_key(
        &mut self,
        kind: FileKind,
        ident: &str,
        key: &Key<'_>,
    ) -> Result<CellId, Refusal> {
        let mut role = role_of_sample(kind, key)?;
        let rendered = Rendered::of(kind, ident, key)?;
        match (role, rendered.bound) {
            (Role::Bucket(_), Some(bound)) => role = Role::Bucket(bound),
            (Role::Bucket(_), None) | (_, Some(_)) => return Err(Refusal::Bound),
            _ => {}
        }
        let line_bytes = key.sample.len() + rendered.text.len() + LINE_BYTES;
        let text_bytes = line_bytes + head_bytes(&key.family, &key.help);
        let has_room = self.counts.cells < self.limits.max_cells
            && self.text_bytes + text_bytes <= self.limits.max_text_bytes;
        let index = self.family(kind, key, has_room)?;
        let Some(family) = self.families[index as usize].as_mut() else {
            return Err(Refusal::Families);
        };
        let group = family.find_group(&rendered.text);
        if let Some(group) = group
            && let Some(cell) = family.cell(group, role)
        {
            return Ok(cell);
        }
        if !has_room {
            return Err(Refusal::Series);
        }
        if group.is_some_and(|group| family.buckets(group) >= MAX_BUCKETS) {
            return Err(Refusal::Bound);
        }
        let group = group.unwrap_or_else(|| family.add_group(rendered.text, rendered.le_at));
        let cell = self.add_cell(index, group, Rule::of(kind));
        if let Some(family) = self.families[index as usize].as_mut() {
            family.set_cell(group, role, cell);
            self.text_bytes += bytes_of_line(family, group, cell);
        }
        self.counts.cells += 1;
        Ok(cell)
    }

    /// The metric of a key, made if it is new and may be.
    fn family(&mut self, kind: FileKind, key: &Key<'_>, may_add: bool) -> Result<u32, Refusal> {
        let name = plain_name(&key.family, true);
        if let Some(&index) = self.claims.get(name.as_ref())
            && let Some(family) = self.families[index as usize].as_ref()
        {
            let is_gauge = |kind| matches!(kind, FileKind::Gauge(_));
            let (what, refusal) = if *family.name != *name {
                (ConflictKind::Type, Some(Refusal::Type))
            } else if family.kind == kind {
                if *family.help == *key.help {
                    return Ok(index);
                }
                (ConflictKind::Help, None)
            } else if is_gauge(family.kind) && is_gauge(kind) {
                (ConflictKind::Mode, Some(Refusal::Mode))
            } else {
                (ConflictKind::Type, Some(Refusal::Type))
            };
            self.tell(index, what);
            return refusal.map_or(Ok(index), Err);
        }
        let claimed = Family::claimed_names(&name, kind);
        if let Some(&index) = claimed
            .iter()
            .find_map(|name| self.claims.get(name.as_str()))
        {
            self.tell(index, ConflictKind::Type);
            return Err(Refusal::Type);
        }
        if !may_add {
            return Err(Refusal::Series);
        }
        if self.counts.families >= self.limits.max_families {
            return Err(Refusal::Families);
        }
        let family = Some(Family::new(&name, &key.help, kind));
        let index = if let Some(index) = self.free_families.pop() {
            self.families[index as usize] = family;
            index
        } else {
            self.families.push(family);
            u32::try_from(self.families.len() - 1).unwrap_or(u32::MAX)
        };
        for name in claimed {
            self.claims.insert(name.into(), index);
        }
        self.text_bytes += head_bytes(&name, &key.help);
        self.names.insert(name.into(), index);
        self.counts.families += 1;
        Ok(index)
    }

    fn add_cell(&mut self, family: u32, group: u32, rule: Rule) -> CellId {
        let cell = self.free_cells.pop().unwrap_or_else(|| {
            self.values.push(0.0);
            self.zeros.push(0.0);
            self.stamps.push(0.0);
            self.owners.push(Owner {
                family: 0,
                group: 0,
                holders: 0,
                epoch: 0,
                rule,
            });
            CellId(u32::try_from(self.owners.len() - 1).unwrap_or(u32::MAX))
        });
        let index = cell.index();
        self.zeros[index] = rule.zero();
        self.values[index] = rule.zero();
        self.stamps[index] = 0.0;
        let owner = &mut self.owners[index];
        (owner.family, owner.group, owner.rule) = (family, group, rule);
        owner.holders = 0;
        cell
    }

    /// Ends a cell that nobody holds, and its metric with the last one.
    pub(super) fn remove_cell(&mut self, cell: CellId) {
        let owner = &mut self.owners[cell.index()];
        owner.epoch = owner.epoch.wrapping_add(1);
        let Owner { family, group, .. } = *owner;
        let Some(found) = self.families[family as usize].as_mut() else {
            return;
        };
        let text_bytes = bytes_of_line(found, group, cell);
        self.text_bytes = self.text_bytes.saturating_sub(text_bytes);
        self.counts.cells -= 1;
        self.free_cells.push(cell);
        found.remove_cell(group, cell);
        if !found.is_empty() {
            return;
        }
        let Some(gone) = self.families[family as usize].take() else {
            return;
        };
        for name in Family::claimed_names(&gone.name, gone.kind) {
            self.claims.remove(name.as_str());
        }
        let text_bytes = head_bytes(&gone.name, &gone.help);
        self.text_bytes = self.text_bytes.saturating_sub(text_bytes);
        self.names.remove(&gone.name);
        self.free_families.push(family);
        self.counts.families -= 1;
    }

    /// Writes the plans of metrics whose series came or went.
    pub(super) fn refresh_plans(&mut self) {
        for index in 0..self.families.len() {
            let family = self.families[index].as_mut();
            if family.is_some_and(Family::refresh) {
                self.tell(
                    u32::try_from(index).unwrap_or(u32::MAX),
                    ConflictKind::Bounds,
                );
            }
        }
    }

    fn tell(&mut self, family: u32, what: ConflictKind) {
        let Some(family) = self.families[family as usize].as_mut() else {
            return;
        };
        if std::mem::replace(&mut family.told[what as usize], true) {
            return;
        }
        self.counts.conflicts[what as usize] += 1;
        if self.conflicts.len() < MAX_CONFLICTS {
            self.conflicts.push(Conflict {
                family: family.name.to_string(),
                what,
            });
        }
    }

    pub(super) fn count_refusal(&mut self, refusal: Refusal) {
        self.counts.refused[refusal as usize] += 1;
    }
}

/// Bytes that a line of a cell has before its number.
fn bytes_of_line(family: &Family, group: u32, cell: CellId) -> usize {
    family.sample_name(group, cell).len() + family.labels(group).len() + LINE_BYTES
}

/// Bytes that a metric takes without series: HELP and TYPE in two forms, escaped.
const fn head_bytes(name: &str, help: &str) -> usize {
    4 * (name.len() + help.len()) + 2 * LINE_BYTES
}

/// What the sample is to its metric; of a bucket the bound is yet to come.
fn role_of_sample(kind: FileKind, key: &Key<'_>) -> Result<Role, Refusal> {
    let suffix = key.sample.strip_prefix(key.family.as_ref());
    if key.family.is_empty() {
        return Err(Refusal::Sample);
    }
    match (kind, suffix) {
        (FileKind::Counter, Some("_total"))
        | (FileKind::Gauge(_), Some(""))
        | (FileKind::Histogram | FileKind::Summary, Some("_sum")) => Ok(Role::Value),
        (FileKind::Histogram | FileKind::Summary, Some("_count")) => Ok(Role::Count),
        (FileKind::Histogram, Some("_bucket")) => Ok(Role::Bucket(f64::NAN)),
        _ => Err(Refusal::Sample),
    }
}
