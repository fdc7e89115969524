//! Where a request came from: the other end of the connection, or what trusted proxies say about it.

use std::net::IpAddr;

use axum::http::HeaderMap;
use ipnet::IpNet;

const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// The address of the client. Each proxy appends whom it has seen, so the list is read from its end: the first address that is
/// no trusted proxy's is the client's, and what stands before it is the client's own invention.
pub fn client_address(headers: &HeaderMap, peer: Option<IpAddr>, proxies: &[IpNet]) -> Option<IpAddr> {
    let is_trusted = |address: &IpAddr| proxies.iter().any(|network| network.contains(address));
    let mut client = peer?.to_canonical();
    let lines: Vec<&str> =
        headers.get_all(X_FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok()).collect();
    for seen in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        if !is_trusted(&client) {
            return Some(client);
        }
        match parse(seen) {
            Some(address) => client = address,
            // A proxy that writes nonsense is as far as anybody can see.
            None => return Some(client),
        }
    }
    Some(client)
}

/// An address, with or without a port.
fn parse(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.split(']').next());
    let with_port = || text.parse::<std::net::SocketAddr>().map(|address| address.ip()).ok();
    let address = bare.unwrap_or(text).parse().ok().or_else(with_port)?;
    Some(IpAddr::to_canonical(&address))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn seen_by(peer: &str, lines: &[&'static str], proxies: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_static(line));
        }
        let proxies: Vec<IpNet> = proxies.iter().map(|network| network.parse().unwrap()).collect();
        client_address(&headers, Some(peer.parse().unwrap()), &proxies).unwrap().to_string()
    }

    #[test]
    fn nobody_but_a_trusted_proxy_is_believed() {
        assert_eq!(seen_by("192.0.2.9", &["198.51.100.1"], &[]), "192.0.2.9");
        assert_eq!(seen_by("192.0.2.9", &["198.51.100.1"], &["10.0.0.0/8"]), "192.0.2.9");
        assert_eq!(seen_by("10.0.0.2", &["198.51.100.1"], &["10.0.0.0/8"]), "198.51.100.1");
        assert_eq!(seen_by("::ffff:10.0.0.2", &["198.51.100.1:4711"], &["10.0.0.0/8"]), "198.51.100.1");
    }

    #[test]
    fn the_right_most_address_that_is_no_proxys_is_the_clients() {
        let proxies = ["10.0.0.0/8", "2001:db8::/32"];
        assert_eq!(seen_by("10.0.0.2", &["203.0.113.7, 198.51.100.1, 10.0.0.3"], &proxies), "198.51.100.1");
        assert_eq!(seen_by("10.0.0.2", &["203.0.113.7", "198.51.100.1, 10.0.0.3"], &proxies), "198.51.100.1");
        assert_eq!(seen_by("2001:db8::1", &["[2001:db9::5]:443"], &proxies), "2001:db9::5");
        assert_eq!(seen_by("10.0.0.2", &["198.51.100.1, nonsense"], &proxies), "10.0.0.2");
        assert_eq!(seen_by("10.0.0.2", &[], &proxies), "10.0.0.2");
        assert_eq!(seen_by("10.0.0.2", &["10.0.0.4, 10.0.0.3"], &proxies), "10.0.0.4");
    }
}
