"""SeisBench's side of the datasets that tests/dataset.rs reads and writes.

    python tests/reference/seisbench_dataset.py make tests/reference
    python tests/reference/seisbench_dataset.py read FOLDER
    python tests/reference/seisbench_dataset.py open 'seisbench.data.WaveformDataset("FOLDER", component_order="ZNE")'

SeisBench 0.12.6, h5py 3.16.0. `make` writes with SeisBench's own writer, and what it never writes with h5py:
- seisbench_written: four traces of two lengths; the value of trace t, component c, sample w is 1000 t + 100 c + w;
- seisbench_other: two chunks, samples before components, compressed, whole numbers, no blocks;
- seisbench_large.hdf5, seisbench_piece.hdf5: files of 578 bytes that declare 13 terabytes, and a piece of 400 megabytes.
`read` opens a dataset and prints a line for each trace: its part, rate, P, shape, and values. `open` prints the last values of what a
line of Python opens.
"""

import pathlib
import sys

import h5py
import numpy as np
import pandas as pd
import seisbench
import seisbench.data as sbd


def values(trace, n_components, n_samples):
    c, w = np.meshgrid(np.arange(n_components), np.arange(n_samples), indexing="ij")
    return 1000.0 * trace + 100 * c + w


def make(folder):
    written = folder / "seisbench_written"
    written.mkdir(exist_ok=True)
    with sbd.WaveformDataWriter(written / "metadata.csv", written / "waveforms.hdf5") as writer:
        writer.data_format = {
            "dimension_order": "CW",
            "component_order": "ZNE",
            "sampling_rate": 50,
            "measurement": "velocity",
            "unit": "counts",
            "instrument_response": "not restituted",
        }
        for trace, (split, n_samples) in enumerate([("train", 6), ("train", 6), ("dev", 6), ("test", 4)]):
            event = {"source_id": f"event {trace}", "split": split}
            station = {
                "station_network_code": "XX",
                "station_code": "ABC",
                "trace_start_time": f"2014-02-16T01:28:3{trace}.250000Z",
                "trace_P_arrival_sample": 2.5 if split == "train" else np.nan,
            }
            writer.add_trace({**event, **station}, values(trace, 3, n_samples))

    other = folder / "seisbench_other"
    other.mkdir(exist_ok=True)
    (other / "chunks").write_text("_a\n_b\n")
    for chunk, name in enumerate(["_a", "_b"]):
        with h5py.File(other / f"waveforms{name}.hdf5", "w") as file:
            data = values(chunk, 2, 50).T.astype("i4")
            file.create_dataset("data/only", data=data, chunks=(20, 2), compression="gzip", shuffle=True)
            file["data_format/dimension_order"] = "WC"
            file["data_format/component_order"] = "ZH"
        row = {"trace_name": ["only"], "trace_dt_s": [0.04], "split": [np.nan]}
        pd.DataFrame(row).to_csv(other / f"metadata{name}.csv", index=False)

    for name, n_samples, n_piece in [("large", 1 << 40, 1024), ("piece", 1 << 24, 1 << 25)]:
        with h5py.File(folder / f"seisbench_{name}.hdf5", "w", libver="latest") as file:
            shape = {"shape": (1, 3, n_samples), "maxshape": (1, 3, None)}
            file.create_dataset("data/bucket0", **shape, chunks=(1, 3, n_piece), dtype="f4")


def read(folder):
    first = sbd.WaveformDataset(folder, component_order=None)
    order = first.metadata["trace_component_order"].iloc[0]
    dataset = sbd.WaveformDataset(folder, component_order=order)
    for index in range(len(dataset)):
        samples, row = dataset.get_sample(index)
        p = row.get("trace_P_arrival_sample", np.nan)
        known = [row["split"], row["trace_sampling_rate_hz"], row.get("trace_start_time"), p]
        print(*known, *samples.shape, *(float(x) for x in samples[:, -1]), sep=",")


def opened(line):
    """The last sample of each component of the first trace of what a line of Python opens."""
    samples = eval(line, {"seisbench": seisbench}).get_waveforms(0)
    print(*(float(x) for x in samples[:, -1]), sep=",")


if __name__ == "__main__":
    command, given = sys.argv[1:]
    if command == "open":
        opened(given)
    else:
        {"make": make, "read": read}[command](pathlib.Path(given))
