//! Files of the state folder: each is there as a whole or not at all, and known for what it is.
//!
//! A file is written beside its place, flushed to the disk, and renamed. It begins with a line that
//! names kind and version, then the payload's length and checksum; one that is not as it says is set
//! aside as `<name>.bad`, for whoever wants to look, and counts as absent.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Version of the state's form; another is set aside.
const VERSION: u32 = 1;

/// Largest payload that is read or written, bytes.
pub const MOST_BYTES: usize = 1 << 30;

/// Why there is nothing to take over.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unusable {
    /// The file is not what it says, and was set aside.
    #[error("{0}")]
    Corrupt(&'static str),
    /// The system does not give it.
    #[error(transparent)]
    Unreadable(#[from] io::Error),
}

/// The folder in which the service keeps what must outlive it.
#[derive(Debug, Clone)]
pub struct StateFolder(PathBuf);

impl StateFolder {
    /// The folder at a path; it is made when something is written.
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// What was written under a name; None if nothing was.
    ///
    /// # Errors
    /// [`Unusable`].
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Unusable> {
        let path = self.0.join(name);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut bytes = Vec::new();
        file.take(MOST_BYTES as u64 + 256).read_to_end(&mut bytes)?;
        match payload(name, &bytes) {
            Ok(start) => {
                bytes.drain(..start);
                Ok(Some(bytes))
            }
            Err(reason) => {
                self.set_aside(name);
                Err(Unusable::Corrupt(reason))
            }
        }
    }

    /// Puts a file aside that makes no sense.
    pub fn set_aside(&self, name: &str) {
        let _ = fs::rename(self.0.join(name), self.0.join(format!("{name}.bad")));
    }

    /// Writes parts under a name, one behind the other, in place of what was there.
    ///
    /// # Errors
    /// Whatever the system says; what was there is there still.
    pub fn write(&self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        if bytes > MOST_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        fs::create_dir_all(&self.0)?;
        let new = self.0.join(format!(".{name}.new"));
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)?;
        let mut sum = libdeflater::Crc::new();
        for part in parts {
            sum.update(part);
        }
        file.write_all(&head(name))?;
        file.write_all(&(bytes as u64).to_le_bytes())?;
        file.write_all(&sum.sum().to_le_bytes())?;
        for part in parts {
            file.write_all(part)?;
        }
        file.sync_all()?;
        fs::rename(new, self.0.join(name))?;
        // The rename itself must outlive a power cut.
        File::open(&self.0)?.sync_all()
    }
}

fn head(name: &str) -> Vec<u8> {
    format!("furrow-metrics {name} {VERSION}\n").into_bytes()
}

/// Where the payload starts, if the file is what it says.
fn payload(name: &str, bytes: &[u8]) -> Result<usize, &'static str> {
    let head = head(name);
    let rest = bytes
        .strip_prefix(head.as_slice())
        .ok_or("it is of another kind or version")?;
    let (length, rest) = rest.split_first_chunk::<8>().ok_or("it is cut")?;
    let (sum, rest) = rest.split_first_chunk::<4>().ok_or("it is cut")?;
    if u64::from_le_bytes(*length) != rest.len() as u64 {
        return Err("its length is not as it says");
    }
    if libdeflater::crc32(rest) != u32::from_le_bytes(*sum) {
        return Err("its checksum is not as it says");
    }
    Ok(head.len() + 12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_the_last_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = StateFolder::new(&folder.path().join("made"));
        assert_eq!(state.read("retired").expect("readable"), None);

        state.write("retired", &[b"first"]).expect("written");
        state
            .write("retired", &[b"sec", b"", b"ond"])
            .expect("written");

        assert_eq!(
            state.read("retired").expect("readable"),
            Some(b"second".to_vec())
        );
        assert_eq!(
            fs::read_dir(folder.path().join("made"))
                .expect("there")
                .count(),
            1
        );
    }

    #[test]
    fn any_change_of_any_byte_sets_the_file_aside() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = StateFolder::new(folder.path());
        state.write("files", &[b"payload"]).expect("written");
        let path = folder.path().join("files");
        let sound = fs::read(&path).expect("readable");

        let cut = (0..sound.len()).map(|end| sound[..end].to_vec());
        let flipped = (0..sound.len()).map(|at| {
            let mut bytes = sound.clone();
            bytes[at] ^= 1;
            bytes
        });
        for bad in cut.chain(flipped) {
            fs::write(&path, &bad).expect("written");
            assert!(
                matches!(state.read("files"), Err(Unusable::Corrupt(_))),
                "{bad:?}"
            );
            assert!(!path.exists() && folder.path().join("files.bad").exists());
        }
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_an_error_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        fs::write(&file, "").expect("written");

        let state = StateFolder::new(&file.join("below"));

        assert!(state.write("files", &[b"x"]).is_err());
    }
}
