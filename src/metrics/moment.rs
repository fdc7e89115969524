//! What is not counted as it happens but looked up when somebody asks: the pool, the jobs, the links, the documents.

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::Label;

/// The state of things at one moment. What is unknown is left out of the text.
#[derive(Clone, Debug, Default)]
pub struct Moment {
    /// The connections to PostgreSQL.
    pub pool: Option<PoolCount>,
    /// Jobs that have not ended; `None` when PostgreSQL did not say in time.
    pub jobs: Option<Vec<JobCount>>,
    /// Whether the links to Redis are up, each with what it carries.
    pub redis: Vec<(&'static str, bool)>,
    /// The documents that are kept, each kind with how many they are.
    pub documents: Vec<(&'static str, usize)>,
}

/// The connections of the pool.
#[derive(Clone, Copy, Debug)]
pub struct PoolCount {
    /// The most that there may be.
    pub most: usize,
    /// Those that there are.
    pub size: usize,
    /// Those of them that nobody uses.
    pub idle: usize,
    /// Those who wait for one.
    pub waiting: usize,
}

/// How many jobs of one kind are in one state.
#[derive(Clone, Copy, Debug)]
pub struct JobCount {
    /// The name of the queue.
    pub queue: &'static str,
    /// The name of the kind.
    pub kind: &'static str,
    /// The name of the state.
    pub state: &'static str,
    /// How many.
    pub count: i64,
}

impl Moment {
    pub(super) fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("pennypost");
        let up = i64::from(self.jobs.is_some());
        gauges(&mut registry, "database_up", "1 when PostgreSQL answered this scrape", [([], up)]);
        if let Some(pool) = self.pool {
            let used = pool.size.saturating_sub(pool.idle);
            let states = [([("state", "idle")], int(pool.idle)), ([("state", "used")], int(used))];
            gauges(&mut registry, "database_connections", "Connections of the pool to PostgreSQL", states);
            let most = [([], int(pool.most))];
            gauges(&mut registry, "database_connections_max", "The most connections of the pool", most);
            let waiting = [([], int(pool.waiting))];
            gauges(
                &mut registry,
                "database_waiting",
                "Tasks that wait for a connection of the pool",
                waiting,
            );
        }
        if let Some(jobs) = &self.jobs {
            let counts = jobs
                .iter()
                .map(|job| ([("queue", job.queue), ("kind", job.kind), ("state", job.state)], job.count));
            gauges(&mut registry, "jobs", "Jobs that have not ended, of the whole installation", counts);
        }
        let links = self.redis.iter().map(|(server, is_up)| ([("server", *server)], i64::from(*is_up)));
        gauges(&mut registry, "redis_up", "1 while the link to Redis is up", links);
        let documents = self.documents.iter().map(|(kept, count)| ([("kept", *kept)], int(*count)));
        gauges(
            &mut registry,
            "documents",
            "Documents that are kept parsed: trusted ones, and the cache",
            documents,
        );
        let version = [([("version", env!("CARGO_PKG_VERSION"))], 1)];
        gauges(&mut registry, "build_info", "The version of the program", version);
        registry
    }
}

/// One family of gauges, with all of its values; none without any.
fn gauges<const N: usize>(
    registry: &mut Registry,
    name: &str,
    help: &str,
    values: impl IntoIterator<Item = ([Label; N], i64)>,
) {
    let mut values = values.into_iter().peekable();
    if values.peek().is_none() {
        return;
    }
    let family: Family<[Label; N], Gauge> = Family::default();
    for (labels, value) in values {
        family.get_or_create(&labels).set(value);
    }
    registry.register(name, help, family);
}

fn int(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
