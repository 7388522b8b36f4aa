//! The Tryton sandbox, by itself: what a running 8.2 server answered to the same calls.

mod access;
mod amounts;
mod catalogue;
mod changes;
mod orders;
mod parties;
mod people;
mod stock;
mod support;
mod wire;
