//! Data centres by name: addresses, services and limits.

use crate::error::{Result, fail};

/// A data centre: the base address of each service it has, before `/fdsnws/`.
///
/// | Name (other names) | Events | Stations and waveforms | Limits |
/// |---|---|---|---|
/// | `classroom` | simulated | simulated | none |
/// | `usgs` | earthquake.usgs.gov | | 20,000 events a request |
/// | `isc` | www.isc.ac.uk, as QuakeML | | |
/// | `emsc` | www.seismicportal.eu | | 20,000 events a request |
/// | `earthscope` (`iris`) | those of `usgs` (its own were retired) | service.earthscope.org | 5 requests at once, 10 connections a second, enforced by reset |
/// | `geofon` (`gfz`) | geofon.gfz.de | geofon.gfz.de | |
/// | `ingv` | webservices.ingv.it | webservices.ingv.it | 4 waveform requests a second |
/// | `epos-france` (`resif`) | ws.resif.fr, as QuakeML | seisdata.epos-france.fr | 10^10 samples a request |
/// | `eth` (`ethz`, `sed`) | eida.ethz.ch | eida.ethz.ch | |
/// | `ncedc` | service.ncedc.org | service.ncedc.org | |
/// | `scedc` | service.scedc.caltech.edu | service.scedc.caltech.edu | |
/// | `geonet` | service.geonet.org.nz | service.geonet.org.nz | |
///
/// Where a data centre publishes no limit the client keeps to [`Limits::POLITE`]. What a centre
/// counts in samples or megabytes it refuses with status 413, and the client asks for less.
///
/// Sources: addresses, <https://www.fdsn.org/datacenters/> and ObsPy's `URL_MAPPINGS`; EarthScope,
/// <https://ds.iris.edu/ds/nodes/dmc/services/usage/>; USGS,
/// <https://earthquake.usgs.gov/fdsnws/event/1/>; EMSC,
/// <https://www.seismicportal.eu/fdsn-wsevent.html>; INGV, its maintainers in
/// <https://github.com/EIDA/userfeedback/issues/3>; EPOS-France,
/// <https://seismology.resif.fr/new-fdsn-dataselect-webservice-released/>.
///
/// ```
/// use quakebook::fdsn::Provider;
/// let iris = Provider::by_name("IRIS").unwrap();
/// assert_eq!(iris.name, "earthscope");
/// assert_eq!((iris.limits.n_at_once, iris.limits.n_per_s), (5, 10));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    pub name: String,
    pub event: Option<String>,
    pub station: Option<String>,
    pub dataselect: Option<String>,
    /// Whether its data are simulated.
    pub simulated: bool,
    pub limits: Limits,
    /// What its event service is asked beside region and time: the format, and the most events
    /// where it would else stop at fewer.
    pub event_options: &'static [(&'static str, &'static str)],
}

/// What a data centre allows one user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests under way at the same time.
    pub n_at_once: usize,
    /// Requests begun within a second.
    pub n_per_s: usize,
    /// Events in one answer; an answer of so many may have been cut off.
    pub n_events: Option<usize>,
}

impl Limits {
    /// For a server of one's own.
    pub const NONE: Self = Self {
        n_at_once: usize::MAX,
        n_per_s: usize::MAX,
        n_events: None,
    };

    /// Where a data centre publishes no limit.
    pub const POLITE: Self = Self {
        n_at_once: 3,
        n_per_s: 5,
        n_events: None,
    };

    const fn with_events(self, n_events: usize) -> Self {
        Self {
            n_events: Some(n_events),
            ..self
        }
    }
}

/// One row of the table above.
struct Known {
    /// The name, then other names for it.
    names: &'static [&'static str],
    event: Option<&'static str>,
    /// Stations and waveforms.
    waveform: Option<&'static str>,
    limits: Limits,
    event_options: &'static [(&'static str, &'static str)],
}

const TEXT: &[(&str, &str)] = &[("format", "text")];
const XML: &[(&str, &str)] = &[("format", "xml")];

/// A data centre with no known limits of its own.
const PLAIN: Known = Known {
    names: &[],
    event: None,
    waveform: None,
    limits: Limits::POLITE,
    event_options: TEXT,
};

static KNOWN: [Known; 11] = [
    Known {
        names: &["usgs"],
        event: Some("https://earthquake.usgs.gov"),
        limits: Limits::POLITE.with_events(20_000),
        ..PLAIN
    },
    Known {
        names: &["isc"],
        event: Some("https://www.isc.ac.uk"),
        event_options: XML,
        ..PLAIN
    },
    Known {
        names: &["emsc"],
        event: Some("https://www.seismicportal.eu"),
        limits: Limits::POLITE.with_events(20_000),
        event_options: &[("format", "text"), ("limit", "20000")],
        ..PLAIN
    },
    Known {
        names: &["earthscope", "iris"],
        event: Some("https://earthquake.usgs.gov"),
        waveform: Some("https://service.earthscope.org"),
        limits: Limits {
            n_at_once: 5,
            n_per_s: 10,
            n_events: Some(20_000),
        },
        ..PLAIN
    },
    Known {
        names: &["geofon", "gfz"],
        event: Some("https://geofon.gfz.de"),
        waveform: Some("https://geofon.gfz.de"),
        ..PLAIN
    },
    Known {
        names: &["ingv"],
        event: Some("https://webservices.ingv.it"),
        waveform: Some("https://webservices.ingv.it"),
        limits: Limits {
            n_per_s: 4,
            ..Limits::POLITE
        },
        ..PLAIN
    },
    Known {
        names: &["epos-france", "resif"],
        event: Some("https://ws.resif.fr"),
        waveform: Some("https://seisdata.epos-france.fr"),
        event_options: XML,
        ..PLAIN
    },
    Known {
        names: &["eth", "ethz", "sed"],
        event: Some("https://eida.ethz.ch"),
        waveform: Some("https://eida.ethz.ch"),
        ..PLAIN
    },
    Known {
        names: &["ncedc"],
        event: Some("https://service.ncedc.org"),
        waveform: Some("https://service.ncedc.org"),
        ..PLAIN
    },
    Known {
        names: &["scedc"],
        event: Some("https://service.scedc.caltech.edu"),
        waveform: Some("https://service.scedc.caltech.edu"),
        ..PLAIN
    },
    Known {
        names: &["geonet"],
        event: Some("https://service.geonet.org.nz"),
        waveform: Some("https://service.geonet.org.nz"),
        ..PLAIN
    },
];

impl Provider {
    /// The data centre of that name (in any case), or the one at that `http://` or `https://`
    /// address, which is then taken to have all three services. A server on loopback is one's own:
    /// it has no limits.
    ///
    /// # Errors
    /// [`crate::Error::Study`] listing the names where it is not one of them. The classroom has no
    /// fixed address: [`data_centre::connect`](crate::data_centre::connect) starts it.
    pub fn by_name(name: &str) -> Result<Self> {
        let lower = name.trim().to_lowercase();
        if lower.starts_with("http://") || lower.starts_with("https://") {
            let limits = match is_loopback(&lower) {
                true => Limits::NONE,
                false => Limits::POLITE,
            };
            let address = name.trim();
            return Ok(Self {
                limits,
                ..Self::at(address, address, false)
            });
        }
        let known = KNOWN.iter().find(|k| k.names.contains(&lower.as_str()));
        let known = known.ok_or_else(|| {
            fail!(
                Study,
                "provider",
                format!("{name:?} is no data centre known here"),
                format!(
                    "Take classroom, {}, or an address that begins with https://",
                    Self::names().collect::<Vec<_>>().join(", ")
                )
            )
        })?;
        let owned = |address: Option<&str>| address.map(str::to_string);
        Ok(Self {
            name: known.names[0].to_string(),
            event: owned(known.event),
            station: owned(known.waveform),
            dataselect: owned(known.waveform),
            simulated: false,
            limits: known.limits,
            event_options: known.event_options,
        })
    }

    /// The names of all real data centres that are known here.
    pub fn names() -> impl Iterator<Item = &'static str> {
        KNOWN.iter().map(|known| known.names[0])
    }

    /// All three services at one base address, without limits.
    pub(crate) fn at(name: &str, address: &str, simulated: bool) -> Self {
        let address = Some(address.trim_end_matches('/').to_string());
        Self {
            name: name.to_string(),
            event: address.clone(),
            station: address.clone(),
            dataselect: address,
            simulated,
            limits: Limits::NONE,
            event_options: TEXT,
        }
    }

    /// The query address of `event`, `station` or `dataselect`.
    pub(super) fn query(&self, service: &str) -> Result<String> {
        let base = match service {
            "event" => &self.event,
            "station" => &self.station,
            _ => &self.dataselect,
        };
        match base {
            Some(base) => Ok(format!("{base}/fdsnws/{service}/1/query")),
            None => Err(fail!(
                Study,
                "provider",
                format!("{} has no {service} service", self.name),
                "Take another data centre (--provider, QUAKEBOOK_PROVIDER or the study's provider): usgs, isc and emsc have events, earthscope and geofon have stations and waveforms"
            )),
        }
    }

    /// Whether all its services are on this machine: no certificates and no proxy are needed.
    pub(super) fn is_local(&self) -> bool {
        let addresses = [&self.event, &self.station, &self.dataselect];
        addresses.into_iter().flatten().all(|a| is_loopback(a))
    }
}

fn is_loopback(address: &str) -> bool {
    let host = address.strip_prefix("http://").unwrap_or("");
    ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|local| host.strip_prefix(local).is_some_and(ends_the_host))
}

/// Whether a host's name ends before this rest of an address.
fn ends_the_host(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with([':', '/'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_every_address_is_a_base() {
        for known in &KNOWN {
            for name in known.names {
                let provider = Provider::by_name(&name.to_uppercase()).unwrap();
                assert_eq!(provider.name, known.names[0]);
                for address in [&provider.event, &provider.station].into_iter().flatten() {
                    assert!(address.starts_with("https://") && !address.ends_with('/'));
                }
            }
        }
    }

    #[test]
    fn addresses_are_those_that_obspy_knows() {
        // obspy.clients.fdsn.header.URL_MAPPINGS of ObsPy 1.5.1.
        for (name, address) in [
            ("usgs", "https://earthquake.usgs.gov"),
            ("isc", "https://www.isc.ac.uk"),
            ("emsc", "https://www.seismicportal.eu"),
            ("earthscope", "https://service.earthscope.org"),
            ("geofon", "https://geofon.gfz.de"),
            ("ingv", "https://webservices.ingv.it"),
            ("epos-france", "https://seisdata.epos-france.fr"),
            ("eth", "https://eida.ethz.ch"),
            ("ncedc", "https://service.ncedc.org"),
            ("scedc", "https://service.scedc.caltech.edu"),
            ("geonet", "https://service.geonet.org.nz"),
        ] {
            let provider = Provider::by_name(name).unwrap();
            let known = provider.dataselect.or(provider.event);
            assert_eq!(known.as_deref(), Some(address));
        }
        assert_eq!(Provider::names().count(), 11);
    }

    #[test]
    fn only_a_server_of_ones_own_has_no_limits() {
        for (address, limits) in [
            ("http://127.0.0.1:8080/", Limits::NONE),
            ("http://localhost", Limits::NONE),
            ("http://localhost.example.org", Limits::POLITE),
            ("http://example.org", Limits::POLITE),
            ("https://127.0.0.1", Limits::POLITE),
        ] {
            let provider = Provider::by_name(address).unwrap();
            assert_eq!(provider.limits, limits, "{address}");
            assert_eq!(provider.is_local(), limits == Limits::NONE, "{address}");
        }
    }
}
