use super::*;

#[test]
fn one_request_more_than_the_limit_fails_until_another_one_leaves() {
    let queue = WaitingLimit::new(2);
    let first = queue.enter().unwrap();
    let _second = queue.enter().unwrap();
    assert_eq!(queue.enter().unwrap_err(), Error::QueueFull { max: 2 });
    drop(first);
    assert!(queue.enter().is_ok());
    assert_eq!((queue.count(), queue.peak()), (1, 2));
}
