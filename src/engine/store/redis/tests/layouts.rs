//! Several servers: a master behind sentinels, and a cluster.

use super::server::{PATIENCE, Server, ask, new_folder, options, register, until};
use super::*;
use crate::store::{RedisProblem, StoreFault};

fn at(servers: &[&Server], layout: RedisLayout) -> RedisOptions {
    let urls: Vec<_> = servers.iter().map(|server| server.url()).collect();
    RedisOptions { layout, ..options(&urls.join("\n")) }
}

/// A sentinel that watches the server at `master`, and takes it for dead after a moment.
async fn sentinel(master: u16) -> Server {
    sentinel_with(master, "").await
}

/// `more`: lines of its configuration.
async fn sentinel_with(master: u16, more: &str) -> Server {
    let folder = new_folder();
    let file = folder.join("sentinel.conf");
    let arguments = |port: u16| {
        let text = format!(
            "bind 127.0.0.1\nport {port}\nsentinel monitor mymaster 127.0.0.1 {master} 1\n\
             sentinel down-after-milliseconds mymaster 200\nsentinel failover-timeout mymaster 1000\n{more}"
        );
        std::fs::write(&file, text).unwrap();
        vec![file.to_str().unwrap().to_owned(), "--sentinel".to_owned()]
    };
    Server::start_with(folder.clone(), arguments).await
}

#[tokio::test]
async fn sentinels_lead_to_the_master_and_to_the_one_after_it() {
    let mut master = Server::start(&[]).await;
    let replica = Server::start(&["--replicaof", "127.0.0.1", &master.port.to_string()]).await;
    until("the replica follows", || async {
        replica.ask::<String>(&["INFO", "replication"]).await.contains("master_link_status:up")
    })
    .await;
    let sentinel = sentinel(master.port).await;
    until("the sentinel knows the replica", || async {
        sentinel.ask::<String>(&["INFO", "sentinel"]).await.contains("slaves=1")
    })
    .await;

    let register = register(&at(&[&sentinel], RedisLayout::Sentinel { master: "mymaster".into() }));
    let (first, done) = write(&register, None, "first").await;
    assert!(done);
    resolves(register.watch("session").unwrap()).await;
    until("the replica has it", || async { replica.ask::<bool>(&["EXISTS", &key()]).await }).await;
    let changed = register.watch("session").unwrap();
    master.kill();
    resolves(changed).await;
    until("another master is found", || async {
        register.compare_and_set("session", Some(first.version), &first).await == Ok(true)
    })
    .await;
    let (second, done) = write(&register, Some(first.version), "second").await;
    assert!(done);
    assert_eq!(read(&replica.register()).await, Some(second));
}

#[tokio::test]
async fn master_that_the_sentinels_do_not_know() {
    let master = Server::start(&[]).await;
    let sentinel = sentinel(master.port).await;
    let register = register(&at(&[&sentinel], RedisLayout::Sentinel { master: "other".into() }));
    let Err(StoreError::Fault(StoreFault::Redis { server, problem })) = register.read("session").await else {
        panic!()
    };
    assert_eq!(server, format!("Redis behind the sentinels at 127.0.0.1:{}", sentinel.port));
    assert_eq!(problem, RedisProblem::NoMaster { name: "other".into() });
}

/// The password is that of the servers. Sentinels have the same, or none.
#[tokio::test]
async fn sentinels_without_the_password_of_their_servers() {
    let master = Server::start(&["--requirepass", "s3cr3t"]).await;
    for own in ["", "requirepass s3cr3t\n"] {
        let more = format!("sentinel auth-pass mymaster s3cr3t\n{own}");
        let sentinel = sentinel_with(master.port, &more).await;
        let mut options = at(&[&sentinel], RedisLayout::Sentinel { master: "mymaster".into() });
        options.url = format!("redis://:s3cr3t@127.0.0.1:{}", sentinel.port).into();
        let register = register(&options);
        until("the sentinel has looked", || async { register.read("session").await == Ok(None) }).await;
    }
}

async fn resolves(changed: BoxFuture<'_, ()>) {
    tokio::time::timeout(PATIENCE, changed).await.expect("no change was heard");
}

/// Three masters, each with a third of the slots.
async fn cluster() -> [Server; 3] {
    let node = || async {
        let options = ["--cluster-enabled", "yes", "--cluster-node-timeout", "500"];
        Server::start_node(&options).await
    };
    let nodes = [node().await, node().await, node().await];
    for (node, slots) in nodes.iter().zip([0..=5460, 5461..=10922, 10923..=16383]) {
        let slots: Vec<_> = slots.map(|slot: u16| slot.to_string()).collect();
        let words = ["CLUSTER", "ADDSLOTS"].into_iter().chain(slots.iter().map(String::as_str));
        let _: String = node.ask(&words.collect::<Vec<_>>()).await;
        let _: String = node.ask(&["CLUSTER", "MEET", "127.0.0.1", &nodes[0].port.to_string()]).await;
    }
    for node in &nodes {
        until("the cluster is whole", || async {
            let info: String = node.ask(&["CLUSTER", "INFO"]).await;
            info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
        })
        .await;
    }
    nodes
}

#[tokio::test]
async fn cluster_keeps_each_session_at_one_of_its_nodes() {
    let nodes = cluster().await;
    let [one, two, _] = &nodes;
    let register = register(&at(&[one], RedisLayout::Cluster));
    let sibling = server::register(&at(&[two], RedisLayout::Cluster));
    resolves(register.watch("session").unwrap()).await;
    let changed = register.watch("session").unwrap();
    let (first, done) = write(&sibling, None, "first").await;
    assert!(done);
    resolves(changed).await;
    assert_eq!(read(&register).await, Some(first));

    for n in 0..20 {
        let session = format!("session {n}");
        let next = document(&session);
        assert_eq!(register.compare_and_set(&session, None, &next).await, Ok(true));
        assert_eq!(sibling.read(&session).await, Ok(Some(next)));
    }
    // A node that does not answer leaves time for the others.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut with_silent = at(&[one], RedisLayout::Cluster);
    let Source::Value(others) = &with_silent.url else { panic!("no value") };
    let all = format!("redis://{} {}", silent.local_addr().unwrap(), others.expose());
    with_silent.url = all.into();
    with_silent.timeout = Duration::from_secs(3);
    assert!(read(&server::register(&with_silent)).await.is_some());

    for node in &nodes {
        assert!(node.ask::<usize>(&["DBSIZE"]).await > 0, "a node keeps no session");
    }
}

#[tokio::test]
async fn session_is_found_while_and_after_it_moves_to_another_node() {
    let nodes = cluster().await;
    let register = register(&at(&[&nodes[0]], RedisLayout::Cluster));
    let (first, _) = write(&register, None, "first").await;
    let slot = nodes[0].ask::<u16>(&["CLUSTER", "KEYSLOT", &key()]).await;
    let from = &nodes[usize::from(slot / 5461)];
    let to = &nodes[usize::from((slot / 5461 + 1) % 3)];
    let (from_id, to_id): (String, String) =
        (from.ask(&["CLUSTER", "MYID"]).await, to.ask(&["CLUSTER", "MYID"]).await);
    let slot = slot.to_string();
    let set_slot = |node: u16, words: [&'static str; 1], id: &str| {
        let words: Vec<_> = ["CLUSTER", "SETSLOT", &slot, words[0], id].map(str::to_owned).into();
        async move {
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            let _: String = ask(node, &words).await.unwrap();
        }
    };
    set_slot(to.port, ["IMPORTING"], &from_id).await;
    set_slot(from.port, ["MIGRATING"], &to_id).await;
    let port = to.port.to_string();
    let _: String = from.ask(&["MIGRATE", "127.0.0.1", &port, &key(), "0", "5000"]).await;
    // The first node answers ASK.
    assert_eq!(read(&register).await, Some(first.clone()));
    let (second, done) = write(&register, Some(first.version), "second").await;
    assert!(done);
    set_slot(to.port, ["NODE"], &to_id).await;
    set_slot(from.port, ["NODE"], &to_id).await;
    // The first node answers MOVED.
    assert_eq!(read(&register).await, Some(second.clone()));
    assert!(write(&register, Some(second.version), "third").await.1);

    // A client that was not told of the cluster.
    let server::Server { port, .. } = from;
    let single = server::register(&options(&format!("redis://127.0.0.1:{port}")));
    let Err(StoreError::Fault(StoreFault::Redis { problem, .. })) = single.read("session").await else {
        panic!()
    };
    assert_eq!(problem, RedisProblem::of_code("MOVED"));
}

#[tokio::test]
async fn cluster_without_one_of_its_nodes_says_so_and_serves_again_when_the_node_is_back() {
    let mut nodes = cluster().await;
    let register = register(&at(&[&nodes[0], &nodes[1], &nodes[2]], RedisLayout::Cluster));
    let (first, _) = write(&register, None, "first").await;
    let slot = nodes[0].ask::<u16>(&["CLUSTER", "KEYSLOT", &key()]).await;
    // Another node than the session's, so that its data stays.
    let lost = usize::from((slot / 5461 + 1) % 3);
    nodes[lost].kill();
    until("CLUSTERDOWN", || async {
        let down = RedisProblem::of_code("CLUSTERDOWN");
        let answer = register.read("session").await;
        matches!(answer, Err(StoreError::Fault(StoreFault::Redis { problem, .. })) if problem == down)
    })
    .await;
    nodes[lost].start_again().await;
    until("whole again", || async { register.read("session").await == Ok(Some(first.clone())) }).await;
    assert!(write(&register, Some(first.version), "second").await.1);
}
