//! The end of a service, as its own tasks see it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use furrow_service_kit::config::{ConfigError, Environment, KitConfig};
use furrow_service_kit::listen::Listen;
use furrow_service_kit::serve::{Addresses, serve};
use furrow_service_kit::{Kit, Program, StartError};
use tokio::sync::oneshot;
use tonic::service::Routes;

/// Nothing in these tests takes longer, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// A service that keeps a list, which is written down at the end.
struct Keeper;

struct KeeperConfig {
    kit: KitConfig,
    written: &'static Mutex<Vec<&'static str>>,
    is_stuck: bool,
}

impl Program for Keeper {
    const NAME: &'static str = "furrow-test";
    const VERSION: &'static str = "0";
    const SERVICE: &'static str = "test.v1.KeeperService";
    const METHODS: &'static [&'static str] = &[];
    const CONTRACTS: &'static [u8] = &[];
    type Config = KeeperConfig;

    fn configure(_: &dyn Environment) -> Result<KeeperConfig, ConfigError> {
        unreachable!("these tests make their own")
    }

    fn kit(config: &KeeperConfig) -> &KitConfig {
        &config.kit
    }

    async fn routes(config: KeeperConfig, kit: Kit) -> Result<Routes, StartError> {
        let stopping = kit.stopping.clone();
        kit.background.spawn("keeper", async move {
            stopping.await;
            let write = |line| {
                let written = config.written.lock();
                written.unwrap_or_else(PoisonError::into_inner).push(line);
            };
            write("begun");
            if config.is_stuck {
                std::future::pending::<()>().await;
            }
            tokio::task::yield_now().await;
            write("whole");
        });
        Ok(Routes::default())
    }
}

/// Runs a service to its end: what was written, and whether it ended well.
async fn run_to_the_end(is_stuck: bool) -> (Vec<&'static str>, bool) {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("test.sock");
    let environment = HashMap::from([("FURROW_TEST_DRAIN_S", "1")]);
    let admin = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let listen = Listen::Unix(socket);
    let kit = KitConfig::from_environment(&environment, "FURROW_TEST", listen, admin);
    let written: &'static Mutex<Vec<&'static str>> = Box::leak(Box::default());
    let config = KeeperConfig {
        kit: kit.expect("valid settings"),
        written,
        is_stuck,
    };
    let (listening, has_bound) = oneshot::channel::<Addresses>();
    let (stop, stopped) = oneshot::channel::<()>();
    let service = tokio::spawn(serve::<Keeper>(config, Some(listening), async move {
        let _ = stopped.await;
    }));
    has_bound.await.expect("it listens");
    stop.send(()).expect("it runs");
    let ended = tokio::time::timeout(PATIENCE, service).await;
    let ended = ended.expect("it ends").expect("no panic");
    let written = written.lock().unwrap_or_else(PoisonError::into_inner);
    (written.clone(), ended.expect("no error"))
}

#[tokio::test]
async fn what_a_task_writes_last_is_written_before_the_end() {
    assert_eq!(run_to_the_end(false).await, (vec!["begun", "whole"], true));
}

#[tokio::test]
async fn a_task_that_does_not_end_is_cut_off_when_the_time_to_end_is_over() {
    assert_eq!(run_to_the_end(true).await, (vec!["begun"], false));
}
