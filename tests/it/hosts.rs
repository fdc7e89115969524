//! What a proxy and the server could take for two different requests is refused.

use crate::limits::clocks::tell;
use crate::support::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_request_names_one_host() {
    let test = TestApp::start().await;
    for (hosts, version, status) in [
        ("Host: a\r\n", "1.1", "200"),
        ("", "1.0", "200"),
        ("", "1.1", "400"),
        ("Host: a\r\nHost: a\r\n", "1.1", "400"),
        ("Host: a\r\nHost: b\r\n", "1.0", "400"),
    ] {
        let request = format!("GET /livez HTTP/{version}\r\n{hosts}Connection: close\r\n\r\n");
        let answer = tell(&test, [&request, ""]).await;
        assert!(answer.starts_with(&format!("HTTP/{version} {status} ")), "{request} {answer}");
    }
    test.finish().await;
}
