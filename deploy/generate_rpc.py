"""`make gen`: make farm/rpc anew from protos/.

The generated modules are checked in, so that nobody needs protoc to run the project;
tests/ops/test_generated_rpc.py makes them again and compares.
"""

from __future__ import annotations

import shutil
import tempfile
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"
PACKAGE = Path("farm", "rpc")
GENERATED = ("*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py", "*_service_config.json")


def generate(target: Path) -> None:
    """Write the modules of every proto into `<target>/farm/rpc`, each folder a package.

    Raises:
        SystemExit: protoc refused a file; it has printed why.
    """
    protos = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.rglob("*.proto"))
    status = protoc.main(
        [
            "protoc",
            f"--proto_path={PROTOS}",
            f"--proto_path={files('grpc_tools') / '_proto'}",
            f"--python_out={target}",
            f"--pyi_out={target}",
            f"--grpc_python_out={target}",
            *protos,
        ]
    )
    if status != 0:
        raise SystemExit(status)
    package = target / PACKAGE
    for folder in (package, *(path for path in package.rglob("*") if path.is_dir())):
        (folder / "__init__.py").touch()
    # The retry policy is part of the contract; an installed package finds it beside the modules.
    for policy in PROTOS.glob("*_service_config.json"):
        shutil.copyfile(policy, package / policy.name)


def main() -> None:
    """Replace what was generated before; what others put beside it stays."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        for pattern in GENERATED:
            for old in (ROOT / PACKAGE).rglob(pattern):
                old.unlink()
        shutil.copytree(Path(folder) / PACKAGE, ROOT / PACKAGE, dirs_exist_ok=True)


if __name__ == "__main__":
    main()
