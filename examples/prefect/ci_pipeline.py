"""A CI pipeline: check out, lint and test side by side, then build, each stage a flow of its own.

mahavishnu prefect execute --flow-file examples/prefect/ci_pipeline.py --flow-name ci-pipeline
"""

import ast
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from prefect import flow, get_run_logger, task

SOURCES = {
    "calculator.py": "def add(left, right):\n    return left + right\n",
    "test_calculator.py": (
        "import unittest\n\nfrom calculator import add\n\n\n"
        "class AddTest(unittest.TestCase):\n    def test_add(self):\n        self.assertEqual(add(2, 3), 5)\n"
    ),
}


@task
def check_out(revision: str) -> Path:
    """Write the sources into a new folder; a real pipeline clones them."""
    folder = Path(tempfile.mkdtemp(prefix=f"ci-{revision}-"))
    for name, text in SOURCES.items():
        (folder / name).write_text(text)
    return folder


@task(task_run_name="lint-{file.name}")
def lint(file: Path) -> list[str]:
    """Functions without a docstring are worth a remark, a file that does not parse fails."""
    tree = ast.parse(file.read_text(), str(file))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return [
        f"{file.name}:{each.lineno} {each.name} has no docstring"
        for each in functions
        if not ast.get_docstring(each)
    ]


@task(retries=1)
def run_tests(folder: Path) -> str:
    """Run the unit tests in a process of their own."""
    done = subprocess.run(
        [sys.executable, "-m", "unittest", "-v"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    get_run_logger().info(done.stderr)
    if done.returncode:
        raise RuntimeError(f"The tests failed ({done.returncode}).")
    return done.stderr.strip().splitlines()[-1]


@task
def package(folder: Path) -> dict[str, str]:
    """Zip what is shipped, and say its checksum."""
    archive = folder / "calculator.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.write(folder / "calculator.py", "calculator.py")
    return {"archive": str(archive), "sha256": hashlib.sha256(archive.read_bytes()).hexdigest()}


@flow(name="ci-verify", log_prints=True)
def verify(folder: Path) -> str:
    """Lint every file and run the tests at the same time."""
    remarks = lint.map(sorted(folder.glob("*.py")))
    tests = run_tests.submit(folder)
    for remark in remarks:
        for line in remark.result():
            print(line)
    return tests.result()


@flow(name="ci-build")
def build(folder: Path) -> dict[str, str]:
    """What is shipped."""
    return package(folder)


@flow(name="ci-pipeline", log_prints=True)
def pipeline(revision: str = "main") -> dict[str, str]:
    """Verify a revision, then build it.

    Args:
        revision: what to check out.
    """
    folder = check_out(revision)
    print(f"tests: {verify(folder)}")
    return build(folder)


if __name__ == "__main__":
    pipeline()
