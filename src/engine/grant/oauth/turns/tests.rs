use super::*;

fn secrets(names: &[&str]) -> Vec<Arc<String>> {
    names.iter().map(|name| Arc::new((*name).to_owned())).collect()
}

/// One question to a server that knows the secret `known`: those that were sent.
fn ask(turns: &Turns<String>, current: &[&str], known: &str) -> Vec<String> {
    let current = secrets(current);
    let mut sent = Vec::new();
    for _ in 0..2 {
        let used = turns.pick(&current);
        sent.push(used.to_string());
        if *used == known {
            turns.accepted(&used);
            break;
        }
        if !turns.refused(&used, &current) {
            break;
        }
    }
    sent
}

#[test]
fn secret_that_worked_goes_first_until_it_is_refused() {
    let turns = Turns::new();
    assert_eq!(ask(&turns, &["new", "old"], "old"), ["new", "old"]);
    assert_eq!(ask(&turns, &["new", "old"], "old"), ["old"]);
    assert_eq!(ask(&turns, &["new", "old"], "new"), ["old", "new"]);
    assert_eq!(ask(&turns, &["new", "old"], "new"), ["new"]);
}

#[test]
fn secret_before_a_change_serves_until_the_server_knows_the_new_one() {
    let turns = Turns::new();
    assert_eq!(ask(&turns, &["first"], "first"), ["first"]);
    // The file has changed, and the server has not.
    assert_eq!(ask(&turns, &["second"], "first"), ["second", "first"]);
    assert_eq!(ask(&turns, &["second"], "first"), ["first"]);
    assert_eq!(ask(&turns, &["second"], "second"), ["first", "second"]);
    assert_eq!(ask(&turns, &["second"], "second"), ["second"]);
    // The server is first this time.
    assert_eq!(ask(&turns, &["second"], "third"), ["second"]);
    assert_eq!(ask(&turns, &["third"], "third"), ["third"]);
}

#[test]
fn secret_that_changed_while_it_was_sent_is_tried_at_once() {
    let turns = Turns::new();
    let half = turns.pick(&secrets(&["ha"]));
    assert!(turns.refused(&half, &secrets(&["half written"])));
    assert_eq!(*turns.pick(&secrets(&["half written"])), "half written");
}

#[test]
fn single_secret_that_is_refused_is_not_sent_again_at_once() {
    let turns = Turns::new();
    assert_eq!(ask(&turns, &["wrong"], "right"), ["wrong"]);
    assert_eq!(ask(&turns, &["wrong"], "right"), ["wrong"]);
    assert_eq!(ask(&turns, &["wrong", "wrong too"], "right"), ["wrong too", "wrong"]);
}
