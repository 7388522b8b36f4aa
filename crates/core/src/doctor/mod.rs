//! What stands in the way of a configuration on this machine and in this ERP, with what to do about it.

mod calls;
mod names;
mod room;
mod taxes;

pub use calls::{Reading, calls};
pub use names::{StoreNames, names};
pub use room::{Room, room};
pub use taxes::taxes;

use crate::contract::{CheckFinding, Severity};

fn good(message: String) -> CheckFinding {
    CheckFinding { severity: Severity::Good, message }
}

fn warning(message: String) -> CheckFinding {
    CheckFinding { severity: Severity::Warning, message }
}

fn blocking(message: String) -> CheckFinding {
    CheckFinding { severity: Severity::Blocking, message }
}
