//! Files from their first entry to their loss.

use std::fmt;
use std::io;

use tracing::warn;

use super::Collector;
use crate::files::{Lost, MetricFile, Stop};
use crate::retired::{Folded, fold, sums};

/// Times that a scrape begins again because a file was lost under it.
const MOST_PASSES: usize = 4;

/// Bad names that are remembered, so that each is named in the log once.
const MOST_NAMED: usize = 1024;

impl Collector {
    /// Reads what was appended to files.
    pub(super) fn read_on(&mut self) {
        for mut file in std::mem::take(&mut self.files) {
            let halves = self.table.counts().lone_surrogates;
            match file.read_on(&self.directory, &mut self.table) {
                Ok(stop) => {
                    if self.table.counts().lone_surrogates > halves {
                        let error = &"half a surrogate pair is shown as U+FFFD";
                        self.name_once(&file.name, "surrogate", error);
                    }
                    self.name_stop(&file.name, stop);
                    self.files.push(file);
                }
                Err(lost) => self.lose(file, lost),
            }
        }
        let before = std::mem::replace(&mut self.counts, self.table.counts());
        self.own.counted(&before, &self.counts);
        for conflict in self.table.take_conflicts() {
            let what = conflict.what.as_str();
            warn!(
                metric = conflict.family,
                what, "The writers of a metric disagree; the first counts."
            );
        }
    }

    /// Adds all files up; where one was lost meanwhile, again from the start.
    pub(super) fn add_files(&mut self) {
        // After a few passes files are no longer begun again, so that each pass has fewer to lose.
        for pass in 0..MOST_PASSES + self.files.len() {
            self.table.reset();
            let mut lost = Vec::new();
            for (index, file) in self.files.iter_mut().enumerate() {
                if let Err(how) = file.add(&self.directory, &mut self.table) {
                    lost.push((index, how));
                }
            }
            if lost.is_empty() {
                return;
            }
            if pass >= MOST_PASSES {
                for (index, _) in lost {
                    self.files[index].freeze();
                }
                continue;
            }
            // From the back, so that the numbers of the others stay right.
            let lost: Vec<_> = lost
                .into_iter()
                .rev()
                .map(|(index, how)| (self.files.remove(index), how))
                .collect();
            for (file, how) in lost {
                self.lose(file, how);
            }
            self.files
                .sort_by(|a, b| a.entries.name().order().cmp(&b.entries.name().order()));
        }
    }

    /// Keeps what a file counted that cannot go on as it was.
    fn lose(&mut self, mut file: MetricFile, mut how: Lost) {
        let is_cumulative = file.entries.name().kind.is_cumulative();
        let mut goes_on = None;
        if how == Lost::Cut {
            let again = MetricFile::new(
                file.name.clone(),
                file.entries.name().clone(),
                file.identity,
            );
            match self.begin_again(again) {
                Ok(again) => {
                    goes_on = Some(sums(&again.entries, &again.seen));
                    self.name_once(
                        &file.name,
                        "truncated",
                        &"it was cut; what it counted stays",
                    );
                    self.files.push(again);
                }
                Err(failed) => {
                    let (again, then) = *failed;
                    self.table.remove_file(again.entries);
                    if then == Lost::Cut {
                        // It changes as fast as it is read, or is not given; the next scrape tries again.
                        file.freeze();
                        self.files.push(file);
                        return;
                    }
                    how = then;
                }
            }
        }
        if how != Lost::Cut {
            self.named.remove(&file.name);
            self.directory.look_again();
        }
        if is_cumulative && !file.entries.is_empty() {
            let old = (&file.entries, file.seen.as_slice());
            fold(&mut self.table, &mut self.totals, old, goes_on.as_ref());
            self.own.retired_files.inc();
            if let Some(state) = &mut self.state {
                state.folded.push(Folded {
                    name: file.name,
                    identity: file.identity,
                    epoch: state.epoch,
                });
                state.is_unsaved = true;
            }
        }
        self.table.remove_file(file.entries);
    }

    /// Reads a file that was cut from its start. Its values are in `seen` afterwards; what it adds to
    /// the scrape is worth nothing, which begins again.
    fn begin_again(
        &mut self,
        mut again: MetricFile,
    ) -> Result<MetricFile, Box<(MetricFile, Lost)>> {
        let read = again.read_on(&self.directory, &mut self.table);
        let read = read.and_then(|stop| {
            again.add(&self.directory, &mut self.table)?;
            Ok(stop)
        });
        if again.is_refused() {
            // What it has now is not known, and may be what it had before.
            self.name_stop(&again.name, read.unwrap_or(None));
            return Err(Box::new((again, Lost::Cut)));
        }
        match read {
            Ok(stop) => {
                self.name_stop(&again.name, stop);
                Ok(again)
            }
            Err(then) => Err(Box::new((again, then))),
        }
    }

    fn name_stop(&mut self, name: &str, stop: Option<Stop>) {
        match stop {
            None => {}
            Some(Stop::File(error)) => {
                let reason = error.problem.reason();
                self.name_once(name, reason, &error);
            }
            Some(Stop::Short) => self.name_once(name, "short", &"it has no header"),
            Some(Stop::System(error)) => {
                let reason = match error.kind() {
                    io::ErrorKind::FileTooLarge => "too_large",
                    _ => "unreadable",
                };
                self.name_once(name, reason, &error);
            }
        }
    }

    /// Counts a bad file, and names it in the log the first time.
    pub(super) fn name_once(&mut self, name: &str, reason: &'static str, error: &dyn fmt::Display) {
        if self.named.get(name) == Some(&reason) {
            return;
        }
        if self.named.len() < MOST_NAMED {
            self.named.insert(name.to_owned(), reason);
            let name: String = name.chars().take(128).collect();
            warn!(name, reason, %error, "A file of the folder is left out, or a part of it.");
        } else if self.named.contains_key(name) {
            self.named.insert(name.to_owned(), reason);
        } else {
            // So many are bad that they are no longer told apart.
            return;
        }
        self.own.bad_file(reason);
    }
}
