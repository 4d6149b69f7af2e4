//! Any text as a table of picks, of stations or of velocities, and as QuakeML with picks. What is read keeps its promises: probabilities
//! from 0 to 1, stations that are found by their names, layers that have a thickness.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quakebook_fuzz::locate::{PickFile, Sites, Sorted, VelocityModel};

fuzz_target!(|text: &str| {
    let sites = Sites::from_csv(text, "fuzz");
    if let Ok(sites) = &sites {
        for (i, site) in sites.all().iter().enumerate() {
            assert_eq!(sites.find(&site.id), Some(i));
        }
    }
    for gradient in [false, true] {
        if let Ok(model) = VelocityModel::from_csv(text, "fuzz", gradient) {
            assert!(
                model
                    .layers
                    .layers()
                    .iter()
                    .all(|layer| layer.thickness_km > 0.0)
            );
        }
    }
    let here = Sites::from_csv("id,latitude,longitude\nA,1,1\nXX.B,1,2\n", "here");
    let here = here.expect("two stations");
    for file in [
        PickFile::from_csv(text, "fuzz"),
        PickFile::from_quakeml(text, "fuzz"),
    ] {
        let Ok(file) = file else { continue };
        let picks = || file.picks.iter().map(|(_, pick)| pick);
        assert!(picks().all(|pick| (0.0..=1.0).contains(&pick.probability)));
        assert!(picks().all(|pick| pick.error_s.is_nan() || pick.error_s > 0.0));
        for of in file
            .clone()
            .by_event("fuzz")
            .into_iter()
            .flatten()
            .map(|(_, of)| of)
        {
            if let Ok(mut sorted) = Sorted::new(of, &here) {
                let n = sorted.picks.len();
                assert_eq!(n, sorted.drop_doubles() + sorted.picks.len());
                let _ = sorted.check_one_event(&here, 10.0);
            }
        }
    }
});
