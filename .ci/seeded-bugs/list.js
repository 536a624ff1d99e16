'use strict';

// The mistakes: each is a few changes of text. `tests` are the filters of the tests that ought to notice it.

const SESSION = ['session::', 'client::'];

const BUGS = [
  {
    name: 'the refresh is cancelled with the caller that began it',
    tests: SESSION,
    changes: [
      {
        file: 'src/engine/session/flight/mod.rs',
        from: '    pub(crate) outcome: Outcome<Result<Option<Arc<Held>>, Error>>,\n}',
        to: '    pub(crate) outcome: Outcome<Result<Option<Arc<Held>>, Error>>,\n    pub(crate) left: Arc<tokio::sync::Notify>,\n}',
      },
      {
        file: 'src/engine/session/flight/mod.rs',
        from: '        outcome: Outcome::default(),\n    });\n',
        to: '        outcome: Outcome::default(),\n        left: Arc::default(),\n    });\n    let (left, dead) = (Arc::clone(&handle.left), Arc::clone(&handle));\n',
      },
      {
        file: 'src/engine/session/flight/mod.rs',
        from: '    tokio::spawn(flight.fly());\n',
        to: '    tokio::spawn(async move { tokio::select! { () = left.notified() => dead.outcome.set(Err(Error::ClientClosed)), () = flight.fly() => {} } });\n',
      },
      {
        file: 'src/engine/session/mod.rs',
        from: '    let _place = by.waiting.enter()?;\n',
        to: '    let _place = by.waiting.enter()?;\n    struct Leaves(Arc<tokio::sync::Notify>);\n    impl Drop for Leaves {\n        fn drop(&mut self) {\n            self.0.notify_one();\n        }\n    }\n    let _leaves = Leaves(Arc::clone(&flight.left));\n',
      },
    ],
  },
  {
    name: 'the flight is cleared before its tokens are saved',
    tests: SESSION,
    changes: [
      {
        file: 'src/engine/session/flight/mod.rs',
        from: '        // If a login overtakes this flight, `land` sees it.\n',
        to: '        self.session.inner().flight = None;\n',
      },
    ],
  },
  {
    name: 'the callers hear of new tokens before these are saved',
    tests: SESSION,
    changes: [
      {
        file: 'src/engine/session/flight/mod.rs',
        from: '        // If a login overtakes this flight, `land` sees it.\n',
        to: '        self.handle.outcome.set(Ok(Some(Arc::new(Held::new(tokens.clone(), crate::session::Stamp { epoch: self.epoch, generation: 99 }, true, crate::clock::uptime(), 0)))));\n',
      },
    ],
  },
  {
    name: 'one flight for all identities',
    tests: [...SESSION, 'session::registry'],
    changes: [
      {
        file: 'src/engine/session/registry.rs',
        from: '        let mut sessions = self.sessions.lock();\n        let session = sessions.find(key)',
        to: '        let (mut sessions, key) = (self.sessions.lock(), if key.is_empty() { key } else { "all" });\n        let session = sessions.find(key)',
      },
    ],
  },
  {
    name: 'the epoch is ignored: an answer for the login before counts for this one',
    tests: SESSION,
    changes: [
      {
        file: 'src/engine/session/flight/finish.rs',
        from: '        if inner.state.epoch() != self.epoch {\n            self.tell_end(',
        to: '        if inner.state.epoch() > u64::MAX - 1 {\n            self.tell_end(',
      },
      {
        file: 'src/engine/session/flight/mod.rs',
        from: '            if inner.state.epoch() != self.epoch {\n                return Save::Overtaken;',
        to: '            if inner.state.epoch() > u64::MAX - 1 {\n                return Save::Overtaken;',
      },
      {
        file: 'src/engine/session/flight/mod.rs',
        from: '        self.session.epoch() != self.epoch\n',
        to: '        self.session.epoch() > u64::MAX - 1\n',
      },
    ],
  },
  {
    name: 'a rejected refresh token ends the session without another look at the store',
    tests: SESSION,
    changes: [
      {
        file: 'src/engine/session/flight/adopt.rs',
        from: '        for pause in READ_AGAIN {\n            if !self.by.store.outlives_session() {',
        to: '        for pause in READ_AGAIN.into_iter().take(0) {\n            if !self.by.store.outlives_session() {',
      },
    ],
  },
  {
    name: 'the store is not read before the refresh token is sent',
    tests: SESSION,
    changes: [
      {
        file: 'src/engine/session/flight/adopt.rs',
        from: '        let found = match self.look_patiently(held.as_ref()).await {',
        to: '        let found = match std::future::ready(Ok::<_, Error>(Found::Mine)).await {',
      },
    ],
  },
  {
    name: 'a write of the store that failed counts as done',
    tests: SESSION,
    changes: [
      {
        file: 'src/engine/session/writer/saving.rs',
        from: '                Err(error) => return Err(error),\n',
        to: '                Err(_) => {\n                    self.writer.saved(&order);\n                    return Ok(Save::Saved);\n                }\n',
      },
    ],
  },
  {
    name: 'a redirect of the token endpoint is followed',
    tests: ['client::authorization_server'],
    changes: [
      {
        file: 'src/engine/client/authorization_server.rs',
        from: '.redirect(Policy::none())',
        to: '.redirect(Policy::limited(5))',
      },
    ],
  },
  {
    name: 'an answer of the token endpoint may have any size',
    tests: ['client::authorization_server'],
    changes: [
      {
        file: 'src/engine/client/authorization_server.rs',
        from: 'const MOST_BYTES: usize = 256 * 1024;',
        to: 'const MOST_BYTES: usize = 1 << 40;',
      },
    ],
  },
];

exports.BUGS = BUGS;
