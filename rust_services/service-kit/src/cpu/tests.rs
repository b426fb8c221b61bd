use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread;

use super::*;
use crate::metrics::Metrics;
use crate::metrics::requests::ClassLabels;

/// Takes this much CPU time of the thread, ns, and tells what it really was.
pub(crate) fn burn(nanoseconds: u64) -> u64 {
    let start = thread_nanoseconds();
    loop {
        let taken = thread_nanoseconds() - start;
        if taken >= nanoseconds {
            return taken;
        }
    }
}

pub(crate) const MS: u64 = 1_000_000;

/// What entering and leaving may add, ns: a thread that is put aside between two readings pays for
/// its way back.
const MARGIN: u64 = 3 * MS;

pub(crate) fn charged(scope: &CpuScope) -> u64 {
    let account = scope.0.as_ref().expect("an account");
    account.nanoseconds.load(Ordering::Relaxed)
}

fn assert_near(found: u64, expected: u64) {
    assert!(
        (expected..expected + MARGIN).contains(&found),
        "{found} ns are charged for {expected}"
    );
}

#[test]
fn a_scope_within_itself_counts_once() {
    let scope = CpuScope::new();
    let burnt = scope.run(|| burn(5 * MS) + scope.run(|| burn(5 * MS)) + burn(5 * MS));
    assert_near(charged(&scope), burnt);
    assert!(CpuScope::current().0.is_none());
}

#[test]
fn a_stranger_within_a_scope_is_charged_with_its_own_part() {
    let (own, stranger) = (CpuScope::new(), CpuScope::new());
    let (before, within, after) = own.run(|| {
        let before = burn(4 * MS);
        let within = stranger.run(|| burn(10 * MS));
        let nobody = CpuScope::default().run(|| burn(20 * MS));
        assert!(nobody > 0 && CpuScope::current().is(&own));
        (before, within, burn(4 * MS))
    });
    assert_near(charged(&own), before + after);
    assert_near(charged(&stranger), within);
}

#[test]
fn a_panic_leaves_the_scope_and_is_charged() {
    let scope = CpuScope::new();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        scope.run(|| {
            burn(5 * MS);
            panic!("as planned")
        })
    }));
    assert!(panicked.is_err());
    assert!(charged(&scope) >= 5 * MS);
    assert!(CpuScope::current().0.is_none());
}

#[test]
fn a_future_is_charged_on_every_thread_that_polls_it() {
    let scope = CpuScope::new();
    let burnt = Arc::new(AtomicU64::new(0));
    let threads = Arc::new(Mutex::new(Vec::new()));
    let future = {
        let (burnt, threads) = (Arc::clone(&burnt), Arc::clone(&threads));
        async move {
            for _ in 0..4 {
                burnt.fetch_add(burn(3 * MS), Ordering::Relaxed);
                threads
                    .lock()
                    .expect("no panic")
                    .push(thread::current().id());
                tokio::task::yield_now().await;
            }
        }
    };
    // Each poll on a thread of its own, as when others steal the task.
    let mut timed = scope.time(future);
    let mut done = false;
    while !done {
        (timed, done) = thread::spawn(move || {
            let mut context = Context::from_waker(std::task::Waker::noop());
            let done = Pin::new(&mut timed).poll(&mut context).is_ready();
            (timed, done)
        })
        .join()
        .expect("no panic");
    }

    let threads = threads.lock().expect("no panic");
    assert!(threads.windows(2).all(|pair| pair[0] != pair[1]));
    assert_near(charged(&scope), burnt.load(Ordering::Relaxed));
}

#[tokio::test]
async fn tasks_and_waiting_threads_work_for_the_request_that_started_them() {
    let scope = CpuScope::new();
    let burnt = scope
        .time(async {
            let task = spawn(async { burn(4 * MS) }).await.expect("no panic");
            let waiting = spawn_blocking(|| burn(4 * MS)).await.expect("no panic");
            task + waiting
        })
        .await;
    assert_near(charged(&scope), burnt);
}

#[test]
fn the_sum_is_told_when_the_last_that_works_for_the_request_is_done() {
    let metrics = Metrics::new("furrow-test", "0");
    let labels = ClassLabels {
        route: "/",
        method: "GET",
        code_class: "2xx",
    };
    let told = |what: &str| -> f64 {
        let text = metrics.text();
        let line = format!("http_request_cpu_seconds_{what}{{");
        let line = text.lines().find(|found| found.starts_with(&line));
        let value = line.and_then(|line| line.rsplit_once(' '));
        value.map_or(0.0, |(_, value)| value.parse().expect("a number"))
    };
    let scope = CpuScope::new();
    scope.tell(metrics.requests.cpu.get_or_create_owned(&labels));
    let left_behind = scope.clone();
    drop(scope);
    assert!(told("count") < 0.5);

    let burnt = left_behind.run(|| burn(5 * MS));
    drop(left_behind);

    assert!(told("count") > 0.5);
    assert!(told("sum") >= seconds(burnt));
}
