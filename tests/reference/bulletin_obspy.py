"""Prints as JSON what ObsPy reads in a bulletin's QuakeML: bulletin_obspy.py FILE"""

import json
import sys
import warnings

from obspy import read_events


def event(event):
    origin = event.preferred_origin()
    picks = {pick.resource_id: pick for pick in event.picks}
    ellipse = origin.origin_uncertainty
    return {
        "time": str(origin.time),
        "latitude": origin.latitude,
        "longitude": origin.longitude,
        "depth_m": origin.depth,
        "errors": [
            origin.time_errors.uncertainty,
            origin.latitude_errors.uncertainty,
            origin.longitude_errors.uncertainty,
            origin.depth_errors.uncertainty,
        ],
        "ellipse_m": [ellipse.max_horizontal_uncertainty, ellipse.min_horizontal_uncertainty, ellipse.confidence_level],
        "used": origin.quality.used_phase_count,
        "author": origin.creation_info.author,
        "arrivals": [
            [
                picks[arrival.pick_id].waveform_id.station_code,
                picks[arrival.pick_id].waveform_id.channel_code,
                picks[arrival.pick_id].phase_hint,
                str(picks[arrival.pick_id].time),
                arrival.phase,
                arrival.time_residual,
                arrival.time_weight,
            ]
            for arrival in origin.arrivals
        ],
        "preferred": event.preferred_magnitude() and event.preferred_magnitude().magnitude_type,
        "magnitudes": [
            [magnitude.magnitude_type, magnitude.mag, magnitude.station_count, len(magnitude.station_magnitude_contributions)]
            for magnitude in event.magnitudes
        ],
        "stations": [
            [of.station_magnitude_type, of.waveform_id.network_code, of.waveform_id.station_code, round(of.mag, 3)]
            for of in event.station_magnitudes
        ],
        "units": sorted({(amplitude.type, amplitude.unit) for amplitude in event.amplitudes}),
    }


# What ObsPy leaves out it only warns of.
warnings.simplefilter("error", UserWarning)
print(json.dumps([event(e) for e in read_events(sys.argv[1], format="QUAKEML")]))
