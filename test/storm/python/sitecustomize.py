"""Kills a script just before or just after one of the SDK's own writes: at the k-th, drawn from the seed.

Also sets the time of day, where the storm does.
"""

import os
import random
import sys
import time

import own_list  # keeps the functions as they are now


def _arm(kind, places, chance, most):
    where = os.environ.get("STORM_DIR")
    draw = random.Random(f"{os.environ.get('STORM_SEED')}:{kind}:{os.environ.get('SPECWEAVE_RUN')}:{sys.orig_argv}")
    if not where or draw.random() > chance:
        return
    left = [draw.randint(1, most)]
    after = draw.random() < 0.5

    def step(name, frame):
        """Whether this is the write at which the process is to die; then it takes a token for it."""
        if not any(place in frame.f_code.co_filename for place in places):
            return None
        left[0] -= 1
        if left[0] != 0:
            return None
        for token in os.listdir(f"{where}/tokens"):
            if token.startswith(f"{kind}-"):
                try:
                    os.unlink(f"{where}/tokens/{token}")
                except OSError:
                    continue
                file = os.path.basename(frame.f_code.co_filename)
                return f"{name} in {file} {frame.f_code.co_name}"
        return None

    def die(moment, what):
        import json

        run = os.environ.get("SPECWEAVE_RUN_DIR")
        fact = {"kind": kind, "step": f"{moment} {what}", "pid": os.getpid(), "target": run, "how": "step"}
        fd = own_list._open(f"{where}/kills.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        own_list._write(fd, (json.dumps(fact) + "\n").encode())
        os.kill(os.getpid(), 9)

    def hang(name):
        real = getattr(os, name)

        def call(*given, **named):
            due = step(name, sys._getframe(1))
            if due and not after:
                die("before", due)
            result = real(*given, **named)
            if due:
                die("after", due)
            return result

        setattr(os, name, call)

    for name in ("write", "open", "rename", "mkdir", "replace"):
        hang(name)


def _set_clock(where):
    def now():
        try:
            fd = own_list._open(f"{where}/clock", os.O_RDONLY)
        except OSError:
            return own_list.now()
        try:
            return own_list.now() + float(os.read(fd, 30) or 0)
        finally:
            os.close(fd)

    time.time = now


if "STORM_DIR" in os.environ:
    _set_clock(os.environ["STORM_DIR"])
_words = " ".join(sys.orig_argv)
if "storm_script.py" in _words:
    _arm("script", ("/specweave/",), 0.25, 40)
elif "specweave_lab" in _words:
    _arm("lab", ("/specweave_lab/",), 0.3, 6)
