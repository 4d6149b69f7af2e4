//! From a request to an answer that can be believed: cache, limits, attempts, halves.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::Client;
use super::cache::Kept;
use super::http::{self, Answer, HttpOutcome, Refusal};
use super::request::Request;
use super::transfer::Bounds;
use crate::error::{Error, Result};

/// What was asked for, or that it was too much at once: then the error says so, for a request that
/// cannot be made smaller.
#[derive(Debug)]
pub(super) enum Fetched<T> {
    Read(T),
    TooLarge(Error),
}

/// An answer given after its span ended by so much (7 days) is kept for good. One that came sooner is
/// asked for again: data still arrive late, and young events are revised.
const SETTLED_AFTER: chrono::TimeDelta = chrono::TimeDelta::days(7);

/// How often the same request may be answered with what cannot be believed: a body that broke on its
/// way is whole the second time, a wrong one is not.
const MAX_INVALID: u32 = 2;

/// The requests that one call may still send.
#[derive(Debug)]
pub(super) struct Budget {
    n_most: u32,
    n_left: Cell<u32>,
}

impl Budget {
    pub fn of(n_requests: u32) -> Self {
        Self {
            n_most: n_requests,
            n_left: Cell::new(n_requests),
        }
    }

    /// Takes one request.
    fn take(&self) -> std::result::Result<(), Refusal> {
        match self.n_left.get().checked_sub(1) {
            Some(left) => {
                self.n_left.set(left);
                Ok(())
            }
            None => Err(Refusal {
                status: None,
                what: format!(
                    "{} requests did not bring all of it: ask for a shorter span",
                    self.n_most
                ),
            }),
        }
    }
}

impl Client {
    /// A budget for one call.
    pub(super) fn budget(&self) -> Budget {
        Budget::of(self.retry.n_requests)
    }

    /// What `read` makes of the answer to one request: an error where it cannot be believed, `None`
    /// where the data centre may have left something out.
    pub(super) fn request<T>(
        &self,
        request: &Request,
        budget: &Budget,
        read: &dyn Fn(&Answer) -> Result<Option<T>>,
    ) -> Result<Fetched<T>> {
        if let Some(fetched) = self.kept(request, read)? {
            return Ok(fetched);
        }
        if self.offline && !self.provider.simulated {
            return Err(self.missing(request)?);
        }
        let (policy, say) = (self.retry, |line: &str| self.say(request, line));
        let mut by_post = request.needs_post();
        let (mut waited, mut n_asked, mut n_invalid, mut n_stalled) = (Duration::ZERO, 0, 0, 0);
        let mut taken = Duration::ZERO;
        loop {
            n_asked += 1;
            let url = request.url(by_post)?;
            if let Err(refusal) = budget.take() {
                return Err(refusal.into_error(&url, 1));
            }
            let permit = self.limiter.pass(&*self.clock);
            let body = request.body().filter(|_| by_post);
            let bounds = Bounds {
                policy: &policy,
                time_left: policy.deadline.saturating_sub(taken),
                n_bytes_most: request.n_bytes_most(),
            };
            let begun = Instant::now();
            let now = self.clock.now();
            let outcome = http::send(&self.http, &url, body, &bounds, now, &say);
            taken += begun.elapsed();
            drop(permit);
            let (refusal, wait) = match outcome {
                HttpOutcome::Answer(mut answer) => {
                    answer.simulated |= self.provider.simulated;
                    match read(&answer) {
                        Ok(Some(value)) => {
                            self.keep(request, answer)?;
                            return Ok(Fetched::Read(value));
                        }
                        Ok(None) => {
                            let what = "an answer as large as the data centre gives at most";
                            return self.too_large(request, refusal(413, what));
                        }
                        Err(error) => (invalid_response(error), None),
                    }
                }
                HttpOutcome::TooLarge(refusal) => return self.too_large(request, refusal),
                HttpOutcome::AddressTooLong(_) if !by_post && request.body().is_some() => {
                    self.say(request, "the address is too long; asking by POST");
                    by_post = true;
                    continue;
                }
                HttpOutcome::AddressTooLong(refusal) | HttpOutcome::Final(refusal) => {
                    return Err(refusal.into_error(&url, n_asked));
                }
                HttpOutcome::Passing(refusal, wait) => (refusal, wait),
                HttpOutcome::Stalled(refusal) => {
                    n_stalled += 1;
                    (refusal, None)
                }
            };
            n_invalid += u32::from(refusal.status == Some(200));
            let wait = wait.unwrap_or_else(|| policy.wait(n_asked, self.clock.chance()));
            if n_asked >= policy.n_attempts
                || n_invalid >= MAX_INVALID
                || n_stalled >= policy.n_stalls
                || taken >= policy.deadline
                || waited.saturating_add(wait) > policy.total_wait
            {
                return Err(refusal.into_error(&url, n_asked));
            }
            say(&waiting(&refusal, wait, n_asked + 1, policy.n_attempts));
            self.clock.sleep(wait);
            waited += wait;
        }
    }

    /// The answer of the cache. Offline any will do, else one that was given when all had settled.
    fn kept<T>(
        &self,
        request: &Request,
        read: &dyn Fn(&Answer) -> Result<Option<T>>,
    ) -> Result<Option<Fetched<T>>> {
        let Some(cache) = self.cache.as_ref().filter(|_| request.kept) else {
            return Ok(None);
        };
        let found = cache.get(&request.key()?);
        let settled_at = request.until.checked_add_signed(SETTLED_AFTER);
        let settled = |fetched| self.offline || settled_at.is_some_and(|at| at <= fetched);
        let Some((kept, _)) = found.filter(|(_, fetched)| settled(*fetched)) else {
            return Ok(None);
        };
        let url = request.url(request.needs_post())?;
        let body = match kept {
            Kept::TooLarge => {
                let refusal = refusal(413, "too large an answer when it was asked before");
                return Ok(Some(Fetched::TooLarge(refusal.into_error(&url, 1))));
            }
            Kept::Data(body) => Some(body),
            Kept::Nothing => None,
        };
        let answer = Answer {
            status: if body.is_some() { 200 } else { 204 },
            url,
            body,
            measured: true,
            simulated: false,
        };
        // What an older version believed may be refused now: it is asked for again.
        Ok(read(&answer).ok().flatten().map(Fetched::Read))
    }

    fn keep(&self, request: &Request, answer: Answer) -> Result<()> {
        match (answer.status, answer.body) {
            _ if answer.simulated || !request.kept => Ok(()),
            // XML shows by itself that it is whole; other answers may have been cut between two rows.
            (200, Some(body)) if !answer.measured && !body.trim_ascii_start().starts_with(b"<") => {
                self.say(
                    request,
                    "the answer is not kept: it does not say how long it is",
                );
                Ok(())
            }
            (200, Some(body)) => self.put(request, &Kept::Data(body)),
            (204, _) => self.put(request, &Kept::Nothing),
            // A 404 is no answer that is sure enough to be kept.
            _ => Ok(()),
        }
    }

    fn too_large<T>(&self, request: &Request, refusal: Refusal) -> Result<Fetched<T>> {
        // Stations are not asked for in halves: the next time there may be no limit.
        if request.service != "station" {
            self.put(request, &Kept::TooLarge)?;
        }
        let url = request.url(request.needs_post())?;
        Ok(Fetched::TooLarge(refusal.into_error(&url, 1)))
    }

    /// A full disk must not cost the answer: that it could not be kept is said, and no more.
    fn put(&self, request: &Request, kept: &Kept) -> Result<()> {
        if let Some(cache) = self.cache.as_ref().filter(|_| request.kept) {
            let key = request.key()?;
            if let Err(error) = cache.put(&self.provider.name, &key, kept, self.clock.now()) {
                self.say(request, &format!("the answer is not kept: {error}"));
            }
        }
        Ok(())
    }

    /// The error of a client that may ask nobody.
    fn missing(&self, request: &Request) -> Result<Error> {
        let what = match self.cache.as_ref().filter(|_| request.kept) {
            Some(cache) => format!(
                "offline, and no answer to this is kept in {}",
                cache.folder().display()
            ),
            None => "offline, and answers to this are not kept".into(),
        };
        Ok(Error::Request {
            url: request.key()?,
            status: None,
            what,
            remedy: "Ask once with the network".into(),
        })
    }

    /// Says how much of an answer was not asked for.
    pub(super) fn say_left_out(&self, request: &Request, n_others: usize, things: &str) {
        if n_others > 0 {
            let line = format!("{n_others} {things} that were not asked for are left out");
            self.say(request, &line);
        }
    }

    pub(super) fn say(&self, request: &Request, line: &str) {
        let (name, service) = (&self.provider.name, request.service);
        self.reporter.say(&format!("{name} {service}: {line}"));
    }
}

fn refusal(status: u16, what: &str) -> Refusal {
    Refusal {
        status: Some(status),
        what: what.into(),
    }
}

/// The refusal for an answer that could not be read.
fn invalid_response(error: Error) -> Refusal {
    match error {
        Error::Request {
            status: Some(_),
            what,
            ..
        } => refusal(200, &what),
        other => refusal(200, &other.to_string()),
    }
}

/// "status 503: busy; again in 12.0 s, attempt 2 of 5".
fn waiting(refusal: &Refusal, wait: Duration, next: u32, of: u32) -> String {
    let status = refusal.status.map(|status| format!("status {status}: "));
    format!(
        "{}{}; again in {:.1} s, attempt {next} of {of}",
        status.unwrap_or_default(),
        refusal.what,
        wait.as_secs_f64()
    )
}
