use super::*;

/// One client's use of a session.
fn used(registry: &Registry, key: &str) -> Arc<Session> {
    let session = registry.session(key);
    registry.leave(&session);
    session
}

fn named(name: &str) -> Arc<Registry> {
    Registry::of(StoreId::Named(name.into()))
}

#[test]
fn one_session_for_each_key_and_one_registry_for_each_store() {
    let registry = Registry::of(StoreId::Private);
    let session = registry.session("a");
    assert!(Arc::ptr_eq(&session, &registry.session("a")));
    assert!(!Arc::ptr_eq(&session, &registry.session("b")));

    let shared = named("registry-test");
    assert!(Arc::ptr_eq(&shared, &named("registry-test")));
    assert!(!Arc::ptr_eq(&shared, &named("another-test")));
    assert!(!Arc::ptr_eq(&Registry::of(StoreId::Private), &Registry::of(StoreId::Private)));
    let of_path = |path: &str, share: Option<&str>| {
        Registry::of(StoreId::Shared(path.into(), share.map(str::to_owned)))
    };
    let directory = of_path("registry-test", None);
    assert!(
        Arc::ptr_eq(&directory, &of_path("registry-test", None)),
        "worker threads with one store are one"
    );
    assert!(!Arc::ptr_eq(&directory, &shared));
    let (one, other) = (of_path("one", Some("name")), of_path("other", Some("name")));
    assert!(!Arc::ptr_eq(&one, &other), "a name does not join two stores");
}

#[test]
fn sessions_that_are_not_used_and_remember_nothing_are_forgotten() {
    let registry = Registry::of(StoreId::Private);
    for key in 0..1_000 {
        used(&registry, &key.to_string());
    }
    assert!(registry.sessions().is_empty());
    assert!(registry.sessions.lock().known.values().count() < 1_000);
}
