"""What ObsPy reads in the reference files of miniSEED; writes mseed.txt beside this script.

    pip install obspy==1.5.1; python mseed.py ../../../shared/data/mseed

Columns: file, stream, start, rate, samples, first 16 digits of the SHA-256 of the samples
(little-endian, int32 or float32 or float64). Version 3 comes from the reference's own JSON.
"""

import hashlib
import json
import pathlib
import sys
import warnings

import numpy
import obspy

warnings.simplefilter("ignore")
root = pathlib.Path(sys.argv[1])
lines = []


def add(path, stream, start, rate, samples):
    data = samples.astype(samples.dtype.newbyteorder("<")).tobytes()
    digest = hashlib.sha256(data).hexdigest()[:16]
    name = path.relative_to(root)
    lines.append(f"{name} {stream} {start} {rate:.6g} {len(samples)} {digest}")


for path in sorted(root.rglob("*")):
    if path.suffix in {".json", ".txt", ".sh", ".py", ".mseed3"} or not path.is_file():
        continue
    try:
        traces = obspy.read(path, format="MSEED")
    except Exception:
        lines.append(f"{path.relative_to(root)} refused")
        continue
    for trace in traces:
        if trace.stats.npts and trace.data.dtype.kind in "if":
            add(path, trace.id, trace.stats.starttime, trace.stats.sampling_rate, trace.data)

kinds = {1: "i4", 3: "i4", 4: "f4", 5: "f8", 10: "i4", 11: "i4"}
for path in sorted(root.rglob("*sinusoid-*.json")):
    (record,) = json.loads(path.read_text())
    codes = record["SID"].removeprefix("FDSN:").split("_")
    rate = record["SampleRate"]
    samples = numpy.array(record["Data"]).astype(kinds[record["EncodingFormat"]])
    stream = ".".join(codes[:3]) + "." + "".join(codes[3:])
    # Cut to microseconds, not rounded.
    start = record["StartTime"][:26].removesuffix("Z").ljust(26, "0") + "Z"
    add(path.with_suffix(".mseed3"), stream, start, -1 / rate if rate < 0 else rate, samples)

pathlib.Path(__file__).with_name("mseed.txt").write_text("\n".join(lines) + "\n")
