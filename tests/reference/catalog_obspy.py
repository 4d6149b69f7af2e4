"""Writes catalog_obspy.xml and catalog_obspy.txt: one catalog as ObsPy writes it in QuakeML and as
it prints it. Needs ObsPy: python tests/reference/catalog_obspy.py
"""

from pathlib import Path

from obspy import UTCDateTime
from obspy.core.event import Catalog, Event, Magnitude, Origin, ResourceIdentifier

here = Path(__file__).parent

ROWS = [  # identifier, time, latitude, longitude, depth (m), magnitude, its type, event type
    ("a4", "2015-08-31T01:04:03.480000", 35.761, -97.371, 5000.0, 3.0, "mb_Lg", "earthquake"),
    ("a3", "2014-02-16T09:45:46.970000", 35.78612, -97.4807, 4310.0, 2.14, "ML", "earthquake"),
    ("a2", "2014-02-16T08:39:56", -5.25, 142.498, None, -0.3, "Mw", "quarry blast"),
    ("a1", "1960-05-22T19:11:14.123456", 35.9, -97.2, 0.0, None, None, None),
]


def event(identifier, time, latitude, longitude, depth, magnitude, magnitude_type, event_type):
    made = Event(
        resource_id=ResourceIdentifier("smi:quakebook/event/" + identifier), event_type=event_type
    )
    made.origins = [
        Origin(time=UTCDateTime(time), latitude=latitude, longitude=longitude, depth=depth)
    ]
    if magnitude is not None:
        # The preferred magnitude stands second, so that it must be looked for.
        made.magnitudes = [
            Magnitude(mag=9.9, magnitude_type="M"),
            Magnitude(mag=magnitude, magnitude_type=magnitude_type),
        ]
        made.preferred_magnitude_id = made.magnitudes[1].resource_id
    return made


catalog = Catalog([event(*row) for row in ROWS])
catalog.write(str(here / "catalog_obspy.xml"), format="QUAKEML")
(here / "catalog_obspy.txt").write_text(catalog.__str__(print_all=True) + "\n")
