"""A script of the storm: works in one of several ways, and keeps its own list of what was acknowledged to it.

    storm_script.py KEY KIND SETTINGS
"""

import errno
import json
import os
import random
import resource
import signal
import sys
import time

key, kind, settings = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
seed = os.environ.get("SPECWEAVE_SEED")
os.environ["STORM_KEY"] = f"{key}-s{seed}" if seed and kind == "seeds" else key
import own_list  # noqa: E402

resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
draw = random.Random(f"{key}:{seed}")
NO_ROOM = (errno.ENOSPC, errno.EROFS)
delay, points, lines, code = settings["delay"], settings["points"], settings["lines"], settings["code"]


def start(**more):
    """One a start: two of them for one folder are a double start."""
    own_list.say(start=os.environ.get("SPECWEAVE_RUN_DIR", ""), pid=os.getpid(), kind=kind, t=own_list.now(), **more)


def pause():
    if delay:
        time.sleep(draw.random() * delay * 2)


def show(count):
    for n in range(count):
        text = f"line {n} of {key} {draw.random()}"
        if put(1, text + "\n"):
            own_list.say(line=text)
        elif draw.random() < 0.1:
            # Most scripts end by it.
            own_list.say(exit=74)
            sys.exit(74)
        pause()


torn = set()


def put(fd, text):
    """One write; whether the system took all of it. What it did not take is the script's own loss."""
    data = (("\n" if fd in torn else "") + text).encode()
    try:
        size = os.write(fd, data)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        return False
    if size:
        torn.discard(fd)
    if 0 < size < len(data):
        torn.add(fd)
    return size == len(data)


def when_there_is_room(work):
    while True:
        try:
            return work()
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            time.sleep(0.1)


def log(run, count, first=0, name="loss"):
    for n in range(first, first + count):
        value = draw.random()
        run.log_metric(name, value, step=n)
        own_list.say(point=[name, n, value], t=own_list.now())
        pause()


def end(number):
    own_list.say(exit=number)
    sys.stdout.flush()
    os._exit(number) if settings.get("abrupt") else sys.exit(number)


def tracked():
    from specweave import track_experiment

    return track_experiment(kind)


def with_children(work, count):
    """Forks `count` children that do `work(n)`; each has its own list."""
    pids = []
    for n in range(count):
        pid = os.fork()
        if pid == 0:
            own_list.say(child=os.environ.get("SPECWEAVE_RUN_DIR", ""), pid=os.getpid())
            work(n)
            own_list.say(done=True)
            os._exit(0)
        pids.append(pid)
    for pid in pids:
        os.waitpid(pid, 0)


if kind == "alone":
    # Nobody launched it: the SDK makes the run.
    with tracked() as alone:
        own_list.say(start=alone.folder or "", pid=os.getpid(), kind=kind, t=own_list.now(), run=alone.id)
        log(alone, points)
        if code:
            own_list.say(exit=code)
            raise SystemExit(code)
    end(0)

start()
if kind == "plain":
    show(lines)
elif kind in ("sdk", "seeds"):
    with tracked() as run:
        log(run, points)
    show(2)
elif kind == "csv":
    path = f"{os.environ['SPECWEAVE_RUN_DIR']}/history.csv"
    fd = when_there_is_room(lambda: os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666))

    def row(text):
        """Says nothing of a row before all of it is in the file: half a row would be another number."""
        data = text.encode()
        while data:
            data = data[when_there_is_room(lambda: os.write(fd, data)) :]

    row("step,loss\n")
    for n in range(points):
        value = draw.random()
        row(f"{n},{value!r}\n")
        own_list.say(point=["loss", n, value], t=own_list.now())
        pause()
elif kind == "fork":
    with tracked() as run:
        with_children(lambda n: log(run, points, first=n * 100_000), 8)
elif kind == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with tracked() as run:
        log(run, points)
        show(lines)
elif kind == "daemon":
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            own_list.say(child=os.environ["SPECWEAVE_RUN_DIR"], pid=os.getpid())
            time.sleep(3)
            own_list.say(done=True)
        os._exit(0)
    show(lines)
elif kind == "closed":
    show(1)
    os.close(1)
    os.close(2)
    sys.stdout = sys.stderr = open(os.devnull, "w")
    with tracked() as run:
        log(run, points)
elif kind == "crash":
    with tracked() as run:
        log(run, points)
        number = draw.choice([signal.SIGABRT, signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
        own_list.say(exit=128 + number)
        os.kill(os.getpid(), number)
        time.sleep(60)
elif kind == "long":
    with tracked() as run:
        log(run, 6000)  # a minute: it is to be stopped before
elif kind == "scored":
    # Guesses at random; how many are right is known here as well as to the lab.
    import csv

    with open(os.environ["SPECWEAVE_VALIDATION"], newline="") as file:
        rows = list(csv.DictReader(file))
    guesses = [draw.choice("ab") for _ in rows]
    folder = f"{os.environ['SPECWEAVE_RUN_DIR']}/predictions"

    def hand_in():
        with open(f"{folder}/.part", "w") as file:
            file.write("row_id,prediction\n")
            file.writelines(f"{next(iter(row.values()))},{guess}\n" for row, guess in zip(rows, guesses))
        os.rename(f"{folder}/.part", f"{folder}/validation.csv")

    when_there_is_room(hand_in)
    own_list.say(score=sum(row["label"] == guess for row, guess in zip(rows, guesses)) / len(rows))
    show(lines)
elif kind == "flood":
    while True:
        put(1, "x" * 65_000 + "\n")
        time.sleep(0.02)
end(code)
