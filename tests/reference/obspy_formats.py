"""Files from one program to another: reads what quakebook wrote, and writes what quakebook reads.

    obspy_formats.py FOLDER

Reads `ours.xml`, `detections.xml`, `ours-stations.xml` and `ours.mseed` in the folder, prints what they hold as JSON,
and writes `theirs.xml`, `theirs-stations.xml` and `theirs.mseed`.
"""

import json
import sys
from pathlib import Path

import numpy as np
from obspy import Stream, Trace, UTCDateTime, read, read_events, read_inventory
from obspy.core.event import Catalog, Event, Magnitude, Origin
from obspy.core.inventory import Channel, Inventory, Network, Response, Site, Station


def read_ours(folder):
    events = read_events(str(folder / "ours.xml"), format="QUAKEML")
    detections = read_events(str(folder / "detections.xml"), format="QUAKEML")
    inventory = read_inventory(str(folder / "ours-stations.xml"), format="STATIONXML")
    stream = read(str(folder / "ours.mseed"), format="MSEED")
    return {
        "events": [
            [
                str(event.origins[0].time),
                event.origins[0].longitude,
                event.origins[0].latitude,
                event.origins[0].depth,
                event.magnitudes[0].mag,
                event.magnitudes[0].magnitude_type,
            ]
            for event in events
        ],
        "picks": [
            [
                str(pick.time),
                pick.waveform_id.network_code,
                pick.waveform_id.station_code,
                pick.waveform_id.location_code,
            ]
            for event in detections
            for pick in event.picks
        ],
        "channels": [
            [
                channel.code,
                channel.azimuth,
                channel.dip,
                channel.sample_rate,
                channel.response.instrument_sensitivity.value,
            ]
            for network in inventory
            for station in network
            for channel in station
        ],
        "traces": [
            [trace.id, str(trace.stats.starttime), trace.stats.sampling_rate, trace.data.tolist()]
            for trace in stream
        ],
    }


def write_theirs(folder):
    origin = Origin(
        time=UTCDateTime("2014-02-16T01:51:47.800000Z"), longitude=-97.481, latitude=35.781, depth=5200.0
    )
    magnitude = Magnitude(mag=3.3, magnitude_type="ML")
    event = Event(origins=[origin], magnitudes=[magnitude], event_type="earthquake")
    Catalog([event]).write(str(folder / "theirs.xml"), format="QUAKEML")

    place = {"latitude": 35.79657, "longitude": -97.45486, "elevation": 333.0}
    channel = Channel(
        "HH1", "00", depth=0.0, azimuth=12.5, dip=0.0, sample_rate=100.0, **place,
        start_date=UTCDateTime("2014-01-01"),
        response=Response.from_paz([0j], [-1 + 0j], 3.0e8, input_units="M/S", output_units="COUNTS"),
    )
    station = Station("OK029", channels=[channel], site=Site("Liberty Lake"), **place)
    inventory = Inventory([Network("GS", [station])], source="ObsPy")
    inventory.write(str(folder / "theirs-stations.xml"), format="STATIONXML")

    def trace(channel, data, start):
        header = {
            "network": "GS", "station": "OK029", "location": "00", "channel": channel,
            "sampling_rate": 100.0, "starttime": UTCDateTime(start),
        }
        return Trace(data, header)

    counts = np.cumsum(np.arange(5000, dtype=np.int32) % 17 - 8).astype(np.int32)
    stream = Stream(
        [
            trace("HHZ", counts, "2014-02-16T00:00:00.000250"),
            trace("HHZ", counts[:100], "2014-02-16T00:02:00"),
            trace("HH1", np.array([0.5, -1.25], dtype=np.float32), "2014-02-16T00:00:00"),
            trace("HH2", np.array([0.1, -1e300], dtype=np.float64), "2014-02-16T00:00:00"),
        ]
    )
    stream.write(str(folder / "theirs.mseed"), format="MSEED")


def main():
    folder = Path(sys.argv[1])
    print(json.dumps(read_ours(folder)))
    write_theirs(folder)


if __name__ == "__main__":
    main()
