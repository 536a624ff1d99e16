use super::{StoreError, StoreFault};
use crate::error::{Error, StoreAction};

#[test]
fn only_a_read_finds_a_record_corrupt() {
    let corrupt = || StoreError::Corrupt { cause: None };
    assert!(matches!(corrupt().told(StoreAction::Read), Error::StoreCorrupt { fault: None, .. }));
    assert!(matches!(corrupt().told(StoreAction::Write), Error::Store { timed_out: false, .. }));
    let not_sealed = StoreError::Fault(StoreFault::NotSealed);
    assert!(matches!(not_sealed.told(StoreAction::Read), Error::Store { fault: Some(_), .. }));
}

#[test]
fn only_a_call_without_an_answer_has_timed_out() {
    for (error, timed_out) in [(StoreError::TimedOut, true), (StoreError::Gone, false)] {
        let told = error.told(StoreAction::Write);
        assert!(matches!(told, Error::Store { timed_out: told, .. } if told == timed_out), "{told:?}");
    }
}
