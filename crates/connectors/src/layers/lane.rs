//! The lane of a request, carried from the connector to the budget in a header that is taken off before sending.

use http::{HeaderMap, HeaderName, HeaderValue};
use zygos_core::contract::Lane;

const HEADER: HeaderName = HeaderName::from_static("x-zygos-lane");

pub fn mark(headers: &mut HeaderMap, lane: Lane) {
    let name = match lane {
        Lane::Orders => "orders",
        Lane::HotStock => "hot_stock",
        Lane::Corrections => "corrections",
        Lane::Catalogue => "catalogue",
        Lane::Sweep => "sweep",
    };
    headers.insert(HEADER, HeaderValue::from_static(name));
}

/// Takes the mark off. A request without one is not held back.
pub fn take(headers: &mut HeaderMap) -> Lane {
    let mark = headers.remove(HEADER);
    match mark.as_ref().map(HeaderValue::as_bytes) {
        Some(b"hot_stock") => Lane::HotStock,
        Some(b"corrections") => Lane::Corrections,
        Some(b"catalogue") => Lane::Catalogue,
        Some(b"sweep") => Lane::Sweep,
        _ => Lane::Orders,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lane_comes_back_as_it_was_marked_and_leaves_no_trace() {
        for lane in [Lane::Orders, Lane::HotStock, Lane::Corrections, Lane::Catalogue, Lane::Sweep] {
            let mut headers = HeaderMap::new();
            mark(&mut headers, lane);
            assert_eq!(take(&mut headers), lane);
            assert!(headers.is_empty());
        }
    }
}
