#!/usr/bin/env python3
"""Works on the shards of a plan with Dask: on this machine, on a cluster of yours, or through Slurm.

    python scale/run.py --plan plan                                  # a worker for each core of this machine
    python scale/run.py --plan plan --workers 2
    python scale/run.py --plan plan --scheduler tcp://host:8786      # any Dask cluster
    python scale/run.py --plan plan --slurm 50 --slurm-options '-p compute -t 02:00:00'   # needs dask-jobqueue

Dask only hands out numbers: a task is `quakebook work --plan PLAN --index N` in a process of its own, of one thread. What is
done stands in the plan's folder, so this may be stopped, killed and begun again at any time, and so may workers and the
scheduler. A shard that fails is tried again, then named, and the rest goes on. A lost scheduler is waited for; workers
end with theirs, so start them again too.

Exit codes: 0 every shard is done; 1 some failed; 3 done, but damaged records were left out; 4 some are missing.
"""

import argparse
import asyncio
import concurrent.futures
import contextlib
import importlib.util
import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from distributed import Client, KilledWorker, LocalCluster, as_completed
from distributed.comm.core import CommClosedError

# What a client says where its scheduler has gone.
LOST = (CommClosedError, OSError, TimeoutError, asyncio.CancelledError, concurrent.futures.CancelledError)

# Exit codes of `quakebook work`: done, done without the damaged records, stopped by a signal.
DONE, DAMAGED, STOPPED = 0, 3, 4

# Tasks that a worker has before it: so that none waits for the next one, and a large plan stays here.
N_AHEAD = 4

# Workers of this machine for each of its cores, at most: more take memory, and wait for one another.
N_WORKERS_EACH = 4


def status_of(o):
    """What `quakebook status` says of the plan: a shard whose result is spoilt is not done."""
    command = [o.quakebook, "status", "--plan", o.plan, "--json"]
    try:
        status = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        sys.exit(f"{o.quakebook}: {error.strerror}. Put the program on the path, or give its place by --quakebook")
    if not status.stdout:
        sys.exit(status.stderr.strip() or f"{o.quakebook} status: exit code {status.returncode}")
    return json.loads(status.stdout)


def not_done(o):
    return status_of(o)["not_done"]


def work(program, plan, archive, index):
    """One shard, on a worker: its exit code, and what it said first."""
    command = [program, "work", "--plan", plan, "--index", str(index)]
    command += ["--archive", archive] if archive else []
    # As many threads as Dask counts; who wants more sets the variable where the workers start.
    environment = {"RAYON_NUM_THREADS": "1"} | os.environ
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    except OSError as error:
        return 1, f"{program}: {error.strerror}"
    words = ended.stderr.strip().splitlines() or [f"exit code {ended.returncode}"]
    return ended.returncode, words[0]


class Progress:
    """A line now and then: how many are done, how fast, and how long it will take."""

    def __init__(self, n_left, every_s):
        self.n_left, self.n_done, self.n_damaged, self.failed, self.stopped = n_left, 0, 0, {}, {}
        self.every_s, self.began, self.said = every_s, time.monotonic(), time.monotonic()

    def note(self, index, code, words, tries):
        if code in (DONE, DAMAGED):
            self.n_done += 1
            self.n_damaged += code == DAMAGED
        else:
            (self.stopped if code == STOPPED else self.failed)[index] = words
            print(f"shard {index}: failed {tries} times: {words}", flush=True)
        now = time.monotonic()
        n_left = self.n_left - self.n_done - len(self.given_up())
        if now - self.said >= self.every_s or n_left == 0:
            self.said = now
            per_s = self.n_done / (now - self.began)
            minutes = f"{n_left / per_s / 60:.1f}" if per_s else "unknown"
            print(f"{self.n_done} of {self.n_left} shards, {3600 * per_s:.0f} an hour, {minutes} minutes left", flush=True)

    def given_up(self):
        """Shards that were tried often enough, and what they said."""
        return self.failed | self.stopped


def run(client, o, indices, progress):
    """Keeps every worker busy until all shards were tried."""
    waiting, tries, at_work = iter(indices), {}, as_completed()

    def submit(index):
        tries[index] = tries.get(index, 0) + 1
        # A task has no result to be kept: the same number may be given again.
        key = f"shard-{index}-{tries[index]}-{time.time_ns()}"
        at_work.add(client.submit(work, o.quakebook, o.plan, o.archive, index, key=key, pure=False))

    def fill():
        """Workers come and go."""
        n_workers = sum(client.nthreads().values())
        while at_work.count() < max(1, N_AHEAD * n_workers) and (index := next(waiting, None)) is not None:
            submit(index)

    fill()
    for future in at_work:
        index = int(future.key.split("-")[1])
        try:
            code, words = future.result()
        except KilledWorker:
            code, words = 1, "its workers were killed again and again"
        if code not in (DONE, DAMAGED) and tries[index] <= o.retries:
            submit(index)
        else:
            progress.note(index, code, words, tries[index])
        fill()


def connect(o):
    """The cluster's client, and what has to be closed in the end."""
    if o.scheduler:
        return Client(o.scheduler, timeout=o.wait), None
    if o.slurm:
        try:
            from dask_jobqueue import SLURMCluster
        except ImportError:
            sys.exit("--slurm needs dask-jobqueue: pip install dask-jobqueue; or take scale/slurm.sbatch, which needs no Dask")

        options = [o.slurm_options] if o.slurm_options else []
        cluster = SLURMCluster(cores=1, processes=1, memory="2GB", job_extra_directives=options)
        # Always so many: for a job that was killed, or whose time is over, another one is started.
        cluster.adapt(minimum=o.slurm, maximum=o.slurm)
    else:
        n_workers = o.workers or os.cpu_count()
        # Each shard is a process of its own; the workers that wait for them need none, and so nobody can kill them alone.
        cluster = LocalCluster(n_workers=n_workers, threads_per_worker=1, processes=False, dashboard_address=o.dashboard)
    return Client(cluster), cluster


def number(kind, least, most=None):
    """The type of an option that is a number from the least on, up to the most."""

    def parsed(text):
        value = kind(text)
        # NaN is not larger than anything.
        if not (least <= value < float("inf")) or (most is not None and value > most):
            raise argparse.ArgumentTypeError(f"{text}: expected a number of {least} or more" + (f", at most {most}" if most is not None else ""))
        return value

    parsed.__name__ = "number"
    return parsed


def main():
    most = N_WORKERS_EACH * (os.cpu_count() or 1)
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--plan", required=True, help="the folder of a plan, at the same path on every machine")
    a.add_argument("--archive", help="where the archive lies on the workers [default: where it was planned]")
    a.add_argument("--quakebook", default="quakebook", help="the program [default: the one on the path]")
    where = a.add_mutually_exclusive_group()
    where.add_argument("--workers", type=number(int, 1, most), help="processes on this machine, at most four a core [default: one a core]")
    where.add_argument("--scheduler", help="the address of a Dask scheduler")
    where.add_argument("--slurm", type=number(int, 1), help="so many jobs of Slurm, each a worker")
    a.add_argument("--slurm-options", default="", help="options of sbatch, in one word")
    a.add_argument("--retries", type=number(int, 0), default=2, help="how often a shard that failed is tried again [default: 2]")
    a.add_argument("--wait", type=number(float, 0), default=600, help="seconds for which a lost scheduler is waited for [default: 600]")
    a.add_argument("--every", type=number(float, 0), default=10, help="seconds between lines of progress [default: 10]")
    a.add_argument("--dashboard", default="127.0.0.1:8787", help="where this machine's dashboard is served [default: 127.0.0.1:8787]")
    o = a.parse_args()
    o.plan = str(Path(o.plan).resolve())
    # It tells of each lost connection with a page of calls; so do we, in a line.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    # Whoever ends this ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(STOPPED))
    status = status_of(o)
    n_shards, left = status["n_shards"], status["not_done"]
    print(f"{n_shards - len(left)} of {n_shards} shards were done before", flush=True)
    lost = None
    progress = Progress(len(left), o.every)
    while left:
        client = cluster = None
        try:
            try:
                client, cluster = connect(o)
            except (ValueError, RuntimeError) as error:
                sys.exit(f"no cluster at these addresses (--scheduler, --dashboard), or none can be started: {error}")
            has_dashboard = importlib.util.find_spec("bokeh")
            print(f"dashboard: {client.dashboard_link}" if has_dashboard else "no dashboard: it needs `bokeh`", flush=True)
            client.wait_for_workers(1)
            lost = None
            run(client, o, left, progress)
            break
        except LOST as error:
            lost = lost or time.monotonic()
            if not o.scheduler:
                raise
            if time.monotonic() - lost > o.wait:
                sys.exit(f"no scheduler answered at {o.scheduler} for {o.wait:.0f} s: start it, and run this again; what is done stays done")
            print(f"the scheduler is lost ({type(error).__name__}): waiting for it", flush=True)
            time.sleep(2)
        finally:
            for one in (client, cluster):
                with contextlib.suppress(*LOST):
                    if one:
                        one.close(timeout=5)
        left = [i for i in not_done(o) if i not in progress.given_up()]
        progress.n_left = progress.n_done + len(progress.given_up()) + len(left)
    missing = set(not_done(o))
    # One that was killed after its last byte was written is done.
    failed = {index: words for index, words in progress.given_up().items() if index in missing}
    for index, words in sorted(failed.items()):
        print(f"shard {index} failed: {words}")
    damaged = f"; in {progress.n_damaged} of this run damaged records were left out" if progress.n_damaged else ""
    print(f"{n_shards - len(missing)} of {n_shards} shards are done{damaged}")
    sys.exit(1 if failed.keys() & progress.failed.keys() else STOPPED if missing else DAMAGED if progress.n_damaged else DONE)


if __name__ == "__main__":
    main()
