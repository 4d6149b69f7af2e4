"""What ObsPy reads in files of events or stations, a line an event or a channel, and the absolute
response where stages are told. Needs ObsPy.

python tests/reference/formats.py FILE...   prints it
python tests/reference/formats.py           writes formats.txt, of all files of ../shared/data/fdsn
"""

import sys
import warnings
from pathlib import Path

import obspy

here = Path(__file__).parent
data = here.parents[2] / "shared" / "data" / "fdsn"
warnings.simplefilter("ignore")


def number(value, digits):
    return "-" if value is None else f"{float(value):.{digits}f}"


def scientific(value, digits=5):
    if value is None:
        return "-"
    mantissa, exponent = f"{float(value):.{digits}e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def events(catalog):
    for event in sorted(catalog, key=lambda e: (e.preferred_origin() or e.origins[0]).time):
        origin = event.preferred_origin() or event.origins[0]
        magnitude = event.preferred_magnitude() or (event.magnitudes or [None])[0]
        depth = None if origin.depth is None else origin.depth / 1000
        yield " ".join([
            "event", str(origin.time), number(origin.latitude, 5), number(origin.longitude, 5),
            number(depth, 3), number(magnitude and magnitude.mag, 2),
            magnitude and magnitude.magnitude_type or "-",
        ])


def stations(inventory):
    for network in inventory:
        yield f"network {network.code} {network.start_date or '-'} {network.end_date or '-'} {len(network)}"
        for station in network:
            yield (
                f"station {network.code}.{station.code} {number(station.latitude, 5)} "
                f"{number(station.longitude, 5)} {number(station.elevation, 1)} {len(station)}"
            )
            for channel in station:
                seed = f"{network.code}.{station.code}.{channel.location_code}.{channel.code}"
                told = channel.response and channel.response.instrument_sensitivity
                yield " ".join([
                    "channel", seed, number(channel.latitude, 5), number(channel.longitude, 5),
                    number(channel.elevation, 1), number(channel.depth, 1),
                    number(channel.azimuth, 2), number(channel.dip, 2),
                    number(channel.sample_rate, 4), scientific(told and told.value),
                    number(told and told.frequency, 4),
                    str(channel.start_date or "-"), str(channel.end_date or "-"),
                ])
                # Of random numbers ObsPy makes other filters than the file has: their sum becomes 1.
                if len(network.code) > 2:
                    continue
                for frequency in (0.01, 0.1, 1.0, 5.0):
                    try:
                        response = channel.response.get_evalresp_response_for_frequencies(
                            [frequency], output="DEF")
                    except Exception:
                        continue
                    yield f"amplitude {seed} {frequency} {scientific(abs(response[0]), 8)}"


def read(path):
    for reader, formats, lines in [
        (obspy.read_events, ["QUAKEML", "EVENTTXT", "CSV"], events),
        (obspy.read_inventory, ["STATIONXML", "STATIONTXT"], stations),
    ]:
        for name in formats:
            try:
                return name, list(lines(reader(str(path), format=name)))
            except Exception:
                continue
    return None


def write(out, name, path):
    for line in (read(path) or (None, []))[1]:
        out.write(f"{name}: {line}\n")


if len(sys.argv) > 1:
    for path in sys.argv[1:]:
        write(sys.stdout, Path(path).name, path)
else:
    with open(here / "formats.txt", "w") as out:
        for path in sorted(p for p in data.rglob("*") if p.is_file()):
            write(out, path.relative_to(data), path)
