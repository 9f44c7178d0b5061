"""The same work with SpecWeave and with other trackers, each in a process of its own.

``trackers.py NAME FOLDER CALLS RUNS`` prints one JSON object: what the import, the first run, a run and a call cost.
"""

import contextlib
import json
import os
import statistics
import sys
from time import perf_counter

PARAMS = {f"param_{i}": i / 7 for i in range(10)}


class Bare:
    """A folder and a file, each line written through."""

    def start(self, name: str) -> None:
        os.makedirs(name)
        self.fd = os.open(f"{name}/all.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        for key, value in PARAMS.items():
            self.line({"param": key, "v": value})

    def line(self, event: dict) -> None:
        os.write(self.fd, (json.dumps(event) + "\n").encode())

    def log(self, value: float, step: int) -> None:
        self.line({"metric": "loss", "v": value, "s": step, "t": perf_counter()})

    def finish(self) -> None:
        os.close(self.fd)


class SpecWeave:
    def __init__(self) -> None:
        from specweave import track_experiment

        self.track = track_experiment

    def start(self, name: str) -> None:
        self.run = self.track(name)
        self.run.__enter__()
        self.run.log_params(PARAMS)

    def log(self, value: float, step: int) -> None:
        self.run.log_metric("loss", value, step=step)

    def finish(self) -> None:
        self.run.__exit__(None, None, None)


class MLflow:
    def __init__(self) -> None:
        import mlflow

        self.mlflow = mlflow
        mlflow.set_tracking_uri(f"sqlite:///{os.getcwd()}/mlflow.db")
        mlflow.set_experiment("bench")

    def start(self, name: str) -> None:
        self.mlflow.start_run(run_name=name)
        self.mlflow.log_params(PARAMS)

    def log(self, value: float, step: int) -> None:
        self.mlflow.log_metric("loss", value, step=step)

    def finish(self) -> None:
        self.mlflow.end_run()


class MLflowAsync(MLflow):
    def log(self, value: float, step: int) -> None:
        self.mlflow.log_metric("loss", value, step=step, synchronous=False)


class WandbOffline:
    def __init__(self) -> None:
        import wandb

        self.wandb = wandb

    def start(self, name: str) -> None:
        settings = self.wandb.Settings(silent=True, console="off")
        self.run = self.wandb.init(project="bench", name=name, mode="offline", config=PARAMS, settings=settings)

    def log(self, value: float, step: int) -> None:
        self.run.log({"loss": value}, step=step)

    def finish(self) -> None:
        self.run.finish()


class Trackio:
    def __init__(self) -> None:
        import trackio

        self.trackio = trackio

    def start(self, name: str) -> None:
        self.trackio.init(project="bench", name=name, config=PARAMS)

    def log(self, value: float, step: int) -> None:
        self.trackio.log({"loss": value}, step=step)

    def finish(self) -> None:
        self.trackio.finish()


class Aim:
    def __init__(self) -> None:
        import aim

        self.aim = aim

    def start(self, name: str) -> None:
        self.run = self.aim.Run(
            repo=os.getcwd(), experiment="bench", system_tracking_interval=None, capture_terminal_logs=False
        )
        self.run.name = name
        self.run["hparams"] = PARAMS

    def log(self, value: float, step: int) -> None:
        self.run.track(value, name="loss", step=step)

    def finish(self) -> None:
        self.run.close()


TRACKERS = {
    "bare": Bare,
    "specweave": SpecWeave,
    "mlflow": MLflow,
    "mlflow-async": MLflowAsync,
    "wandb": WandbOffline,
    "trackio": Trackio,
    "aim": Aim,
}


def whole_run(tracker, name: str) -> float:
    began = perf_counter()
    tracker.start(name)
    tracker.log(0.1, 0)
    tracker.finish()
    return (perf_counter() - began) * 1e3


def main(name: str, folder: str, calls: int, runs: int) -> dict:
    os.chdir(folder)
    began = perf_counter()
    tracker = TRACKERS[name]()
    imported = (perf_counter() - began) * 1e3
    tag = f"{name}-{os.getpid()}"
    first = whole_run(tracker, f"{tag}-first")
    each = [whole_run(tracker, f"{tag}-{i}") for i in range(runs)]
    tracker.start(f"{tag}-calls")
    began = perf_counter()
    for step in range(calls):
        tracker.log(step / 7, step)
    call = (perf_counter() - began) * 1e6 / calls
    tracker.finish()
    # Linux tells the peak of this process alone; `ru_maxrss` would count that of the process it was made from.
    peak = None
    if os.path.exists("/proc/self/status"):
        with open("/proc/self/status") as file:
            peak = next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM"))
    return {"import": imported, "first": first, "run": statistics.median(each), "call": call, "memory": peak}


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        found = main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    print(json.dumps(found), flush=True)
    os._exit(0)
