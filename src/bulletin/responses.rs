//! The responses of the channels that magnitudes are measured on.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::station::{Epoch, Inventory, Response, ResponseFault};
use crate::time::Time;

/// Responses of an inventory, each looked at once, and what is wrong with those that were asked for.
pub(super) struct Responses<'a> {
    inventory: &'a Inventory,
    /// Of each channel that was asked for, by `CX.PB01..HHZ`.
    known: BTreeMap<String, Result<Vec<Known<'a>>, ResponseFault>>,
    pub faults: BTreeMap<String, ResponseFault>,
}

/// A channel during one epoch.
struct Known<'a> {
    epoch: Epoch,
    response: Option<&'a Response>,
    usable: Result<&'a Response, ResponseFault>,
    /// It is used, and told.
    contradiction: Option<ResponseFault>,
}

impl<'a> Responses<'a> {
    pub fn new(inventory: &'a Inventory) -> Self {
        Self {
            inventory,
            known: BTreeMap::new(),
            faults: BTreeMap::new(),
        }
    }

    /// The response of a channel (`CX.PB01..HHZ`) at a time, or nothing: then [`Responses::faults`] says why. Of epochs that overlap the one
    /// that began last holds; of two that began at one time, with different responses, neither.
    pub fn at(&mut self, channel: &str, at: Time) -> Option<&'a Response> {
        let known = match self.known.entry(channel.into()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(known(self.inventory, channel)),
        };
        let found = known.as_ref().map_err(Clone::clone).and_then(|epochs| {
            let then = epochs.iter().filter(|known| known.epoch.holds(at));
            let last = then.max_by_key(|known| known.epoch.start);
            let last = last.ok_or(ResponseFault::NoEpoch(at))?;
            let start = last.epoch.start;
            let mut as_late = epochs
                .iter()
                .filter(|known| known.epoch.holds(at) && known.epoch.start == start);
            match as_late.all(|known| known.response == last.response) {
                true => Ok(last),
                false => Err(ResponseFault::TwoResponses(start)),
            }
        });
        let (usable, fault) = match found {
            Err(fault) => (None, Some(fault)),
            Ok(known) => match &known.usable {
                Err(fault) => (None, Some(fault.clone())),
                Ok(response) => (Some(*response), known.contradiction.clone()),
            },
        };
        fault
            .into_iter()
            .for_each(|fault| self.tell(channel, fault));
        usable
    }

    /// The first fault of a channel stays.
    pub fn tell(&mut self, channel: &str, fault: ResponseFault) {
        self.faults.entry(channel.into()).or_insert(fault);
    }
}

fn known<'a>(inventory: &'a Inventory, channel: &str) -> Result<Vec<Known<'a>>, ResponseFault> {
    let codes: Vec<&str> = channel.split('.').collect();
    let [network, station, location, code] = codes[..] else {
        return Err(ResponseFault::NoStation);
    };
    let epochs = inventory.epochs([network, station, location, code])?;
    let known = epochs.into_iter().map(|channel| {
        let usable = channel.usable_response();
        let contradiction = usable.as_ref().ok().and_then(|r| r.contradiction());
        Known {
            epoch: channel.epoch,
            response: channel.response.as_ref(),
            usable,
            contradiction: contradiction.map(ResponseFault::Contradiction),
        }
    });
    Ok(known.collect())
}
