//! Redis servers of these tests: processes of their own, in a directory of their own. Each ends with its value.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use redis::{Client, Cmd, FromRedisValue, RedisResult};

use crate::clock;
use crate::store::{RedisLayout, RedisOptions, RedisRegister, RedisTls};

/// How long a server may take for anything. A busy machine is slow.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// How often a server is started, each time at another port.
const STARTS: usize = 10;

pub(super) struct Server {
    process: Child,
    arguments: Vec<String>,
    pub(super) folder: PathBuf,
    pub(super) port: u16,
}

impl Server {
    /// `options` are those of the configuration file, as arguments.
    pub(super) async fn start(options: &[&str]) -> Self {
        Self::start_in(new_folder(), options).await
    }

    /// In a folder that may hold data or certificates.
    pub(super) async fn start_in(folder: PathBuf, options: &[&str]) -> Self {
        Self::start_with(folder, |port| all_options(port, options)).await
    }

    /// One of a cluster.
    pub(super) async fn start_node(options: &[&str]) -> Self {
        Self::start_at(node_port, new_folder(), |port| all_options(port, options)).await
    }

    /// `arguments` makes them all for a port.
    pub(super) async fn start_with(folder: PathBuf, arguments: impl Fn(u16) -> Vec<String>) -> Self {
        Self::start_at(free_port, folder, arguments).await
    }

    async fn start_at(
        a_port: impl Fn() -> u16,
        folder: PathBuf,
        arguments: impl Fn(u16) -> Vec<String>,
    ) -> Self {
        for _ in 0..STARTS {
            let port = a_port();
            let arguments = arguments(port);
            let mut process = spawn(&folder, &arguments);
            if answers(port, &mut process).await {
                return Self { process, arguments, folder, port };
            }
            // Another process was given the same port meanwhile.
        }
        panic!("the server does not start: is there an option that its version does not know?");
    }

    pub(super) fn kill(&mut self) {
        let _ = self.process.kill();
        self.process.wait().unwrap();
    }

    /// `name` is that of the signal, as `STOP`.
    pub(super) fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// After [`Server::kill`]: the same server once more, at the same port.
    pub(super) async fn start_again(&mut self) {
        self.process = spawn(&self.folder, &self.arguments);
        assert!(answers(self.port, &mut self.process).await, "the port {} is taken", self.port);
    }

    /// For the next start.
    pub(super) fn add_option(&mut self, option: &[&str]) {
        self.arguments.extend(option.iter().map(|&word| word.to_owned()));
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Sends a command over a connection of its own.
    pub(super) async fn ask<T: FromRedisValue>(&self, words: &[&str]) -> T {
        ask(self.port, words).await.unwrap()
    }

    /// The same, if the server has a password.
    pub(super) async fn ask_with<T: FromRedisValue>(&self, password: &str, words: &[&str]) -> T {
        ask_at(&format!("redis://:{password}@127.0.0.1:{}", self.port), words).await.unwrap()
    }

    /// Redis 6.0 has users without rights on channels.
    pub(super) async fn has_rights_on_channels(&self) -> bool {
        !self.ask::<String>(&["INFO", "server"]).await.contains("redis_version:6.0.")
    }

    pub(super) fn register(&self) -> RedisRegister {
        register(&options(&self.url()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub(super) async fn ask<T: FromRedisValue>(port: u16, words: &[&str]) -> RedisResult<T> {
    ask_at(&format!("redis://127.0.0.1:{port}"), words).await
}

async fn ask_at<T: FromRedisValue>(url: &str, words: &[&str]) -> RedisResult<T> {
    let mut command = Cmd::new();
    command.arg(words);
    let client = Client::open(url)?;
    let patient = Some(PATIENCE);
    let config =
        redis::AsyncConnectionConfig::new().set_response_timeout(patient).set_connection_timeout(patient);
    command.query_async(&mut client.get_multiplexed_async_connection_with_config(&config).await?).await
}

/// Resolves when `is` does, which is asked again and again.
pub(super) async fn until<F: Future<Output = bool>>(what: &str, mut is: impl FnMut() -> F) {
    let asking = async {
        while !is().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic!("not in time: {what}"));
}

pub(super) fn options(url: &str) -> RedisOptions {
    RedisOptions {
        url: url.to_owned().into(),
        layout: RedisLayout::Single,
        prefix: "token-rotator:".into(),
        tls: RedisTls::default(),
        timeout: PATIENCE,
    }
}

pub(super) fn register(options: &RedisOptions) -> RedisRegister {
    RedisRegister::new(options).unwrap()
}

pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The nodes speak among each other at a port that is 10 000 higher, which only Redis 7 makes an option.
fn node_port() -> u16 {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    loop {
        let port = free_port();
        if port.checked_add(10_000).is_some_and(is_free) {
            return port;
        }
    }
}

fn all_options(port: u16, options: &[&str]) -> Vec<String> {
    let port = port.to_string();
    let own = ["--bind", "127.0.0.1", "--port", &port, "--save", ""];
    own.iter().chain(options).map(|&option| option.to_owned()).collect()
}

pub(super) fn new_folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("token-rotator-redis-{:x}", rand::random::<u64>()));
    std::fs::create_dir(&folder).unwrap();
    folder
}

/// `REDIS_SERVER` names another binary: an older Redis, or Valkey.
fn spawn(folder: &Path, arguments: &[String]) -> Child {
    let binary = std::env::var_os("REDIS_SERVER").unwrap_or_else(|| "redis-server".into());
    let mut command = Command::new(binary);
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null());
    command.spawn().expect("redis-server is not on PATH: `apt-get install redis-server`, see CONTRIBUTING.md")
}

/// False if the process has ended.
async fn answers(port: u16, process: &mut Child) -> bool {
    let deadline = clock::now() + PATIENCE;
    while process.try_wait().unwrap().is_none() {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return true;
        }
        assert!(clock::now() < deadline, "redis-server does not start");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    false
}
