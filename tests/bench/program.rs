//! The whole program, against the embedded chain in a process of its own.

use crate::measure::{median_of, note, report};
use akbids::demo::{self, Chain, Clock, Options};
use nix::sys::resource::{UsageWho, getrusage};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Design section 8.
const JSON: Duration = Duration::from_millis(20);
const FIRST_FRAME: Duration = Duration::from_millis(50);
const RUNS: usize = 21;
/// How long an idle program is watched.
const IDLE: Duration = Duration::from_secs(24);
/// Says to this binary that it is the chain.
const SERVE: &str = "AKBIDS_BENCH_SERVE";

/// Serves the chain until stdin closes, if this process was started for that.
pub fn serve_if_asked() -> bool {
    if std::env::var_os(SERVE).is_none() {
        return false;
    }
    let mut chain = Chain::demo_market(Clock::Wall, demo::BLOCK_TIME);
    chain.step_to(demo::START_HEIGHT + 10);
    let node = demo::serve(chain, Options { block_time: Some(demo::BLOCK_TIME), port: 0 }).unwrap();
    println!("{}", node.url());
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    true
}

/// The chain's process; ends with its stdin.
struct Node {
    child: Child,
    url: String,
}

impl Node {
    fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .env(SERVE, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned() }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

pub fn rows() {
    let node = Node::start();
    json(&node);
    first_frame();
    idle(&node);
    dist();
}

fn json(node: &Node) {
    let args = ["--rest", &node.url, "--dseq", &demo::DSEQ.to_string(), "--json"];
    let run = || {
        let start = Instant::now();
        let output = Command::new(env!("CARGO_BIN_EXE_akbids")).args(args).output().unwrap();
        let took = start.elapsed();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        took
    };
    let times = (0..RUNS).map(|_| run()).collect();
    report("--json, whole process", median_of(times), JSON);
    let peak = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss();
    // Linux counts in KiB, macOS in bytes.
    let mib = if cfg!(target_os = "macos") { peak / 1024 } else { peak } / 1024;
    note(&format!("--json, peak memory of the process: {mib} MiB (at most 10 MB)"));
}

/// Starts the program in a terminal and gives what it writes.
fn in_terminal(
    args: &[&str],
) -> (Box<dyn portable_pty::Child + Send + Sync>, Box<dyn Read + Send>, Box<dyn portable_pty::MasterPty + Send>) {
    let size = PtySize { rows: 48, cols: 160, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_akbids"));
    command.args(args);
    command.env("TERM", "xterm-256color");
    command.env("LC_ALL", "C.UTF-8");
    let child = pair.slave.spawn_command(command).unwrap();
    let reader = pair.master.try_clone_reader().unwrap();
    (child, reader, pair.master)
}

/// From the start of the process to a frame with the deployment's number, with nobody answering.
fn first_frame() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let times = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            let (mut child, mut reader, _master) = in_terminal(&["--rest", &url, "--dseq", "13759787"]);
            let (mut seen, mut chunk) = (Vec::new(), [0; 4096]);
            while !seen.windows(8).any(|window| window == b"13759787") {
                let n = reader.read(&mut chunk).unwrap();
                assert!(n > 0, "it ended before the first frame");
                seen.extend_from_slice(&chunk[..n]);
            }
            let took = start.elapsed();
            child.kill().unwrap();
            child.wait().unwrap();
            took
        })
        .collect();
    report("first frame, node silent", median_of(times), FIRST_FRAME);
}

/// Wakeups and memory of a program that only follows, where the system tells (`/proc`).
fn idle(node: &Node) {
    let (mut child, mut reader, _master) = in_terminal(&["--rest", &node.url, "--dseq", &demo::DSEQ.to_string()]);
    std::thread::spawn(move || while reader.read(&mut [0; 8192]).is_ok_and(|n| n > 0) {});
    let pid = child.process_id().unwrap();
    std::thread::sleep(Duration::from_secs(3));
    let before = switches(pid);
    std::thread::sleep(IDLE);
    let after = switches(pid);
    match before.zip(after) {
        Some((before, after)) => {
            let rate = (after - before) as f64 / IDLE.as_secs_f64();
            note(&format!("idle, blocks of 6 s: {rate:.1} wakeups a second (at most 2)"));
        }
        None => note("idle: this system does not tell wakeups"),
    }
    if let Some(kib) = status(&format!("/proc/{pid}/status"), "VmRSS:") {
        note(&format!("idle, resident memory: {:.1} MB (at most 15)", kib as f64 * 1024.0 / 1e6));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

fn status(path: &str, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

/// Voluntary context switches of all threads.
fn switches(pid: u32) -> Option<u64> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    tasks
        .filter_map(Result::ok)
        .map(|task| status(&task.path().join("status").to_string_lossy(), "voluntary_ctxt_switches:"))
        .sum()
}

fn dist() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/target/dist/akbids");
    match std::fs::metadata(path) {
        Ok(file) => note(&format!("dist binary: {:.2} MB (at most 7)", file.len() as f64 / 1e6)),
        Err(_) => note("dist binary: not built; cargo build --profile dist"),
    }
}
