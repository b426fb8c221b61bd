//! The folder in which Python processes keep their files: what is in it, which generation it is, and
//! whether that changed since the last look.
//!
//! The kernel says what is created, renamed and removed (inotify); a look every ten seconds covers
//! what it may have lost, and systems without it. Values change without any notice, as they should.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, UNIX_EPOCH};

use nix::errno::Errno;
use nix::libc;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use serde::{Deserialize, Serialize};

use crate::slots::slot_of;

/// Between two looks that nothing asked for.
const RESCAN: Duration = Duration::from_secs(10);

/// Between two looks where the kernel says nothing.
const RESCAN_WITHOUT_NOTICE: Duration = Duration::from_millis(500);

/// Files that are read; more are left out.
pub const MOST_FILES: usize = 4096;

/// Entries of the folder that are looked at.
const MOST_ENTRIES: usize = 65_536;

/// Name of the file that names the generation.
const GENERATION: &str = "generation";

/// Longest name of a generation, bytes.
const LONGEST_GENERATION: u64 = 128;

/// Which life of the folder this is. Counters go on within one, and begin again with the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    /// What the file `generation` says; absent while there is none.
    pub name: Option<String>,
    /// Device of the folder.
    pub device: u64,
    /// Inode of the folder.
    pub inode: u64,
}

impl Generation {
    /// Whether both are one life: by their names, or by the folder where one has no name yet.
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.name, &other.name) {
            (Some(one), Some(two)) => one == two,
            _ => (self.device, self.inode) == (other.device, other.inode),
        }
    }

    /// Goes by the name that the same life had before, if it has none now: whoever empties the folder
    /// may take away the name first, and the next one must be known as another.
    pub fn keep_name(&mut self, before: &Self) {
        if self.name.is_none() {
            self.name.clone_from(&before.name);
        }
    }
}

/// Which file of the folder it is, whatever its name: an inode may be used again, but not with the same
/// birth. The device is left out: it may have another number when the machine was started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Inode.
    pub inode: u64,
    /// Nanoseconds since 1970; 0 where the file system does not keep it.
    pub born_ns: u64,
}

impl Identity {
    /// Of a file.
    pub fn of(is: &fs::Metadata) -> Self {
        let born = is
            .created()
            .ok()
            .and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let born_ns = born.map_or(0, |born| u64::try_from(born.as_nanos()).unwrap_or(u64::MAX));
        Self {
            inode: is.ino(),
            born_ns,
        }
    }
}

/// What is in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Which life of the folder.
    pub generation: Generation,
    /// Regular files called `*.db`, by name.
    pub files: BTreeMap<String, Identity>,
    /// Numbers of the slots that have a lock file.
    pub slots: Vec<u8>,
    /// What lies there and is not read: name and reason.
    pub ignored: Vec<(String, &'static str)>,
}

/// What a look at the folder said.
#[derive(Debug)]
pub enum Look {
    /// Nothing was created, renamed or removed since the last listing.
    Same,
    /// What is in it now.
    Listed(Listing),
    /// It cannot be listed.
    Missing(io::Error),
}

/// The folder.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    notices: Option<Notices>,
    looked_at: Option<Instant>,
}

impl Directory {
    /// The folder at a path; it need not be there yet.
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            notices: None,
            looked_at: None,
        }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Looks whether something changed, and what is there if so or if it is time.
    pub fn look(&mut self, now: Instant) -> Look {
        let is = match fs::metadata(&self.path) {
            Ok(is) if is.is_dir() => is,
            Ok(_) => return self.missing(io::ErrorKind::NotADirectory.into()),
            Err(error) => return self.missing(error),
        };
        let folder = (is.dev(), is.ino());
        let mut wait = RESCAN;
        let mut has_changed = match &self.notices {
            Some(notices) if notices.folder == folder => notices.drain(),
            _ => {
                // Watched first and listed then: whatever comes between is seen by both.
                self.notices = Notices::new(&self.path, folder);
                true
            }
        };
        if self.notices.is_none() {
            // Tried again on every look; nothing is lost but promptness.
            wait = RESCAN_WITHOUT_NOTICE;
            has_changed = false;
        }
        let is_time = self
            .looked_at
            .is_none_or(|at| now.duration_since(at) >= wait);
        if !has_changed && !is_time {
            return Look::Same;
        }
        match list(&self.path, folder) {
            Ok(listing) => {
                self.looked_at = Some(now);
                Look::Listed(listing)
            }
            Err(error) => self.missing(error),
        }
    }

    fn missing(&mut self, error: io::Error) -> Look {
        self.notices = None;
        self.looked_at = None;
        Look::Missing(error)
    }

    /// Looks again next time, whether or not something changes.
    pub fn look_again(&mut self) {
        self.looked_at = None;
    }

    /// Opens a file of the folder to read: only a regular one, and no link to one.
    ///
    /// # Errors
    /// Whatever the system says; `InvalidInput` where it is no regular file.
    pub fn open(&self, name: &str) -> io::Result<(File, fs::Metadata)> {
        let file = OpenOptions::new()
            .read(true)
            // A FIFO without a writer must not hold the scrape.
            .custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC | libc::O_NONBLOCK)
            .open(self.path.join(name))?;
        let is = file.metadata()?;
        if is.is_file() {
            Ok((file, is))
        } else {
            Err(io::ErrorKind::InvalidInput.into())
        }
    }

    /// What is called so now; None if nothing is.
    pub fn find(&self, name: &str) -> Option<fs::Metadata> {
        fs::symlink_metadata(self.path.join(name)).ok()
    }
}

/// The kernel's notices of one folder.
#[derive(Debug)]
struct Notices {
    inotify: Inotify,
    folder: (u64, u64),
}

impl Notices {
    fn new(path: &Path, folder: (u64, u64)) -> Option<Self> {
        let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC).ok()?;
        let changes = AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_DELETE
            | AddWatchFlags::IN_MOVED_FROM
            | AddWatchFlags::IN_MOVED_TO
            | AddWatchFlags::IN_ATTRIB
            | AddWatchFlags::IN_DELETE_SELF
            | AddWatchFlags::IN_MOVE_SELF
            | AddWatchFlags::IN_ONLYDIR;
        inotify.add_watch(path, changes).ok()?;
        Some(Self { inotify, folder })
    }

    /// Whether there were any; an overflow is one.
    fn drain(&self) -> bool {
        let mut any = false;
        // Bounded, or a folder in turmoil would keep this loop busy.
        for _ in 0..64 {
            match self.inotify.read_events() {
                Ok(events) => any |= !events.is_empty(),
                Err(Errno::EAGAIN) => break,
                Err(_) => return true,
            }
        }
        any
    }
}

fn list(path: &Path, (device, inode): (u64, u64)) -> io::Result<Listing> {
    let mut listing = Listing {
        generation: Generation {
            name: generation_name(path),
            device,
            inode,
        },
        files: BTreeMap::new(),
        slots: Vec::new(),
        ignored: Vec::new(),
    };
    for entry in fs::read_dir(path)?.take(MOST_ENTRIES) {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // Names with a dot in front are of files in the making.
        if name == GENERATION || name.starts_with('.') {
            continue;
        }
        if let Some(slot) = slot_of(&name) {
            listing.slots.push(slot);
            continue;
        }
        if Path::new(&name).extension() != Some("db".as_ref()) {
            listing.ignored.push((name, "foreign"));
            continue;
        }
        // Removed between the listing and now: it is not there.
        let Ok(is) = entry.metadata() else { continue };
        if !is.is_file() {
            listing.ignored.push((name, "not_regular"));
        } else if listing.files.len() == MOST_FILES {
            listing.ignored.push((name, "too_many"));
        } else {
            listing.files.insert(name, Identity::of(&is));
        }
    }
    listing.slots.sort_unstable();
    Ok(listing)
}

fn generation_name(path: &Path) -> Option<String> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC | libc::O_NONBLOCK)
        .open(path.join(GENERATION))
        .ok()?;
    let mut bytes = Vec::new();
    let _ = file.take(LONGEST_GENERATION).read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().next().unwrap_or_default().trim();
    (!line.is_empty()).then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(directory: &mut Directory) -> Listing {
        match directory.look(Instant::now()) {
            Look::Listed(listing) => listing,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_files_of_python_and_locks_of_slots_are_taken_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path();
        for name in [
            "counter_0.db",
            "slot7.lock",
            "slot99.lock",
            "notes.txt",
            ".new",
        ] {
            fs::write(path.join(name), "").expect("written");
        }
        fs::write(path.join("generation"), "one\n").expect("written");
        fs::create_dir(path.join("gauge_all_1.db")).expect("made");
        std::os::unix::fs::symlink("counter_0.db", path.join("counter_2.db")).expect("linked");

        let listing = listed(&mut Directory::new(path));

        assert_eq!(listing.generation.name.as_deref(), Some("one"));
        assert_eq!(listing.files.keys().collect::<Vec<_>>(), ["counter_0.db"]);
        assert_eq!(listing.slots, [7]);
        let mut ignored = listing.ignored;
        ignored.sort();
        let reasons: Vec<(&str, &str)> = ignored.iter().map(|(n, r)| (n.as_str(), *r)).collect();
        assert_eq!(
            reasons,
            [
                ("counter_2.db", "not_regular"),
                ("gauge_all_1.db", "not_regular"),
                ("notes.txt", "foreign"),
                ("slot99.lock", "foreign"),
            ]
        );
    }

    #[test]
    fn what_is_created_or_removed_is_noticed_at_once_and_nothing_else_costs_a_listing() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut directory = Directory::new(folder.path());
        assert!(listed(&mut directory).files.is_empty());
        assert!(matches!(directory.look(Instant::now()), Look::Same));

        let path = folder.path().join("counter_0.db");
        fs::write(&path, "").expect("written");
        assert_eq!(listed(&mut directory).files.len(), 1);
        assert!(matches!(directory.look(Instant::now()), Look::Same));

        fs::remove_file(path).expect("removed");
        assert!(listed(&mut directory).files.is_empty());
        let later = Instant::now() + RESCAN;
        assert!(
            matches!(directory.look(later), Look::Listed(_)),
            "the safety net"
        );
    }

    #[test]
    fn a_folder_that_is_not_there_is_found_when_it_comes_and_when_it_comes_again() {
        let parent = tempfile::tempdir().expect("a folder");
        let path = parent.path().join("metrics");
        let mut directory = Directory::new(&path);
        assert!(matches!(directory.look(Instant::now()), Look::Missing(_)));

        fs::create_dir(&path).expect("made");
        let first = listed(&mut directory).generation;
        fs::remove_dir(&path).expect("removed");
        fs::create_dir(&path).expect("made");
        fs::write(path.join("generation"), "two").expect("written");
        let second = listed(&mut directory).generation;
        assert_eq!(second.name.as_deref(), Some("two"));
        assert!(first.is_same(&first.clone()));

        fs::remove_dir_all(&path).expect("removed");
        fs::write(&path, "no folder").expect("written");
        assert!(matches!(directory.look(Instant::now()), Look::Missing(_)));
    }

    #[test]
    fn a_generation_that_gets_its_name_is_the_same_and_another_name_is_another() {
        let generation = |name: Option<&str>, inode| Generation {
            name: name.map(str::to_owned),
            device: 1,
            inode,
        };
        assert!(generation(None, 5).is_same(&generation(Some("a"), 5)));
        assert!(!generation(None, 5).is_same(&generation(Some("a"), 6)));
        assert!(generation(Some("a"), 5).is_same(&generation(Some("a"), 6)));
        assert!(!generation(Some("a"), 5).is_same(&generation(Some("b"), 5)));
    }
}
