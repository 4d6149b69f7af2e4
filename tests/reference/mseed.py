"""What ObsPy reads in the reference files of miniSEED; writes mseed.txt beside this script.

    pip install obspy==1.5.1; python mseed.py ../../../shared/data/mseed

Columns: file, stream, start, rate, samples, first 16 digits of the SHA-256 of the samples
(little-endian, int32 or float32 or float64). Version 3 comes from the reference's own JSON, and
where there is none from records of plain integers, which NumPy reads.
"""

import hashlib
import json
import datetime
import pathlib
import struct
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


def microseconds(start, nanoseconds):
    """ISO 8601, rounded to microseconds."""
    start += datetime.timedelta(microseconds=(nanoseconds + 500) // 1000)
    return start.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def add_plain_version3(path):
    """Records of 32-bit integers that follow one another, in turns of channels."""
    data, streams = path.read_bytes(), {}
    while data:
        nanos, year, day, hour, minute, second, encoding, rate, n = struct.unpack_from("<IHHBBBBdI", data, 4)
        assert data.startswith(b"MS\x03") and encoding == 3
        n_sid, n_extra, n_data = struct.unpack_from("<BHI", data, 33)
        codes = data[40 : 40 + n_sid].decode().removeprefix("FDSN:").split("_")
        start = datetime.datetime(year, 1, 1, hour, minute, second) + datetime.timedelta(days=day - 1)
        at = 40 + n_sid + n_extra
        stream = ".".join(codes[:3]) + "." + "".join(codes[3:])
        begin = microseconds(start, nanos)
        _, _, parts = streams.setdefault(stream, (begin, rate, []))
        parts.append(numpy.frombuffer(data[at : at + n_data], "<i4", n))
        data = data[at + n_data :]
    for stream, (begin, rate, parts) in streams.items():
        add(path, stream, begin, rate, numpy.concatenate(parts))


for path in sorted(root.rglob("*")):
    if path.suffix in {".json", ".txt", ".sh", ".py", ".mseed3"} or not path.is_file():
        continue
    if path.suffix == ".mseed" and path.read_bytes().startswith(b"MS\x03"):
        add_plain_version3(path)
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
    whole, fraction = record["StartTime"].removesuffix("Z").split(".")
    start = microseconds(datetime.datetime.fromisoformat(whole), int(fraction.ljust(9, "0")))
    add(path.with_suffix(".mseed3"), stream, start, -1 / rate if rate < 0 else rate, samples)

pathlib.Path(__file__).with_name("mseed.txt").write_text("\n".join(lines) + "\n")
