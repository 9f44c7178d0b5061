"""The commit, the packages and the process, read without starting one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest
from conftest import make_increment

from specweave.git import git_sha
from specweave.identity import process_identity
from specweave.packages import imported_packages
from specweave.workspace import increment_dataset

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder, *arguments):
    names = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
    return subprocess.run(
        ["git", *names, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def commit(folder, text):
    (folder / "file").write_text(text)
    git(folder, "add", "file")
    git(folder, "commit", "-m", text)
    return git(folder, "rev-parse", "HEAD")


def test_the_sha_follows_commits_packs_branches_and_worktrees(tmp_path):
    repository = tmp_path / "repository"
    repository.mkdir()
    git(repository, "init")
    assert git_sha(str(repository)) is None  # no commit yet
    first = commit(repository, "one")
    deep = repository / "a" / "b"
    deep.mkdir(parents=True)
    assert git_sha(str(repository)) == first and git_sha(str(deep)) == first
    second = commit(repository, "two")
    assert git_sha(str(repository)) == second
    git(repository, "pack-refs", "--all")
    assert not (repository / ".git/refs/heads/main").exists() and git_sha(str(repository)) == second
    git(repository, "checkout", "-b", "other", first)
    assert git_sha(str(repository)) == first
    third = commit(repository, "three")
    git(repository, "checkout", "--detach", second)
    assert git_sha(str(repository)) == second
    git(repository, "worktree", "add", str(tmp_path / "tree"), "other")
    assert git_sha(str(tmp_path / "tree")) == third
    fourth = commit(tmp_path / "tree", "four")
    assert git_sha(str(tmp_path / "tree")) == fourth and git_sha(str(repository)) == second


def test_no_repository(tmp_path):
    assert git_sha(str(tmp_path)) is None


def test_no_process_is_started(work):
    out = work.script("""
import sys
def watch(event, args):
    if event in ("subprocess.Popen", "os.system", "os.posix_spawn", "os.fork", "os.exec"):
        sys.exit("started " + event + str(args))
sys.addaudithook(watch)
import specweave
with specweave.track_experiment("x") as exp:
    exp.log_params({"a": 1}); exp.log_metric("b", 2); exp.save_report("r.md")
assert "subprocess" not in sys.modules
""")
    assert out.returncode == 0, out.stderr


def test_packages():
    packages = imported_packages()
    assert packages["pytest"] == pytest.__version__
    assert "json" not in packages and "specweave" not in packages and "os" not in packages


def test_identity_is_that_of_the_node_side():
    identity = process_identity()
    assert identity["pid"] == os.getpid()
    fields = open(f"/proc/{os.getpid()}/stat").read().rpartition(")")[2].split()
    assert identity["start_time"] == fields[19]
    assert identity["pid_ns"] == os.readlink("/proc/self/ns/pid")
    json.dumps(identity)


def test_the_increments_dataset(tmp_path):
    folder = make_increment(tmp_path, dataset="churn@3    # the version")
    assert increment_dataset(str(folder)) == "churn@3"
    (folder / "spec.md").write_text("---\nml:\n  dataset: null\n---\ndataset: decoy@1\n")
    assert increment_dataset(str(folder)) is None
    (folder / "spec.md").write_text('---\nml:\n  dataset: "quoted@2"\n---\n')
    assert increment_dataset(str(folder)) == "quoted@2"
    (folder / "spec.md").unlink()
    assert increment_dataset(str(folder)) is None
