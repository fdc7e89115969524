//! The limits on what one request says and asks for.

use std::ops::RangeInclusive;

use serde_json::json;

use super::clocks::tell;
use super::{body, finish, said};
use crate::support::app::TestApp;

/// How a document above a limit is refused.
pub const TOO_COMPLEX: (u16, &str) = (400, "QUERY_TOO_COMPLEX");

/// A server with the limit at `value` answers what is exactly so large, and refuses what is larger by one.
pub async fn hold(setting: &str, value: usize, refusal: (u16, &str)) {
    let test = TestApp::start().await;
    // The server with the limit stands beside: it might let no registration pass.
    let ana = test.register("ana").await;
    let limited = test.serve_limited(&[(setting, &value.to_string())]).await;
    for (size, expected) in [(value, (200, "")), (value + 1, refusal)] {
        let response = ana.posting(&limited).body(request(setting, size)).send().await.unwrap();
        let (status, code, answer) = said(response).await;
        assert_eq!((status, code.as_str()), expected, "{setting} {value}, with {size}: {answer:#}");
    }
    finish(test).await;
}

/// The head of a request, with the empty line that ends it.
pub async fn hold_head() {
    let test = TestApp::start_limited(&[("MAX_HEAD_BYTES", "8192")]).await;
    for (size, status) in [(8_192, "200 OK"), (8_193, "431 Request Header Fields Too Large")] {
        let [begin, end] = ["GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\nLong: ", "\r\n\r\n"];
        let long = "x".repeat(size - begin.len() - end.len());
        let answer = tell(&test, [&format!("{begin}{long}{end}"), ""]).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{size}: {answer}");
    }
    test.finish().await;
}

/// A request that is exactly so large in the measure of a setting.
fn request(setting: &str, size: usize) -> String {
    let times = |text: &str, count: usize| text.repeat(count);
    match setting {
        "MAX_BODY_BYTES" => {
            let short = body("{ __typename }");
            format!("{short}{}", times(" ", size - short.len()))
        }
        "MAX_DOCUMENT_BYTES" => body(format!("{{ __typename }}{}", times(",", size - 14))),
        // Two braces, a name and the end of the text; a comma is a token of its own.
        "MAX_DOCUMENT_TOKENS" => body(format!("{{__typename{}}}", times(",", size - 4))),
        "MAX_DOCUMENT_NESTING" => {
            body(format!("{}__typename{}", times("{...", size - 1) + "{", times("}", size)))
        }
        "MAX_OPERATIONS" => {
            let operations = (0..size)
                .map(|number| format!("query Q{number} {{ __typename }} "))
                .collect::<Vec<_>>()
                .concat();
            json!({ "query": operations, "operationName": "Q0" }).to_string()
        }
        "MAX_ALIASES" => {
            let aliases =
                (0..size).map(|number| format!("a{number}: __typename ")).collect::<Vec<_>>().concat();
            body(format!("{{ {aliases} }}"))
        }
        "MAX_FIELDS" | "MAX_ROOT_FIELDS" => body(format!("{{ {}}}", times("__typename ", size))),
        "MAX_DEPTH" => body(["{ me { id } }", "{ me { accounts { totalCount } } }"][size - 2]),
        // The connection itself and an object for each row.
        "MAX_COMPLEXITY" => body(format!("{{ accounts(first: {}) {{ nodes {{ id }} }} }}", size - 1)),
        other => panic!("{other} has no document"),
    }
}

/// Both what is wrong with a document and what went wrong in its execution are cut to the limit.
pub async fn hold_errors() {
    let test = TestApp::start_limited(&[("MAX_ERRORS", "2")]).await;
    let ana = test.register("ana").await;
    for (count, reported) in [(2, 2), (3, 2)] {
        let unknown = (0..count).map(|number| format!("unknown{number} ")).collect::<Vec<_>>().concat();
        let unknown = format!("{{ {unknown} }}");
        let failing = format!(
            "{{ categories(first: {count}) {{ nodes {{ transactions(first: 0) {{ totalCount }} }} }} }}"
        );
        for (query, expected) in [(unknown, "GRAPHQL_VALIDATION_FAILED"), (failing, "BAD_USER_INPUT")] {
            let (_, code, answer) = said(ana.post(body(query)).await).await;
            assert_eq!(code, expected, "{answer:#}");
            assert_eq!(answer["errors"].as_array().unwrap().len(), reported, "{answer:#}");
        }
    }
    finish(test).await;
}

/// Who may read the schema is who the setting names.
pub async fn hold_introspection() {
    for (value, strangers, users) in
        [("everyone", true, true), ("signed-in", false, true), ("nobody", false, false)]
    {
        let test = TestApp::start_limited(&[("INTROSPECTION", value)]).await;
        let ana = test.register("ana").await;
        for (who, may) in [(test.nobody(), strangers), (test.holder_of(&ana.token()), users)] {
            let (status, code, _) = said(who.post(body("{ __schema { queryType { name } } }")).await).await;
            let expected = if may { (200, "") } else { (400, "GRAPHQL_VALIDATION_FAILED") };
            assert_eq!((status, code.as_str()), expected, "{value}");
        }
        finish(test).await;
    }
}

/// A bucket of 2,000 pays for that much at once, and for no more before `restored` a second have come back.
pub async fn hold_cost(restored: u32, wait: RangeInclusive<u64>) {
    let restored = restored.to_string();
    let settings = [("COST_CAPACITY", "2000"), ("COST_RESTORED_PER_SECOND", restored.as_str())];
    let test = TestApp::start_limited(&settings).await;
    let ana = test.register("ana").await;
    let lists = (0..20)
        .map(|number| format!("a{number}: accounts(first: 99) {{ nodes {{ id }} }} "))
        .collect::<Vec<_>>()
        .concat();
    let (status, _, answer) = said(ana.post(body(format!("{{ {lists} }}"))).await).await;
    assert_eq!(status, 200, "{answer:#}");
    assert_eq!(answer["extensions"]["cost"]["requested"], 2_000);
    assert_eq!(answer["extensions"]["cost"]["remaining"], 0);
    let refused = ana.post(body(format!("{{ {lists} }}"))).await;
    let seconds: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(wait.contains(&seconds), "{seconds}");
    let (status, code, _) = said(refused).await;
    assert_eq!((status, code.as_str()), (429, "RATE_LIMITED"));
    finish(test).await;
}
