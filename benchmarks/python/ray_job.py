"""A local Ray head, and one job of ``python -c pass`` for each line on stdin, from its submission to its known end."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

END = {"SUCCEEDED", "FAILED", "STOPPED"}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def begin(folder: str, port: int) -> subprocess.Popen:
    options = ["--head", "--block", f"--port={free_port()}", "--include-dashboard=true", "--disable-usage-stats"]
    options += [f"--dashboard-port={port}", f"--temp-dir={folder}", "--num-cpus=2"]
    ray = os.path.join(os.path.dirname(sys.executable), "ray")
    return subprocess.Popen(
        [ray, "start", *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def connect(address: str):
    from ray.job_submission import JobSubmissionClient

    until = time.monotonic() + 60
    while True:
        try:
            return JobSubmissionClient(address)
        except Exception:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


def job(client) -> dict:
    began = time.perf_counter()
    submitted = client.submit_job(entrypoint="python -c pass")
    while (status := str(client.get_job_status(submitted).value)) not in END:
        time.sleep(0.01)
    return {"ms": (time.perf_counter() - began) * 1e3, "status": status}


def processes_of(session: int) -> list[int]:
    """Ray starts its parts in sessions of their own: they are found by the parents that they have."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    parents[int(name)] = int(file.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
    found = [session]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def main() -> None:
    # Ray's sockets need a short path.
    with tempfile.TemporaryDirectory(prefix="ray", dir="/tmp", ignore_cleanup_errors=True) as folder:
        port = free_port()
        head = begin(folder, port)
        try:
            client = connect(f"http://127.0.0.1:{port}")
            for _ in sys.stdin:
                print(json.dumps(job(client)), flush=True)
        finally:
            started = processes_of(head.pid)
            head.terminate()
            try:
                head.wait(20)
            except subprocess.TimeoutExpired:
                head.kill()
            for pid in started[1:]:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue


main()
