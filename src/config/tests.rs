//! Tests of the settings.

use std::net::IpAddr;

use super::*;

fn with(name: &'static str, value: &'static str) -> Result<Config> {
    Config::from_lookup(move |asked| (asked == name).then(|| value.to_owned()))
}

#[test]
fn an_empty_environment_gives_the_defaults() {
    let config = Config::from_lookup(|_| None).unwrap();
    assert_eq!(config.listen.port(), 8080);
    assert_eq!(config.access_token_lifetime, Duration::from_hours(1));
    assert!(config.database_url.is_none() && config.environment.is_none());
}

#[test]
fn an_impossible_value_is_named() {
    for (name, value) in [
        ("LISTEN", "localhost"),
        ("ENV", "prod"),
        ("LOG_LEVEL", "loud"),
        ("WORKER_EMAIL_SLOTS", "1"),
        ("CORS_ORIGINS", "[1"),
        ("GRAPHIQL", "yes"),
        ("TRUSTED_DOCUMENTS_ONLY", "yes"),
        ("TRUSTED_DOCUMENTS_ONLY", "true"),
        ("METRICS_LISTEN", "9464"),
        ("METRICS_TOKEN", "opensesame"),
        ("INTROSPECTION", "all"),
        ("REGISTRATION", "maybe"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, proxy.example"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "mysql://ana:opensesame@db/penny?a=b"),
    ] {
        let message = with(name, value).unwrap_err().to_string();
        assert!(message.contains(name), "{message}");
        assert!(!message.contains("opensesame"), "{message}");
    }
    for url in ["postgres://ana@db/penny", "postgresql:///penny?host=/run", "host=/run user=ana"] {
        assert!(with("DATABASE_URL", url).is_ok(), "{url}");
    }
}

#[test]
fn slots_that_leave_no_connection_for_anything_else_are_refused() {
    let check = |pool: &'static str, email: &'static str| {
        let lookup = move |asked: &str| match asked {
            "DATABASE_POOL_SIZE" => Some(pool.to_owned()),
            "WORKER_EMAIL_SLOTS" => Some(email.to_owned()),
            _ => None,
        };
        Config::from_lookup(lookup).unwrap().check_slots()
    };
    assert!(Config::from_lookup(|_| None).unwrap().check_slots().is_ok());
    assert!(check("16", "8").is_ok());
    let refusal = check("16", "9").unwrap_err().to_string();
    assert!(refusal.contains("DATABASE_POOL_SIZE is 16") && refusal.contains("17 or more"), "{refusal}");
}

#[test]
fn the_documented_limits_are_the_ones_without_settings() {
    assert_eq!(Config::from_lookup(|_| None).unwrap().limits, LimitSettings::default());
}

#[test]
fn a_limit_out_of_bounds_says_the_bounds() {
    for (name, value, range) in [
        ("MAX_DEPTH", "65", "from 2 to 64"),
        ("MAX_BODY_BYTES", "1023", "from 1024 to 67108864"),
        ("WEBSOCKET_PING_SECONDS", "0", "from 1 to 600"),
    ] {
        let message = with(name, value).unwrap_err().to_string();
        assert!(message.contains(name) && message.contains(range), "{message}");
    }
}

#[test]
fn origins_are_read_as_json_and_with_commas() {
    let wanted = Some(vec!["http://a".to_owned(), "http://b".to_owned()]);
    assert_eq!(with("CORS_ORIGINS", "http://a, http://b").unwrap().cors_origins, wanted);
    assert_eq!(with("CORS_ORIGINS", r#"["http://a","http://b"]"#).unwrap().cors_origins, wanted);
}

#[test]
fn the_page_is_there_unless_it_is_turned_off() {
    assert!(Config::from_lookup(|_| None).unwrap().has_page());
    assert!(!with("GRAPHIQL", "false").unwrap().has_page());
    let only = |name: &str| match name {
        "TRUSTED_DOCUMENTS" => Some("a.json, b.json".to_owned()),
        "TRUSTED_DOCUMENTS_ONLY" => Some("true".to_owned()),
        _ => None,
    };
    let config = Config::from_lookup(only).unwrap();
    assert_eq!(config.trusted_documents.manifests, [PathBuf::from("a.json"), PathBuf::from("b.json")]);
    assert!(config.graphiql && !config.has_page(), "it could only be refused");
}

#[test]
fn warning_is_a_level() {
    assert_eq!(with("LOG_LEVEL", "warning").unwrap().log_level, tracing::Level::WARN);
}

#[test]
fn secrets_stay_out_of_debug_output() {
    let config = with("SECRET_KEY", "opensesame-opensesame-opensesame").unwrap();
    assert!(!format!("{config:?}").contains("opensesame"));
}

#[test]
fn the_example_file_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(".env.example");
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), env_example(), "run `make generate`");
}

#[test]
fn a_trusted_proxy_is_an_address_or_a_network() {
    let config = with("TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8, ::1").unwrap();
    let is_trusted = |address: &str| {
        let address: IpAddr = address.parse().unwrap();
        config.trusted_proxies.iter().any(|network| network.contains(&address))
    };
    assert!(is_trusted("127.0.0.1") && is_trusted("10.200.3.4") && is_trusted("::1"));
    assert!(!is_trusted("127.0.0.2") && !is_trusted("192.168.0.1"));
}
