"""What ObsPy's FDSN client gets of a served archive, and what ObsPy reads in the archive's own files.

    obspy_archive.py BASE_URL DAY_FILE...

Prints one JSON object: `served` and `bulk` from the client, `files` from the files, each cut to the
same span, both ends included.
"""

import hashlib
import json
import math
import sys

from obspy import Stream, UTCDateTime, read
from obspy.clients.fdsn import Client
from obspy.clients.fdsn.header import FDSNNoDataException

START = UTCDateTime("2014-05-01T03:00:00.005")
END = UTCDateTime("2014-05-01T03:10:00")


def told(stream):
    return [
        {
            "id": trace.id,
            "start": str(trace.stats.starttime),
            "rate": trace.stats.sampling_rate,
            "n": trace.stats.npts,
            "sha256": hashlib.sha256(trace.data.astype("<i4").tobytes()).hexdigest(),
        }
        for trace in sorted(stream, key=lambda trace: trace.id)
    ]


def cut(trace):
    """The samples from START to END, by arithmetic of our own."""
    rate = trace.stats.sampling_rate
    first = math.ceil((START - trace.stats.starttime) * rate - 1e-6)
    last = math.floor((END - trace.stats.starttime) * rate + 1e-6)
    part = trace.copy()
    part.data = trace.data[first : last + 1]
    part.stats.starttime = trace.stats.starttime + first / rate
    return part


def main():
    client = Client(sys.argv[1])
    files = Stream(traces=[cut(trace) for path in sys.argv[2:] for trace in read(path)])
    served = client.get_waveforms("CX", "PB01", "", "HH?", START, END)
    wanted = [("CX", "PB01", "", channel, START, END) for channel in ("HHE", "HHN", "HHZ")]
    bulk = client.get_waveforms_bulk(wanted)
    try:
        client.get_waveforms("CX", "PB01", "", "HH?", START - 86400, END - 86400)
        no_data = False
    except FDSNNoDataException:
        no_data = True
    events = client.get_events()
    try:
        inventory = client.get_stations(level="channel")
    except FDSNNoDataException:
        inventory = []
    print(
        json.dumps(
            {
                "files": told(files),
                "served": told(served),
                "bulk": told(bulk),
                "no_data": no_data,
                "n_events": len(events),
                "times": sorted(str(event.origins[0].time) for event in events)[:3],
                "channels": [
                    [
                        f"{n.code}.{s.code}.{c.location_code}.{c.code}",
                        float(c.latitude),
                        c.latitude.upper_uncertainty,
                        c.sample_rate,
                    ]
                    for n in inventory
                    for s in n
                    for c in s
                ],
            }
        )
    )


if __name__ == "__main__":
    main()
