"""Static files: plain names before ``collectstatic``, names with a hash after."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class CollectedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Compressed files whose names change with their content, so that browsers may keep them.

    A checkout works before anything was collected: then there is no manifest, names stay plain, and
    whitenoise serves the files from the packages they come with.
    """

    def stored_name(self, name: str) -> str:
        """Return the name with the hash, where the manifest knows any."""
        return super().stored_name(name) if self.hashed_files else name
