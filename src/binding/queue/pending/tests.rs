use std::sync::atomic::AtomicU32;

use super::Counter;

#[test]
fn a_counter_that_wraps_leaves_out_zero() {
    let counter = Counter(AtomicU32::new(u32::MAX - 1));
    assert_eq!([counter.next(), counter.next(), counter.next()], [u32::MAX, 1, 2]);
}
