//! A bulletin as QuakeML 1.2.

use std::fmt::Write;

use super::rows::decimal;
use super::{Bulletin, BulletinEvent};
use crate::geo::EARTH_RADIUS_KM;
use crate::locate::{CONFIDENCE, Hypocentre, Limit, PhasePick};
use crate::magnitude::{EventMagnitude, MagnitudeKind};
use crate::time;
use crate::xml::escaped;

/// All public identifiers begin so.
const OWN: &str = "smi:quakebook";

impl Bulletin {
    /// Events with picks, origin, arrivals with residuals and weights, uncertainties with the 68 % ellipse, and magnitudes. An event
    /// outside the grid has an origin at its side, without errors and with the status `rejected`, and a comment that says so.
    pub fn to_quakeml(&self) -> String {
        let events: String = self.events.iter().map(|event| self.event(event)).collect();
        let simulated = if self.simulated {
            "<description>simulated</description>"
        } else {
            ""
        };
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <q:quakeml xmlns:q=\"http://quakeml.org/xmlns/quakeml/1.2\" xmlns=\"http://quakeml.org/xmlns/bed/1.2\">\n\
             <eventParameters publicID=\"{OWN}/bulletin\">{simulated}\n{events}</eventParameters>\n</q:quakeml>\n"
        )
    }

    fn event(&self, event: &BulletinEvent) -> String {
        let id = &event.id;
        let simulated = match self.simulated {
            true => "<description><text>simulated</text></description>",
            false => "",
        };
        let picks: String = event
            .picks
            .iter()
            .map(|pick| pick_element(id, pick))
            .collect();
        let preferred = event
            .magnitude
            .as_ref()
            .map_or_else(String::new, |magnitude| {
                let public = magnitude_id(id, magnitude);
                format!("<preferredMagnitudeID>{public}</preferredMagnitudeID>")
            });
        let magnitudes: String = [&event.magnitude, &event.moment_magnitude]
            .into_iter()
            .flatten()
            .map(|magnitude| magnitude_elements(id, magnitude))
            .collect();
        format!(
            "<event publicID=\"{OWN}/event/{id}\">\
             <preferredOriginID>{OWN}/origin/{id}</preferredOriginID>{preferred}\
             <type>earthquake</type>{simulated}{CREATION}\n{picks}{}{magnitudes}</event>\n",
            self.origin(event)
        )
    }

    fn origin(&self, event: &BulletinEvent) -> String {
        let (id, h) = (&event.id, &event.hypocentre);
        let km_per_deg = EARTH_RADIUS_KM.to_radians();
        let stretch = h.epicentre.latitude_deg.to_radians().cos();
        let (error, status) = match h.is_outside() {
            true => (f64::NAN, "<evaluationStatus>rejected</evaluationStatus>"),
            false => (1.0, ""),
        };
        let comment = match h.limit {
            None => "",
            Some(Limit::Side) => "outside the grid: the place is not known",
            Some(Limit::Top) => "the depth is the top of the grid",
            Some(Limit::Bottom) => "the depth is the bottom of the grid",
        };
        let depth = if comment.is_empty() {
            "from location"
        } else {
            "other"
        };
        let comment = match comment {
            "" => String::new(),
            text => format!("<comment><text>{text}</text></comment>"),
        };
        let both = event.picks.iter().zip(&h.residuals);
        let arrivals: String = both.fold(String::new(), |mut all, (pick, of)| {
            let public = pick_id(id, pick);
            let arrival = public.replacen("/pick/", "/arrival/", 1);
            let _ = writeln!(
                all,
                "<arrival publicID=\"{arrival}\"><pickID>{public}</pickID><phase>{:?}</phase>\
                 <azimuth>{:.2}</azimuth><distance>{:.6}</distance><timeResidual>{:.4}</timeResidual>\
                 <timeWeight>{:.4}</timeWeight></arrival>",
                pick.wave,
                of.azimuth_deg,
                of.distance_km / km_per_deg,
                of.residual_s,
                of.weight,
            );
            all
        });
        format!(
            "<origin publicID=\"{OWN}/origin/{id}\">{comment}\
             <time>{}</time>\n<latitude>{}</latitude><longitude>{}</longitude>\
             <depth>{}</depth><depthType>{depth}</depthType>\
             <methodID>{OWN}/locate</methodID><earthModelID>{OWN}/velocity/{}</earthModelID>\n\
             {}{}<evaluationMode>automatic</evaluationMode>{status}{CREATION}\n{arrivals}</origin>\n",
            format_args!(
                "<value>{}</value>{}",
                time::iso(h.origin_time),
                uncertainty(h.time_error_s, 4)
            ),
            quantity(
                h.epicentre.latitude_deg,
                error * h.north_error_km / km_per_deg,
                6
            ),
            quantity(
                h.epicentre.longitude_deg,
                error * h.east_error_km / km_per_deg / stretch,
                6
            ),
            quantity(1000.0 * h.depth_km, error * 1000.0 * h.depth_error_km, 0),
            resource(&self.velocity_model),
            quality(event, km_per_deg),
            ellipse(h),
        )
    }
}

/// Who made it.
const CREATION: &str = concat!(
    "<creationInfo><author>quakebook</author><version>",
    env!("CARGO_PKG_VERSION"),
    "</version></creationInfo>"
);

fn quality(event: &BulletinEvent, km_per_deg: f64) -> String {
    let h = &event.hypocentre;
    let n_stations = |used: bool| {
        let picks = event.picks.iter().zip(&h.residuals);
        let counted = picks.filter(|(_, of)| !used || of.weight > 0.0);
        let stations: std::collections::BTreeSet<&str> =
            counted.map(|(pick, _)| pick.station.as_str()).collect();
        stations.len()
    };
    format!(
        "<quality><associatedPhaseCount>{}</associatedPhaseCount><usedPhaseCount>{}</usedPhaseCount>\
         <associatedStationCount>{}</associatedStationCount><usedStationCount>{}</usedStationCount>\
         <standardError>{:.4}</standardError><azimuthalGap>{:.1}</azimuthalGap>\
         <minimumDistance>{:.6}</minimumDistance></quality>\n",
        event.picks.len(),
        h.n_used(),
        n_stations(false),
        n_stations(true),
        h.rms_s,
        h.gap_deg,
        h.nearest_km / km_per_deg,
    )
}

/// Nothing for an event outside the grid.
fn ellipse(h: &Hypocentre) -> String {
    let all = [
        h.ellipse.major_km,
        h.ellipse.minor_km,
        h.ellipse.azimuth_deg,
    ];
    if h.is_outside() || all.iter().any(|value| !value.is_finite()) {
        return String::new();
    }
    format!(
        "<originUncertainty><minHorizontalUncertainty>{:.0}</minHorizontalUncertainty>\
         <maxHorizontalUncertainty>{:.0}</maxHorizontalUncertainty>\
         <azimuthMaxHorizontalUncertainty>{:.1}</azimuthMaxHorizontalUncertainty>\
         <preferredDescription>uncertainty ellipse</preferredDescription>\
         <confidenceLevel>{:.0}</confidenceLevel></originUncertainty>\n",
        1000.0 * h.ellipse.minor_km,
        1000.0 * h.ellipse.major_km,
        h.ellipse.azimuth_deg,
        100.0 * CONFIDENCE,
    )
}

fn pick_element(event: &str, pick: &PhasePick) -> String {
    let codes: Vec<_> = pick.station.split('.').map(escaped).collect();
    let code = |i: usize| codes.get(i).map(String::as_str).unwrap_or_default();
    // A station that is told without its network.
    let (network, station) = if codes.len() == 1 {
        ("", code(0))
    } else {
        (code(0), code(1))
    };
    let attribute = |name: &str, code: &str| match code {
        "" => String::new(),
        code => format!(" {name}=\"{code}\""),
    };
    format!(
        "<pick publicID=\"{}\"><time><value>{}</value>{}</time>\
         <waveformID networkCode=\"{network}\" stationCode=\"{station}\"{}{}/>\
         <phaseHint>{:?}</phaseHint><evaluationMode>automatic</evaluationMode>\
         <comment><text>{{\"probability\":{}}}</text></comment></pick>\n",
        pick_id(event, pick),
        time::iso(pick.time),
        uncertainty(pick.error_s, 4),
        attribute("locationCode", code(2)),
        attribute("channelCode", code(3)),
        pick.wave,
        pick.probability,
    )
}

fn pick_id(event: &str, pick: &PhasePick) -> String {
    format!(
        "{OWN}/pick/{event}/{}/{:?}",
        resource(&pick.station),
        pick.wave
    )
}

fn magnitude_id(event: &str, magnitude: &EventMagnitude) -> String {
    format!("{OWN}/magnitude/{event}/{}", magnitude.kind.name())
}

fn magnitude_elements(event: &str, magnitude: &EventMagnitude) -> String {
    let kind = magnitude.kind.name();
    let (measured, unit) = match magnitude.kind {
        MagnitudeKind::Local => ("AML", "m"),
        MagnitudeKind::Moment => ("plateau of the spectrum of S", "m*s"),
    };
    let mut stations = String::new();
    let mut contributions = String::new();
    for of in &magnitude.stations {
        let station = format!("{}/{kind}", resource(&of.station));
        let (network, code) = of.station.split_once('.').unwrap_or(("", &of.station));
        let (network, code) = (escaped(network), escaped(code));
        let waveform = format!("<waveformID networkCode=\"{network}\" stationCode=\"{code}\"/>");
        let public = format!("{OWN}/stationMagnitude/{event}/{station}");
        let _ = writeln!(
            stations,
            "<amplitude publicID=\"{OWN}/amplitude/{event}/{station}\"><genericAmplitude><value>{:e}</value></genericAmplitude>\
             <type>{measured}</type><unit>{unit}</unit>{waveform}</amplitude>\n\
             <stationMagnitude publicID=\"{public}\"><originID>{OWN}/origin/{event}</originID>\
             <mag><value>{:.3}</value></mag><type>{kind}</type>\
             <amplitudeID>{OWN}/amplitude/{event}/{station}</amplitudeID>{waveform}</stationMagnitude>",
            of.amplitude, of.value,
        );
        let _ = write!(
            contributions,
            "<stationMagnitudeContribution><stationMagnitudeID>{public}</stationMagnitudeID>\
             <residual>{:.3}</residual></stationMagnitudeContribution>",
            of.value - magnitude.value,
        );
    }
    format!(
        "{stations}<magnitude publicID=\"{}\"><mag>{}</mag><type>{kind}</type>\
         <stationCount>{}</stationCount><originID>{OWN}/origin/{event}</originID>\
         <methodID>{OWN}/magnitude</methodID>{CREATION}{contributions}</magnitude>\n",
        magnitude_id(event, magnitude),
        quantity(magnitude.value, magnitude.error, 3),
        magnitude.stations.len(),
    )
}

fn quantity(value: f64, error: f64, digits: usize) -> String {
    format!(
        "<value>{}</value>{}",
        decimal(value, digits),
        uncertainty(error, digits)
    )
}

/// Nothing where it is not known.
fn uncertainty(error: f64, digits: usize) -> String {
    match error.is_finite() {
        true => format!("<uncertainty>{error:.digits$}</uncertainty>"),
        false => String::new(),
    }
}

/// Text as it may stand in a public identifier: QuakeML allows few characters there.
fn resource(text: &str) -> String {
    let allowed = |c: char| match c {
        c if c.is_ascii_alphanumeric() || "-.*()_~".contains(c) => c,
        _ => '_',
    };
    text.chars().map(allowed).collect()
}
