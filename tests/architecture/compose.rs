//! docker-compose.yml sets what the program reads, and holds no secret.

use std::fs;
use std::path::Path;

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// What the containers of the program are given: names and values.
fn settings(compose: &str) -> Vec<(&str, &str)> {
    let behind = compose.split_once("  environment: &settings\n").unwrap().1;
    let lines = behind.lines().take_while(|line| line.starts_with("    "));
    let lines = lines.map(str::trim).filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split_once(": ").unwrap()).collect()
}

#[test]
fn the_containers_are_given_settings_that_there_are() {
    let (compose, known) = (read("docker-compose.yml"), read(".env.example"));
    let settings = settings(&compose);
    assert!(settings.len() > 8, "{settings:?}");
    for (name, _) in settings {
        assert!(known.contains(&format!("\n#{name}=")), "{name} is no setting");
    }
}

#[test]
fn secrets_come_from_outside_of_the_file() {
    let compose = read("docker-compose.yml");
    let secret = |name: &str| {
        ["PASSWORD", "KEY", "SECRET", "SMTP_URL", "DATABASE_URL"].iter().any(|part| name.contains(part))
    };
    let named = compose.lines().filter_map(|line| line.trim().split_once(": "));
    let secrets: Vec<_> = named.filter(|(name, _)| secret(name)).collect();
    assert!(secrets.len() >= 4, "{secrets:?}");
    for (name, value) in secrets {
        assert!(value.contains("${"), "{name} stands in docker-compose.yml");
    }
}
