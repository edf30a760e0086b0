//! The chain behind real HTTP on the loopback, on a thread of its own.
//!
//! Tests can make it misbehave ([`Running::misbehave`]); nothing of that can be reached from the
//! command line.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::answer::answer;
use super::node::Chain;
use super::reply::{Answer, Ask, Heights, Index, not_implemented};
use super::txs::post;

/// How the chain is served.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Makes a block every so often; `None`: only [`Running::step`] does.
    pub block_time: Option<Duration>,
    /// 0 takes a free one.
    pub port: u16,
}

/// What goes wrong with a request. For tests.
#[derive(Clone)]
pub enum Act {
    /// Never answers.
    Hang,
    /// Answers this instead.
    Answer { status: u16, headers: Vec<(&'static str, String)>, body: String },
    /// Changes the JSON body of the true answer.
    Rewrite(Arc<dyn Fn(&mut Value) + Send + Sync>),
    /// Sends the headers and half of the body, then closes the connection.
    CutBody,
    /// Closes the connection without acting on the request.
    Refuse,
    /// Acts on the request, then closes the connection instead of answering.
    DropAnswer,
    /// Acts on the request, then answers with this status and text, as a proxy that gave up does.
    Mask { status: u16, body: String },
    /// Answers as if its index of transactions knew only this.
    Index(Index),
    /// Answers as if it were this many blocks behind.
    Lag(u64),
    /// `501 Not Implemented`, as for a route that does not exist.
    NotImplemented,
    /// Answers as a node of market v1beta4 does: the newer routes are 501, the older lists empty.
    OldGeneration,
    /// Answers truly (for a mere delay).
    Truth,
}

/// A misbehaviour, and of which requests. For tests.
#[derive(Clone)]
pub struct Fault {
    prefix: String,
    method: Option<&'static str>,
    skip: u32,
    times: Option<u32>,
    /// Before acting.
    delay: Duration,
    /// Between acting and answering.
    late: Duration,
    act: Act,
}

impl Fault {
    /// `act` on every request whose path starts with `prefix`; the empty one is all.
    pub fn on(prefix: &str, act: Act) -> Self {
        Self {
            prefix: prefix.to_owned(),
            method: None,
            skip: 0,
            times: None,
            delay: Duration::ZERO,
            late: Duration::ZERO,
            act,
        }
    }

    /// Answers with `status` and this text; the content type is that of JSON.
    pub fn answer(prefix: &str, status: u16, body: &str) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        let body = body.to_owned();
        Self::on(prefix, Act::Answer { status, headers, body })
    }

    /// Only the first `times` requests that match.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Only requests with this method, `GET` or `POST`.
    #[must_use]
    pub fn method(mut self, method: &'static str) -> Self {
        self.method = Some(method);
        self
    }

    /// Not the first `requests` that match.
    #[must_use]
    pub fn skip(mut self, requests: u32) -> Self {
        self.skip = requests;
        self
    }

    /// Waits before anything else; acts then also if nobody waits for the answer any more.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Acts at once, but keeps the answer back so long.
    #[must_use]
    pub fn late(mut self, delay: Duration) -> Self {
        self.late = delay;
        self
    }
}

/// A request that came in. For tests.
#[derive(Clone, Debug)]
pub struct Served {
    pub at: Instant,
    pub method: String,
    /// With its query, undecoded.
    pub path: String,
    pub pin: Option<String>,
    /// What was sent along; empty for a GET.
    pub body: Vec<u8>,
    /// Newest block when it came in.
    pub height: u64,
}

/// Longest body of a request that is read, in bytes: base64 of the longest transaction, and JSON around it.
const MOST_BODY: usize = 2 << 20;

/// Requests remembered; older ones are forgotten, so that a demo left open does not grow.
const LOG: usize = 100_000;

struct Inner {
    chain: Mutex<Chain>,
    faults: Mutex<Vec<Fault>>,
    log: Mutex<VecDeque<Served>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A chain that is being served; dropping it stops the server.
pub struct Running {
    address: SocketAddr,
    inner: Arc<Inner>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// `http://127.0.0.1:PORT`, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Looks at the chain, or changes it. Requests wait meanwhile.
    pub fn with<T>(&self, act: impl FnOnce(&mut Chain) -> T) -> T {
        act(&mut lock(&self.inner.chain))
    }

    /// Height of the newest block.
    pub fn height(&self) -> u64 {
        self.with(|chain| chain.height())
    }

    /// Makes the next block.
    pub fn step(&self) {
        self.with(Chain::step);
    }

    pub fn step_to(&self, height: u64) {
        self.with(|chain| chain.step_to(height));
    }

    /// Adds a fault. The oldest that matches a request and is not used up applies.
    pub fn misbehave(&self, fault: Fault) {
        lock(&self.inner.faults).push(fault);
    }

    /// Ends all faults.
    pub fn behave(&self) {
        lock(&self.inner.faults).clear();
    }

    /// The requests so far, oldest first.
    pub fn requests(&self) -> Vec<Served> {
        lock(&self.inner.log).iter().cloned().collect()
    }

    /// How many requests came whose path starts with `prefix`.
    pub fn count(&self, prefix: &str) -> usize {
        let log = lock(&self.inner.log);
        log.iter().filter(|r| r.path.starts_with(prefix)).count()
    }

    pub fn forget_requests(&self) {
        lock(&self.inner.log).clear();
    }

    /// Stops the server and gives the chain back, to serve it again.
    pub fn stop(mut self) -> Chain {
        self.halt();
        self.with(|chain| chain.clone())
    }

    fn halt(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The other end is gone only when the server has ended already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.halt();
    }
}

/// Serves `chain` on 127.0.0.1 until the returned value is dropped.
///
/// # Errors
/// When no port can be bound or no thread started.
pub fn serve(chain: Chain, options: Options) -> io::Result<Running> {
    // Bound here and not on the thread, so that a connection made right after is not refused.
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let inner =
        Arc::new(Inner { chain: Mutex::new(chain), faults: Mutex::new(Vec::new()), log: Mutex::new(VecDeque::new()) });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    let (stop, stopped) = oneshot::channel();
    let shared = Arc::clone(&inner);
    let thread = std::thread::Builder::new().name("embedded chain".to_owned()).spawn(move || {
        runtime.block_on(async {
            let Ok(listener) = TcpListener::from_std(listener) else {
                return;
            };
            if let Some(block_time) = options.block_time {
                tokio::spawn(make_blocks(Arc::clone(&shared), block_time));
            }
            let service =
                Router::new().fallback(handle).with_state(shared).into_make_service_with_connect_info::<Cut>();
            tokio::select! {
                _ = axum::serve(Loopback(listener), service) => {}
                _ = stopped => {}
            }
        });
    })?;
    Ok(Running { address, inner, stop: Some(stop), thread: Some(thread) })
}

async fn make_blocks(inner: Arc<Inner>, block_time: Duration) {
    // Never zero: an interval of nothing panics.
    let block_time = block_time.max(Duration::from_millis(1));
    let mut due = tokio::time::interval_at(tokio::time::Instant::now() + block_time, block_time);
    due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        due.tick().await;
        lock(&inner.chain).step();
    }
}

async fn handle(Shared(inner): Shared<Arc<Inner>>, ConnectInfo(cut): ConnectInfo<Cut>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let pin = head.headers.get("x-cosmos-block-height").and_then(|value| value.to_str().ok()).map(str::to_owned);
    // Cut off or too long: as if nothing had come, which no route takes.
    let body = axum::body::to_bytes(body, MOST_BODY).await.unwrap_or_default();
    let request = Received { method: head.method.as_str().to_owned(), uri: head.uri, pin, body };
    inner.note(&request);
    let Some(fault) = inner.fault(&request) else {
        return inner.respond(inner.ask(request.ask()));
    };
    // A task of its own: what a node was sent it acts on, also when the sender has gone.
    let task = tokio::spawn(async move {
        if !fault.delay.is_zero() {
            tokio::time::sleep(fault.delay).await;
        }
        let late = fault.late;
        let response = misbehave(&inner, &cut, &request, fault.act).await;
        if !late.is_zero() {
            tokio::time::sleep(late).await;
        }
        response
    });
    task.await.unwrap_or_default()
}

/// A request that has come in whole.
struct Received {
    method: String,
    uri: Uri,
    pin: Option<String>,
    body: Bytes,
}

impl Received {
    fn ask(&self) -> Ask<'_> {
        Ask {
            method: &self.method,
            path: self.uri.path(),
            query: self.uri.query().unwrap_or_default(),
            pin: self.pin.as_deref(),
            body: &self.body,
            lag: 0,
            index: Index::On,
        }
    }
}

async fn misbehave(inner: &Inner, cut: &Cut, request: &Received, act: Act) -> Response {
    let ask = request.ask();
    match act {
        Act::Hang => std::future::pending().await,
        Act::Refuse => {
            cut.now();
            Response::new(Body::empty())
        }
        Act::Answer { status, headers, body } => {
            let mut response = Response::new(Body::from(body));
            *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
            for (name, value) in headers {
                if let Ok(value) = HeaderValue::from_str(&value) {
                    response.headers_mut().insert(HeaderName::from_static(name), value);
                }
            }
            response
        }
        Act::NotImplemented => inner.respond(not_implemented()),
        Act::OldGeneration => match old_generation(ask.path) {
            Some(answer) => inner.respond(answer),
            None => inner.respond(inner.ask(ask)),
        },
        Act::Truth => inner.respond(inner.ask(ask)),
        Act::Lag(lag) => inner.respond(inner.ask(Ask { lag, ..ask })),
        Act::Index(index) => inner.respond(inner.ask(Ask { index, ..ask })),
        Act::Mask { status, body } => {
            inner.ask(ask);
            inner.respond(Answer { status, heights: Heights::None, body })
        }
        Act::Rewrite(change) => {
            let mut answer = inner.ask(ask);
            if let Ok(mut body) = serde_json::from_str(&answer.body) {
                change(&mut body);
                answer.body = body.to_string();
            }
            inner.respond(answer)
        }
        Act::DropAnswer => {
            let answer = inner.ask(ask);
            cut.now();
            inner.respond(answer)
        }
        Act::CutBody => {
            let answer = inner.ask(ask);
            let whole = answer.body.clone();
            let mut response = inner.respond(answer);
            response.headers_mut().insert("content-length", HeaderValue::from(whole.len()));
            *response.body_mut() = half(&whole);
            response
        }
    }
}

/// The first half of a body, flushed, then an error.
fn half(whole: &str) -> Body {
    let half = whole.as_bytes()[..whole.len() / 2].to_vec();
    let steps = futures_util::stream::unfold(Some(half), |rest| async move {
        match rest {
            Some(half) if !half.is_empty() => Some((Ok(half), Some(Vec::new()))),
            Some(_) => {
                // Let what is written reach the socket before the connection goes.
                tokio::task::yield_now().await;
                let gone = io::Error::from(io::ErrorKind::ConnectionAborted);
                Some((Err(gone), None))
            }
            None => None,
        }
    });
    Body::from_stream(steps)
}

fn old_generation(path: &str) -> Option<Answer> {
    let newer = [
        "/akash/market/v1beta5",
        "/akash/deployment/v1beta4",
        "/akash/provider/v1beta4",
        "/akash/provider/v1/",
        "/akash/escrow/v1/",
        "/akash/audit/v1/",
        "/akash/oracle/",
        "/akash/bme/",
        "/akash/discovery/",
        "/cosmos/base/node/",
        "/cosmos/auth/v1beta1/account_info/",
    ];
    if newer.iter().any(|prefix| path.starts_with(prefix)) {
        return Some(not_implemented());
    }
    let list = path.strip_prefix("/akash/market/v1beta4/")?.strip_suffix("/list")?;
    ["bids", "orders", "leases"].contains(&list).then(|| Answer {
        status: 200,
        heights: Heights::None,
        body: format!("{{\"{list}\":[],\"pagination\":{{\"next_key\":null,\"total\":\"0\"}}}}"),
    })
}

impl Inner {
    fn ask(&self, ask: Ask<'_>) -> Answer {
        let mut chain = lock(&self.chain);
        if ask.method == "POST" { post(&mut chain, ask) } else { answer(&chain, ask) }
    }

    fn note(&self, request: &Received) {
        let height = lock(&self.chain).height();
        let mut log = lock(&self.log);
        if log.len() == LOG {
            log.pop_front();
        }
        log.push_back(Served {
            at: Instant::now(),
            method: request.method.clone(),
            path: request.uri.to_string(),
            pin: request.pin.clone(),
            body: request.body.to_vec(),
            height,
        });
    }

    fn fault(&self, request: &Received) -> Option<Fault> {
        let mut faults = lock(&self.faults);
        for fault in faults.iter_mut() {
            let method_meant = fault.method.is_none_or(|only| only == request.method);
            if !method_meant || !request.uri.path().starts_with(&fault.prefix) || fault.times == Some(0) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if let Some(times) = &mut fault.times {
                *times -= 1;
            }
            return Some(fault.clone());
        }
        None
    }

    fn respond(&self, answer: Answer) -> Response {
        let time = lock(&self.chain).now().as_second();
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        headers.insert("x-server-time", HeaderValue::from(time));
        let (grpc, plain) = match answer.heights {
            Heights::None => (None, None),
            Heights::Grpc(height) => (Some(height), None),
            Heights::Both(height) => (Some(height), Some(height)),
        };
        if let Some(height) = grpc {
            headers.insert("grpc-metadata-x-cosmos-block-height", HeaderValue::from(height));
        }
        if let Some(height) = plain {
            headers.insert("x-cosmos-block-height", HeaderValue::from(height));
        }
        let mut response = Response::new(Body::from(answer.body));
        *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or_default();
        *response.headers_mut() = headers;
        response
    }
}

/// Tells the socket of a connection to close before it writes another byte.
#[derive(Clone, Debug, Default)]
struct Cut(Arc<AtomicBool>);

impl Cut {
    fn now(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Connected<IncomingStream<'_, Loopback>> for Cut {
    fn connect_info(stream: IncomingStream<'_, Loopback>) -> Self {
        stream.io().cut.clone()
    }
}

struct Loopback(TcpListener);

impl Listener for Loopback {
    type Io = Socket;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Socket, SocketAddr) {
        loop {
            match self.0.accept().await {
                Ok((stream, address)) => {
                    // Small answers must not wait for the peer's acknowledgement.
                    let _ = stream.set_nodelay(true);
                    let cut = Cut::default();
                    return (Socket { stream, cut }, address);
                }
                // Out of file handles, say: others may close soon.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

struct Socket {
    stream: TcpStream,
    cut: Cut,
}

impl Socket {
    fn check(&self) -> io::Result<()> {
        if self.cut.0.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
