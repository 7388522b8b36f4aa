//! The MerchantPro sandbox against what real clients of the vendor rely on.

#[cfg(test)]
mod arithmetic;
mod catalogue;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod control;
#[cfg(test)]
mod life_cycle;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod socket;
#[cfg(test)]
mod stock;
#[cfg(test)]
mod support;
#[cfg(test)]
mod transport;
#[cfg(test)]
mod writes;
