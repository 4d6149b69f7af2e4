//! Where the stations of a network stand.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use super::columns::Columns;
use crate::error::{Result, fail};
use crate::geo::Point;
use crate::station::Inventory;
use crate::{atomic_file, tables};

/// Stations farther than this from all others do not belong to a network: flat layers are far from the round Earth there.
const FARTHEST_KM: f64 = 500.0;

/// A station's place.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// `CX.PB01`, or `PB01` where its network is not told.
    pub id: String,
    pub position: Point,
    /// Above sea level.
    pub elevation_km: f64,
}

impl Site {
    /// The station's name without its network: `PB01`.
    pub fn code(&self) -> &str {
        self.id.rsplit('.').next().unwrap_or_default()
    }
}

/// The stations of a network, each once.
///
/// ```
/// use quakebook::locate::Sites;
/// let sites = Sites::from_csv("id,latitude,longitude,elevation_m\nCX.PB01,-21.04,-69.49,900\n", "sites.csv")?;
/// assert_eq!(sites.find("CX.PB01..HH"), Some(0));
/// assert_eq!(sites.find("CX.PB02..HH"), None);
/// # Ok::<(), quakebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Sites {
    sites: Vec<Site>,
    by_id: HashMap<String, usize>,
    n_without_elevation: usize,
    unread: Vec<String>,
}

impl Sites {
    /// An elevation that is not known, NaN, counts as 0; [`Sites::n_without_elevation`] says how many these are.
    ///
    /// # Errors
    /// [`crate::Error::Locate`] where there is no station, one has no coordinates or impossible ones, or two of one name stand more
    /// than 100 m apart. (The same station twice, as of two epochs, counts once.)
    pub fn new(all: Vec<Site>, name: &str) -> Result<Self> {
        let remedy =
            "Give each station once, with its latitude and longitude in degrees and its elevation";
        let wrong = |what: String| fail!(Locate, name, what, remedy);
        let (mut sites, mut by_id) = (Vec::<Site>::new(), HashMap::new());
        let mut n_without_elevation = 0;
        for mut site in all {
            let has_elevation = !site.elevation_km.is_nan();
            if !has_elevation {
                site.elevation_km = 0.0;
            }
            let Point {
                latitude_deg,
                longitude_deg,
            } = site.position;
            let is_place = latitude_deg.abs() <= 90.0 && longitude_deg.abs() <= 360.0;
            if !is_place || !(-12.0..=9.0).contains(&site.elevation_km) {
                return Err(wrong(format!(
                    "station {} at latitude {latitude_deg}, longitude {longitude_deg}, elevation {} km",
                    site.id, site.elevation_km
                )));
            }
            match by_id.get(&site.id) {
                None => {
                    n_without_elevation += usize::from(!has_elevation);
                    by_id.insert(site.id.clone(), sites.len());
                    sites.push(site);
                }
                Some(first) => {
                    let apart_km = sites[*first].position.distance_km(site.position);
                    if apart_km > 0.1 {
                        return Err(wrong(format!(
                            "two stations {}, {apart_km:.1} km apart",
                            site.id
                        )));
                    }
                }
            }
        }
        if sites.is_empty() {
            return Err(wrong("no station with coordinates".into()));
        }
        Ok(Self {
            sites,
            by_id,
            n_without_elevation,
            unread: Vec::new(),
        })
    }

    /// Reads StationXML, FDSN text, or CSV as [`Sites::from_csv`], by how the file begins; what is named `.xml` is none of CSV.
    ///
    /// # Errors
    /// [`crate::Error::Io`]; [`crate::Error::Station`] and [`crate::Error::Locate`] where the file cannot be read as stations.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        Ok(Self::read_with_inventory(path)?.0)
    }

    /// As [`Sites::read`], with the inventory itself, where it is not CSV.
    ///
    /// # Errors
    /// As [`Sites::read`].
    pub fn read_with_inventory(path: impl AsRef<Path>) -> Result<(Self, Option<Inventory>)> {
        let name = path.as_ref().display().to_string();
        let text = tables::text_of(atomic_file::read_input(path.as_ref())?)
            .map_err(|what| fail!(Locate, name, what, tables::NO_TEXT_REMEDY))?;
        let first = text.lines().next().unwrap_or_default();
        let is_xml = path
            .as_ref()
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("xml"));
        if is_xml || first.trim_start().starts_with('<') || first.contains('|') {
            let inventory = Inventory::from_text(&text, &name)?;
            return Ok((Self::from_inventory(&inventory)?, Some(inventory)));
        }
        Ok((Self::from_csv(&text, &name)?, None))
    }

    /// The stations of an inventory.
    ///
    /// # Errors
    /// As [`Sites::new`].
    pub fn from_inventory(inventory: &Inventory) -> Result<Self> {
        let sites = inventory.networks.iter().flat_map(|network| {
            network.stations.iter().map(|station| Site {
                id: format!("{}.{}", network.code, station.code),
                position: Point::new(station.longitude_deg, station.latitude_deg),
                elevation_km: station.elevation_m / 1000.0,
            })
        });
        Self::new(sites.collect(), &inventory.source)
    }

    /// Columns `id`, `station` or `name`, and `network` if there is one; `latitude`, `longitude`; `elevation_km`, or `elevation_m`
    /// or `elevation` in metres; where there is none, or a field is empty, the station counts as one at sea level
    /// ([`Sites::n_without_elevation`]). A station without latitude or longitude is left out, so that its picks have no place.
    ///
    /// # Errors
    /// [`crate::Error::Locate`] naming line and column, or as [`Sites::new`].
    pub fn from_csv(text: &str, name: &str) -> Result<Self> {
        let table = Columns::read(text, name)?;
        let id = table.need(&["id", "station", "station_id", "name", "code"])?;
        let network = table.find(&["network"]);
        let latitude = table.need(&["latitude", "latitude_deg", "lat"])?;
        let longitude = table.need(&["longitude", "longitude_deg", "lon"])?;
        let in_km = table.find(&["elevation_km"]);
        let in_m = table.find(&["elevation_m", "elevation", "elevation(m)"]);
        let mut sites = Vec::new();
        for row in table.rows() {
            let code = row.text(id);
            if row.text(latitude).is_empty() || row.text(longitude).is_empty() {
                continue;
            }
            if code.is_empty() {
                return Err(row.wrong(id, "a station's code"));
            }
            sites.push(Site {
                id: match network.map(|column| row.text(column)) {
                    Some(network) if network.contains('.') => {
                        return Err(row.wrong(id, "a network's code"));
                    }
                    Some(network) if !network.is_empty() && !code.contains('.') => {
                        format!("{network}.{code}")
                    }
                    _ => shortened(code).to_string(),
                },
                position: Point::new(row.number(longitude)?, row.number(latitude)?),
                elevation_km: match (in_km, in_m) {
                    (Some(column), _) if !row.text(column).is_empty() => row.number(column)?,
                    (None, Some(column)) if !row.text(column).is_empty() => {
                        row.number(column)? / 1000.0
                    }
                    _ => f64::NAN,
                },
            });
        }
        let read = [Some(id), network, Some(latitude), Some(longitude), in_km];
        let in_m = in_m.filter(|_| in_km.is_none());
        Ok(Self {
            unread: table.beside(&[&read[..], &[in_m]].concat()),
            ..Self::new(sites, name)?
        })
    }

    /// How many stations have no elevation: they count as standing at 0 m.
    pub fn n_without_elevation(&self) -> usize {
        self.n_without_elevation
    }

    /// Columns of a CSV that nothing was read from.
    pub fn unread(&self) -> &[String] {
        &self.unread
    }

    pub fn all(&self) -> &[Site] {
        &self.sites
    }

    /// The station that a pick names: `CX.PB01`, `CX.PB01.`, `CX.PB01..HH` or `PB01`.
    pub fn find(&self, pick: &str) -> Option<usize> {
        let id = shortened(pick);
        let alone = || self.by_id.get(id.split_once('.')?.1);
        let in_one_network = || {
            let mut same = self.sites.iter().enumerate().filter(|(_, site)| {
                site.id
                    .split_once('.')
                    .is_some_and(|(_, station)| station == id)
            });
            let found = same.next()?.0;
            same.next().is_none().then_some(found)
        };
        self.by_id
            .get(id)
            .or_else(alone)
            .copied()
            .or_else(in_one_network)
    }

    /// Which of these stations have no place here.
    ///
    /// # Errors
    /// [`crate::Error::Locate`] where there are stations, and fewer than `n_needed` of them have a place.
    pub fn without_place<'a>(
        &self,
        ids: &'a BTreeSet<String>,
        n_needed: usize,
    ) -> Result<Vec<&'a str>> {
        let without = ids.iter().filter(|id| self.find(id).is_none());
        let without: Vec<&str> = without.map(String::as_str).collect();
        let n_with = ids.len() - without.len();
        if ids.is_empty() || n_with >= n_needed {
            return Ok(without);
        }
        let what = format!(
            "{n_with} of {} stations with records have coordinates, and an event needs picks at {n_needed}; without: {}",
            ids.len(),
            without.join(", ")
        );
        let remedy = "Give stations of the same codes with their coordinates";
        Err(fail!(Locate, "stations", what, remedy))
    }

    /// The largest group of stations each of which stands within 500 km of another one of it. The others come beside it, each with its
    /// distance to the nearest of the group: one station at the other end of the world would stretch the grid, and the times to be computed,
    /// over all that lies between.
    pub fn without_far(mut self) -> (Self, Vec<(Site, f64)>) {
        let places: Vec<Point> = self.sites.iter().map(|site| site.position).collect();
        let (mut left, mut largest): (Vec<usize>, Vec<usize>) =
            ((0..places.len()).collect(), vec![]);
        while let Some(first) = left.pop() {
            let (mut group, mut next) = (vec![first], 0);
            while next < group.len() {
                let place = places[group[next]];
                let is_far = |i: &usize| places[*i].distance_km(place) > FARTHEST_KM;
                group.extend(left.extract_if(.., |i| !is_far(i)));
                next += 1;
            }
            if group.len() >= largest.len() {
                largest = group;
            }
        }
        let mut is_near = vec![false; places.len()];
        largest.iter().for_each(|i| is_near[*i] = true);
        let nearest_km = |site: &Site| {
            let distances = largest
                .iter()
                .map(|i| places[*i].distance_km(site.position));
            distances.fold(f64::INFINITY, f64::min)
        };
        let (mut near, mut far) = (Vec::new(), Vec::new());
        for (site, is_near) in std::mem::take(&mut self.sites).into_iter().zip(is_near) {
            match is_near {
                true => near.push(site),
                false => far.push((nearest_km(&site), site)),
            }
        }
        let by_id = near
            .iter()
            .enumerate()
            .map(|(i, site)| (site.id.clone(), i));
        let near = Self {
            by_id: by_id.collect(),
            sites: near,
            ..self
        };
        (near, far.into_iter().map(|(km, site)| (site, km)).collect())
    }

    /// The largest distance of two stations.
    pub fn width_km(&self) -> f64 {
        let places = self.sites.iter().map(|site| site.position);
        let farthest_km = |(i, place): (usize, Point)| {
            let others = self.sites[i + 1..].iter();
            let distances = others.map(|other| place.distance_km(other.position));
            distances.fold(0.0, f64::max)
        };
        places.enumerate().map(farthest_km).fold(0.0, f64::max)
    }

    /// The middle of the network: the mean of its stations.
    pub fn centre(&self) -> Point {
        let first = self.sites[0].position;
        let n = self.sites.len() as f64;
        let local = self.sites.iter().map(|site| site.position.local_km(first));
        let (east, north) = local.fold((0.0, 0.0), |sum, (e, n)| (sum.0 + e, sum.1 + n));
        Point::from_local_km(east / n, north / n, first)
    }
}

/// Network and station of a pick's identifier.
fn shortened(id: &str) -> &str {
    match id.match_indices('.').nth(1) {
        Some((at, _)) => &id[..at],
        None => id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Sites> {
        Sites::from_csv(text, "sites.csv")
    }

    #[test]
    fn columns_have_any_order_and_units_are_named() {
        let sites = of("Latitude,Longitude,Elevation_km,Name\n64.7,-17.1,1.381,DYJN\n").unwrap();
        assert_eq!(sites.all()[0].elevation_km, 1.381);
        assert_eq!(sites.find("Z7.DYJN..HH"), Some(0));
        let sites = of(
            "network,station,lat,lon,elevation\nZ7,DYJN,64.7,-17.1,1381\nZ7,DYJN,64.7,-17.1,1381\n",
        )
        .unwrap();
        assert_eq!((sites.all().len(), sites.all()[0].elevation_km), (1, 1.381));
        assert_eq!((sites.find("DYJN"), sites.find("XX.DYJN")), (Some(0), None));
    }

    #[test]
    fn a_station_without_coordinates_is_left_out() {
        for row in ["A,,10,0", "A,10,,0", "A,,,"] {
            let sites = of(&format!(
                "id,latitude,longitude,elevation_m\n{row}\nB,1,2,0\n"
            ));
            let sites = sites.unwrap();
            assert_eq!((sites.find("A"), sites.find("B")), (None, Some(0)), "{row}");
        }
    }

    #[test]
    fn missing_elevations_are_counted() {
        let none = of("id,latitude,longitude,site\nA,1,2,x\nB,1,3,y\n").unwrap();
        assert_eq!(none.n_without_elevation(), 2);
        assert_eq!(none.unread(), ["site"]);
        let one = of("id,latitude,longitude,elevation_m\nA,1,2,\nB,1,3,500\n").unwrap();
        assert_eq!((one.n_without_elevation(), one.unread().len()), (1, 0));
        let elevations_km: Vec<f64> = one.all().iter().map(|site| site.elevation_km).collect();
        assert_eq!(elevations_km, [0.0, 0.5]);
        let two = of("id,latitude,longitude,elevation_m,elevation_km\nA,1,2,9,0.7\n").unwrap();
        assert_eq!(
            (two.unread(), two.all()[0].elevation_km),
            (&["elevation_m".to_string()][..], 0.7)
        );
    }

    #[test]
    fn stations_without_a_place_are_refused() {
        for text in [
            "id,latitude,longitude\nA,,10\n",
            "id,latitude,longitude\nA,91,10\n",
            "id,latitude,longitude\nA,NaN,10\n",
            "id,latitude,longitude,elevation_m\nA,1,1,1e6\n",
            "id,latitude\nA,1\n",
            "id,latitude,longitude\n,1,1\n",
            "id,latitude,longitude\nA,1,1\nA,2,1\n",
            "id,latitude,longitude\n",
            "",
        ] {
            let refused = of(text).unwrap_err();
            assert!(matches!(refused, crate::Error::Locate { .. }), "{text:?}");
        }
    }
}
