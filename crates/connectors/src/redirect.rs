//! Where an answer that is a redirect points to. It is told, never followed: the credentials are for one host only.

use http::{HeaderMap, header};

/// The words ` to HOST`, or none. Path, query and credentials are left out: they may hold secrets.
pub fn redirected_to(headers: &HeaderMap) -> String {
    let location = headers.get(header::LOCATION).and_then(|location| location.to_str().ok());
    let authority = location
        .and_then(|location| location.split("//").nth(1))
        .and_then(|rest| rest.split(['/', '?', '#']).next());
    let host = authority.and_then(|authority| authority.rsplit('@').next()).filter(|host| !host.is_empty());
    host.map_or_else(String::new, |host| format!(" to {host}"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_the_host_is_told() {
        let told = |location: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::LOCATION, HeaderValue::from_static(location));
            redirected_to(&headers)
        };
        assert_eq!(told("https://key:hunter2@www.shop.example?token=hunter2"), " to www.shop.example");
        assert_eq!(told("//www.shop.example/a"), " to www.shop.example");
        assert_eq!(told("/login"), "");
    }
}
