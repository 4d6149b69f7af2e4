"""Runs notebooks and keeps their outputs, without what differs between two equal runs.

    notebooks.py --into FOLDER [--seconds CSV] [--at-once N] NOTEBOOK…

Two run at once unless told otherwise: while one compiles a cell the other computes. What two of them
need, the library makes once. The executed copies go into FOLDER, and the seconds of each cell into CSV.
A cell that writes to stderr has failed too.
"""

import argparse
import csv
import json
import re
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

# What follows this sign on a line of output (a time, a rate) is for the reader who waits: it is not kept, nor is a
# line that begins with it.
FOR_THE_EYES = "»"
ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
# A struct as `{:?}` prints it.
DEBUG_FORM = re.compile(r"[A-Z]\w+ \{ ")
# Cursor movements and colours of the terminal.
TERMINAL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class CellFailed(Exception):
    pass


def run(path):
    """The notebook with the outputs of this run, and the seconds until the kernel was ready and of each cell."""
    notebook = nbformat.read(path, as_version=4)
    seconds = []
    start = time.monotonic()

    def begin(cell, cell_index):
        nonlocal start
        if not seconds:
            seconds.append((0, "the kernel starts", time.monotonic() - start))
        start = time.monotonic()

    async def check(cell, cell_index, execute_reply):
        first_line = cell.source.partition("\n")[0]
        seconds.append((cell_index + 1, first_line, time.monotonic() - start))
        text = complaint(cell)
        if text:
            raise CellFailed(f"{path.name}, cell {cell_index + 1}:\n{indent(cell.source)}\n\n{text}")

    client = NotebookClient(
        notebook,
        timeout=None,
        kernel_name="quakebook",
        resources={"metadata": {"path": str(path.parent)}},
        allow_errors=True,
        record_timing=False,
        on_cell_execute=begin,
        on_cell_executed=check,
    )
    try:
        client.execute()
    except CellExecutionError as error:
        raise CellFailed(f"{path.name}: {error}")
    except DeadKernelError:
        raise CellFailed(f"{path.name}: the kernel died, as it does when it runs out of memory")
    return notebook, seconds


def complaint(cell):
    """What a cell has written to stderr or raised."""
    texts = []
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            texts.append("\n".join(output.traceback) or output.evalue)
        elif output.output_type == "stream" and output.name == "stderr":
            texts.append(output.text)
        elif DEBUG_FORM.match(plain(output)):
            texts.append(f"shown by its innards, not by its evcxr_display: {plain(output)[:80]}")
    return TERMINAL.sub("", "\n".join(texts)).strip()


def plain(output):
    """Its text, where it has no other form."""
    data = output.get("data", {})
    return data["text/plain"] if set(data) == {"text/plain"} else ""


def indent(text):
    return "\n".join("    " + line for line in text.splitlines())


def clean(notebook):
    """Removes counts, times, addresses and what tools keep in metadata."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Rust (quakebook)", "language": "rust", "name": "quakebook"},
        "language_info": {"file_extension": ".rs", "mimetype": "text/rust", "name": "Rust"},
    }
    for cell in notebook.cells:
        # Tags place a cell in the book; `jupyter` folds a solution away.
        cell.metadata = {k: v for k, v in cell.metadata.items() if k in ("tags", "jupyter")}
        if cell.cell_type != "code":
            continue
        cell.execution_count = None
        cell.outputs = joined(cell.outputs)
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = None
            if "text" in output:
                output.text = clean_text(output.text)
            output.pop("metadata", None)
            if output.output_type in ("display_data", "execute_result"):
                output.metadata = {}
                for kind, data in output.data.items():
                    if kind.startswith("text/"):
                        output.data[kind] = clean_text(data)
                    elif kind.endswith("+json") and not isinstance(data, str):
                        # On one line: a notebook gives each number of a list a line of its own.
                        output.data[kind] = json.dumps(data, separators=(",", ":"))
        # What was for the eyes alone leaves nothing.
        cell.outputs = [output for output in cell.outputs if output.get("text") != ""]


def joined(outputs):
    """The lines of one stream, which come one by one, as one output."""
    kept = []
    for output in outputs:
        last = kept[-1] if kept else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            kept.append(output)
    return kept


def clean_text(text):
    lines = (line for line in text.split("\n") if not line.startswith(FOR_THE_EYES))
    lines = (line.split(FOR_THE_EYES)[0].rstrip() for line in lines)
    return ADDRESS.sub("0x…", "\n".join(lines))


def main(args):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--seconds", type=Path)
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("notebooks", type=Path, nargs="+")
    args = parser.parse_args(args)
    begin = time.monotonic()
    rows = []
    with ProcessPoolExecutor(args.at_once) as pool:
        runs = [pool.submit(run_and_write, path, args.into) for path in args.notebooks]
        for done in as_completed(runs):
            try:
                seconds = done.result()
            except CellFailed as failure:
                print(f"[fail] {failure}", file=sys.stderr, flush=True)
                pool.shutdown(cancel_futures=True)
                sys.exit(1)
            rows += seconds
            if args.seconds:
                write_seconds(args.seconds, sorted(rows))
    print(f"       {len(args.notebooks)} notebooks in {time.monotonic() - begin:.0f} s", flush=True)


def run_and_write(path, folder):
    """Runs a notebook and writes it; returns a row (notebook, cell, first line, seconds) for each cell."""
    start = time.monotonic()
    notebook, seconds = run(path)
    clean(notebook)
    nbformat.write(notebook, folder / path.name)
    print(f"[done] {path.name}: {time.monotonic() - start:.0f} s", flush=True)
    return [(path.stem, *row) for row in seconds]


def write_seconds(path, rows):
    with open(path, "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["notebook", "cell", "first_line", "seconds"])
        table.writerows((*row, f"{seconds:.2f}") for *row, seconds in rows)


if __name__ == "__main__":
    main(sys.argv[1:])
