//! The option `store`: a store that processes share, as `lib/options/store.js` makes it, with `lease` and `confirmEvery`.

use std::path::Path;
use std::sync::Arc;

use napi::Either;
use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

use super::ms;
use super::secret::{NativeSecret, TextOrSource, source};
use crate::binding::callbacks::Callbacks;
use crate::binding::register::UserRegister;
use engine::error::Error;
use engine::fleet::{Fleet, Keys, MachineClock, Scoped, Sealed, Settings, Switches, key_file, key_text};
use engine::session::schedule::Policy;
use engine::source::Source;
use engine::store::{
    FileRegister, RedisLayout, RedisOptions, RedisRegister, RedisTls, Register, session_name,
};

/// One of the first three is given.
#[napi(object, object_to_js = false)]
pub struct NativeStore {
    pub file: Option<NativeFile>,
    pub redis: Option<NativeRedis>,
    pub register: Option<NativeRegister>,
    /// 32 bytes each, or the text "none", or sources of such. The first seals.
    pub keys: Vec<Either<Uint8Array, NativeSecret>>,
    /// Names this process in leases, for people.
    pub owner: String,
    pub lease: f64,
    pub confirm_every: f64,
    pub drain_on_exit: f64,
}

#[napi(object, object_to_js = false)]
pub struct NativeFile {
    /// Absolute.
    pub path: String,
    pub allow_network_fs: bool,
}

#[napi(object, object_to_js = false)]
pub struct NativeRedis {
    pub urls: Either<Vec<String>, NativeSecret>,
    pub cluster: bool,
    pub sentinel: Option<String>,
    pub prefix: String,
    pub tls: NativeRedisTls,
    pub timeout: f64,
}

/// PEM texts.
#[napi(object, object_to_js = false)]
pub struct NativeRedisTls {
    pub ca: Option<TextOrSource>,
    pub cert: Option<TextOrSource>,
    pub key: Option<TextOrSource>,
}

/// The user's own, whose functions are among the client's callbacks.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct NativeRegister {
    /// Empty if it has none.
    pub name: String,
    pub watches: bool,
}

impl NativeStore {
    /// Names a directory or a Redis: clients of this process that use one store have their sessions in common, so that they do not wait
    /// for each other's leases. None: a register or a function of the user's, which this cannot tell from another.
    pub(super) fn place(&self) -> Option<String> {
        match (&self.file, &self.redis) {
            (Some(file), _) => Some(format!("file {}", file.path)),
            // A hash, because a URL has a password in it.
            (None, Some(redis)) => {
                let urls = match &redis.urls {
                    Either::A(urls) => urls.join(" "),
                    Either::B(source) => format!("file {}", source.file.as_deref()?),
                };
                let place = format!("{urls} {}", redis.prefix);
                Some(format!("redis {}", session_name(&place)))
            }
            (None, None) => None,
        }
    }

    /// `scope`: see `NativeGrant::scope_of_sessions`. `must_seal`: a store that would keep records open is refused.
    pub(super) fn into_fleet(
        self,
        callbacks: &Callbacks,
        policy: &Policy,
        scope: Option<String>,
        must_seal: bool,
    ) -> Result<Fleet, Error> {
        let Self { file, redis, register, keys, owner, lease, .. } = self;
        let mut store_deadline = policy.refresh_timeout;
        let (name, register): (String, Arc<dyn Register>) = match (file, redis, register) {
            (Some(NativeFile { path, allow_network_fs }), ..) => {
                let register = FileRegister::new(Path::new(&path), allow_network_fs)
                    .map_err(|fault| Error::invalid_option("store.path", fault.to_string()))?;
                (path, Arc::new(register))
            }
            (_, Some(redis), _) => {
                store_deadline = ms(redis.timeout);
                (redis.prefix.clone(), Arc::new(RedisRegister::new(&redis.into_options(Some(callbacks))?)?))
            }
            (.., register) => {
                let NativeRegister { name, watches } = register.unwrap_or_default();
                (name, Arc::new(UserRegister::new(callbacks.clone(), watches)))
            }
        };
        // Processes of one store must give one name, and a store's place is the only one that all of them know.
        let keys = keys.into_iter().map(|key| key_source(key, callbacks)).collect();
        let keys = Keys::new(&name, keys, must_seal);
        let keys = keys.map_err(|bad| Error::invalid_option("store.key", bad.problem))?;
        let settings = Settings {
            lease: ms(lease),
            grace: policy.rotation_grace,
            refresh_deadline: policy.refresh_timeout,
            max_retries: policy.max_retries,
            store_deadline,
            owner: owner.into(),
            switches: Switches::default(),
        };
        let sealed: Arc<dyn Register> = Arc::new(Sealed { register, keys });
        // Around the seal, because a record is bound to its whole name.
        let register = match scope {
            Some(scope) => Arc::new(Scoped { register: sealed, scope: scope.into() }),
            None => sealed,
        };
        Ok(Fleet { register, clock: Arc::new(MachineClock), settings })
    }
}

impl NativeRedis {
    /// An error: a function is needed that is not there, as in the command `inspect`.
    pub(in crate::binding) fn into_options(
        self,
        callbacks: Option<&Callbacks>,
    ) -> Result<RedisOptions, Error> {
        let found = |given| source(given, callbacks).ok_or(Error::Internal);
        let Self { urls, cluster, sentinel, prefix, tls, timeout } = self;
        let layout = match sentinel {
            Some(master) => RedisLayout::Sentinel { master },
            None if cluster => RedisLayout::Cluster,
            None => RedisLayout::Single,
        };
        let NativeRedisTls { ca, cert, key } = tls;
        let pem = |given: Option<TextOrSource>| given.map(found).transpose();
        let tls = RedisTls { ca: pem(ca)?, cert: pem(cert)?, key: pem(key)? };
        let url = found(match urls {
            Either::A(urls) => Either::A(urls.join(" ")),
            Either::B(source) => Either::B(source),
        })?;
        Ok(RedisOptions { url, layout, prefix, tls, timeout: ms(timeout) })
    }
}

/// A key in a Buffer is text from here on, as Rust reads all keys.
fn key_source(key: Either<Uint8Array, NativeSecret>, callbacks: &Callbacks) -> Source {
    match key {
        Either::A(bytes) => Source::value(key_text(&bytes)),
        Either::B(NativeSecret { file: Some(file), .. }) => key_file(file.into()),
        Either::B(source) => source.into_source(callbacks),
    }
}
