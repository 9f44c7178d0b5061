"""What a run's processes are seen to read, by real processes: the hook, native readers, and the next sitecustomize."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from conftest import SDK


class Watched:
    """A workspace with a run's folder, as the lab launches a script in it."""

    def __init__(self, root):
        self.root = root
        self.run = root / ".specweave/increments/0001-a/experiments/exp-001-x"
        (self.run / "events").mkdir(parents=True)
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SPECWEAVE_")},
            "PYTHONPATH": str(SDK),
            "SPECWEAVE_RUN": "0001/exp-001-x",
            "SPECWEAVE_RUN_DIR": str(self.run),
            "SPECWEAVE_WORKSPACE": str(root),
        }

    def data(self, name: str, rows: int = 50):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a,b\n" + "".join(f"{row},{row * 2}\n" for row in range(rows)))
        return path

    def script(self, text: str, *flags: str, **env: str):
        (self.root / "train.py").write_text(text)
        done = subprocess.run(
            [sys.executable, *flags, "train.py"],
            cwd=self.root,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done

    def lines(self) -> list[dict]:
        files = sorted((self.run / "seen").glob("*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]

    def seen(self) -> set[str]:
        paths = [line["path"] for line in self.lines() if line["k"] == "seen"]
        return {os.path.relpath(path, self.root) for path in paths}


@pytest.fixture
def watched(tmp_path):
    return Watched(tmp_path.resolve())


def test_plain_reads_are_seen_with_size_and_time_and_without_an_import_of_ours(watched):
    path = watched.data("churn.csv")
    watched.script(
        "import os, sys\n"
        "open('churn.csv').read(); open('churn.csv').read()\n"
        "os.close(os.open(b'churn.csv', os.O_RDONLY))\n"
        "assert 'specweave' not in sys.modules and 'json' not in sys.modules\n"
    )
    start, line = watched.lines()
    assert start["k"] == "start"
    stat = path.stat()
    assert line["path"] == str(path)
    assert (line["bytes"], line["mtime_ns"]) == (stat.st_size, str(stat.st_mtime_ns))


def test_what_is_written_code_records_and_the_runs_own_files_are_not(watched):
    watched.data("plain"), watched.data("link-target.dat")
    (watched.root / "link.csv").symlink_to("link-target.dat")
    watched.data(".specweave/datasets/churn/v1/train.csv")
    watched.data(".specweave/datasets/churn/v1/dataset.json")
    watched.data(".specweave/increments/0001-a/experiments/exp-000-y/features.csv")
    watched.data(".specweave/increments/0001-a/experiments/exp-000-y/run.json")
    watched.data(".specweave/increments/0001-a/experiments/exp-001-x/own.csv")
    watched.data(".git/index"), watched.data("settings.toml"), watched.data("empty.csv").write_text("")
    watched.script(
        "import json, os, glob\n"
        "for name in ('out.csv', 'log.csv', 'both.csv'): open(name, 'x').write('before')\n"
        "open('out.csv', 'w').write('a'); open('log.csv', 'a').write('a'); open('both.csv', 'w+').read()\n"
        "os.makedirs('folder.csv')\n"
        "for path in [*glob.glob('.specweave/**/*.*', recursive=True), 'plain', 'link.csv', '.git/index', 'settings.toml',\n"
        "             'empty.csv', '/proc/self/stat', os.path.join(os.path.dirname(os.__file__), 'LICENSE.txt')]:\n"
        "    if os.path.isfile(path): open(path, 'rb').read(1)\n"
        "for path in ('missing.csv', 'folder.csv'):\n"
        "    try: open(path)\n"
        "    except OSError: pass\n"
    )
    assert watched.seen() == {
        ".specweave/datasets/churn/v1/train.csv",
        ".specweave/increments/0001-a/experiments/exp-000-y/features.csv",
        "plain",
        "link-target.dat",
    }


def test_a_file_that_changed_is_noted_again_and_a_flood_ends(watched):
    watched.script(
        "import os\n"
        "for text in ('one', 'three', 'seventeen', 'none'):\n"
        "    open('again.csv', 'w').write(text); open('again.csv').read()\n"
        "for at in range(1200):\n"
        "    open(f'{at}.csv', 'w').write('x'); open(f'{at}.csv').read()\n"
    )
    lines = watched.lines()
    assert [line["bytes"] for line in lines if line.get("path", "").endswith("again.csv")] == [3, 5, 9]
    assert len([line for line in lines if line["k"] == "seen"]) == 1000
    assert [line["k"] for line in lines].count("full") == 1


def test_children_forks_and_threads_are_seen_whatever_becomes_of_descriptors(watched):
    for name in ("child.csv", "fork.csv", "spawned.csv", *(f"thread-{at}.csv" for at in range(20))):
        watched.data(name)
    watched.script(
        "import multiprocessing, os, subprocess, sys, threading\n"
        "def read(path): open(path).read()\n"
        "if __name__ == '__main__':\n"
        "    subprocess.run([sys.executable, '-c', 'open(\"child.csv\").read()'], check=True)\n"
        "    if os.fork() == 0:\n"
        "        os.closerange(3, 64); read('fork.csv'); os._exit(0)\n"
        "    os.wait()\n"
        "    child = multiprocessing.get_context('spawn').Process(target=read, args=('spawned.csv',)); child.start(); child.join()\n"
        "    threads = [threading.Thread(target=read, args=(f'thread-{at}.csv',)) for at in range(20)]\n"
        "    [thread.start() for thread in threads]; [thread.join() for thread in threads]\n"
    )
    assert watched.seen() == {"child.csv", "fork.csv", "spawned.csv", *(f"thread-{at}.csv" for at in range(20))}


def test_numpy_and_pandas(watched):
    pytest.importorskip("pandas")
    for name in ("text.csv", "frame.csv"):
        watched.data(name)
    watched.script(
        "import numpy, pandas, sqlite3\n"
        "numpy.loadtxt('text.csv', delimiter=',', skiprows=1)\n"
        "numpy.save('array.npy', numpy.arange(9)); numpy.load('array.npy', mmap_mode='r')\n"
        "table = pandas.read_csv('frame.csv'); table.to_pickle('frame.pkl'); pandas.read_pickle('frame.pkl')\n"
        "base = sqlite3.connect('base.db'); table.to_sql('t', base); base.commit(); base.close()\n"
        "sqlite3.connect('file:base.db?mode=ro', uri=True).close(); sqlite3.connect(':memory:').close()\n"
    )
    assert watched.seen() == {"text.csv", "array.npy", "frame.csv", "frame.pkl", "base.db"}


def test_arrow_reads_in_native_code(watched):
    pytest.importorskip("pyarrow")
    for name in ("one.csv", "folder/two.csv", "folder/three.csv"):
        watched.data(name)
    watched.script(
        "import pickle, pyarrow as pa, pyarrow.csv as csv, pyarrow.dataset as ds, pyarrow.parquet as pq, pyarrow.feather as ft\n"
        "table = csv.read_csv('one.csv')\n"
        "for name in ('a', 'b', 'c', 'd'): pq.write_table(table, name + '.parquet')\n"
        "ft.write_feather(table, 'f.feather')\n"
        "assert pq.read_table('a.parquet') == table and pq.ParquetFile('b.parquet').read() == table\n"
        "assert ds.dataset(['c.parquet']).to_table() == table\n"
        "assert ds.dataset('folder', format='csv').count_rows() == 100\n"
        "assert ft.read_table('f.feather') == table\n"
        "pa.memory_map('d.parquet').close()\n"
        "assert pickle.loads(pickle.dumps(pq.read_table)) is pq.read_table and pickle.dumps(csv.read_csv)\n"
    )
    assert watched.seen() == {
        "one.csv", "a.parquet", "b.parquet", "c.parquet", "d.parquet", "f.feather", "folder/two.csv", "folder/three.csv",
    }  # fmt: skip


def test_polars_reads_in_native_code(watched):
    pytest.importorskip("polars")
    for name in ("one.csv", "two.csv"):
        watched.data(name)
    watched.script(
        "import pickle, polars\n"
        "table = polars.read_csv('one.csv'); assert polars.scan_csv('tw*.csv').collect().equals(table)\n"
        "table.write_parquet('a.parquet'); assert polars.read_parquet('a.parquet').equals(table)\n"
        "assert pickle.loads(pickle.dumps(polars.read_csv)) is polars.read_csv\n"
    )
    assert watched.seen() == {"one.csv", "two.csv", "a.parquet"}


def test_duckdb_reads_in_native_code_and_still_finds_the_callers_tables(watched):
    pytest.importorskip("duckdb")
    pytest.importorskip("pandas")
    for name in ("one.csv", "two.csv", "three.csv", "four.csv"):
        watched.data(name)
    watched.script(
        "import duckdb, pandas\n"
        "def count():\n"
        "    local = pandas.DataFrame({'a': [1, 2, 3]})\n"
        "    here = duckdb.connect()\n"
        "    assert here.execute('select count(*) from local').fetchall() == [(3,)] == duckdb.sql('select count(*) from local').fetchall()\n"
        "    return here.execute('select count(*) from read_csv(?)', ['one.csv']).fetchall()\n"
        "assert count() == [(50,)]\n"
        "duckdb.sql(\"select count(*) from 'two.csv'\").fetchall(); duckdb.read_csv('three.csv').fetchall()\n"
        "duckdb.connect().sql(\"from 'fou*.csv'\").fetchall()\n"
    )
    assert watched.seen() == {"one.csv", "two.csv", "three.csv", "four.csv"}


def test_the_next_sitecustomize_runs_and_is_the_one(watched, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "sitecustomize.py").write_text("import builtins\nbuiltins.met = __file__\nNAME = 'theirs'\n")
    watched.data("churn.csv")
    code = "import sitecustomize; assert sitecustomize.NAME == 'theirs'; assert met == sitecustomize.__file__; open('churn.csv')\n"
    # Twice on the path: neither may call the other for ever.
    watched.script(code, PYTHONPATH=os.pathsep.join([str(SDK), str(SDK), str(other)]))
    assert watched.seen() == {"churn.csv"}


def test_what_the_next_sitecustomize_raises_is_said_as_ever(watched, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "sitecustomize.py").write_text("raise RuntimeError('theirs')\n")
    done = watched.script("print('goes on')\n", PYTHONPATH=os.pathsep.join([str(SDK), str(other)]))
    assert "goes on" in done.stdout and "RuntimeError: theirs" in done.stderr


@pytest.mark.parametrize("without", ["SPECWEAVE_RUN", "SPECWEAVE_RUN_DIR", "a job"])
def test_nothing_is_watched_outside_a_launched_run(watched, without):
    if without == "a job":
        watched.env["SPECWEAVE_RUN"] = "job-001"
    else:
        del watched.env[without]
    watched.data("churn.csv")
    watched.script("import sys; open('churn.csv').read(); assert '_specweave_seen' not in sys.modules\n")
    assert not (watched.run / "seen").exists()


def test_a_script_never_notices_that_there_is_no_place_to_write(watched):
    watched.data("churn.csv")
    (watched.run / "seen").write_text("in the way")
    done = watched.script("open('churn.csv').read(); print('goes on')\n")
    assert (done.stdout, done.stderr) == ("goes on\n", "")


def test_failures_of_imports_and_opens_are_the_scripts_own(watched):
    (watched.root / "polars.py").write_text("raise ValueError('broken')\n")
    watched.script(
        "for name in ('duckdb_that_is_not_there', 'polars'):\n"
        "    try: __import__(name)\n"
        "    except (ImportError, ValueError) as error: print(type(error).__name__)\n"
        "try: open(b'\\x00.csv')\n"
        "except ValueError: pass\n"
        "try: open('a\\udcff.csv')\n"
        "except OSError: pass\n"
    )


def test_it_loads_nothing_that_python_has_not_loaded_itself(watched):
    code = "import sys; print(sorted(sys.modules))"

    def loaded(**env):
        out = subprocess.run([sys.executable, "-c", code], env={**watched.env, **env}, capture_output=True, text=True)
        return set(json.loads(out.stdout.replace("'", '"')))

    more = loaded() - loaded(PYTHONPATH="")
    assert more <= {"__future__", "_json", "_specweave_seen", "sitecustomize"}


def with_source(watched, shown="data/churn.csv"):
    """A registered data set, of which the record alone is needed here."""
    source = watched.data(shown)
    folder = watched.root / ".specweave/datasets/churn/v1"
    folder.mkdir(parents=True)
    record = {"source": {"path": shown, "bytes": source.stat().st_size}}
    (folder / "dataset.json").write_text(json.dumps(record))
    watched.env["SPECWEAVE_DATASET"] = "churn@1"
    return source


def started(watched) -> list[str]:
    return [line["command"] for line in watched.lines() if line["k"] == "started"]


def test_programs_that_are_given_the_source_are_seen(watched):
    source = with_source(watched)
    subprocess.run(["git", "init", "-q"], cwd=watched.root, check=True)
    watched.script(
        "import os, subprocess, sys\n"
        "run = lambda *words, **more: subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)\n"
        "run('git', 'show', 'HEAD:data/churn.csv')\n"
        "run('git', 'show', 'HEAD:data/churn.csv'), run('git', 'log', '-p', '--', 'data/churn.csv')\n"
        f"run('cat', {str(source)!r})\n"
        "run('cat', b'churn.csv', cwd='data')\n"
        "run('cd data && cat churn.csv | head -3', shell=True)\n"
        "os.system('cat < data/churn.csv > /dev/null')\n"
        "os.waitpid(os.posix_spawn('/bin/cat', ['cat', '--', './data/churn.csv'], os.environ,"
        " file_actions=[(os.POSIX_SPAWN_OPEN, 1, '/dev/null', os.O_WRONLY, 0)]), 0)\n"
        "if os.fork() == 0:\n"
        "    os.execvp('head', ['head', '-n0', 'data/churn.csv'])\n"
        "os.wait()\n"
        "run(sys.executable, '-I', '-c', 'open(\"data/churn.csv\").read()')\n"
    )
    assert started(watched) == [
        "git show HEAD:data/churn.csv",
        "git log -p -- data/churn.csv",
        f"cat {source}",
        "cat churn.csv",
        "sh -c cd data && cat churn.csv | head -3",
        "cat < data/churn.csv > /dev/null",
        "cat -- ./data/churn.csv",
        "head -n0 data/churn.csv",
        f'{os.path.basename(sys.executable)} -I -c open("data/churn.csv").read()',
    ]
    assert {line["source"] for line in watched.lines() if line["k"] == "started"} == {"data/churn.csv"}


def test_programs_that_are_given_other_files_are_none_of_it(watched):
    with_source(watched)
    watched.data("other/churn.csv", rows=7), watched.data("data/my-churn.csv"), watched.data("data/churn.csv.gz")
    watched.script(
        "import os, subprocess, sys\n"
        "run = lambda *words, **more: subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)\n"
        "run('cat', 'other/churn.csv')\n"
        "run('cat', 'churn.csv', cwd='other')\n"
        "run('cat', 'data/my-churn.csv', 'data/churn.csv.gz', 'data/churn.csv-old', 'data/churn.csv/x')\n"
        "run(sys.executable, '-c', 'pass', '--out', 'build/churn.csv', '--raw=s3://bucket/churn.csv.zip')\n"
        "run('sha256sum', 'data/churn.csv')\n"
        "run('git', 'status', 'data/churn.csv'), run('ls', '-l', 'data/churn.csv')\n"
        "run('git', 'log', '-n1', '--pretty=%H', '--', 'data/churn.csv')\n"
        "os.system('sort other/churn.csv > sorted.csv'), os.system('wc -l data/churn.csv')\n"
        "run('cat', '.specweave/datasets/churn/v1/dataset.json')\n"
    )
    assert started(watched) == []


def test_a_source_elsewhere_is_known_by_its_name_and_size(watched, tmp_path_factory):
    source = with_source(watched, "churn.csv")
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "churn.csv"
    source.rename(elsewhere)
    watched.data("small/churn.csv", rows=3)
    watched.script(
        "import subprocess\n"
        f"for path in ({str(elsewhere)!r}, 'small/churn.csv', 'new/churn.csv'):\n"
        "    subprocess.run(['cat', path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
    )
    assert started(watched) == [f"cat {elsewhere}"]


def test_without_a_data_set_or_with_a_broken_record_scripts_run_on(watched):
    with_source(watched)
    (watched.root / ".specweave/datasets/churn/v1/dataset.json").write_text("{")
    text = "import subprocess\nsubprocess.run(['cat', 'data/churn.csv'], check=True)\n"
    watched.script(text)
    watched.script(text, SPECWEAVE_DATASET="gone@1")
    watched.script(text, SPECWEAVE_DATASET="")
    assert started(watched) == []
