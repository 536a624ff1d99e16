use http::HeaderValue;

use super::*;

fn after(method: &Method, keep_alive: &[&str]) -> u64 {
    let headers = keep_alive
        .iter()
        .map(|value| (http::HeaderName::from_static("keep-alive"), HeaderValue::from_str(value).unwrap()));
    longest(method, &headers.collect()).as_secs()
}

#[test]
fn the_rest_ends_a_second_before_the_server_closes() {
    let table: [(&[&str], u64); 12] = [
        (&[], 4),
        (&["timeout=60"], 4),
        (&["timeout=5"], 4),
        (&["timeout=4"], 3),
        (&["timeout=2, max=100"], 1),
        (&["max=100,Timeout = \"3\""], 2),
        (&["timeout=1"], 0),
        (&["timeout=0"], 0),
        (&["timeout=30", "timeout=2"], 1),
        (&["timeout=99999999999999999999"], 4),
        (&["timeout", "timeout=", "timeout=-1", "xtimeout=1"], 4),
        (&["max=5"], 4),
    ];
    for (header, rest) in table {
        assert_eq!(after(&Method::POST, header), rest, "{header:?}");
    }
}

#[test]
fn a_connection_is_not_used_after_head() {
    assert_eq!(after(&Method::HEAD, &[]), 0);
}
