#!/usr/bin/env python3
"""Works on the shards of a plan with Dask: on this machine, on a cluster of yours, or through Slurm.

    python scale/run.py --plan plan                                  # a worker for each core of this machine
    python scale/run.py --plan plan --workers 2
    python scale/run.py --plan plan --scheduler tcp://host:8786      # any Dask cluster
    python scale/run.py --plan plan --slurm 50 --slurm-options '-p compute -t 02:00:00'   # needs dask-jobqueue

Dask only hands out numbers: a task is `quakebook work --plan PLAN --index N` in a process of its own. What is
done stands in the plan's folder, so this may be stopped, killed and begun again at any time, and so may workers and the
scheduler. A shard that fails is tried again, then named, and the rest goes on.

Exit codes: 0 every shard is done; 1 some failed; 4 some are missing.
"""

import argparse
import asyncio
import concurrent.futures
import contextlib
import itertools
import json
import subprocess
import sys
import time
from pathlib import Path

from distributed import Client, KilledWorker, LocalCluster, as_completed
from distributed.comm.core import CommClosedError

# What a client says where its scheduler has gone.
LOST = (CommClosedError, OSError, TimeoutError, asyncio.CancelledError, concurrent.futures.CancelledError)

# Shards of a folder, as `quakebook plan` lays them out.
N_IN_FOLDER = 1000

# Tasks that a worker has before it: so that none waits for the next one, and a large plan stays here.
N_AHEAD = 4


def is_done(plan, index):
    return (Path(plan) / "manifests" / f"{index // N_IN_FOLDER:03}" / f"{index:07}.json").exists()


def work(program, plan, archive, index):
    """One shard, on a worker: its number, the exit code, and the last words."""
    command = [program, "work", "--plan", plan, "--index", str(index)]
    command += ["--archive", archive] if archive else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    words = done.stderr.strip().splitlines() or [""]
    return index, done.returncode, words[-1]


class Progress:
    """A line now and then: how many are done, how fast, and how long it will take."""

    def __init__(self, n_left, every_s):
        self.n_left, self.n_done, self.failed = n_left, 0, {}
        self.every_s, self.began, self.said = every_s, time.monotonic(), time.monotonic()

    def note(self, index, code, words, tries):
        if code == 0:
            self.n_done += 1
        else:
            self.failed[index] = words
            print(f"shard {index}: failed {tries} times: {words}", flush=True)
        now = time.monotonic()
        if now - self.said >= self.every_s or self.n_done + len(self.failed) == self.n_left:
            self.said = now
            per_s = self.n_done / (now - self.began)
            left = (self.n_left - self.n_done - len(self.failed)) / per_s if per_s else float("nan")
            print(f"{self.n_done} of {self.n_left} shards, {3600 * per_s:.0f} an hour, {left / 60:.1f} minutes left", flush=True)


def run(client, o, indices, progress):
    """Keeps every worker busy until all shards were tried."""
    waiting, tries = iter(indices), {}

    def submit(index):
        tries[index] = tries.get(index, 0) + 1
        # A task has no result to be kept: the same number may be given again.
        return client.submit(work, o.quakebook, o.plan, o.archive, index, key=f"shard-{index}-{tries[index]}-{time.time_ns()}", pure=False, retries=10)

    n_workers = max(1, sum(client.nthreads().values()))
    at_work = as_completed([submit(i) for i in itertools.islice(waiting, N_AHEAD * n_workers)])
    for future in at_work:
        try:
            index, code, words = future.result()
        except KilledWorker:
            index, code, words = int(future.key.split("-")[1]), 1, "its workers were killed again and again"
        if code != 0 and tries[index] <= o.retries:
            at_work.add(submit(index))
            continue
        progress.note(index, code, words, tries[index])
        for following in itertools.islice(waiting, 1):
            at_work.add(submit(following))


def connect(o):
    """The cluster's client, and what has to be closed in the end."""
    if o.scheduler:
        return Client(o.scheduler, timeout=o.wait), None
    if o.slurm:
        from dask_jobqueue import SLURMCluster

        cluster = SLURMCluster(cores=1, processes=1, memory="2GB", job_extra_directives=o.slurm_options.split())
        cluster.scale(o.slurm)
    else:
        cluster = LocalCluster(n_workers=o.workers, threads_per_worker=1, dashboard_address=o.dashboard)
    return Client(cluster), cluster


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--plan", required=True, help="the folder of a plan, at the same path on every machine")
    a.add_argument("--archive", help="where the archive lies on the workers [default: where it was planned]")
    a.add_argument("--quakebook", default="quakebook", help="the program [default: the one on the path]")
    a.add_argument("--workers", type=int, help="processes on this machine [default: one a core]")
    a.add_argument("--scheduler", help="the address of a Dask scheduler")
    a.add_argument("--slurm", type=int, help="so many jobs of Slurm, each a worker")
    a.add_argument("--slurm-options", default="", help="options of sbatch")
    a.add_argument("--retries", type=int, default=2, help="how often a shard that failed is tried again [default: 2]")
    a.add_argument("--wait", type=float, default=600, help="seconds for which a lost scheduler is waited for [default: 600]")
    a.add_argument("--every", type=float, default=10, help="seconds between lines of progress [default: 10]")
    a.add_argument("--dashboard", default=":8787", help="where the dashboard is served [default: port 8787]")
    o = a.parse_args()
    o.plan = str(Path(o.plan).resolve())
    with open(Path(o.plan) / "shards.jsonl") as lines:
        indices = [json.loads(line)["index"] for line in lines]
    left = [index for index in indices if not is_done(o.plan, index)]
    print(f"{len(indices) - len(left)} of {len(indices)} shards were done before", flush=True)
    lost = None
    progress = Progress(len(left), o.every)
    while left:
        client = cluster = None
        try:
            client, cluster = connect(o)
            print(f"dashboard: {client.dashboard_link}", flush=True)
            lost = None
            run(client, o, left, progress)
        except LOST as error:
            lost = lost or time.monotonic()
            if not o.scheduler or time.monotonic() - lost > o.wait:
                raise
            print(f"the scheduler is lost ({type(error).__name__}): waiting for it", flush=True)
            time.sleep(2)
        finally:
            for one in (client, cluster):
                with contextlib.suppress(*LOST):
                    if one:
                        one.close(timeout=5)
        left = [i for i in left if not is_done(o.plan, i) and i not in progress.failed]
        progress.n_left = progress.n_done + len(progress.failed) + len(left)
    missing = [i for i in indices if not is_done(o.plan, i)]
    for index, words in sorted(progress.failed.items()):
        print(f"shard {index} failed: {words}")
    print(f"{len(indices) - len(missing)} of {len(indices)} shards are done")
    sys.exit(1 if progress.failed else 4 if missing else 0)


if __name__ == "__main__":
    main()
