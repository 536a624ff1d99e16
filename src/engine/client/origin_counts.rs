//! The counts behind `client.stats().origins`.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use url::Url;

use crate::http::origin::{name, same_origin};

/// Requests to more origins are counted as one, because a program may send requests without a token anywhere.
const MOST: usize = 100;

/// Requests that have ended, by the origin that each named.
#[derive(Debug, Default)]
pub struct OriginCounts(Mutex<Vec<(Option<Url>, OriginCount)>>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OriginCount {
    pub requests: u64,
    /// Answered with a status of 400 to 499, and of 500 and more.
    pub client_errors: u64,
    pub server_errors: u64,
    /// Without an answer.
    pub failed: u64,
    pub replays: u64,
    pub retries: u64,
    /// From the call to the answer, all together.
    pub time: Duration,
}

impl OriginCounts {
    /// `status`: of the answer.
    pub fn add(&self, url: &Url, status: Option<u16>, [replays, retries]: [u32; 2], time: Duration) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known =
            all.iter().position(|(known, _)| known.as_ref().is_none_or(|known| same_origin(known, url)));
        let place = known.unwrap_or_else(|| {
            // Without path and query, which may hold secrets.
            let origin = if all.len() < MOST { url.join("/").ok() } else { None };
            all.push((origin, OriginCount::default()));
            all.len() - 1
        });
        let count = &mut all[place].1;
        count.requests += 1;
        match status {
            None => count.failed += 1,
            Some(500..) => count.server_errors += 1,
            Some(400..) => count.client_errors += 1,
            Some(_) => {}
        }
        count.replays += u64::from(replays);
        count.retries += u64::from(retries);
        count.time += time;
    }

    /// By origin; `other` for those that came late.
    pub fn all(&self) -> Vec<(String, OriginCount)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let named = |url: &Option<Url>| url.as_ref().map_or_else(|| "other".to_owned(), name);
        all.iter().map(|(url, count)| (named(url), *count)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_one_origin_are_one_count() {
        let counts = OriginCounts::default();
        let time = Duration::from_millis(2);
        for (url, status) in
            [("https://a/x?q", Some(200)), ("https://a:443/y", Some(404)), ("https://b", None)]
        {
            counts.add(&Url::parse(url).unwrap(), status, [1, 2], time);
        }
        counts.add(&Url::parse("https://b").unwrap(), Some(500), [0, 0], time);
        let two = OriginCount { requests: 2, time: time * 2, ..OriginCount::default() };
        let a = OriginCount { client_errors: 1, replays: 2, retries: 4, ..two };
        let b = OriginCount { server_errors: 1, failed: 1, replays: 1, retries: 2, ..two };
        assert_eq!(counts.all(), [("https://a".to_owned(), a), ("https://b".to_owned(), b)]);
    }

    #[test]
    fn origins_that_come_late_are_one() {
        let counts = OriginCounts::default();
        for host in 0..MOST + 5 {
            let url = Url::parse(&format!("http://h{host}/")).unwrap();
            counts.add(&url, Some(200), [0, 0], Duration::ZERO);
        }
        let all = counts.all();
        assert_eq!(all.len(), MOST + 1);
        assert_eq!((all[MOST].0.as_str(), all[MOST].1.requests), ("other", 5));
    }
}
