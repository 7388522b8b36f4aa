//! The Tryton sandbox, by itself: what a running 8.2 server answered to the same calls.

#[cfg(test)]
mod access;
#[cfg(test)]
mod amounts;
#[cfg(test)]
mod catalogue;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod keeping;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod parties;
#[cfg(test)]
mod people;
#[cfg(test)]
mod stock;
#[cfg(test)]
mod support;
#[cfg(test)]
mod wire;
