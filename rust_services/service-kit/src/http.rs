//! What a service answers over HTTP itself, on the admin port beside the port's own paths. Whoever
//! stands in front forwards the paths that are meant for others, and no more.

use std::fmt::Debug;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, http::Method};
use bytes::Bytes;
use futures::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tracing::Instrument as _;

use crate::admin::AdminState;
use crate::call::plain_id;
use crate::compute::Cancel;
use crate::cpu::CpuScope;

/// How long an answer may take: less than whoever stands in front waits.
const LONGEST_ANSWER: Duration = Duration::from_secs(15);

/// A GET or HEAD request.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The path, as it was sent.
    pub path: String,
    /// What `Accept` says, its lines joined by commas.
    pub accept: Option<String>,
    /// The same of `Accept-Encoding`.
    pub accept_encoding: Option<String>,
    /// What `If-None-Match` says.
    pub if_none_match: Option<String>,
    /// Name of the request in logs.
    pub request_id: String,
    /// Set when the caller leaves; has the answer's deadline.
    pub cancel: Cancel,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// Status code.
    pub code: u16,
    /// Names and values, in plain ASCII.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Bytes,
}

/// Paths that a service answers.
pub trait Pages: Debug + Send + Sync + 'static {
    /// What all the paths begin with, such as `/tiles/`.
    fn prefix(&self) -> &'static str;

    /// Name of the paths in metrics, such as `/tiles`.
    fn route(&self) -> &'static str;

    /// Answers a request. The CPU time of the future is the request's; that of tasks that it spawns
    /// is where [`crate::cpu::spawn`] starts them.
    fn answer(self: Arc<Self>, asked: Asked) -> BoxFuture<'static, Answered>;
}

/// Where a service that comes up puts its pages.
#[derive(Debug, Clone, Default)]
pub struct PagesSlot(Arc<OnceLock<Arc<dyn Pages>>>);

impl PagesSlot {
    /// Serves pages from now on; a second call changes nothing.
    pub fn serve(&self, pages: Arc<dyn Pages>) {
        let _ = self.0.set(pages);
    }

    pub(crate) fn find(&self, path: &str) -> Option<Arc<dyn Pages>> {
        let pages = self.0.get()?;
        path.starts_with(pages.prefix()).then(|| Arc::clone(pages))
    }
}

/// Answers what is no path of the admin port's own.
pub(crate) async fn answer(
    request: HttpRequest,
    state: Data<AdminState>,
    runtime: Data<Handle>,
) -> HttpResponse {
    let Some(pages) = state.pages.find(request.path()) else {
        return HttpResponse::NotFound().body("nothing\n");
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return HttpResponse::MethodNotAllowed()
            .insert_header(("Allow", "GET, HEAD"))
            .finish();
    }
    let header = |name: &str| request.headers().get(name)?.to_str().ok();
    let asked = Asked {
        path: request.path().to_owned(),
        accept: joined(&request, "accept"),
        accept_encoding: joined(&request, "accept-encoding"),
        if_none_match: header("if-none-match").map(str::to_owned),
        request_id: plain_id(header("x-request-id")),
        cancel: Cancel::new(Some(Instant::now() + LONGEST_ANSWER)),
    };
    let gone = asked.cancel.set_on_drop();
    let route = pages.route();
    let span = tracing::info_span!("page", route, request_id = asked.request_id);
    let page = async move { pages.answer(asked).await }.instrument(span);
    // Waits and timers of the service live on its own threads, not on the port's only one.
    let task = runtime.spawn(CpuScope::current().time(page));
    let _abort = AbortOnDrop(task.abort_handle());
    let answered = task.await;
    drop(gone);
    let Ok(answered) = answered else {
        return HttpResponse::InternalServerError().finish();
    };
    let mut response = HttpResponse::build(status(answered.code));
    for (name, value) in answered.headers {
        response.insert_header((name, value));
    }
    response.body(answered.body)
}

/// The lines of a header, joined by commas.
pub(crate) fn joined(request: &HttpRequest, name: &str) -> Option<String> {
    let lines = request.headers().get_all(name);
    let lines: Vec<_> = lines.filter_map(|line| line.to_str().ok()).collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

fn status(code: u16) -> actix_web::http::StatusCode {
    use actix_web::http::StatusCode;
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Ends a task whose answer nobody waits for.
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
