//! Files mapped read-only, and read safely while others write, grow, unlink or cut them.
//!
//! A mapping is read by 8-byte atomic loads, straight from the writers' pages: no copy, no call, and
//! a double is never torn. What a plain mapping cannot survive is a file that is cut: a load beyond
//! the new end raises SIGBUS, which ends the process, and no check beforehand closes the gap between
//! check and load. So loads happen inside [`Mapping::read`], which tells this module's SIGBUS handler
//! the range that is being read by the thread; on a fault in that range the handler puts zero pages
//! over the rest of it, the load goes on, and the read is answered as [`Truncated`] – whatever it
//! computed is thrown away. A fault anywhere else goes to whoever handled the signal before.
//!
//! The alternatives copy: `pread`, or `process_vm_readv` on the own process, fail instead of raising a
//! signal, but move every key of every file through the cache on each scrape, ten times the bytes that
//! the values need.
//!
//! This is the only module of the workspace with unsafe code.

use std::ffi::{c_int, c_void};
use std::io;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::os::fd::AsFd;
use std::ptr::NonNull;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, compiler_fence, fence};

use furrow_exposition::Cells;
use nix::libc;
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::{SysconfVar, sysconf};

/// Bytes of a word.
const WORD: usize = size_of::<u64>();

/// The file became shorter than its mapping while it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the file was cut while it was read")]
pub struct Truncated;

/// A file's bytes, mapped read-only and shared with its writers.
#[derive(Debug)]
pub struct Mapping {
    start: NonNull<c_void>,
    bytes: NonZeroUsize,
}

// SAFETY: the range belongs to this value alone, is never written through it, and munmap may be
// called on any thread.
#[allow(unsafe_code)]
unsafe impl Send for Mapping {}

impl Mapping {
    /// Maps the first `bytes` of a file, which must be at least so long now.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn new(file: impl AsFd, bytes: NonZeroUsize) -> io::Result<Self> {
        guard_against_cuts()?;
        // SAFETY: a new range at an address of the kernel's choice touches nobody's memory.
        #[allow(unsafe_code)]
        let start = unsafe {
            mmap(
                None,
                bytes,
                ProtFlags::PROT_READ,
                MapFlags::MAP_SHARED,
                file,
                0,
            )
        };
        let start = start.map_err(io::Error::from)?;
        Ok(Self { start, bytes })
    }

    /// Bytes that are mapped.
    pub fn len(&self) -> usize {
        self.bytes.get()
    }

    /// Never: there is no mapping of no bytes.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Reads within the mapping.
    ///
    /// # Errors
    /// [`Truncated`] when the file was cut; the mapping is of no use after that.
    pub fn read<R>(&self, read: impl FnOnce(Words<'_>) -> R) -> Result<R, Truncated> {
        let start = self.start.as_ptr() as usize;
        // SAFETY: the range is mapped as long as `self` lives and page-aligned, so that words are
        // aligned; others change it only as memory shared between processes, for which atomics are
        // made. Loads are relaxed, as the standard library demands of memory that is mapped
        // read-only, and a cut file is the handler's matter.
        #[allow(unsafe_code)]
        let words = unsafe {
            std::slice::from_raw_parts(
                self.start.as_ptr().cast_const().cast::<AtomicU64>(),
                self.len() / WORD,
            )
        };
        GUARD.with(|guard| {
            guard.is_hit.store(false, Ordering::Relaxed);
            guard.start.store(start, Ordering::Relaxed);
            guard.end.store(start + self.len(), Ordering::Relaxed);
        });
        let _unguard = Unguard;
        // The handler runs on this thread: all it needs is that the compiler keeps the order.
        compiler_fence(Ordering::SeqCst);
        let answer = read(Words(words));
        compiler_fence(Ordering::SeqCst);
        if GUARD.with(|guard| guard.is_hit.load(Ordering::Relaxed)) {
            Err(Truncated)
        } else {
            Ok(answer)
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range was mapped by `new`, is unmapped only here, and no `Words` outlives `read`.
        #[allow(unsafe_code)]
        let unmapped = unsafe { munmap(self.start, self.len()) };
        debug_assert!(unmapped.is_ok(), "a range that was mapped can be unmapped");
    }
}

/// The words of a mapping while it is read.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a>(&'a [AtomicU64]);

impl Words<'_> {
    #[inline]
    fn word(&self, offset: usize) -> Option<u64> {
        let word = self.0.get(offset / WORD)?;
        Some(word.load(Ordering::Relaxed))
    }
}

impl Cells for Words<'_> {
    fn len(&self) -> usize {
        self.0.len() * WORD
    }

    fn used(&self) -> i32 {
        let word = self.word(0).unwrap_or(0);
        // The writer stores an entry before it counts it. Memory that is mapped read-only may only be
        // loaded relaxed, so the order comes from a fence.
        fence(Ordering::Acquire);
        let [a, b, c, d, ..] = word.to_ne_bytes();
        i32::from_ne_bytes([a, b, c, d])
    }

    fn copy(&self, range: Range<usize>, into: &mut Vec<u8>) {
        let mut at = range.start;
        while at < range.end {
            let bytes = self.word(at).unwrap_or(0).to_ne_bytes();
            let until = range.end.min(at - at % WORD + WORD);
            let (from, to) = (at % WORD, at % WORD + (until - at));
            into.extend_from_slice(&bytes[from..to]);
            at = until;
        }
    }

    #[inline]
    fn value(&self, offset: usize) -> f64 {
        f64::from_bits(self.word(offset).unwrap_or(0))
    }
}

/// What a thread is reading. Atomic, as whatever a handler shares with the code that it interrupts.
struct Guard {
    start: AtomicUsize,
    end: AtomicUsize,
    is_hit: AtomicBool,
}

thread_local! {
    // Constant and without a destructor: reaching it from the handler neither allocates nor locks.
    static GUARD: Guard = const {
        Guard {
            start: AtomicUsize::new(0),
            end: AtomicUsize::new(0),
            is_hit: AtomicBool::new(false),
        }
    };
}

/// Ends the guard, also when a read panics.
struct Unguard;

impl Drop for Unguard {
    fn drop(&mut self) {
        GUARD.with(|guard| {
            guard.start.store(0, Ordering::Relaxed);
            guard.end.store(0, Ordering::Relaxed);
        });
    }
}

/// Who handled the signal before, and how long a page is.
struct Before {
    action: SigAction,
    page_bytes: usize,
}

static BEFORE: OnceLock<Option<Before>> = OnceLock::new();

/// Installs the handler, once in the process.
fn guard_against_cuts() -> io::Result<()> {
    let installed = BEFORE.get_or_init(|| {
        let page_bytes = sysconf(SysconfVar::PAGE_SIZE).ok().flatten()?;
        let action = SigAction::new(
            SigHandler::SigAction(on_bus_error),
            SaFlags::SA_SIGINFO | SaFlags::SA_ONSTACK,
            SigSet::empty(),
        );
        // SAFETY: the handler calls nothing but mmap and sigaction, which may be called in one, and
        // touches only this thread's guard.
        #[allow(unsafe_code)]
        let action = unsafe { sigaction(Signal::SIGBUS, &action) }.ok()?;
        let page_bytes = usize::try_from(page_bytes).ok()?;
        Some(Before { action, page_bytes })
    });
    match installed {
        Some(_) => Ok(()),
        None => Err(io::Error::other("SIGBUS cannot be handled")),
    }
}

/// Puts zero pages over what cannot be read, if it is this thread's range; else leaves the signal to
/// whoever had it before.
extern "C" fn on_bus_error(_: c_int, info: *mut libc::siginfo_t, _: *mut c_void) {
    // SAFETY: the kernel hands a valid siginfo to a handler installed with SA_SIGINFO, and of SIGBUS
    // its address is set.
    #[allow(unsafe_code)]
    let address = unsafe { (*info).si_addr() } as usize;
    let covered = BEFORE.get().and_then(Option::as_ref).is_some_and(|before| {
        let cover = |guard: &Guard| {
            let start = guard.start.load(Ordering::Relaxed);
            let end = guard.end.load(Ordering::Relaxed);
            if !(start..end).contains(&address) {
                return false;
            }
            guard.is_hit.store(true, Ordering::Relaxed);
            let page = address - address % before.page_bytes;
            // SAFETY: the pages lie in a range that a `Mapping` of this thread owns and unmaps later
            // as a whole; replacing them by zeros keeps every word readable.
            #[allow(unsafe_code)]
            let zeros = unsafe {
                libc::mmap(
                    page as *mut c_void,
                    end - page,
                    libc::PROT_READ,
                    libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED,
                    -1,
                    0,
                )
            };
            zeros != libc::MAP_FAILED
        };
        GUARD.try_with(cover).unwrap_or(false)
    });
    if covered {
        return;
    }
    let default = || SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    let before = BEFORE.get().and_then(Option::as_ref);
    let before = before.map_or_else(default, |before| before.action);
    // SAFETY: the action was the process's own, or is the default; the fault comes again and is its.
    #[allow(unsafe_code)]
    let _ = unsafe { sigaction(Signal::SIGBUS, &before) };
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write as _;

    use super::*;

    fn mapped(bytes: usize) -> (File, Mapping) {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(&vec![7; bytes]).expect("written");
        let mapping = Mapping::new(&file, NonZeroUsize::new(bytes).expect("not none"));
        (file, mapping.expect("mapped"))
    }

    #[test]
    fn a_word_is_what_the_writer_last_wrote() {
        use std::os::unix::fs::FileExt as _;
        let (file, mapping) = mapped(64);
        file.write_all_at(&42_u64.to_ne_bytes(), 16)
            .expect("written");

        let found = mapping.read(|words| (words.word(16), words.word(64), Cells::len(&words)));

        assert_eq!(found, Ok((Some(42), None, 64)));
    }

    #[test]
    fn bytes_are_copied_from_any_offset_and_zeros_beyond_the_end() {
        use std::io::Write as _;
        let mut file = tempfile::tempfile().expect("a file");
        let bytes: Vec<u8> = (0..64).collect();
        file.write_all(&bytes).expect("written");
        let mapping =
            Mapping::new(&file, NonZeroUsize::new(64).expect("not none")).expect("mapped");

        for range in [0..64, 3..5, 7..9, 13..40, 60..70, 64..80, 5..5] {
            let copied = mapping.read(|words| {
                let (mut ours, mut slice) = (Vec::new(), Vec::new());
                words.copy(range.clone(), &mut ours);
                bytes.copy(range.clone(), &mut slice);
                (ours, slice)
            });
            let (ours, slice) = copied.expect("not cut");
            assert_eq!(ours, slice, "{range:?}");
        }
    }

    #[test]
    fn a_file_that_is_cut_is_an_error_and_not_the_end_of_the_process() {
        let (file, mapping) = mapped(1 << 16);
        file.set_len(100).expect("cut");

        let ends = mapping.read(|words| words.word((1 << 16) - 8));
        assert_eq!(ends, Err(Truncated));

        let (_, sound) = mapped(1 << 16);
        assert_eq!(sound.read(|words| Cells::len(&words)), Ok(1 << 16));
    }

    #[test]
    fn a_file_cut_by_another_thread_again_and_again_never_ends_the_process() {
        let (file, _) = mapped(1 << 16);
        let other = file.try_clone().expect("the same file");
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let cutter = std::thread::spawn(move || {
            while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
                other.set_len(8).expect("cut");
                other.set_len(1 << 16).expect("grown");
            }
        });
        for _ in 0..2_000 {
            let mapping = Mapping::new(&file, NonZeroUsize::new(1 << 16).expect("not none"));
            let mapping = mapping.expect("mapped");
            let _ = mapping.read(|words| {
                (0..words.len())
                    .step_by(4096)
                    .filter_map(|at| words.word(at))
                    .sum::<u64>()
            });
        }
        drop(stop);
        cutter.join().expect("no panic");
    }
}
