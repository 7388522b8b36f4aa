//! The binary as people run it, against sandboxes over real sockets: killed, starved of disk, left without answers.
//!
//! The modules are marked as tests for the lints: what panics in them is a test that fails.

#[cfg(test)]
mod disk_full;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod four_cases;
#[cfg(test)]
mod goods;
#[cfg(test)]
mod init;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod kill_products;
#[cfg(test)]
#[cfg(feature = "real-postgres")]
mod on_postgres;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod process;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod two_processes;
#[cfg(test)]
mod world;
