//! The option `store`: a store that processes share, as `lib/options/store.js` makes it, with `lease` and `confirmEvery`.

use std::path::Path;
use std::sync::Arc;

use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

use super::ms;
use crate::binding::callbacks::Callbacks;
use crate::binding::register::UserRegister;
use engine::error::Error;
use engine::fleet::{Fleet, MachineClock, Scoped, Seal, SealKey, Sealed, Settings, Switches};
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
    /// 32 bytes each, or the text "none". The first seals.
    pub keys: Vec<Uint8Array>,
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
    pub urls: Vec<String>,
    pub cluster: bool,
    pub sentinel: Option<String>,
    pub prefix: String,
    pub tls: NativeRedisTls,
    pub timeout: f64,
}

/// PEM texts.
#[napi(object, object_to_js = false)]
pub struct NativeRedisTls {
    pub ca: Option<String>,
    pub cert: Option<String>,
    pub key: Option<String>,
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
    /// for each other's leases. None: a register of the user's, which this cannot tell from another.
    pub(super) fn place(&self) -> Option<String> {
        match (&self.file, &self.redis) {
            (Some(file), _) => Some(format!("file {}", file.path)),
            // A hash, because a URL has a password in it.
            (None, Some(redis)) => {
                let place = format!("{} {}", redis.urls.join(" "), redis.prefix);
                Some(format!("redis {}", session_name(&place)))
            }
            (None, None) => None,
        }
    }

    /// `scope`: see `NativeGrant::scope_of_sessions`.
    pub(super) fn into_fleet(
        self,
        callbacks: &Callbacks,
        policy: &Policy,
        scope: Option<String>,
    ) -> Result<Fleet, Error> {
        let Self { file, redis, register, keys, owner, lease, .. } = self;
        let keys = keys.iter().map(|key| SealKey::from_bytes(key)).collect::<Result<Vec<_>, _>>();
        let keys = keys.map_err(|bad| Error::invalid_option("store.key", bad.to_string()))?;
        let mut store_deadline = policy.refresh_timeout;
        let (name, register): (String, Arc<dyn Register>) = match (file, redis, register) {
            (Some(NativeFile { path, allow_network_fs }), ..) => {
                let register = FileRegister::new(Path::new(&path), allow_network_fs)
                    .map_err(|fault| Error::invalid_option("store.path", fault.to_string()))?;
                (path, Arc::new(register))
            }
            (_, Some(redis), _) => {
                store_deadline = ms(redis.timeout);
                (redis.prefix.clone(), Arc::new(RedisRegister::new(&redis.into_options())?))
            }
            (.., register) => {
                let NativeRegister { name, watches } = register.unwrap_or_default();
                (name, Arc::new(UserRegister::new(callbacks.clone(), watches)))
            }
        };
        // Processes of one store must give one name, and a store's place is the only one that all of them know.
        let keys = Seal::new(&name, &keys).into();
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
    pub(in crate::binding) fn into_options(self) -> RedisOptions {
        let Self { urls, cluster, sentinel, prefix, tls, timeout } = self;
        let layout = match sentinel {
            Some(master) => RedisLayout::Sentinel { master },
            None if cluster => RedisLayout::Cluster,
            None => RedisLayout::Single,
        };
        let NativeRedisTls { ca, cert, key } = tls;
        let tls =
            RedisTls { ca: ca.map(Source::from), cert: cert.map(Source::from), key: key.map(Source::from) };
        RedisOptions { url: urls.join(" ").into(), layout, prefix, tls, timeout: ms(timeout) }
    }
}
