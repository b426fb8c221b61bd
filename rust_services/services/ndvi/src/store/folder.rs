//! Objects as files below a folder.

use std::io::ErrorKind;
use std::path::{Path as FilePath, PathBuf};

use furrow_service_kit::cpu;
use object_store::local::LocalFileSystem;
use object_store::path::Path;

use crate::status::NdviError;

/// Opens a folder; its path comes back without links.
///
/// # Errors
/// Words that say what does not work.
pub(super) fn open(folder: &FilePath) -> Result<(PathBuf, LocalFileSystem), String> {
    let unusable =
        |error: &dyn std::error::Error| format!("the store's folder cannot be used: {error}");
    let root = folder.canonicalize().map_err(|error| unusable(&error))?;
    let files = LocalFileSystem::new_with_prefix(&root).map_err(|error| unusable(&error))?;
    Ok((root, files))
}

/// Refuses keys that a symbolic link leads out of the folder.
///
/// # Errors
/// [`NdviError::StoreDenied`], or [`NdviError::StoreUnavailable`] when the folder itself is gone: a
/// disk that was unmounted comes back.
pub(super) async fn within(root: &FilePath, key: &Path) -> Result<(), NdviError> {
    let (root, key) = (root.to_owned(), key.clone());
    let found = cpu::spawn_blocking(move || found_within(&root, &key)).await;
    found.unwrap_or_else(|error| Err(NdviError::Fault(error.to_string())))
}

fn found_within(root: &FilePath, key: &Path) -> Result<(), NdviError> {
    let path = root.join(key.as_ref());
    let mut last = None;
    // What does not exist yet is judged by the nearest folder that does.
    for path in path.ancestors().take_while(|path| path.starts_with(root)) {
        match path.canonicalize() {
            Ok(existing) if existing.starts_with(root) => return Ok(()),
            Ok(_) => {
                return Err(NdviError::StoreDenied {
                    object: key.to_string(),
                    reason: "it lies outside the store".to_owned(),
                });
            }
            Err(error) => last = Some(error),
        }
    }
    let error = last.unwrap_or_else(|| ErrorKind::NotFound.into());
    Err(NdviError::StoreUnavailable {
        object: key.to_string(),
        source: object_store::Error::Generic {
            store: "folder",
            source: error.into(),
        },
    })
}
