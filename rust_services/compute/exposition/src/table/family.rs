//! One metric: its sets of labels and the cells of each.

use std::hash::BuildHasher;

use hashbrown::HashTable;

use super::CellId;
use super::plan::{Plan, ProtoPlan};
use crate::file_name::FileKind;
use crate::limits::ConflictKind;

/// A metric.
#[derive(Debug)]
pub(super) struct Family {
    /// As text can hold it, of a counter without `_total`.
    pub name: Box<str>,
    pub help: Box<str>,
    pub kind: FileKind,
    /// Kinds of disagreement that were told.
    pub told: [bool; ConflictKind::ALL.len()],
    groups: Vec<Option<Group>>,
    free_groups: Vec<u32>,
    by_labels: HashTable<u32>,
    hasher: foldhash::fast::RandomState,
    /// Groups in the order of their labels, once the plan is fresh.
    order: Vec<u32>,
    lost_groups: bool,
    is_stale: bool,
    plan: Plan,
    proto_plan: Option<ProtoPlan>,
}

/// One set of labels.
#[derive(Debug)]
pub(super) struct Group {
    /// As it stands between braces, without `le`.
    pub labels: Box<str>,
    hash: u64,
    /// Where in it `le` belongs.
    pub le_at: u32,
    /// A counter's or gauge's value, a histogram's or summary's sum.
    pub value: Option<CellId>,
    /// A summary's count.
    pub count: Option<CellId>,
    /// A histogram's buckets by bound.
    pub buckets: Vec<(f64, CellId)>,
}

impl Group {
    /// Whether no cell is left.
    fn is_empty(&self) -> bool {
        self.value.is_none() && self.count.is_none() && self.buckets.is_empty()
    }

    /// Whether the buckets go up to infinity: those of a histogram that is being made do not.
    pub fn is_complete(&self) -> bool {
        self.buckets
            .last()
            .is_some_and(|&(bound, _)| bound == f64::INFINITY)
    }
}

/// What a cell is within its group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Role {
    Value,
    Count,
    Bucket(f64),
}

impl Family {
    pub fn new(name: &str, help: &str, kind: FileKind) -> Self {
        Self {
            name: name.into(),
            help: help.into(),
            kind,
            told: Default::default(),
            groups: Vec::new(),
            free_groups: Vec::new(),
            by_labels: HashTable::new(),
            hasher: foldhash::fast::RandomState::default(),
            order: Vec::new(),
            lost_groups: false,
            is_stale: true,
            plan: Plan::default(),
            proto_plan: None,
        }
    }

    /// Names that its lines begin with, and its own.
    pub fn claimed_names(name: &str, kind: FileKind) -> Vec<String> {
        let suffixes: &[&str] = match kind {
            FileKind::Counter => &["", "_total"],
            FileKind::Gauge(_) => &[""],
            FileKind::Summary => &["", "_count", "_sum"],
            FileKind::Histogram => &["", "_bucket", "_count", "_sum"],
        };
        suffixes
            .iter()
            .map(|suffix| format!("{name}{suffix}"))
            .collect()
    }

    /// The group of a set of labels, if there is one.
    pub fn find_group(&self, labels: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(labels);
        let is_same = |&index: &u32| self.labels(index) == labels;
        self.by_labels.find(hash, is_same).copied()
    }

    /// Makes a group for a set of labels that has none.
    pub fn add_group(&mut self, labels: String, le_at: usize) -> u32 {
        let hash = self.hasher.hash_one(labels.as_str());
        let group = Group {
            labels: labels.into(),
            hash,
            le_at: u32::try_from(le_at).unwrap_or(0),
            value: None,
            count: None,
            buckets: Vec::new(),
        };
        let index = if let Some(index) = self.free_groups.pop() {
            self.groups[index as usize] = Some(group);
            index
        } else {
            self.groups.push(Some(group));
            u32::try_from(self.groups.len() - 1).unwrap_or(u32::MAX)
        };
        let groups = &self.groups;
        let rehash = |&index: &u32| {
            groups[index as usize]
                .as_ref()
                .map_or(0, |group| group.hash)
        };
        self.by_labels.insert_unique(hash, index, rehash);
        self.order.push(index);
        self.is_stale = true;
        index
    }

    /// The cell with a role in a group.
    pub fn cell(&self, group: u32, role: Role) -> Option<CellId> {
        let group = self.groups[group as usize].as_ref()?;
        match role {
            Role::Value => group.value,
            Role::Count => group.count,
            Role::Bucket(bound) => {
                let found = group.buckets.binary_search_by(|(b, _)| b.total_cmp(&bound));
                found.ok().map(|place| group.buckets[place].1)
            }
        }
    }

    /// Gives a group the cell of a role it had none for.
    pub fn set_cell(&mut self, group: u32, role: Role, cell: CellId) {
        self.is_stale = true;
        let Some(group) = self.groups[group as usize].as_mut() else {
            return;
        };
        match role {
            Role::Value => group.value = Some(cell),
            Role::Count => group.count = Some(cell),
            Role::Bucket(bound) => {
                let place = group
                    .buckets
                    .partition_point(|(b, _)| b.total_cmp(&bound).is_lt());
                group.buckets.insert(place, (bound, cell));
            }
        }
    }

    /// What a cell is.
    pub fn role(&self, group: u32, cell: CellId) -> Option<Role> {
        let group = self.groups.get(group as usize)?.as_ref()?;
        if group.value == Some(cell) {
            return Some(Role::Value);
        }
        if group.count == Some(cell) {
            return Some(Role::Count);
        }
        let found = group.buckets.iter().find(|(_, found)| *found == cell);
        found.map(|&(bound, _)| Role::Bucket(bound))
    }

    /// Name of the sample that a cell is.
    pub fn sample_name(&self, group: u32, cell: CellId) -> String {
        let suffix = match (self.kind, self.role(group, cell)) {
            (_, Some(Role::Bucket(_))) => "_bucket",
            (_, Some(Role::Count)) => "_count",
            (FileKind::Counter, _) => "_total",
            (FileKind::Gauge(_), _) => "",
            _ => "_sum",
        };
        format!("{}{suffix}", self.name)
    }

    /// Takes a cell out of its group, and the group out with its last one.
    pub fn remove_cell(&mut self, index: u32, cell: CellId) {
        self.is_stale = true;
        let Some(group) = self.groups[index as usize].as_mut() else {
            return;
        };
        if group.value == Some(cell) {
            group.value = None;
        } else if group.count == Some(cell) {
            group.count = None;
        } else {
            group.buckets.retain(|(_, found)| *found != cell);
        }
        if !group.is_empty() {
            return;
        }
        let hash = group.hash;
        if let Ok(found) = self.by_labels.find_entry(hash, |&found| found == index) {
            found.remove();
        }
        self.groups[index as usize] = None;
        self.free_groups.push(index);
        self.lost_groups = true;
    }

    /// Whether no group is left.
    pub fn is_empty(&self) -> bool {
        self.by_labels.is_empty()
    }

    /// How many buckets a group has.
    pub fn buckets(&self, group: u32) -> usize {
        let group = self.groups[group as usize].as_ref();
        group.map_or(0, |group| group.buckets.len())
    }

    /// Labels of a group.
    pub fn labels(&self, group: u32) -> &str {
        let group = self.groups[group as usize].as_ref();
        group.map_or("", |group| &group.labels)
    }

    /// Groups by their labels, once the plan is fresh.
    pub fn ordered_groups(&self) -> impl Iterator<Item = &Group> {
        let order = self.order.iter();
        order.filter_map(|&index| self.groups[index as usize].as_ref())
    }

    /// Writes the plan anew if groups came or went. Returns whether bounds of buckets differ.
    pub fn refresh(&mut self) -> bool {
        if !self.is_stale {
            return false;
        }
        if self.lost_groups {
            let live = self
                .groups
                .iter()
                .enumerate()
                .filter(|(_, group)| group.is_some());
            let live = live.map(|(index, _)| u32::try_from(index).unwrap_or(u32::MAX));
            self.order = live.collect();
            self.lost_groups = false;
        }
        let groups = &self.groups;
        let labels = |&index: &u32| groups[index as usize].as_ref().map(|group| &*group.labels);
        // Stable sorting makes use of what is sorted already: all but the newest groups.
        self.order.sort_by(|a, b| labels(a).cmp(&labels(b)));
        let mut plan = std::mem::take(&mut self.plan);
        let has_mixed_bounds = plan.rewrite(self);
        self.plan = plan;
        self.proto_plan = None;
        self.is_stale = false;
        has_mixed_bounds
    }

    /// What is written of it as text; fresh after [`Family::refresh`].
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What is written of it as Protobuf; fresh after [`Family::refresh`].
    pub fn proto_plan(&mut self) -> &ProtoPlan {
        if self.proto_plan.is_none() {
            self.proto_plan = Some(ProtoPlan::of(self));
        }
        self.proto_plan.get_or_insert_default()
    }
}
