"""Asks a classroom with ObsPy's FDSN client and says in JSON what it found.

Usage: python obspy_client.py http://127.0.0.1:PORT
"""

import json
import sys
import warnings

from obspy import UTCDateTime
from obspy.clients.fdsn import Client
from obspy.clients.fdsn.header import FDSNBadRequestException, FDSNNoDataException

warnings.simplefilter("error")
warnings.filterwarnings("ignore", category=DeprecationWarning)
warnings.filterwarnings("ignore", category=UserWarning, module="pkg_resources")

client = Client(sys.argv[1])
box = dict(minlatitude=35.7, maxlatitude=36.0, minlongitude=-97.6, maxlongitude=-97.2)
span = dict(starttime=UTCDateTime(2014, 2, 15), endtime=UTCDateTime(2016, 11, 16))

# The paper's request.
events = client.get_events(catalog="ISC", **box, **span)
oldest = client.get_events(orderby="time-asc", limit=1, **box, **span)[0]

stream = ("GS", "OK029", "00", "HH*")
inventory = client.get_stations(
    network="GS", station="OK029", location="00", channel="HH*", level="response"
)
seed = "GS.OK029.00.HHZ"
response = inventory.get_response(seed, UTCDateTime(2014, 6, 1))

start = UTCDateTime(2014, 2, 16, 1, 51, 47, 800000)
waveforms = client.get_waveforms(*stream, start, start + 10)
everything = client.get_waveforms("GS", "OK029", "*", "*", start, start + 10)
bulk = client.get_waveforms_bulk([(*stream, start, start + 1), (*stream, start + 60, start + 61)])


def refused(error, ask):
    try:
        ask()
    except error:
        return True
    return False


print(
    json.dumps(
        {
            "services": sorted(client.services),
            "n_events": len(events),
            "n_all": len(client.get_events(catalog="truth", **box, **span)),
            "listing": events.__str__(print_all=True),
            "oldest": str(oldest.origins[0].time),
            "magnitude": oldest.magnitudes[0].mag,
            "coordinates": inventory.get_coordinates(seed, UTCDateTime(2014, 6, 1)),
            "orientation": inventory.get_orientation(seed, UTCDateTime(2014, 6, 1)),
            "sensitivity": response.instrument_sensitivity.value,
            "gain_5_hz": abs(response.get_evalresp_response_for_frequencies([5.0], "VEL")[0]),
            "channels": [c.code for c in inventory[0][0]],
            "traces": [
                {
                    "id": trace.id,
                    "start": str(trace.stats.starttime),
                    "rate": trace.stats.sampling_rate,
                    "samples": trace.data.tolist(),
                }
                for trace in waveforms
            ],
            "everything": [[t.id, t.stats.sampling_rate] for t in everything],
            "bulk": [[t.id, str(t.stats.starttime), t.stats.npts] for t in bulk],
            "no_data": refused(
                FDSNNoDataException,
                lambda: client.get_waveforms("XX", "OK029", "00", "HHZ", start, start + 1),
            ),
            "bad_request": refused(
                FDSNBadRequestException, lambda: client.get_events(orderby="beauty", **span)
            ),
        }
    )
)
