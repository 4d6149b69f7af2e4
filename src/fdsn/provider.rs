//! Data centres by name.

use crate::error::{Result, fail};

/// A data centre: the base address of each service it has, before `/fdsnws/`.
///
/// | Name | Events | Stations and waveforms |
/// |---|---|---|
/// | `classroom` | simulated | simulated |
/// | `usgs` | earthquake.usgs.gov, 20,000 events a request | |
/// | `isc` | www.isc.ac.uk | |
/// | `emsc` | www.seismicportal.eu | |
/// | `earthscope` | those of `usgs` (its own were retired) | service.earthscope.org, 5 requests at once |
/// | `geofon` | geofon.gfz.de | geofon.gfz.de |
/// | `ingv` | webservices.ingv.it | webservices.ingv.it |
/// | `eth` | eida.ethz.ch | eida.ethz.ch |
/// | `ncedc` | service.ncedc.org | service.ncedc.org |
/// | `scedc` | service.scedc.caltech.edu | service.scedc.caltech.edu |
/// | `geonet` | service.geonet.org.nz | service.geonet.org.nz |
///
/// Source: <https://www.fdsn.org/datacenters/>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    pub name: String,
    pub event: Option<String>,
    pub station: Option<String>,
    pub dataselect: Option<String>,
    /// Whether its data are simulated.
    pub simulated: bool,
}

/// Name, base address for events, base address for stations and waveforms.
const KNOWN: [(&str, Option<&str>, Option<&str>); 10] = [
    ("usgs", Some("https://earthquake.usgs.gov"), None),
    ("isc", Some("https://www.isc.ac.uk"), None),
    ("emsc", Some("https://www.seismicportal.eu"), None),
    (
        "earthscope",
        Some("https://earthquake.usgs.gov"),
        Some("https://service.earthscope.org"),
    ),
    (
        "geofon",
        Some("https://geofon.gfz.de"),
        Some("https://geofon.gfz.de"),
    ),
    (
        "ingv",
        Some("https://webservices.ingv.it"),
        Some("https://webservices.ingv.it"),
    ),
    (
        "eth",
        Some("https://eida.ethz.ch"),
        Some("https://eida.ethz.ch"),
    ),
    (
        "ncedc",
        Some("https://service.ncedc.org"),
        Some("https://service.ncedc.org"),
    ),
    (
        "scedc",
        Some("https://service.scedc.caltech.edu"),
        Some("https://service.scedc.caltech.edu"),
    ),
    (
        "geonet",
        Some("https://service.geonet.org.nz"),
        Some("https://service.geonet.org.nz"),
    ),
];

impl Provider {
    /// The data centre of that name, or the one at that `http://` or `https://` address, which is
    /// then taken to have all three services.
    ///
    /// # Errors
    /// [`crate::Error::Study`] listing the names where it is none of them. The classroom has no
    /// fixed address: [`crate::fdsn::Client::for_study`] starts it.
    pub fn by_name(name: &str) -> Result<Self> {
        if name.starts_with("http://") || name.starts_with("https://") {
            return Ok(Self::at(name, name, false));
        }
        let known = KNOWN.iter().find(|(known, ..)| *known == name);
        let &(name, event, waveform) = known.ok_or_else(|| {
            let names: Vec<&str> = KNOWN.iter().map(|(name, ..)| *name).collect();
            fail!(
                Study,
                "provider",
                format!("{name:?} is no data centre known here"),
                format!(
                    "Take classroom, {}, or an address that begins with https://",
                    names.join(", ")
                )
            )
        })?;
        let owned = |address: Option<&str>| address.map(str::to_string);
        Ok(Self {
            name: name.to_string(),
            event: owned(event),
            station: owned(waveform),
            dataselect: owned(waveform),
            simulated: false,
        })
    }

    /// All three services at one base address.
    pub(crate) fn at(name: &str, address: &str, simulated: bool) -> Self {
        let address = Some(address.trim_end_matches('/').to_string());
        Self {
            name: name.to_string(),
            event: address.clone(),
            station: address.clone(),
            dataselect: address,
            simulated,
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
                "Take a provider that has it: see the table of fdsn::Provider"
            )),
        }
    }
}
