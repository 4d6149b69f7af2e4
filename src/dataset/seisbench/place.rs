//! Where the samples of a trace lie: `bucket0$3,:3,:1200`.

use std::ops::Range;

/// A place in a block of `waveforms.hdf5`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub block: String,
    /// The trace of a block that holds many.
    pub index: Option<u64>,
    /// What is taken along the two dimensions of a trace.
    pub cuts: [Cut; 2],
}

/// A range as Python writes it: `:1200`, `10:`, `:`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cut {
    start: usize,
    end: Option<usize>,
}

impl Cut {
    fn parse(text: &str) -> Option<Self> {
        let (start, end) = text.split_once(':')?;
        let number = |text: &str| text.parse().ok();
        Some(Self {
            start: match start {
                "" => 0,
                _ => number(start)?,
            },
            end: match end {
                "" => None,
                _ => Some(number(end)?),
            },
        })
    }

    /// What there is of it in `n`.
    pub fn within(self, n: usize) -> Range<usize> {
        let end = self.end.unwrap_or(n).min(n);
        self.start.min(end)..end
    }
}

impl Place {
    /// `None` for what no trace of a dataset needs: steps, counts from the end, more than three
    /// dimensions.
    pub fn parse(trace_name: &str) -> Option<Self> {
        let Some((block, location)) = trace_name.split_once('$') else {
            return Some(Self {
                block: trace_name.into(),
                index: None,
                cuts: Default::default(),
            });
        };
        let mut parts: Vec<&str> = location.split(',').map(str::trim).collect();
        let index = match parts[0].contains(':') {
            true => None,
            false => Some(parts.remove(0).parse().ok()?),
        };
        let mut cuts = [Cut::default(); 2];
        if parts.len() > cuts.len() {
            return None;
        }
        for (cut, part) in cuts.iter_mut().zip(parts) {
            *cut = Cut::parse(part)?;
        }
        Some(Self {
            block: block.into(),
            index,
            cuts,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_trace_name_says_where_the_samples_lie() {
        let place = Place::parse("bucket0$3,:3,10:1200").unwrap();
        assert_eq!((place.block.as_str(), place.index), ("bucket0", Some(3)));
        let [components, samples] = place.cuts;
        assert_eq!(
            (components.within(3), samples.within(2000)),
            (0..3, 10..1200)
        );
        assert_eq!(samples.within(1000), 10..1000);
        assert_eq!(samples.within(5), 5..5);
        let place = Place::parse("XY.ABC").unwrap();
        assert_eq!((place.block.as_str(), place.index), ("XY.ABC", None));
        assert_eq!(place.cuts.map(|cut| cut.within(7)), [0..7, 0..7]);
        for strange in [
            "b$-1,:3,:9",
            "b$",
            "b$x",
            "b$1,:3,:9,:9",
            "b$1,:3,:-9",
            "b$1,:3,:9:2",
        ] {
            assert_eq!(Place::parse(strange), None, "{strange}");
        }
    }
}
