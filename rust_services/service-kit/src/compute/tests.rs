use rayon::prelude::*;

use super::*;
use crate::cpu::tests::{MS, burn, charged};

fn pool() -> Arc<ComputePool> {
    ComputePool::new(1, Metrics::new("furrow-test", "0"))
}

#[tokio::test]
async fn more_calls_than_slots_are_refused_at_once() {
    let pool = pool();
    let first = pool.admit().expect("a slot");
    let second = pool.admit().expect("another");
    let refused = pool.admit().expect_err("no third");
    assert_eq!(refused.reason, "SERVICE_BUSY");
    assert_eq!(pool.metrics.compute.refused.get(), 1);

    drop(first);
    assert!(pool.admit().is_ok(), "a slot given back is taken again");
    drop(second);
}

#[tokio::test]
async fn who_waits_gets_the_next_slot_or_is_refused_in_time() {
    let pool = pool();
    let first = pool.admit().expect("a slot");
    let _second = pool.admit().expect("another");

    let refused = pool.admit_within(Duration::from_millis(10)).await;
    assert_eq!(refused.expect_err("no third").reason, "SERVICE_BUSY");

    let waiting = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { pool.admit_within(Duration::from_secs(60)).await }
    });
    drop(first);
    let admitted = waiting.await.expect("no panic");
    assert!(admitted.is_ok(), "it waited for the slot given back");
}

#[tokio::test]
async fn a_slot_is_kept_until_the_last_job_is_over() {
    let pool = pool();
    let slot = pool.admit().expect("a slot");
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let (started, mut has_started) = oneshot::channel();
    let cancel = Cancel::new(None);
    let job = async {
        let running = slot.run(&cancel, move || {
            started.send(()).expect("somebody waits");
            wait.recv().expect("released");
        });
        tokio::select! {
            _ = running => panic!("the job waits"),
            _ = &mut has_started => {}
        }
    };
    job.await;
    drop(slot);
    assert_eq!(pool.metrics.compute.slots_taken.get(), 1);

    release.send(()).expect("the job waits");
    while pool.metrics.compute.slots_taken.get() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_panic_ends_its_call_and_not_the_pool() {
    let slot = pool().admit().expect("a slot");
    let cancel = Cancel::new(None);
    let panicked = slot.run(&cancel, || panic!("as planned")).await;
    assert_eq!(panicked, Err(Stopped::Panicked));
    assert_eq!(slot.run(&cancel, || 7).await, Ok(7));
}

#[tokio::test]
async fn nothing_starts_for_a_caller_that_has_gone_or_waited_too_long() {
    let slot = pool().admit().expect("a slot");
    let cancel = Cancel::new(None);
    drop(cancel.set_on_drop());
    assert_eq!(slot.run(&cancel, || 7).await, Err(Stopped::CallerGone));

    let past = Instant::now().checked_sub(Duration::from_millis(1));
    let late = Cancel::new(past);
    assert_eq!(slot.run(&late, || 7).await, Err(Stopped::DeadlineExceeded));
}

/// Runs a job of many parts on the pool for a request of its own: what the parts took, and what the
/// request was charged with.
async fn job_of_parts(pool: &Arc<ComputePool>) -> (u64, u64) {
    let slot = pool.admit().expect("a slot");
    let request = CpuScope::new();
    let job = || -> u64 {
        let cpu = CpuScope::current();
        let parts = (0..40).into_par_iter();
        parts.map(|_| cpu.run(|| burn(MS))).sum()
    };
    let cancel = Cancel::new(None);
    let burnt = request.time(slot.run(&cancel, job)).await.expect("done");
    (burnt, charged(&request))
}

#[tokio::test]
async fn a_job_is_charged_for_its_parts_on_all_threads_and_for_no_strangers() {
    let pool = ComputePool::new(2, Metrics::new("furrow-test", "0"));
    // Threads that wait for the rest of one job take up parts of the others.
    let jobs = futures::future::join_all((0..4).map(|_| job_of_parts(&pool)));
    for (burnt, charged) in jobs.await {
        assert!(
            (burnt..burnt + burnt / 5).contains(&charged),
            "{charged} ns are charged for {burnt}"
        );
    }
}

#[tokio::test]
async fn a_job_that_goes_on_after_its_caller_left_is_charged_all_the_same() {
    let pool = pool();
    let slot = pool.admit().expect("a slot");
    let request = CpuScope::new();
    let (cancel, left) = (Cancel::new(None), CpuScope::clone(&request));
    let (started, has_started) = oneshot::channel();
    let running = request.time(async {
        slot.run(&cancel, move || {
            started.send(()).expect("somebody waits");
            burn(10 * MS)
        })
        .await
    });
    tokio::select! {
        biased;
        _ = has_started => {}
        _ = running => {}
    }
    drop(slot);
    while pool.metrics.compute.slots_taken.get() > 0 {
        tokio::task::yield_now().await;
    }
    assert!(charged(&left) >= 10 * MS);
}
