"""farm/rpc is what the protos say: made anew, nothing differs."""

from __future__ import annotations

from pathlib import Path

from generate_rpc import GENERATED, PACKAGE, generate

ROOT = Path(__file__).resolve().parents[2]


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for pattern in GENERATED
        for path in folder.rglob(pattern)
    }


def test_make_gen_would_change_nothing(tmp_path: Path) -> None:
    generate(tmp_path)

    made, kept = contents(tmp_path / PACKAGE), contents(ROOT / PACKAGE)
    assert made.keys() == kept.keys()
    stale = [name for name in made if made[name] != kept[name]]
    assert not stale, f"run `make gen`: {stale}"


def test_every_generated_folder_is_a_package() -> None:
    folders = [path for path in (ROOT / PACKAGE).rglob("*") if path.is_dir()]

    missing = [f for f in folders if f.name != "__pycache__" and not (f / "__init__.py").exists()]
    assert missing == []
