use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Counts calls from their beginning to the moment their caller has the answer.
#[derive(Clone, Default)]
pub(super) struct Pending(Arc<AtomicUsize>);

/// One call in flight. The writer keeps a share, so that a call whose caller went away counts until it is done.
#[derive(Clone)]
pub(super) struct Call {
    _counted: Arc<Counted>,
}

struct Counted(Arc<AtomicUsize>);

impl Pending {
    pub fn begin(&self) -> Call {
        self.0.fetch_add(1, Ordering::SeqCst);
        Call { _counted: Arc::new(Counted(Arc::clone(&self.0))) }
    }

    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
