//! Values that user code threw. JavaScript keeps them, `lib/crossing/native-errors.js` under a number each; Rust carries the
//! number, and what messages say of the value, and says when it may be forgotten.

use std::sync::Arc;

use super::Queue;
use super::call::Arg;
use engine::error::Cause;

struct KeptError {
    queue: Arc<Queue>,
    number: u32,
}

/// The value that JavaScript keeps under this number; 0 for none. `said`: see [`Cause::said`].
pub(crate) fn cause(queue: &Arc<Queue>, number: u32, said: Option<String>) -> Option<Cause> {
    let kept = || Arc::new(KeptError { queue: Arc::clone(queue), number });
    (number != 0).then(|| Cause { environment: queue.id, number, said: said.map(Into::into), kept: kept() })
}

impl Drop for KeptError {
    fn drop(&mut self) {
        self.queue.notify(0, "forget", vec![Arg::Number(f64::from(self.number))]);
    }
}
