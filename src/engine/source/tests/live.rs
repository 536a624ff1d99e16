//! Values that are made of texts.

use super::*;

/// A number, and the parsings so far.
fn live(source: Source) -> (Live<u32>, Arc<AtomicUsize>) {
    let parsed = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&parsed);
    let live = Live::new(source, move |text| {
        counter.fetch_add(1, Ordering::Relaxed);
        text.expose().parse::<u32>().map_err(|_| "is no number")
    });
    (live, parsed)
}

#[tokio::test]
async fn text_is_parsed_once_until_it_changes() {
    let scratch = Scratch::new();
    scratch.replace("number", "7");
    let (live, parsed) = live(Source::file(scratch.path("number")));
    let first = live.get().await.unwrap();
    assert!(Arc::ptr_eq(&first, &live.get().await.unwrap()));
    assert_eq!((*first, parsed.load(Ordering::Relaxed)), (7, 1));
    scratch.replace("number", "8");
    assert_eq!(*live.get().await.unwrap(), 8);
    assert_eq!(parsed.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn half_written_text_leaves_the_last_value() {
    let scratch = Scratch::new();
    scratch.replace("number", "half");
    let (live, parsed) = live(Source::file(scratch.path("number")));
    let error = live.get().await.unwrap_err().to_string();
    assert_eq!(error, format!("the file {} is no number", scratch.path("number").display()));
    assert_eq!(live.get().await.unwrap_err().to_string(), error);
    assert_eq!(parsed.load(Ordering::Relaxed), 1, "a text that was refused is not parsed again");
    scratch.replace("number", "7");
    assert_eq!(*live.get().await.unwrap(), 7);
    scratch.replace("number", "half again");
    assert_eq!(*live.get().await.unwrap(), 7);
    assert_eq!(*live.get().await.unwrap(), 7);
    assert_eq!(parsed.load(Ordering::Relaxed), 3);
    scratch.replace("number", "8");
    assert_eq!(*live.get().await.unwrap(), 8);
}

#[tokio::test]
async fn texts_that_do_not_belong_together_leave_the_last_value() {
    let scratch = Scratch::new();
    scratch.replace("one", "a");
    scratch.replace("other", "a");
    let both = vec![Source::file(scratch.path("one")), Source::file(scratch.path("other"))];
    let live = Live::of(both, |texts| match texts {
        [one, other] if one == other => Ok(one.expose().to_owned()),
        _ => Err(Unfit { at: 1, problem: "is another one".into() }),
    });
    assert_eq!(*live.get().await.unwrap(), "a");
    scratch.replace("one", "b");
    assert_eq!(*live.get().await.unwrap(), "a");
    scratch.replace("other", "b");
    assert_eq!(*live.get().await.unwrap(), "b");
}

#[test]
fn value_is_checked_when_it_is_given() {
    let value = |text: &str| live(Source::value(Secret::new(text.to_owned()))).0;
    assert_eq!(value("7").check(), Ok(Some(Arc::new(7))));
    assert_eq!(value("x").check(), Err(Unfit { at: 0, problem: "is no number".into() }));
    let (unread, parsed) = live(Source::file("/does/not/exist"));
    assert_eq!((unread.check(), parsed.load(Ordering::Relaxed)), (Ok(None), 0));
}
