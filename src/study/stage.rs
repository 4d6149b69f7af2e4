//! What each step of the method reads of a study, so that another choice elsewhere leaves its product as it is.

use super::Study;

/// A step from the catalog to a detector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The events of the region: data centre, region, time.
    Catalog,
    /// The paper's clusters of them: the seed and `[cluster]` too.
    Clusters,
    /// Segments of record with their classes: all but `[train]`, `[augment]` and the hop of the scan.
    Segments,
    /// Networks of the paper's noisy copies: all but the hop of the scan.
    Copies,
    /// Weights: all but `[augment]` and the hop of the scan.
    Weights,
    /// Weights and the threshold that belongs to them: all but `[augment]`.
    Detector,
}

impl Study {
    /// The study with the paper's value in place of each choice that no step up to this one reads.
    ///
    /// Two studies with one such study have the same product. Who makes the product from it cannot read another choice.
    ///
    /// ```
    /// use quakebook::study::{Stage, Study};
    /// let (study, mut other) = (Study::oklahoma(), Study::oklahoma());
    /// other.cluster.k = 4;
    /// assert_eq!(study.up_to(Stage::Catalog), other.up_to(Stage::Catalog));
    /// assert_ne!(study.up_to(Stage::Clusters), other.up_to(Stage::Clusters));
    /// ```
    pub fn up_to(&self, stage: Stage) -> Self {
        let paper = Self::oklahoma();
        let mut study = match stage {
            Stage::Catalog | Stage::Clusters => Self {
                name: self.name.clone(),
                provider: self.provider.clone(),
                region: self.region,
                catalog: self.catalog,
                ..paper.clone()
            },
            _ => self.clone(),
        };
        match stage {
            Stage::Catalog => return study,
            Stage::Clusters => (study.seed, study.cluster) = (self.seed, self.cluster.clone()),
            Stage::Segments => study.train = paper.train,
            Stage::Copies | Stage::Weights | Stage::Detector => {}
        }
        if stage != Stage::Copies {
            study.augment = paper.augment;
        }
        if stage < Stage::Detector {
            study.scan.hop_samples = paper.scan.hop_samples;
        }
        study
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Another choice, and in which table.
    type Change = (&'static str, fn(&mut Study));

    /// A study that differs from the paper's in one choice of each table.
    const CHANGES: [Change; 14] = [
        ("seed", |study| study.seed += 1),
        ("provider", |study| study.provider = "usgs".into()),
        ("region", |study| study.region.min_latitude_deg -= 0.1),
        ("catalog", |study| study.catalog.end = study.catalog.start),
        ("cluster", |study| study.cluster.k += 1),
        ("window", |study| study.window.n_samples += 1),
        ("augment", |study| study.augment.noise_levels.clear()),
        ("split", |study| study.split.train_fraction -= 0.1),
        ("train", |study| study.train.max_epochs += 1),
        ("hours", |study| study.scan.end = study.scan.start),
        ("hop", |study| study.scan.hop_samples += 1),
        ("held out", |study| {
            study.held_out.end = study.held_out.start
        }),
        ("method", |study| study.method.guard_s += 1.0),
        ("station", |study| {
            study.station = crate::station::StationChoice::new("GS", "OK030", "00", "HH*").unwrap();
        }),
    ];

    /// The changes that a step does not see.
    fn unseen(stage: Stage) -> Vec<&'static str> {
        let paper = Study::oklahoma();
        let is_unseen = |(_, change): &&Change| {
            let mut study = paper.clone();
            change(&mut study);
            assert_ne!(study, paper);
            study.up_to(stage) == paper.up_to(stage)
        };
        let changes = CHANGES.iter().filter(is_unseen);
        changes.map(|(name, _)| *name).collect()
    }

    #[test]
    fn each_step_sees_what_it_reads() {
        assert_eq!(unseen(Stage::Detector), ["augment"]);
        assert_eq!(unseen(Stage::Weights), ["augment", "hop"]);
        assert_eq!(unseen(Stage::Copies), ["hop"]);
        assert_eq!(unseen(Stage::Segments), ["augment", "train", "hop"]);
        let later = [
            "window", "augment", "split", "train", "hours", "hop", "held out", "method", "station",
        ];
        assert_eq!(unseen(Stage::Clusters), later);
        assert_eq!(
            unseen(Stage::Catalog),
            [&["seed", "cluster"][..], &later].concat()
        );
    }
}
