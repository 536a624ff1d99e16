use super::*;

#[test]
fn goes_through_the_phases() {
    let cell = PhaseCell::default();
    let watcher = cell.clone();
    assert_eq!((watcher.get(), watcher.provably_unsent()), (Phase::Queue, true));
    cell.set(Phase::Response);
    assert_eq!((watcher.get(), watcher.provably_unsent()), (Phase::Response, false));
    cell.set(Phase::Connect);
    assert_eq!((watcher.get(), watcher.provably_unsent()), (Phase::Connect, true));
    cell.connected();
    assert_eq!((watcher.get(), watcher.provably_unsent()), (Phase::Response, false));
    cell.answered();
    assert_eq!((watcher.get(), watcher.provably_unsent()), (Phase::Body, false));
}

#[test]
fn a_second_connect_after_an_answer_proves_nothing() {
    let cell = PhaseCell::default();
    cell.answered();
    cell.set(Phase::Connect);
    assert_eq!((cell.get(), cell.provably_unsent()), (Phase::Connect, false));
    cell.connected();
    assert_eq!(cell.get(), Phase::Response);
}

#[test]
fn what_was_not_processed_is_as_good_as_unsent() {
    let cell = PhaseCell::default();
    cell.set(Phase::Response);
    cell.unprocessed();
    assert_eq!((cell.get(), cell.provably_unsent()), (Phase::Response, true));
    cell.begin();
    assert!(!cell.provably_unsent(), "sent again, nothing is known");
    cell.answered();
    cell.unprocessed();
    assert!(!cell.provably_unsent(), "it was answered before");
}

#[test]
fn a_late_connected_changes_no_other_phase() {
    for phase in [Phase::Queue, Phase::Response, Phase::Body] {
        let cell = PhaseCell::default();
        cell.set(phase);
        cell.connected();
        assert_eq!(cell.get(), phase);
    }
}
